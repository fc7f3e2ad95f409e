"""Labels of charts."""

import pytest

from explainer.charts.svg import shortened


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        ("to 10.20.30.40", 14, "to 10.20.30.40"),
        ("to 10.20.30.40", 13, "to…"),
        ("to 10.20.30.40 and back", 15, "to 10.20.30.40…"),
        ("hippopotamus", 5, "hipp…"),
        ("a\u202eb", 20, "a\\u202eb"),
    ],
)
def test_a_label_ends_between_words_so_that_no_other_address_is_left(text: str, most: int, expected: str) -> None:
    assert shortened(text, most) == expected
