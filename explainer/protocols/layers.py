"""Headers by layer: each Ethernet, IP, TCP and UDP header of a frame's own, with its addresses, as Wireshark's taps see it.

Rules: a frame has as many rows as it has headers of the layer (tunnels, several packets side by side); what an ICMP
error quotes was not sent, and has none; a header that is cut off before its end has none either.
"""

from dataclasses import dataclass

from explainer.facts import Column, Fact, Facts, fact
from explainer.lazy import pl
from explainer.protocols import eth, tcp, udp
from explainer.protocols.frame import FRAME, LENGTH, PROTOCOLS, TIME
from explainer.protocols.ip import (
    ICMP_TYPE,
    ICMPV6_TYPE,
    IPV4_DESTINATION,
    IPV4_SOURCE,
    IPV6_DESTINATION,
    IPV6_SOURCE,
)

_ICMP_ERRORS = (3, 4, 5, 11, 12)  # RFC 792
_ICMPV6_ERRORS = (1, 2, 3, 4, 137)  # RFC 4443; a redirect quotes too (RFC 4861, 4.6.3)
_KINDS = {"eth": "eth", "ip": "ip", "ipv6": "ipv6", "tcp": "tcp", "udp": "udp", "udplite": "udp"}
_FRAME = (FRAME, TIME, LENGTH)
_IP = (IPV4_SOURCE, IPV4_DESTINATION, IPV6_SOURCE, IPV6_DESTINATION)
_PATTERN = (PROTOCOLS, ICMP_TYPE, ICMPV6_TYPE)


@dataclass(frozen=True)
class Patterns:
    """The orders in which headers follow each other, each once.

    `of_frame` gives each frame's pattern, in file order; `headers` has a row a header: pattern, kind, index (among the
    frame's headers of its kind, quoted ones included), carrier and carrier_index: the IP header that it came in.
    """

    of_frame: "pl.Series"
    headers: "pl.DataFrame"


@fact("header orders", *_PATTERN)
def patterns(facts: Facts) -> Patterns:
    """Return what follows what in each frame, by its frame.protocols."""
    error = pl.col(ICMP_TYPE.field).is_in(_ICMP_ERRORS) | pl.col(ICMPV6_TYPE.field).is_in(_ICMPV6_ERRORS)
    frames = facts.frames(*_PATTERN).select(PROTOCOLS.field, error.fill_null(value=False).alias("error"))
    unique = frames.unique(maintain_order=True).with_row_index("pattern")
    of_frame = frames.join(unique, on=frames.columns, how="left", nulls_equal=True, maintain_order="left")["pattern"]
    return Patterns(of_frame, _headers(unique))


def _headers(unique: "pl.DataFrame") -> "pl.DataFrame":
    layer, kind = pl.col(PROTOCOLS.field), pl.col("kind")
    quoted = pl.col("error") & (layer.is_in(["icmp", "icmpv6"]).cum_sum().shift(1, fill_value=0) > 0).over("pattern")
    is_ip = kind.is_in(["ip", "ipv6"])
    return (
        unique.with_columns(layer.str.split(":"))
        .explode(PROTOCOLS.field)
        .with_columns(
            quoted.alias("quoted"), layer.replace_strict(_KINDS, default=None, return_dtype=pl.String).alias("kind")
        )
        .filter(kind.is_not_null())
        .with_columns(pl.int_range(pl.len()).over("pattern", "kind").alias("index"))
        .with_columns(
            pl.when(is_ip).then(kind).forward_fill().over("pattern").alias("carrier"),
            pl.when(is_ip).then(pl.col("index")).forward_fill().over("pattern").alias("carrier_index"),
        )
        .filter(~pl.col("quoted"))
        .select("pattern", "kind", "index", "carrier", "carrier_index")
    )


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
        """Return a row a header: frame, time (ns), length (bytes of the frame), src, dst."""
        return _addressed(_rows(facts, kind, (source, destination)), _own(source), _own(destination))

    return headers


def _transport_headers(kind: str, source: Column, destination: Column, stream: Column) -> "Fact[pl.DataFrame]":
    columns = (source, destination, stream, *_IP)

    @fact(f"{kind} headers", patterns, *_FRAME, *columns)
    def headers(facts: Facts) -> "pl.DataFrame":
        """Return a row a header: frame, time (ns), length (bytes of the frame), src, dst, sport, dport, stream."""
        carried = pl.when(pl.col("carrier") == "ip")
        return _addressed(
            _rows(facts, kind, columns),
            carried.then(_own(IPV4_SOURCE, "carrier_index")).otherwise(_own(IPV6_SOURCE, "carrier_index")),
            carried.then(_own(IPV4_DESTINATION, "carrier_index")).otherwise(_own(IPV6_DESTINATION, "carrier_index")),
            sport=_own(source), dport=_own(destination), stream=_own(stream),
        )  # fmt: skip

    return headers


@dataclass(frozen=True)
class Layer:
    """A layer whose headers Wireshark counts: its name there, and whether its addresses have ports and its talks numbers."""

    id: str
    name: str
    headers: "Fact[pl.DataFrame]"
    ports: bool


LAYERS = (
    Layer("eth", "Ethernet", _network_headers("eth", eth.SOURCE, eth.DESTINATION), ports=False),
    Layer("ip", "IPv4", _network_headers("ip", IPV4_SOURCE, IPV4_DESTINATION), ports=False),
    Layer("ipv6", "IPv6", _network_headers("ipv6", IPV6_SOURCE, IPV6_DESTINATION), ports=False),
    Layer("tcp", "TCP", _transport_headers("tcp", tcp.SOURCE_PORT, tcp.DESTINATION_PORT, tcp.STREAM), ports=True),
    Layer("udp", "UDP", _transport_headers("udp", udp.SOURCE_PORT, udp.DESTINATION_PORT, udp.STREAM), ports=True),
)
