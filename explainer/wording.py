"""Numbers as people write them in a sentence, and a phrase that stands in more than one place."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

OVERCOME = "Nobody now, as a later attempt succeeded. If it comes again:"
"""How it begins who must act, where a refusal was overcome: by it, answers know such a finding."""


def count(number: int, noun: str, plural: str = "") -> str:
    """Return "1 frame", "2 frames", "1,024 frames"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def frame_list(frames: Sequence[int], limit: int = 6) -> str:
    """Return "frame 4", "frames 4 and 6", "frames 4, 6-8 and 10", "frames 1-3, 5, 7, 9 and 12 more"."""
    runs = _runs(sorted(set(frames)))
    shown, hidden = runs[:limit], sum(last - first + 1 for first, last in runs[limit:])
    words = [str(first) if first == last else f"{first}-{last}" for first, last in shown]
    if hidden:
        words.append(f"{hidden:,} more")
    return ("frame " if len(set(frames)) == 1 else "frames ") + listing(words)


def _runs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    runs = list[tuple[int, int]]()
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs


def listing(words: Sequence[str], conjunction: str = "and") -> str:
    """Return "a", "a and b", "a, b and c"."""
    return f" {conjunction} ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def in_sentence(title: str) -> str:
    """Return a title as it stands in the middle of a sentence: "Expired certificate" → "expired certificate"."""
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]


def milliseconds(value: float) -> str:
    """Return "0.088 ms", "1.2 ms", "127.5 ms", "1.16 s", "1,000 s"."""
    if value >= 100_000:
        return f"{value / 1000:,.0f} s"
    if value >= 1000:
        return f"{value / 1000:.3g} s"
    return f"{value:.1f} ms" if value >= 1 else f"{value:.3f} ms"


def span(time: timedelta) -> str:
    """Return a length of time in its largest sensible unit: "12 days", "3 hours", "45 seconds"."""
    seconds = abs(time.total_seconds())
    for size, noun in ((365.25 * 86400, "year"), (86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= (2 * size if noun == "year" else size):
            return count(int(seconds // size), noun)
    return count(round(seconds), "second")


def moment(time: datetime) -> str:
    """Return "2026-11-09 07:12 UTC"."""
    return f"{time:%Y-%m-%d %H:%M} UTC"
