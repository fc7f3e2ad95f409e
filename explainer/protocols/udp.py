"""UDP: conversations as records (RFC 768; Wireshark's udp.stream numbers them)."""

from dataclasses import dataclass

from explainer.facts import Column, Facts, Kind, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME
from explainer.protocols.ip import ICMP_TYPE, ICMPV6_TYPE, packets
from explainer.protocols.tcp import Endpoint

STREAM = Column("udp.stream", Kind.INT, many=True)
SOURCE_PORT = Column("udp.srcport", Kind.INT, many=True)
DESTINATION_PORT = Column("udp.dstport", Kind.INT, many=True)

_COLUMNS = (FRAME, STREAM, SOURCE_PORT, DESTINATION_PORT, ICMP_TYPE, ICMPV6_TYPE)


@dataclass(frozen=True, slots=True)
class Conversation:
    """One UDP stream; the client is who sent its first packet. Bytes count whole frames."""

    stream: int
    client: Endpoint
    server: Endpoint
    frames: int
    bytes: int
    first_frame: int


@fact("UDP conversations", packets, *_COLUMNS)
def conversations(facts: Facts) -> tuple[Conversation, ...]:
    """Return the conversations by stream number."""
    quoted = pl.col(ICMP_TYPE.field).is_not_null() | pl.col(ICMPV6_TYPE.field).is_not_null()
    own = facts.frames(*_COLUMNS).filter(pl.col(STREAM.field).is_not_null() & ~quoted)
    own = own.with_columns(pl.col(STREAM.field).list.last())
    table = own.join(facts[packets], left_on=FRAME.field, right_on="frame").sort(FRAME.field)
    grouped = (
        table.group_by(STREAM.field)
        .agg(
            pl.col("src").first(),
            pl.col(SOURCE_PORT.field).first().list.last().alias("sport"),
            pl.col("dst").first(),
            pl.col(DESTINATION_PORT.field).first().list.last().alias("dport"),
            pl.len(),
            pl.col("length").sum(),
            pl.col(FRAME.field).first(),
        )
        .drop_nulls()
        .sort(STREAM.field)
    )
    return tuple(
        Conversation(stream, Endpoint(src, sport), Endpoint(dst, dport), frames, length, first)
        for stream, src, sport, dst, dport, frames, length, first in grouped.iter_rows()
    )
