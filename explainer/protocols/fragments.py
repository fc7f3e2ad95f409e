"""Fragments of IP packets, and which of them make a whole packet (RFC 791 section 3.2, RFC 8200 section 4.5).

Rule: a packet is whole where tshark puts it together; what it lacks was lost, or left out of the capture.
"""

from typing import NamedTuple

from explainer.facts import Column, Facts, Kind, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME
from explainer.protocols.ip import IPV4_DESTINATION, IPV4_ID, IPV4_SOURCE, IPV6_DESTINATION, IPV6_SOURCE

MORE, OFFSET = Column("ip.flags.mf"), Column("ip.frag_offset", Kind.INT)
_ID_6 = Column("ipv6.fraghdr.ident", Kind.INT)
PARTS = (Column("ip.fragment", Kind.INT, many=True), Column("ipv6.fragment", Kind.INT, many=True))
"""The frames of the fragments that a packet is made of, where tshark puts it together."""
_COLUMNS = (
    FRAME, MORE, OFFSET, IPV4_ID, _ID_6, *PARTS, IPV4_SOURCE, IPV4_DESTINATION, IPV6_SOURCE,
    IPV6_DESTINATION,
)  # fmt: skip
_SET = ("1", "True")  # as tshark 4.0 prints a flag, and 4.2


class Fragments(NamedTuple):
    """The fragments of one host to another: of how many packets, `whole` the frames of those that are complete."""

    source: str
    destination: str
    frames: tuple[int, ...]
    packets: int
    whole: tuple[int, ...]
    whole_packets: int


@fact("fragments", *_COLUMNS)
def fragments(facts: Facts) -> tuple[Fragments, ...]:
    """Return the fragments by who sends them to whom, by first frame; of a tunnel the outermost header counts."""
    table = facts.frames(*_COLUMNS)
    cut = table.filter(
        pl.col(MORE.field).is_in(_SET) | (pl.col(OFFSET.field) > 0) | pl.col(_ID_6.field).is_not_null()
    ).select(
        pl.col(FRAME.field).alias("frame"),
        pl.coalesce(_first(IPV4_SOURCE), _first(IPV6_SOURCE)).alias("src"),
        pl.coalesce(_first(IPV4_DESTINATION), _first(IPV6_DESTINATION)).alias("dst"),
        pl.coalesce(pl.col(_ID_6.field), _first(IPV4_ID)).alias("id"),
    )
    joined = set[int]()
    for column in PARTS:
        joined |= set(table[column.field].drop_nulls().explode().drop_nulls().to_list())
    # Of a packet that is whole, a fragment that came twice or overlaps another is not missed.
    whole = pl.col("frame").is_in(list(joined)).any().over("src", "dst", "id")
    groups = cut.with_columns(whole.alias("joined")).group_by(
        "src", "dst", maintain_order=True
    ).agg(
        "frame", pl.col("id").n_unique().alias("packets"), pl.col("frame").filter("joined").alias("whole"),
        pl.col("id").filter("joined").n_unique().alias("whole_packets"),
    )  # fmt: skip
    return tuple(
        Fragments(src or "", dst or "", tuple(frames), packets, tuple(whole), whole_packets)
        for src, dst, frames, packets, whole, whole_packets in groups.iter_rows()
    )


def _first(column: Column) -> "pl.Expr":
    return pl.col(column.field).list.first()
