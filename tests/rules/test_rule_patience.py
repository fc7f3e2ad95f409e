"""Clients that leave: after long, or each time after as long."""

import pytest

from explainer.rules.patience import gave_up


@pytest.mark.parametrize(
    ("waits", "told"),
    [
        ([], []),
        ([3.0], [3.0]),
        ([2.9], []),
        ([1.0, 1.01], [1.0, 1.01]),
        ([1.0, 1.2], []),
        ([0.4, 0.4], []),
        ([5.0, 1.0], [5.0]),
        ([5.0, 1.0, 1.0], [5.0, 1.0, 1.0]),
    ],
)
def test_which_waits_count(waits: list[float], told: list[float]) -> None:
    assert gave_up(waits, 3.0) == set(told)
