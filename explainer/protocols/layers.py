"""Headers by layer: each Ethernet, IP, TCP and UDP header of a frame's own, as Wireshark's taps see it.

Rules: a frame has as many rows as it has headers of the layer (tunnels, several packets side by side); what an ICMP
error or an sFlow sample quotes was not sent in it, and has none; a header that is cut off in its addresses or ports has
none either.
"""

from collections.abc import Callable
from typing import NamedTuple

from explainer.facts import Column, Fact, Facts, Kind, fact
from explainer.lazy import pl
from explainer.protocols import eth, tcp, udp
from explainer.protocols.frame import CAPTURED_LENGTH, FRAME, LENGTH, PROTOCOLS, TIME
from explainer.protocols.ip import (
    ICMP_TYPE,
    ICMPV6_TYPE,
    IPV4_DESTINATION,
    IPV4_SOURCE,
    IPV6_DESTINATION,
    IPV6_SOURCE,
)

SEGMENTS_LEFT = Column("ipv6.routing.segleft", Kind.INT)
ROUTE = Column("ipv6.routing.src.addr", many=True)

_ICMP_ERRORS = (3, 4, 5, 11, 12)  # RFC 792
_ICMPV6_ERRORS = (1, 2, 3, 4, 137)  # RFC 4443; a redirect quotes too (RFC 4861, 4.6.3)
_ICMP = ("icmp", "icmpv6")
_QUOTING = (*_ICMP, "sflow", "nhrp", "lcp")
"""What follows these is quoted: after ICMP if it is an error, after the others always (a sample, a rejected packet)."""
_KINDS = {"eth": "eth", "ip": "ip", "ipv6": "ipv6", "tcp": "tcp", "udp": "udp", "udplite": "udp"}
_TRANSPORTS = ("tcp", "udp", "udplite", "sctp", "dccp")
_RING = 4
_FRAME = (FRAME, TIME, LENGTH, CAPTURED_LENGTH)
_IP = (IPV4_SOURCE, IPV4_DESTINATION, IPV6_SOURCE, IPV6_DESTINATION)
_PATTERN = (PROTOCOLS, ICMP_TYPE, ICMPV6_TYPE)


# Where tshark 4.0 leaves a header out: IPv4 whose options are cut off; IPv6 that carries only a mobility header, and
# all its fragments but the one that completes the packet.
_LEFT_OUT: dict[str, Callable[[], "pl.Expr"]] = {
    "ip": lambda: pl.col("unread") & (pl.col(CAPTURED_LENGTH.field) < pl.col(LENGTH.field)),
    "ipv6": lambda: pl.col("unread"),
}


class Patterns(NamedTuple):
    """The orders in which headers follow each other, each once.

    `of_frame` gives each frame's pattern, in file order. `headers` has a row a header: pattern, kind, position (in
    frame.protocols), index (among the frame's headers of its kind, quoted ones included), their count, unread (no
    packet was found in it), carrier and carrier_index (the IP header that it came in). `transports` names the last
    transport of each pattern that has one, quoted or not, and the last that is not quoted (`own`).
    """

    of_frame: "pl.Series"
    headers: "pl.DataFrame"
    transports: "pl.DataFrame"


@fact("header orders", *_PATTERN)
def patterns(facts: Facts) -> Patterns:
    """Return what follows what in each frame, by its frame.protocols."""
    error = pl.col(ICMP_TYPE.field).is_in(_ICMP_ERRORS) | pl.col(ICMPV6_TYPE.field).is_in(_ICMPV6_ERRORS)
    frames = facts.frames(*_PATTERN).select(PROTOCOLS.field, error.fill_null(value=False).alias("error"))
    unique = frames.unique(maintain_order=True).with_row_index("pattern")
    of_frame = frames.join(unique, on=frames.columns, how="left", nulls_equal=True, maintain_order="left")["pattern"]
    layers = (
        unique.with_columns(pl.col(PROTOCOLS.field).str.split(":"))
        .explode(PROTOCOLS.field)
        .rename({PROTOCOLS.field: "layer"})
        .with_columns(pl.int_range(pl.len()).over("pattern").alias("position"))
    )
    layer = pl.col("layer")
    quoting = layer.is_in(_QUOTING) & (pl.col("error") | ~layer.is_in(_ICMP))
    quoted = (quoting.cum_sum().shift(1, fill_value=0) > 0).over("pattern")
    layers = layers.with_columns(quoted.alias("quoted"))
    transports = layers.filter(layer.is_in(_TRANSPORTS)).group_by("pattern").agg(
        layer.last().alias("transport"), layer.filter(~pl.col("quoted")).last().alias("own")
    )  # fmt: skip
    return Patterns(of_frame, _headers(layers), transports)


def _headers(layers: "pl.DataFrame") -> "pl.DataFrame":
    layer, kind = pl.col("layer"), pl.col("kind")
    is_ip = kind.is_in(["ip", "ipv6"])
    return (
        layers.with_columns(
            _unread(layers).alias("unread"),
            layer.replace_strict(_KINDS, default=None, return_dtype=pl.String).alias("kind"),
        )
        .filter(kind.is_not_null())
        .with_columns(pl.int_range(pl.len()).over("pattern", "kind").alias("index"))
        .with_columns(
            pl.len().over("pattern", "kind").alias("count"),
            pl.when(is_ip).then(kind).forward_fill().over("pattern").alias("carrier"),
            pl.when(is_ip).then(pl.col("index")).forward_fill().over("pattern").alias("carrier_index"),
        )
        .filter(~pl.col("quoted"))
        .select("pattern", "kind", "position", "index", "count", "unread", "carrier", "carrier_index")
    )


