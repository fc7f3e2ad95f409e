"""What Wireshark's sequence analysis says of each TCP connection (Wireshark's tcp.analysis fields; RFC 9293, 7323)."""

from typing import NamedTuple

from explainer.facts import Column, Facts, Kind, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME
from explainer.protocols.tcp import RETRANSMISSION, segments

FAST_RETRANSMISSION = Column("tcp.analysis.fast_retransmission", Kind.FLAG)
SPURIOUS_RETRANSMISSION = Column("tcp.analysis.spurious_retransmission", Kind.FLAG)
DUPLICATE_ACK = Column("tcp.analysis.duplicate_ack", Kind.FLAG)
OUT_OF_ORDER = Column("tcp.analysis.out_of_order", Kind.FLAG)
ZERO_WINDOW = Column("tcp.analysis.zero_window", Kind.FLAG)
WINDOW_FULL = Column("tcp.analysis.window_full", Kind.FLAG)
KEEP_ALIVE = Column("tcp.analysis.keep_alive", Kind.FLAG)
BYTES_IN_FLIGHT = Column("tcp.analysis.bytes_in_flight", Kind.INT)
COMPLETENESS = Column("tcp.completeness", Kind.INT)
MAXIMUM_SEGMENT_SIZE = Column("tcp.options.mss_val", Kind.INT)
WINDOW_SCALE = Column("tcp.options.wscale.shift", Kind.INT)

_COUNTED = {
    "retransmissions": RETRANSMISSION,
    "fast_retransmissions": FAST_RETRANSMISSION,
    "spurious_retransmissions": SPURIOUS_RETRANSMISSION,
    "duplicate_acks": DUPLICATE_ACK,
    "out_of_order": OUT_OF_ORDER,
    "zero_windows": ZERO_WINDOW,
    "windows_full": WINDOW_FULL,
    "keep_alives": KEEP_ALIVE,
}
_OTHERS = (BYTES_IN_FLIGHT, COMPLETENESS, MAXIMUM_SEGMENT_SIZE, WINDOW_SCALE)
_COLUMNS = (FRAME, *_COUNTED.values(), *_OTHERS)


class Health(NamedTuple):
    """One connection's analysis: counts of segments, what each side announced, and who closed it how.

    `completeness` is Wireshark's bit mask (1 SYN, 2 SYN/ACK, 4 ACK, 8 data, 16 FIN, 32 RST); `closed_by` is "client" or
    "server", and `closed_with` "FIN" or "RST", of the first segment that ends it; `first_byte_ms` is the time from the
    client's first payload to the server's first one after it.
    """

    stream: int
    segments: int
    retransmissions: int
    fast_retransmissions: int
    spurious_retransmissions: int
    duplicate_acks: int
    out_of_order: int
    zero_windows: int
    windows_full: int
    keep_alives: int
    lost_segments: int
    client_resets: int
    server_resets: int
    completeness: int | None
    closed_by: str | None
    closed_with: str | None
    bytes_in_flight_max: int | None
    client_mss: int | None
    server_mss: int | None
    client_window_scale: int | None
    server_window_scale: int | None
    first_byte_ms: float | None


@fact("TCP connections", segments, *_COLUMNS)
def health(facts: Facts) -> tuple[Health, ...]:
    """Return the analysis of each connection, by stream number."""
    analysed = facts.frames(*_COLUMNS).select(
        pl.col(FRAME.field).alias("frame"),
        *(pl.col(column.field).alias(name) for name, column in _COUNTED.items()),
        *(pl.col(column.field) for column in _OTHERS),
    )
    own = facts[segments].drop("retransmission")
    table = own.join(analysed, on="frame", maintain_order="left")
    client, server, ends = pl.col("from_client"), ~pl.col("from_client"), pl.col("fin") | pl.col("rst")
    time, payload = pl.col("time"), pl.col("payload") > 0
    asked = time.filter(client & payload).first()
    grouped = table.group_by("stream").agg(
        pl.len().alias("segments"),
        *(pl.col(name).sum() for name in _COUNTED),
        pl.col("lost").sum().alias("lost_segments"),
        (pl.col("rst") & client).sum().alias("client_resets"),
        (pl.col("rst") & server).sum().alias("server_resets"),
        pl.col(COMPLETENESS.field).last().alias("completeness"),
        pl.when(client).then(pl.lit("client")).otherwise(pl.lit("server")).filter(ends).first().alias("closed_by"),
        pl.when(pl.col("rst")).then(pl.lit("RST")).otherwise(pl.lit("FIN")).filter(ends).first().alias("closed_with"),
        pl.col(BYTES_IN_FLIGHT.field).max().alias("bytes_in_flight_max"),
        *(
            pl.col(column.field).filter(side).drop_nulls().first().alias(f"{who}_{name}")
            for name, column in (("mss", MAXIMUM_SEGMENT_SIZE), ("window_scale", WINDOW_SCALE))
            for who, side in (("client", client), ("server", server))
        ),
        ((time.filter(server & payload & (time >= asked)).first() - asked) / 1e6).round(6).alias("first_byte_ms"),
    )
    return tuple(Health(**row) for row in grouped.sort("stream").iter_rows(named=True))
