"""TCP: segments as a table, connections as records (RFC 9293; Wireshark's tcp.stream numbers them)."""

from typing import Any, NamedTuple

from explainer.facts import Column, Facts, Kind, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME
from explainer.protocols.ip import ICMP_TYPE, ICMPV6_TYPE, packets

STREAM = Column("tcp.stream", Kind.INT, many=True)
CONTENT = Column("tcp.payload")
SOURCE_PORT = Column("tcp.srcport", Kind.INT, many=True)
DESTINATION_PORT = Column("tcp.dstport", Kind.INT, many=True)
FLAGS = Column("tcp.flags", Kind.INT)
PAYLOAD = Column("tcp.len", Kind.INT)
SEQUENCE = Column("tcp.seq", Kind.INT)
NEXT_SEQUENCE = Column("tcp.nxtseq", Kind.INT)
ACKNOWLEDGED = Column("tcp.ack", Kind.INT)
RETRANSMISSION = Column("tcp.analysis.retransmission", Kind.FLAG)
LOST_SEGMENT = Column("tcp.analysis.lost_segment", Kind.FLAG)
ACK_RTT = Column("tcp.analysis.ack_rtt", Kind.FLOAT)
INITIAL_RTT = Column("tcp.analysis.initial_rtt", Kind.FLOAT)

_COLUMNS = (
    FRAME, STREAM, SOURCE_PORT, DESTINATION_PORT, FLAGS, PAYLOAD, SEQUENCE, NEXT_SEQUENCE, ACKNOWLEDGED, RETRANSMISSION,
    LOST_SEGMENT, ACK_RTT, INITIAL_RTT, ICMP_TYPE, ICMPV6_TYPE,
)  # fmt: skip

_FIN, _SYN, _RST, _ACK = 0x01, 0x02, 0x04, 0x10
_LISTS = ("syn_frames", "syn_ns", "client_resets", "server_resets", "client_ends", "server_ends")


class Endpoint(NamedTuple):
    """An address and a port; written as users write it."""

    address: str
    port: int

    def __str__(self) -> str:
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


class Connection(NamedTuple):
    """One TCP stream; the client is who sent the SYN, or else (capture started late) who has the higher port.

    `syn_frames` are the client's SYNs, `ack_frame` the client's segment that completes the handshake; resets and
    ends (FIN) are frame numbers by sender; payload in bytes; `last_ns` and the like are nanoseconds since 1970.
    `syn_ack_rtt_ms` is SYN to SYN/ACK (tcp.analysis.ack_rtt there), `initial_rtt_ms` SYN to the completing ACK.
    """

    stream: int
    client: Endpoint
    server: Endpoint
    frames: int
    first_frame: int
    last_frame: int
    first_ns: int
    last_ns: int
    syn_frames: tuple[int, ...]
    syn_ns: tuple[int, ...]
    syn_ack_frame: int | None
    ack_frame: int | None
    client_frames: int
    server_frames: int
    client_payload: int
    server_payload: int
    client_resets: tuple[int, ...]
    server_resets: tuple[int, ...]
    server_reset_ns: int | None
    client_ends: tuple[int, ...]
    server_ends: tuple[int, ...]
    retransmissions: int
    lost_segments: int
    syn_ack_rtt_ms: float | None
    initial_rtt_ms: float | None

    @property
    def established(self) -> bool:
        """Return whether the three-way handshake was seen whole."""
        return bool(self.syn_frames) and self.syn_ack_frame is not None and self.ack_frame is not None


