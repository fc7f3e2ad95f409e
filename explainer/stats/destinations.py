"""Statistics → IPv4/IPv6 Statistics → Destinations and Ports, and the ports that conversations go to."""

from collections import defaultdict

from explainer.facts import Facts
from explainer.lazy import pl
from explainer.model import Cell, Stat, StatColumn
from explainer.protocols import tcp, udp
from explainer.protocols.frame import FRAME
from explainer.protocols.ip import packets
from explainer.registry import statistic
from explainer.stats.services import service


@statistic("Destinations and ports", FRAME, packets, tcp.DESTINATION_PORT, udp.DESTINATION_PORT)
def destinations(facts: Facts) -> Stat:
    """Packets to each address, transport and port; as `tshark -z dests,tree` and `-z ipv6_dests,tree` count them.

    Two habits of these are kept, so that the numbers agree: a packet in a tunnel counts once for each IP header of its
    own, under the innermost address, and an ICMP error counts under the ports that it quotes.
    """
    table = facts.frames(FRAME, tcp.DESTINATION_PORT, udp.DESTINATION_PORT)
    tcp_port = pl.col(tcp.DESTINATION_PORT.field).list.last()
    udp_port = pl.col(udp.DESTINATION_PORT.field).list.last()
    transport = pl.when(tcp_port.is_not_null()).then(pl.lit("TCP"))
    counted = (
        facts[packets]
        .join(table, left_on="frame", right_on=FRAME.field)
        .filter(pl.col("dst").is_not_null())
        .with_columns(
            transport.when(udp_port.is_not_null()).then(pl.lit("UDP")).otherwise(pl.lit("none")).alias("transport"),
            pl.coalesce(tcp_port, udp_port, pl.lit(0)).alias("port"),
        )
        .group_by("dst", "transport", "port")
        .agg(pl.col("headers").sum().alias("packets"))
        .sort(["packets", "dst", "transport", "port"], descending=[True, False, False, False])
    )
    total = int(counted["packets"].sum())
    rows = tuple((*row, round(100 * row[3] / total, 2)) for row in counted.iter_rows())
    names = (("address", ""), ("transport", ""), ("port", ""), ("packets", ""), ("share", "%"))
    return Stat(
        id="destinations",
        title="Destinations and ports",
        columns=tuple(StatColumn(name=name, unit=unit) for name, unit in names),
        rows=rows,
        total_rows=len(rows),
    )


@statistic("Ports", tcp.connections, tcp.segments, udp.conversations)
def ports(facts: Facts) -> Stat:
    """The ports that conversations were opened to: the server's port in TCP, the first packet's destination in UDP."""
    lengths = facts[tcp.segments].group_by("stream").agg(pl.col("length").sum())
    stream_bytes = dict(lengths.iter_rows())
    totals = defaultdict[tuple[str, int], list[int]](lambda: [0, 0, 0, 0])

    def add(transport: str, port: int, frames: int, size: int, first: int) -> None:
        row = totals[transport, port]
        row[:] = [row[0] + 1, row[1] + frames, row[2] + size, min(row[3], first) if row[3] else first]

    for connection in facts[tcp.connections]:
        size = stream_bytes[connection.stream]
        add("TCP", connection.server.port, connection.frames, size, connection.first_frame)
    for conversation in facts[udp.conversations]:
        add("UDP", conversation.server.port, conversation.frames, conversation.bytes, conversation.first_frame)
    rows: list[tuple[Cell, ...]] = [
        (transport, port, service(port), *counts) for (transport, port), counts in totals.items()
    ]
    rows.sort(key=lambda row: (-int(str(row[4])), str(row[0]), int(str(row[1]))))
    names = ("transport", "port", "service", "conversations", "packets", "bytes", "first_frame")
    return Stat(
        id="ports",
        title="Ports",
        columns=tuple(StatColumn(name=name, unit="bytes" if name == "bytes" else "") for name in names),
        rows=tuple(rows),
        total_rows=len(rows),
    )
