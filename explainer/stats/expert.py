"""Analyze → Expert Information."""

import re
from collections import Counter
from collections.abc import Iterator

from explainer.facts import Column, Facts, Tap
from explainer.lazy import pl
from explainer.masking import MASK, masked
from explainer.model import Cell, Stat
from explainer.protocols.frame import FRAME
from explainer.registry import statistic
from explainer.stats.tables import table

EXPERT = Tap("expert")
MESSAGE = Column("_ws.expert.message", many=True)

_SEVERITIES = {"Errors": "error", "Warns": "warning", "Notes": "note", "Chats": "chat", "Comments": "comment"}
_HEADING = re.compile(r"^(Errors|Warns|Notes|Chats|Comments) \(\d+\)$")
_REQUEST_QUERY = re.compile(r"^([A-Z][A-Z_-]+ [^ ?]*\?).*?(?=(?: HTTP/\d(?:\.\d)?)?(?:\\r\\n)?$)")
_KEY = re.compile(r"\b(?:[0-9a-f]{16,}|[0-9a-f]{6,}(?=\.\.\.))", re.IGNORECASE)
_LINE = re.compile(r"^ *(\d+) +(\S+) +(\S+)  (.*)$")


@statistic("Expert information", EXPERT, FRAME, MESSAGE)
def expert(facts: Facts) -> Stat:
    """What Wireshark's dissectors remark, worst first; the counts equal `tshark -z expert`.

    A message that quotes a request is without its query, and without passwords and keys that Wireshark shows in it;
    those that are then the same are counted together. first_frame is the first frame whose remarks have this message;
    none where tshark gives the message of the sum and that of the frame in different words.
    """
    first = _first_frames(facts)
    counts = Counter[tuple[str, str, str, str]]()
    for severity, group, protocol, message, count in _remarks(facts.tap(EXPERT)):
        counts[severity, group, protocol, told(message)] += count
    rows: list[tuple[Cell, ...]] = [(*remark, count, first.get(remark[3])) for remark, count in counts.items()]
    names = ("severity", "group", "protocol", "message", "count", "first_frame")
    return table("expert", "Expert information", names, rows)


def told(message: str) -> str:
    """Return a message without the secrets that it quotes: a request's query, a password, a session key."""
    return _KEY.sub(MASK, masked(_REQUEST_QUERY.sub(r"\1...", message)))


def _first_frames(facts: Facts) -> dict[str, int]:
    remarks = facts.frames(FRAME, MESSAGE).explode(MESSAGE.field).drop_nulls()
    firsts = remarks.group_by(MESSAGE.field).agg(pl.col(FRAME.field).min()).sort(FRAME.field, descending=True)
    return {told(str(message)): int(frame) for message, frame in firsts.iter_rows()}


def _remarks(text: str) -> Iterator[tuple[str, str, str, str, int]]:
    severity = ""
    for line in text.split("\n"):  # splitlines() would also split at separators inside a message
        if heading := _HEADING.match(line):
            severity = _SEVERITIES[heading[1]]
        elif severity and (remark := _LINE.match(line)):
            yield severity, remark[2], remark[3], remark[4], int(remark[1])
