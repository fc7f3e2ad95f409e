"""What a question about a moment asks for: who begins to talk after it, and who is not heard any more."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from explainer.brief.question import Question
from explainer.llm import spoken
from explainer.llm.rows import rows
from explainer.model import Analysis, Claim
from explainer.stats.services import service
from explainer.wording import listing

OVER = "The capture ends before that"
_NAMED = 4
_UNITS_S = {"s": 1.0, "m": 60.0, "h": 3600.0}
_MOMENT = re.compile(
    r"\b(?:(minute|second|hour) (\d+(?:\.\d+)?)|(\d+(?:\.\d+)?) ?(seconds?|secs?|s|minutes?|mins?|hours?)\b)",
    re.IGNORECASE,
)


class _Talk(NamedTuple):
    words: str
    begins_s: float
    ends_s: float
    frame: int | None


def changes(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield what begins and what ends at the moment that the question names."""
    found = _MOMENT.search(question.text)
    known = _talks(analysis)
    if not found or not known:
        return
    unit, number = (found[1], found[2]) if found[1] else (found[4], found[3])
    moment = float(number) * _UNITS_S[unit[0].lower()]
    begun = [t for t in known if t.begins_s > moment]
    ended = [t for t in known if t.ends_s <= moment]
    if moment > max(t.ends_s for t in known):
        text = f"{OVER}: its last TCP or UDP packet comes {max(t.ends_s for t in known):.1f} s after"
        yield Claim(text=f"{text} the first frame.", sources=_SOURCES)
        return
    parts = [f"this begins: {_listed(begun)}" if begun else "nothing new begins"]
    parts += [f"this is not heard any more: {_listed(ended)}" if ended else "all that was heard before goes on"]
    text = f"After {moment:g} s {'; '.join(parts)}"
    frames = tuple(t.frame for t in (*begun[:_NAMED], *ended[:_NAMED]) if t.frame)
    yield Claim(text=f"{text}.", frames=tuple(dict.fromkeys(frames)), sources=_SOURCES)


_SOURCES = ("conversations_tcp", "conversations_udp", "spoken")


def _talks(analysis: Analysis) -> list[_Talk]:
    """Return what is said between two hosts on one port, with the seconds of its first packet and its last."""
    said = {(r["transport"], r["port"], r["client"], r["server"]): r for r in rows(analysis.stat("spoken"))}
    named = {(r["transport"], r["port"], r["client"]): r for r in rows(analysis.stat("spoken"))}
    times = dict[tuple[str, int, str, str], tuple[float, float]]()
    for transport in ("TCP", "UDP"):
        for row in rows(analysis.stat(f"conversations_{transport.lower()}")):
            key = (transport, row["b_port"], row["a"], row["b"])
            begins, ends = times.get(key, (row["start_s"], 0.0))
            times[key] = min(begins, row["start_s"]), max(ends, row["start_s"] + row["duration_s"])
    found = list[_Talk]()
    for (transport, port, client, server), (begins, ends) in times.items():
        row = said.get((transport, port, client, server)) or named.get((transport, port, client)) or {}
        usual = f" ({service(port)})" if service(port) else ""
        what = row.get("protocols") or spoken.UNKNOWN
        what = f"{transport} port {port}{usual}" if what == spoken.UNKNOWN else f"{what}, {transport} port {port}"
        found.append(_Talk(f"{client} with {server} ({what})", begins, ends, row.get("first_frame")))
    return sorted(found, key=lambda talk: talk.begins_s)


def _listed(talks: Sequence[_Talk]) -> str:
    more = [f"{len(talks) - _NAMED} more"] if len(talks) > _NAMED else []
    return listing([*(talk.words for talk in talks[:_NAMED]), *more])
