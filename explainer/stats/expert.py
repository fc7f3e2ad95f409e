"""Analyze → Expert Information."""

import re
from collections.abc import Iterator

from explainer.facts import Column, Facts, Tap
from explainer.lazy import pl
from explainer.model import Cell, Stat
from explainer.protocols.frame import FRAME
from explainer.registry import statistic
from explainer.stats.tables import table

EXPERT = Tap("expert")
MESSAGE = Column("_ws.expert.message", many=True)

_SEVERITIES = {"Errors": "error", "Warns": "warning", "Notes": "note", "Chats": "chat", "Comments": "comment"}
_HEADING = re.compile(r"^(Errors|Warns|Notes|Chats|Comments) \(\d+\)$")
_LINE = re.compile(r"^ *(\d+) +(\S+) +(\S+)  (.*)$")


@statistic("Expert information", EXPERT, FRAME, MESSAGE)
def expert(facts: Facts) -> Stat:
    """What Wireshark's dissectors remark, worst first; the counts equal `tshark -z expert`.

    first_frame is the first frame whose remarks have this message; none where tshark gives the message of the sum
    and that of the frame in different words.
    """
    first = _first_frames(facts)
    rows: list[tuple[Cell, ...]] = [
        (severity, group, protocol, message, count, first.get(message))
        for severity, group, protocol, message, count in _remarks(facts.tap(EXPERT))
    ]
    names = ("severity", "group", "protocol", "message", "count", "first_frame")
    return table("expert", "Expert information", names, rows)


def _first_frames(facts: Facts) -> dict[str, int]:
    remarks = facts.frames(FRAME, MESSAGE).explode(MESSAGE.field).drop_nulls()
    firsts = remarks.group_by(MESSAGE.field).agg(pl.col(FRAME.field).min())
    return {str(message): int(frame) for message, frame in firsts.iter_rows()}


def _remarks(text: str) -> Iterator[tuple[str, str, str, str, int]]:
    severity = ""
    for line in text.split("\n"):  # splitlines() would also split at separators inside a message
        if heading := _HEADING.match(line):
            severity = _SEVERITIES[heading[1]]
        elif severity and (remark := _LINE.match(line)):
            yield severity, remark[2], remark[3], remark[4], int(remark[1])