@fact("TCP segments", packets, *_COLUMNS)
def segments(facts: Facts) -> "pl.DataFrame":
    """Return a row a TCP segment, in file order.

    Columns: frame, time (ns), length (bytes of the frame), ttl, ip_id, stream, src, sport, dst, dport, fin, syn, rst,
    ack, payload (bytes), seq, next_seq and acknowledged (relative, as Wireshark numbers them), retransmission, lost,
    ack_rtt_ms, initial_rtt_ms; of its stream client, client_port, server, server_port; from_client says who sent it.
    """
    quoted = pl.col(ICMP_TYPE.field).is_not_null() | pl.col(ICMPV6_TYPE.field).is_not_null()
    flags = pl.col(FLAGS.field)
    own = facts.frames_with((STREAM,), *_COLUMNS).filter(~quoted)
    table = own.select(
        pl.col(FRAME.field).alias("frame"),
        pl.col(STREAM.field).list.last().alias("stream"),
        pl.col(SOURCE_PORT.field).list.last().alias("sport"),
        pl.col(DESTINATION_PORT.field).list.last().alias("dport"),
        *(
            ((flags & bit) != 0).alias(name)
            for name, bit in (("fin", _FIN), ("syn", _SYN), ("rst", _RST), ("ack", _ACK))
        ),
        pl.col(PAYLOAD.field).fill_null(0).alias("payload"),
        pl.col(SEQUENCE.field).alias("seq"),
        pl.col(NEXT_SEQUENCE.field).alias("next_seq"),
        pl.col(ACKNOWLEDGED.field).alias("acknowledged"),
        pl.col(RETRANSMISSION.field).alias("retransmission"),
        pl.col(LOST_SEGMENT.field).alias("lost"),
        (pl.col(ACK_RTT.field) * 1000).round(6).alias("ack_rtt_ms"),
        (pl.col(INITIAL_RTT.field) * 1000).round(6).alias("initial_rtt_ms"),
    )
    # A damaged frame may lack flags, ports, addresses or a time: it takes part in no connection.
    addressed = table.join(facts[packets].select("frame", "time", "length", "ttl", "ip_id", "src", "dst"), on="frame")
    return _with_sides(addressed.drop_nulls(["sport", "dport", "syn", "time", "src", "dst"]).sort("frame"))


@fact("TCP connections", segments)
def connections(facts: Facts) -> tuple[Connection, ...]:
    """Return the connections by stream number."""
    table = facts[segments]
    client, server = pl.col("from_client"), ~pl.col("from_client")
    frame, time, syn, ack = pl.col("frame"), pl.col("time"), pl.col("syn"), pl.col("ack")
    opening, answering = syn & ~ack & client, syn & ack & server
    grouped = table.group_by("stream").agg(
        pl.col("client", "client_port", "server", "server_port").first(),
        pl.len().alias("frames"),
        frame.first().alias("first_frame"), frame.last().alias("last_frame"),
        time.first().alias("first_ns"), time.last().alias("last_ns"),
        frame.filter(opening).alias("syn_frames"), time.filter(opening).alias("syn_ns"),
        frame.filter(answering).first().alias("syn_ack_frame"),
        frame.filter(client & ack & ~syn & ~pl.col("rst")).first().alias("ack_frame"),
        client.sum().alias("client_frames"), server.sum().alias("server_frames"),
        pl.col("payload").filter(client).sum().alias("client_payload"),
        pl.col("payload").filter(server).sum().alias("server_payload"),
        *(
            frame.filter(pl.col(flag) & side).alias(f"{who}_{name}")
            for flag, name in (("rst", "resets"), ("fin", "ends"))
            for side, who in ((client, "client"), (server, "server"))
        ),
        time.filter(pl.col("rst") & server).first().alias("server_reset_ns"),
        pl.col("retransmission").sum().alias("retransmissions"),
        pl.col("lost").sum().alias("lost_segments"),
        pl.col("ack_rtt_ms").filter(answering).first().alias("syn_ack_rtt_ms"),
        pl.col("initial_rtt_ms").drop_nulls().first(),
    )  # fmt: skip
    return tuple(_connection(row) for row in grouped.sort("stream").iter_rows(named=True))


def _with_sides(table: "pl.DataFrame") -> "pl.DataFrame":
    """Return the segments with their stream's client and server, and whether each comes from the client."""
    opening, answering = pl.col("syn") & ~pl.col("ack"), pl.col("syn") & pl.col("ack")
    higher = pl.col("sport") >= pl.col("dport")

    def client(own: str, other: str) -> "pl.Expr":
        first, last = pl.col(own), pl.col(other)
        guess = pl.when(higher).then(first).otherwise(last).first()
        return pl.coalesce(first.filter(opening).first(), last.filter(answering).first(), guess)

    def server(own: str, other: str) -> "pl.Expr":
        return client(other, own)

    sides = table.group_by("stream").agg(
        client("src", "dst").alias("client"), client("sport", "dport").alias("client_port"),
        server("src", "dst").alias("server"), server("sport", "dport").alias("server_port"),
    )  # fmt: skip
    from_client = (pl.col("src") == pl.col("client")) & (pl.col("sport") == pl.col("client_port"))
    return table.join(sides, on="stream", maintain_order="left").with_columns(from_client.alias("from_client"))


def _connection(row: dict[str, Any]) -> Connection:
    client, server = (Endpoint(row.pop(side), row.pop(f"{side}_port")) for side in ("client", "server"))
    for name in _LISTS:
        row[name] = tuple(row[name])
    return Connection(client=client, server=server, **row)  # the columns are named after the fields
