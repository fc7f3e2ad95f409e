"""Statistics → IPv4/IPv6 Statistics → Destinations and Ports, and the ports that conversations go to."""

from collections import Counter, defaultdict

from explainer.facts import Column, Facts, Kind
from explainer.lazy import pl
from explainer.model import Cell, Stat
from explainer.protocols import tcp, udp, udp_conversations
from explainer.protocols.flows import misnamed
from explainer.protocols.frame import FRAME, PROTOCOLS, TSHARK
from explainer.protocols.layers import IPV4, IPV6, patterns
from explainer.registry import statistic
from explainer.stats.services import service
from explainer.stats.tables import table

SCTP_PORT = Column("sctp.dstport", Kind.INT, many=True)
DCCP_PORT = Column("dccp.dstport", Kind.INT, many=True)
_PORTS = {
    "tcp": ("TCP", tcp.DESTINATION_PORT), "udp": ("UDP", udp.DESTINATION_PORT),
    "udplite": ("UDP", udp.DESTINATION_PORT), "sctp": ("SCTP", SCTP_PORT), "dccp": ("DCCP", DCCP_PORT),
}  # fmt: skip
_QUOTES_NO_PORTS = (4, 4)
_COLUMNS = (FRAME, udp.STREAM, tcp.DESTINATION_PORT, udp.DESTINATION_PORT, SCTP_PORT, DCCP_PORT)


@statistic("Destinations and ports", IPV4.headers, IPV6.headers, patterns, TSHARK, *_COLUMNS)
def destinations(facts: Facts) -> Stat:
    """Packets to each address, transport and port; as `tshark -z dests,tree` and `-z ipv6_dests,tree` count them.

    Two habits of these are kept, so that the numbers agree: a packet in a tunnel counts once for each IP header of its
    own, under the innermost address, and an ICMP error counts under the ports that it quotes (Wireshark before 4.4).
    Differs for PGM, whose ports Wireshark shows without a transport, and for SCTP inside Cisco FabricPath.
    """
    counted = (
        _addresses(facts)
        .join(_ports(facts), on="frame", maintain_order="left")
        .group_by("dst", "transport", "port")
        .agg(pl.col("headers").sum().alias("packets"))
        .sort(["packets", "dst", "transport", "port"], descending=[True, False, False, False])
    )
    total = int(counted["packets"].sum())
    rows = [(*row, round(100 * row[3] / total, 2)) for row in counted.iter_rows()]
    return table("destinations", "Destinations and ports", ("address", "transport", "port", "packets", "share"), rows)


def _addresses(facts: Facts) -> "pl.DataFrame":
    """Return a row an IP frame: how many IP headers are its own, and the last one's destination."""
    own = pl.concat(facts[layer.headers].select("frame", "position", "dst") for layer in (IPV4, IPV6))
    return own.sort("frame", "position").group_by("frame").agg(pl.len().alias("headers"), pl.col("dst").last())


def _ports(facts: Facts) -> "pl.DataFrame":
    """Return each frame's transport and destination port: the last ones in it, quoted ones as its tshark does."""
    found = facts[patterns]
    version = tuple(map(int, (facts.given(TSHARK) or b"4.0").split(b".")[:2]))
    chosen = pl.col("transport" if version < _QUOTES_NO_PORTS else "own")
    frames = facts.frames(*_COLUMNS).with_columns(found.of_frame)
    names, port = pl.lit("none"), pl.lit(0)
    for layer, (name, column) in _PORTS.items():
        here = chosen == layer
        if name == "UDP":  # a header with an impossible length belongs to no stream, and to no transport
            here &= pl.col(udp.STREAM.field).list.len() == pl.col(column.field).list.len()
        names = pl.when(here).then(pl.lit(name)).otherwise(names)
        port = pl.when(here).then(pl.col(column.field).list.last().fill_null(0)).otherwise(port)
    return frames.join(found.transports, on="pattern", how="left", maintain_order="left").select(
        pl.col(FRAME.field).alias("frame"), names.alias("transport"), port.alias("port")
    )


# What only carries others, or is no protocol of its own.
_MULTIPATH = "mptcp"  # no protocol over TCP: its options
_CARRIERS = rf"{_MULTIPATH}|rpc|nbss|tpkt|cotp|gssapi|gss-api|spnego|x11|tcp\.segments|data"
_SPOKEN = rf":(?:tcp|udp)(?::(?:{_CARRIERS}))*:([^:]+)"
_NAMED = 3


@statistic(
    "Ports", tcp.connections, tcp.segments, udp_conversations.conversations, misnamed, PROTOCOLS, tcp.STREAM, udp.STREAM
)
def ports(facts: Facts) -> Stat:
    """The ports that conversations were opened to: the server's port in TCP, the first packet's destination in UDP.

    service is who usually answers there; spoken is what Wireshark sees in the conversations, the most frequent first,
    or what their first words are, where a port misleads it.
    """
    lengths = facts[tcp.segments].group_by("stream").agg(pl.col("length").sum())
    stream_bytes = dict(lengths.iter_rows())
    totals = defaultdict[tuple[str, int], list[int]](lambda: [0, 0, 0, 0])
    spoken = defaultdict[tuple[str, int], Counter[str]](Counter)

    def add(transport: str, port: int, frames: int, size: int, first: int) -> None:
        row = totals[transport, port]
        row[:] = [row[0] + 1, row[1] + frames, row[2] + size, min(row[3], first) if row[3] else first]

    named = facts[misnamed]
    over_tcp, over_udp = _spoken(facts, tcp.STREAM), _spoken(facts, udp.STREAM)
    for connection in facts[tcp.connections]:
        size = stream_bytes[connection.stream]
        add("TCP", connection.server.port, connection.frames, size, connection.first_frame)
        layer = named.get(connection.stream)
        own = Counter({layer: connection.frames}) if layer else over_tcp[connection.stream]
        spoken["TCP", connection.server.port] += own
    for conversation in facts[udp_conversations.conversations]:
        add("UDP", conversation.server.port, conversation.frames, conversation.bytes, conversation.first_frame)
        for stream in conversation.streams:
            spoken["UDP", conversation.server.port] += over_udp[stream]
    rows: list[tuple[Cell, ...]] = [
        (transport, port, service(port), *counts, _most(spoken[transport, port]))
        for (transport, port), counts in totals.items()
    ]
    rows.sort(key=lambda row: (-int(str(row[4])), str(row[0]), int(str(row[1]))))
    names = ("transport", "port", "service", "conversations", "packets", "bytes", "first_frame", "spoken")
    return table("ports", "Ports", names, rows)


def _spoken(facts: Facts, stream: Column) -> defaultdict[int, Counter[str]]:
    """Return how many frames of each stream Wireshark reads as which protocol."""
    counted = (
        facts.frames(PROTOCOLS, stream)
        .select(
            pl.col(PROTOCOLS.field).str.extract(_SPOKEN).alias("spoken"),
            pl.col(stream.field).list.first().alias("stream"),
        )
        .drop_nulls()
        .filter(pl.col("spoken") != _MULTIPATH)
        .group_by("stream", "spoken")
        .len()
    )
    found = defaultdict[int, Counter[str]](Counter)
    for number, name, frames in counted.iter_rows():
        found[number][name] = frames
    return found


def _most(spoken: Counter[str]) -> str | None:
    largest = sorted(spoken, key=lambda name: (-spoken[name], name))
    return ", ".join(largest[:_NAMED]) or None
