"""One conversation, packet by packet, as a ladder diagram shows it."""

from typing import NamedTuple

from explainer.facts import Column, Facts, fact
from explainer.lazy import pl
from explainer.masking import masked
from explainer.protocols import tcp_analysis as analysis
from explainer.protocols import udp
from explainer.protocols.frame import FRAME, RELATIVE_TIME, TIME
from explainer.protocols.ip import packets
from explainer.protocols.tcp import DESTINATION_PORT, LOST_SEGMENT, RETRANSMISSION, SOURCE_PORT, Endpoint

PROTOCOL = Column("_ws.col.Protocol")
INFO = Column("_ws.col.Info")

# What is said beside a packet, most telling first: Wireshark marks a fast retransmission as a retransmission, too.
_NOTES = {
    analysis.FAST_RETRANSMISSION: "fast retransmission",
    analysis.SPURIOUS_RETRANSMISSION: "needless retransmission",
    RETRANSMISSION: "retransmission",
    analysis.OUT_OF_ORDER: "out of order",
    LOST_SEGMENT: "a segment before it is missing",
    analysis.DUPLICATE_ACK: "duplicate ACK",
    analysis.ZERO_WINDOW: "zero window",
    analysis.WINDOW_FULL: "window full",
    analysis.KEEP_ALIVE: "keep-alive",
}
_PORTS = (SOURCE_PORT, DESTINATION_PORT, udp.SOURCE_PORT, udp.DESTINATION_PORT)
_COLUMNS = (FRAME, TIME, RELATIVE_TIME, PROTOCOL, INFO, *_PORTS, *_NOTES)


class Rung(NamedTuple):
    """One packet: seconds since the first frame of the file, who sent it to whom, what Wireshark says of it, masked."""

    frame: int
    time_s: float | None
    source: Endpoint
    destination: Endpoint
    length: int
    protocol: str
    info: str
    note: str


@fact("packets", packets, *_COLUMNS)
def rungs(facts: Facts) -> tuple[Rung, ...]:
    """Return every TCP and UDP packet of the table, in file order: read one conversation at a time."""
    notes = pl.coalesce(
        *(pl.when(pl.col(column.field)).then(pl.lit(note)) for column, note in _NOTES.items()), pl.lit("")
    )
    table = facts.frames(*_COLUMNS).select(
        pl.col(FRAME.field).alias("frame"),
        (pl.col(RELATIVE_TIME.field) / 1e9).alias("time_s"),
        pl.coalesce(pl.col(SOURCE_PORT.field, udp.SOURCE_PORT.field)).list.last().alias("sport"),
        pl.coalesce(pl.col(DESTINATION_PORT.field, udp.DESTINATION_PORT.field)).list.last().alias("dport"),
        pl.col(PROTOCOL.field).fill_null("").alias("protocol"),
        pl.col(INFO.field).fill_null("").alias("info"),
        notes.alias("note"),
    )
    rows = table.join(facts[packets], on="frame", maintain_order="left").drop_nulls(["sport", "dport", "src", "dst"])
    return tuple(
        Rung(
            frame=row["frame"],
            time_s=row["time_s"],
            source=Endpoint(row["src"], row["sport"]),
            destination=Endpoint(row["dst"], row["dport"]),
            length=row["length"],
            protocol=row["protocol"],
            info=masked(row["info"]),
            note=row["note"],
        )
        for row in rows.iter_rows(named=True)
    )