def _unread(layers: "pl.DataFrame") -> "pl.Series":
    """Return whether no packet was found in a layer: in IPv4 nothing; in IPv6 mobility alone, or a fragment."""
    name = pl.col("layer")
    extension = name.str.starts_with("ipv6.") | (name == "mipv6")
    follower = pl.when(~extension).then(name).shift(-1).backward_fill().over("pattern")
    mobile = (name == "mipv6").shift(-1, fill_value=False).over("pattern")
    fragment = (name == "ipv6.fraghdr").shift(-1, fill_value=False).over("pattern") & (follower == "data")
    nothing = follower.is_null() & (mobile | (name != "ipv6"))
    return layers.select(nothing | fragment.fill_null(value=False))[:, 0]


def _rows(facts: Facts, kind: str, columns: tuple[Column, ...]) -> "pl.DataFrame":
    """Return the frames' columns, a row a header of this kind, with its index and its carrier."""
    found = facts[patterns]
    of_kind = found.headers.filter(pl.col("kind") == kind)
    frames = facts.frames(*_FRAME, *columns).with_columns(found.of_frame)
    return frames.join(of_kind, on="pattern", how="inner", maintain_order="left_right")


def _addressed(rows: "pl.DataFrame", source: "pl.Expr", destination: "pl.Expr", **others: "pl.Expr") -> "pl.DataFrame":
    return rows.select(
        pl.col(FRAME.field).alias("frame"), pl.col(TIME.field).alias("time"), pl.col(LENGTH.field).alias("length"),
        source.alias("src"), destination.alias("dst"), **others,
    ).drop_nulls(["length", "src", "dst", *others])  # fmt: skip


def _own(column: Column, index: str = "index") -> "pl.Expr":
    return pl.col(column.field).list.get(pl.col(index), null_on_oob=True)


def _network_headers(kind: str, source: Column, destination: Column) -> "Fact[pl.DataFrame]":
    @fact(f"{kind} headers", patterns, *_FRAME, source, destination)
    def headers(facts: Facts) -> "pl.DataFrame":
        """Return a row a header: frame, time (ns), length (bytes of the frame), src, dst, position (in the frame)."""
        rows, index = _rows(facts, kind, (source, destination)), pl.col("index")
        if kind in _LEFT_OUT:
            rows = rows.filter(~_LEFT_OUT[kind]())
        if kind == "eth":  # tshark 4.0 keeps four in a ring: of more, the later ones stand in the places of the earlier
            rows = rows.with_columns(index + (pl.col("count") - 1 - index) // _RING * _RING)
        return _addressed(rows, _own(source), _own(destination), position=pl.col("position"))

    return headers


def _transport_headers(kind: str, source: Column, destination: Column, stream: Column) -> "Fact[pl.DataFrame]":
    columns = (source, destination, stream, *_IP, SEGMENTS_LEFT, ROUTE)

    @fact(f"{kind} headers", patterns, *_FRAME, *columns)
    def headers(facts: Facts) -> "pl.DataFrame":
        """Return a row a header: frame, time (ns), length (bytes of the frame), src, dst, sport, dport, stream.

        dst is where the packet goes in the end, which an IPv6 routing header (type 0) may name.
        """
        in_ipv4 = pl.col("carrier") == "ip"
        routed = pl.when(pl.col(SEGMENTS_LEFT.field) > 0).then(pl.col(ROUTE.field).list.last())
        return _addressed(
            _rows(facts, kind, columns),
            pl.when(in_ipv4).then(_own(IPV4_SOURCE, "carrier_index")).otherwise(_own(IPV6_SOURCE, "carrier_index")),
            pl.when(in_ipv4)
            .then(_own(IPV4_DESTINATION, "carrier_index"))
            .otherwise(pl.coalesce(routed, _own(IPV6_DESTINATION, "carrier_index"))),
            sport=_own(source), dport=_own(destination), stream=_own(stream),
        )  # fmt: skip

    return headers


class Layer(NamedTuple):
    """A layer whose headers Wireshark counts: its name there, and whether it has ports (and streams)."""

    id: str
    name: str
    headers: "Fact[pl.DataFrame]"
    ports: bool


ETHERNET = Layer("eth", "Ethernet", _network_headers("eth", eth.SOURCE, eth.DESTINATION), ports=False)
IPV4 = Layer("ip", "IPv4", _network_headers("ip", IPV4_SOURCE, IPV4_DESTINATION), ports=False)
IPV6 = Layer("ipv6", "IPv6", _network_headers("ipv6", IPV6_SOURCE, IPV6_DESTINATION), ports=False)
TCP = Layer("tcp", "TCP", _transport_headers("tcp", tcp.SOURCE_PORT, tcp.DESTINATION_PORT, tcp.STREAM), ports=True)
UDP = Layer("udp", "UDP", _transport_headers("udp", udp.SOURCE_PORT, udp.DESTINATION_PORT, udp.STREAM), ports=True)
LAYERS = (ETHERNET, IPV4, IPV6, TCP, UDP)

QUIRKS = {
    "eth": (
        " Differs for Cisco FabricPath, whose outer addresses have fields of their own. As in Wireshark 4.0, of more"
        " than four Ethernet headers in a frame the later ones replace the earlier."
    ),
    "ip": "",
    "ipv6": " As in Wireshark 4.0, a fragment counts when it completes its packet, and one with mobility alone never.",
    "tcp": " Differs inside Cisco FabricPath, which Wireshark 4.0 does not count.",
    "udp": "",
}
"""What each layer's counts keep of Wireshark's habits, and where they differ, as sentences for the documentation."""
