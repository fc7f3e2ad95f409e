"""IPv4 and IPv6: who sent each frame to whom, at the innermost layer that carries a transport."""

from explainer.facts import Column, Facts, Kind, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME, LENGTH, PROTOCOLS, TIME

IPV4_SOURCE = Column("ip.src", many=True)
IPV4_DESTINATION = Column("ip.dst", many=True)
IPV6_SOURCE = Column("ipv6.src", many=True)
IPV6_DESTINATION = Column("ipv6.dst", many=True)
IPV4_TTL = Column("ip.ttl", Kind.INT, many=True)
IPV6_HOP_LIMIT = Column("ipv6.hlim", Kind.INT, many=True)
IPV4_ID = Column("ip.id", Kind.INT, many=True)
ICMP_TYPE = Column("icmp.type", Kind.INT)
ICMPV6_TYPE = Column("icmpv6.type", Kind.INT)

_COLUMNS = (
    FRAME, TIME, LENGTH, PROTOCOLS, IPV4_SOURCE, IPV4_DESTINATION, IPV6_SOURCE, IPV6_DESTINATION, IPV4_TTL,
    IPV6_HOP_LIMIT, IPV4_ID,
)  # fmt: skip

# What follows one of these in frame.protocols is quoted by an ICMP error, not sent.
_QUOTED = r":icmp(v6)?:.*$"


@fact("IP packets", *_COLUMNS)
def packets(facts: Facts) -> "pl.DataFrame":
    """Return a row an IP frame, in file order: frame, time (ns), length (bytes), headers, src, dst, ttl, ip_id.

    In a tunnel the addresses are the innermost ones; of an ICMP error they are its own, not those that it quotes.
    `headers` counts the frame's own IP headers; `ttl` is the hop limit in IPv6, which has no `ip_id`.
    """
    table = facts.frames(*_COLUMNS)
    layers = _layers(table[PROTOCOLS.field].drop_nulls().unique().to_frame())
    return table.join(layers, on=PROTOCOLS.field, maintain_order="left").select(
        pl.col(FRAME.field).alias("frame"),
        pl.col(TIME.field).alias("time"),
        pl.col(LENGTH.field).alias("length"),
        (pl.col("v4") + pl.col("v6")).alias("headers"),
        _innermost(IPV4_SOURCE, IPV6_SOURCE).alias("src"),
        _innermost(IPV4_DESTINATION, IPV6_DESTINATION).alias("dst"),
        _innermost(IPV4_TTL, IPV6_HOP_LIMIT).alias("ttl"),
        pl.when("last_is_v4").then(_own(IPV4_ID, "v4")).alias("ip_id"),
    )


def _layers(protocols: "pl.DataFrame") -> "pl.DataFrame":
    """Return, for each frame.protocols that holds IP: how many IPv4 and IPv6 headers are its own, and which is last."""
    own = pl.col(PROTOCOLS.field).str.replace(_QUOTED, "").str.split(":").list.eval(
        pl.element().filter(pl.element().is_in(["ip", "ipv6"]))
    )  # fmt: skip
    counted = protocols.with_columns(own.alias("own")).filter(pl.col("own").list.len() > 0)
    return counted.select(
        PROTOCOLS.field,
        pl.col("own").list.count_matches("ip").alias("v4"),
        pl.col("own").list.count_matches("ipv6").alias("v6"),
        (pl.col("own").list.last() == "ip").alias("last_is_v4"),
    )


def _innermost(ipv4: Column, ipv6: Column) -> "pl.Expr":
    # A quoted header's addresses follow the frame's own: take the last of as many as are its own.
    return pl.when(pl.col("last_is_v4")).then(_own(ipv4, "v4")).otherwise(_own(ipv6, "v6"))


def _own(column: Column, count: str) -> "pl.Expr":
    return pl.col(column.field).list.get(pl.col(count).cast(pl.Int64) - 1, null_on_oob=True)
