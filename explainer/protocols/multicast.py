"""Multicast groups: who joins and leaves which (IGMP: RFC 1112, RFC 2236, RFC 3376), and who asks for members."""

from typing import NamedTuple

from explainer.facts import Column, Facts, Kind, fact
from explainer.protocols.frame import FRAME
from explainer.protocols.ip import packets

_TYPE = Column("igmp.type", Kind.INT)
_RECORDS, _GROUPS = Column("igmp.record_type", Kind.INT, many=True), Column("igmp.maddr", many=True)
_COLUMNS = (FRAME, _TYPE, _RECORDS, _GROUPS)
_QUERY, _REPORTS, _LEAVE, _REPORT_3 = 0x11, (0x12, 0x16), 0x17, 0x22
_JOINS, _LEAVES = (2, 4, 5), 3
"""Record types (RFC 3376, section 4.2.12): all but some sources, or new ones, are wanted; none is any more."""


class Membership(NamedTuple):
    """What one host says of one group (`action`: joins, leaves, asks for the members of), in which frames."""

    host: str
    action: str
    group: str
    frames: tuple[int, ...]


@fact("multicast groups", packets, *_COLUMNS)
def memberships(facts: Facts) -> tuple[Membership, ...]:
    """Return them by first frame; who asks for the members of all groups names 0.0.0.0."""
    table = facts.frames_with((_TYPE,), *_COLUMNS)
    if table.is_empty():
        return ()
    rows = table.join(facts[packets].select("frame", "src"), left_on=FRAME.field, right_on="frame", how="left")
    found = dict[tuple[str, str, str], list[int]]()
    for row in rows.drop_nulls(["src"]).sort(FRAME.field).iter_rows(named=True):
        kind, groups, records = row[_TYPE.field], row[_GROUPS.field] or [], row[_RECORDS.field] or []
        for action, group in _said(kind, groups, records):
            found.setdefault((row["src"], action, group), []).append(row[FRAME.field])
    return tuple(Membership(*key, tuple(frames)) for key, frames in found.items())


def _said(kind: int, groups: list[str], records: list[int]) -> list[tuple[str, str]]:
    if kind == _QUERY:
        return [("asks for the members of", groups[0] if groups else "0.0.0.0")]
    if kind == _REPORT_3 and len(groups) == len(records):
        named = zip(groups, records, strict=True)
        return [
            ("leaves" if record == _LEAVES else "joins", group)
            for group, record in named
            if record in (*_JOINS, _LEAVES)
        ]
    return [("leaves" if kind == _LEAVE else "joins", group) for group in groups if kind in (*_REPORTS, _LEAVE)]
