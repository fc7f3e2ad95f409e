"""Packets that no system sends by itself: fragments that overlap or reach too far, and floods of invented cards.

Teardrop and the ping of death (CERT CA-1997-28, CA-1996-26) crashed systems of their time; firewalls still see them.
"""

from typing import NamedTuple

from explainer.facts import Column, Facts, Look, View, fact
from explainer.lazy import pl
from explainer.protocols.fragments import MORE, OFFSET
from explainer.protocols.frame import FRAME, LENGTH
from explainer.protocols.ip import IPV4_DESTINATION, IPV4_ID, IPV4_SOURCE
from explainer.protocols.layers import ETHERNET

_OVERLAPS = Column("ip.fragment.overlap", many=True)
_COLUMNS = (FRAME, LENGTH, MORE, OFFSET, IPV4_ID, IPV4_SOURCE, IPV4_DESTINATION)
_UNIT, _LONGEST = 8, 65_535  # RFC 791, section 3.1: offsets count 8 bytes; the longest packet
_LEAST_HEADERS, _MOST_HEADERS = 34, 78  # Ethernet and IP without options; with a VLAN tag and all options
_MOST, _FEW = 2000, 2
_GROUP = r"^.[13579bdf]"
"""How the address of a group of cards, or of all, begins (IEEE 802: its first octet is odd)."""


class Forged(NamedTuple):
    """Fragments of one host to another: those that overlap, and those that reach beyond the longest packet."""

    source: str
    destination: str
    overlapping: tuple[int, ...]
    too_far: tuple[int, ...]


@fact("IPv4 fragments", *_COLUMNS)
def _fragments(facts: Facts) -> "pl.DataFrame":
    """Return a row a fragment: frame, src, dst, id, begins (bytes), and the most and the least that it can hold."""
    table = facts.frames_with((OFFSET,), *_COLUMNS)
    offset, first = pl.col(OFFSET.field), pl.col(MORE.field).is_in(("1", "True"))
    return table.filter((offset > 0) | first).select(
        pl.col(FRAME.field).alias("frame"),
        pl.col(IPV4_SOURCE.field).list.first().alias("src"), pl.col(IPV4_DESTINATION.field).list.first().alias("dst"),
        pl.col(IPV4_ID.field).list.first().alias("id"), (offset * _UNIT).alias("begins"),
        (pl.col(LENGTH.field) - _LEAST_HEADERS).alias("most"), (pl.col(LENGTH.field) - _MOST_HEADERS).alias("least"),
    )  # fmt: skip


def _suspects(table: "pl.DataFrame") -> "pl.DataFrame":
    """Return the fragments of packets of which one seems to begin before another one ends."""
    packet = ("src", "dst", "id")
    rows = table.sort("begins").with_columns(pl.col("begins", "most").shift(1).over(packet).name.prefix("before_"))
    inside = pl.col("begins") < pl.col("before_begins") + pl.col("before_most")
    odd = (inside & (pl.col("begins") > pl.col("before_begins"))).fill_null(value=False).any().over(packet)
    return rows.filter(odd).sort("frame")


def _view(facts: Facts) -> View | None:
    numbers = _suspects(facts[_fragments])["frame"].head(_MOST).to_list()
    return View(tuple(numbers)) if numbers else None


_LOOK = Look("overlapping fragments", (_fragments,), (FRAME, _OVERLAPS), _view)


@fact("IPv4 fragments", _fragments, _LOOK)
def forged_fragments(facts: Facts) -> tuple[Forged, ...]:
    """Return the hosts that send such fragments, and to whom, by first frame."""
    table = facts[_fragments]
    # One alone may be no fragment at all, but something else that looks like IP.
    far = (pl.col("begins") + pl.col("least") > _LONGEST) & (pl.len().over("src", "dst", "id") > _FEW)
    too_far = table.filter(far).select("frame", kind=pl.lit(value=True))
    seen = facts.look(_LOOK)
    found = [too_far]
    if seen is not None:
        over = seen.filter(pl.col(_OVERLAPS.field).list.len() > 0)[FRAME.field]
        found.append(table.filter(pl.col("frame").is_in(over.to_list())).select("frame", kind=pl.lit(value=False)))
    rows = pl.concat(found).join(table, on="frame").sort("frame")
    grouped = rows.group_by("src", "dst", maintain_order=True).agg(
        pl.col("frame").filter(~pl.col("kind")).alias("over"), pl.col("frame").filter("kind").alias("far")
    )
    return tuple(Forged(src or "", dst or "", tuple(over), tuple(far)) for src, dst, over, far in grouped.iter_rows())


class Strangers(NamedTuple):
    """Network cards that are seen in one frame each, sent to a card that never says anything; all frames beside."""

    frames: tuple[int, ...]
    others: int
    lasted_s: float


@fact("network cards", ETHERNET.headers)
def strangers(facts: Facts) -> Strangers | None:
    """Return them, if there are any: a switch learns each of these cards, and forgets others when its table is full."""
    table = facts[ETHERNET.headers]
    cards = table.group_by("src").agg(pl.len().alias("frames"), pl.col("frame", "time", "dst").first())
    alone = cards.filter((pl.col("frames") == 1) & ~pl.col("dst").str.contains(_GROUP))
    alone = alone.join(cards.select(dst="src"), on="dst", how="anti").sort("frame")
    if alone.is_empty():
        return None
    lasted = (alone["time"][-1] - alone["time"][0]) / 1e9
    return Strangers(tuple(alone["frame"]), table.height - alone.height, lasted)
