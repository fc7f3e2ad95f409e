"""How fast data went over TCP, for a question that asks for a rate."""

from collections.abc import Iterator

from explainer.brief.question import Question
from explainer.llm.rows import Row, frames, rows
from explainer.model import Analysis, Claim
from explainer.wording import listing

_ROWS = 3
_LEAST_BYTES = 20_000
"""Below this a connection is over before a rate means anything."""
_BITS, _MEGA = 8, 1e6


def rates(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield the rate of the connections that carried most, in their busier direction, headers included."""
    every = rows(analysis.stat("conversations_tcp"))
    named = [row for row in every if {row["a"], row["b"]} & question.addresses] or every
    told = [row for row in named if _most(row) >= _LEAST_BYTES and row["duration_s"]]
    phases = {row["stream"]: row for row in rows(analysis.stat("timing"))}
    for row in sorted(told, key=lambda row: (-_most(row), row["stream"]))[:_ROWS]:
        yield _rate(row, phases.get(row["stream"]))
    if not told:
        text = f"No rate can be told: no TCP connection{_of(question)} carries {_LEAST_BYTES // 1000} kB or more"
        yield Claim(text=f"{text}.", sources=("conversations_tcp",))


def _most(row: Row) -> int:
    return max(int(row["bytes_a_b"]), int(row["bytes_b_a"]))


def _of(question: Question) -> str:
    return f" of {listing(sorted(question.addresses))}" if question.addresses else ""


def _rate(row: Row, phases: Row | None) -> Claim:
    a, b = f"{row['a']}:{row['a_port']}", f"{row['b']}:{row['b_port']}"
    sender, receiver = (a, b) if row["bytes_a_b"] >= row["bytes_b_a"] else (b, a)
    size, took = _most(row), row["duration_s"]
    text = (
        f"{sender} sends {size:,} bytes to {receiver} in {took:.3g} s, headers and pauses included: on average"
        f" {_short(size * _BITS / took / _MEGA)} Mbit/s ({_short(size / took / _MEGA)} MB/s)"
    )
    at = frames(phases, "request_frame", "response_frame", "last_frame") if phases else ()
    return Claim(text=f"{text}.", frames=at, sources=("conversations_tcp", "timing"))


def _short(number: float) -> str:
    """Return it with three digits that count, and never as a power of ten."""
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"
