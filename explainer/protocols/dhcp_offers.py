"""What DHCP servers offer, where several answer one client (RFC 2131, RFC 2132), and DHCPv6 (RFC 8415)."""

from typing import NamedTuple

from explainer.facts import Column, Facts, Kind, Look, View, fact
from explainer.lazy import pl
from explainer.protocols import udp
from explainer.protocols.dhcp import leases
from explainer.protocols.frame import FRAME, PROTOCOLS
from explainer.protocols.ip import packets

_YOURS = Column("dhcp.ip.your")
_ROUTER = Column("dhcp.option.router", many=True)
_RESOLVER = Column("dhcp.option.domain_name_server", many=True)
_BY = Column("dhcp.option.dhcp_server_id")
_KIND = Column("dhcpv6.msgtype", Kind.INT, many=True)
_MOST = 200


class Offer(NamedTuple):
    """What one server offers: an address, the gateways and the name servers to use."""

    frame: int
    server: str
    address: str
    routers: tuple[str, ...]
    resolvers: tuple[str, ...]


def _view(facts: Facts) -> View | None:
    frames = sorted(frame for lease in facts[leases] if len(lease.servers) > 1 for frame in lease.offers + lease.acks)
    return View(tuple(frames[:_MOST])) if frames else None


_LOOK = Look("DHCP offers", (leases,), (FRAME, _YOURS, _ROUTER, _RESOLVER, _BY), _view)


@fact("offers of several DHCP servers", leases, _LOOK)
def offers(facts: Facts) -> tuple[Offer, ...]:
    """Return the offers and acknowledgements to clients that several servers answer, in file order."""
    seen = facts.look(_LOOK)
    if seen is None:
        return ()
    return tuple(
        Offer(
            row[FRAME.field], row[_BY.field], row[_YOURS.field] or "", tuple(row[_ROUTER.field] or ()),
            tuple(row[_RESOLVER.field] or ()),
        )
        for row in seen.drop_nulls([FRAME.field, _BY.field]).sort(FRAME.field).iter_rows(named=True)
    )  # fmt: skip


class Solicitations(NamedTuple):
    """The messages of a DHCPv6 client that no server answers."""

    client: str
    frames: tuple[int, ...]
    waited_s: float


@fact("DHCPv6 messages", packets, FRAME, PROTOCOLS, udp.DESTINATION_PORT)
def solicitations(facts: Facts) -> tuple[Solicitations, ...]:
    """Return the clients that ask servers and relays (port 547), where nothing is ever sent to clients (port 546)."""
    ours = facts.frames(FRAME, PROTOCOLS, udp.DESTINATION_PORT).filter(
        pl.col(PROTOCOLS.field).str.contains(r"(?:^|:)dhcpv6(?::|$)")
    )  # fmt: skip
    port = pl.col(udp.DESTINATION_PORT.field).list.last().alias("port")
    ours = ours.select(pl.col(FRAME.field).alias("frame"), port)
    table = ours.join(facts[packets].select("frame", "time", "src", "dst"), on="frame")
    answered = set(table.filter(pl.col("port") == 546)["dst"])
    end = facts[packets]["time"].max()
    asked = (
        table.filter(pl.col("port") == 547).group_by("src", maintain_order=True).agg("frame", pl.col("time").first())
    )
    return tuple(
        Solicitations(src, tuple(frames), (end - first) / 1e9)
        for src, frames, first in asked.iter_rows()
        if src not in answered
    )
