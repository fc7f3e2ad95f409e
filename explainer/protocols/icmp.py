"""ICMP and ICMPv6 messages, and the packet that each error quotes (RFC 792, RFC 4443)."""

from typing import NamedTuple

from explainer.facts import Column, Facts, Kind, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME
from explainer.protocols.ip import (
    ICMP_TYPE,
    ICMPV6_TYPE,
    IPV4_DESTINATION,
    IPV4_SOURCE,
    IPV6_DESTINATION,
    IPV6_SOURCE,
    packets,
)
from explainer.protocols.tcp import DESTINATION_PORT, SOURCE_PORT, Endpoint

ICMP_CODE = Column("icmp.code", Kind.INT)
ICMPV6_CODE = Column("icmpv6.code", Kind.INT)
MTU = Column("icmp.mtu", Kind.INT)
PACKET_TOO_BIG_MTU = Column("icmpv6.mtu", Kind.INT)

_UNREACHABLE = 3
_UNREACHABLE_V6 = 1


class Unreachable(NamedTuple):
    """A "destination unreachable" about a TCP packet: who says it, its code, and between whom the packet was sent."""

    frame: int
    sender: str
    version: int
    code: int
    source: Endpoint
    destination: Endpoint


@fact(
    "ICMP errors",
    FRAME, ICMP_TYPE, ICMP_CODE, ICMPV6_TYPE, ICMPV6_CODE, IPV4_SOURCE, IPV4_DESTINATION, IPV6_SOURCE, IPV6_DESTINATION,
    SOURCE_PORT, DESTINATION_PORT, packets,
)  # fmt: skip
def unreachable(facts: Facts) -> tuple[Unreachable, ...]:
    """Return the "destination unreachable" messages that quote a TCP packet, in file order."""
    table = facts.frames_with(
        (ICMP_TYPE, ICMPV6_TYPE), FRAME, ICMP_CODE, ICMPV6_CODE, IPV4_SOURCE, IPV4_DESTINATION, IPV6_SOURCE,
        IPV6_DESTINATION, SOURCE_PORT, DESTINATION_PORT,
    )  # fmt: skip
    about_tcp = table.filter(
        ((pl.col(ICMP_TYPE.field) == _UNREACHABLE) | (pl.col(ICMPV6_TYPE.field) == _UNREACHABLE_V6))
        & pl.col(SOURCE_PORT.field).is_not_null()
    )
    senders = facts[packets].select(pl.col("frame").alias(FRAME.field), pl.col("src").alias("sender"))
    found = list[Unreachable]()
    for row in about_tcp.join(senders, on=FRAME.field).sort(FRAME.field).iter_rows(named=True):
        v4 = row[ICMP_TYPE.field] is not None
        src, dst = (IPV4_SOURCE, IPV4_DESTINATION) if v4 else (IPV6_SOURCE, IPV6_DESTINATION)
        code = row[(ICMP_CODE if v4 else ICMPV6_CODE).field]
        ports = row[SOURCE_PORT.field][-1], row[DESTINATION_PORT.field][-1]
        if code is None or None in ports:
            continue  # cut short or damaged
        quoted = Endpoint(row[src.field][-1], ports[0]), Endpoint(row[dst.field][-1], ports[1])
        found.append(Unreachable(row[FRAME.field], row["sender"], 4 if v4 else 6, code, *quoted))
    return tuple(found)


@fact("ICMP messages", FRAME, ICMP_TYPE, ICMP_CODE, ICMPV6_TYPE, ICMPV6_CODE, MTU, PACKET_TOO_BIG_MTU, packets)
def messages(facts: Facts) -> "pl.DataFrame":
    """Return a row an ICMP message, in file order.

    Columns: frame, time (ns), src, dst, version (4 or 6), type, code, mtu (bytes, where one is named).
    """
    table = facts.frames_with((ICMP_TYPE, ICMPV6_TYPE), FRAME, ICMP_CODE, ICMPV6_CODE, MTU, PACKET_TOO_BIG_MTU)
    v4 = pl.col(ICMP_TYPE.field).is_not_null()
    own = table.select(
        pl.col(FRAME.field).alias("frame"),
        pl.when(v4).then(4).otherwise(6).alias("version"),
        pl.when(v4).then(ICMP_TYPE.field).otherwise(ICMPV6_TYPE.field).alias("type"),
        pl.when(v4).then(ICMP_CODE.field).otherwise(ICMPV6_CODE.field).alias("code"),
        # A router older than RFC 1191 leaves the field zero: it names none.
        pl.when(v4).then(pl.when(pl.col(MTU.field) > 0).then(MTU.field)).otherwise(PACKET_TOO_BIG_MTU.field)
        .alias("mtu"),
    )  # fmt: skip
    sent = facts[packets].select("frame", "time", "src", "dst")
    return own.join(sent, on="frame").sort("frame").select(
        "frame", "time", "src", "dst", "version", "type", "code", "mtu"
    )  # fmt: skip
