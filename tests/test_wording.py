from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explainer import wording


@pytest.mark.parametrize(("number", "text"), [(0, "0 frames"), (1, "1 frame"), (2, "2 frames"), (1024, "1,024 frames")])
def test_count(number: int, text: str) -> None:
    assert wording.count(number, "frame") == text


def test_count_with_a_plural_of_its_own() -> None:
    assert wording.count(1, "reply", "replies") == "1 reply"
    assert wording.count(3, "reply", "replies") == "3 replies"


@pytest.mark.parametrize(
    ("frames", "text"),
    [
        ([4], "frame 4"),
        ([4, 4], "frame 4"),
        ([6, 4], "frames 4 and 6"),
        ([4, 5], "frames 4-5"),
        ([4, 6, 7, 8, 10], "frames 4, 6-8 and 10"),
        ([1, 3, 5, 7, 9, 11], "frames 1, 3, 5, 7, 9 and 11"),
        ([1, 3, 5, 7, 9, 11, 13, 14], "frames 1, 3, 5, 7, 9, 11 and 2 more"),
    ],
)
def test_frame_list(frames: list[int], text: str) -> None:
    assert wording.frame_list(frames) == text


@given(st.sets(st.integers(1, 200), min_size=1), st.integers(1, 10))
def test_frame_list_counts_each_frame_once(frames: set[int], limit: int) -> None:
    words = (
        wording.frame_list(sorted(frames), limit).replace("frames ", "").replace("frame ", "").replace(" and ", ", ")
    )
    total = 0
    for word in words.split(", "):
        first, _, last = word.partition("-")
        total += int(word.removesuffix(" more")) if word.endswith("more") else int(last or first) - int(first) + 1
    assert total == len(frames)


@pytest.mark.parametrize(
    ("words", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_listing(words: list[str], text: str) -> None:
    assert wording.listing(words) == text


def test_listing_with_or() -> None:
    assert wording.listing(["a", "b"], "or") == "a or b"


@pytest.mark.parametrize(
    ("title", "text"),
    [("Expired certificate", "expired certificate"), ("TLS alert", "TLS alert"), ("A", "a"), ("", "")],
)
def test_in_sentence(title: str, text: str) -> None:
    assert wording.in_sentence(title) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0884, "0.088 ms"), (0, "0.000 ms"), (1.24, "1.2 ms"), (127.46, "127.5 ms"), (1164, "1.16 s"), (60000, "60 s")],
)
def test_milliseconds(value: float, text: str) -> None:
    assert wording.milliseconds(value) == text


@pytest.mark.parametrize("value", [999_999.0, 1e6, 86_400_000.0])
def test_milliseconds_never_use_an_exponent(value: float) -> None:
    assert "e" not in wording.milliseconds(value)


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (timedelta(seconds=0), "0 seconds"),
        (timedelta(seconds=1), "1 second"),
        (timedelta(seconds=59), "59 seconds"),
        (timedelta(seconds=60), "1 minute"),
        (timedelta(seconds=-90), "1 minute"),
        (timedelta(hours=3), "3 hours"),
        (timedelta(hours=36), "1 day"),
        (timedelta(days=12), "12 days"),
        (timedelta(days=400), "400 days"),
        (timedelta(days=731), "2 years"),
    ],
)
def test_span(time: timedelta, text: str) -> None:
    assert wording.span(time) == text


def test_moment() -> None:
    assert wording.moment(datetime(2026, 11, 9, 7, 12, 59, tzinfo=UTC)) == "2026-11-09 07:12 UTC"
