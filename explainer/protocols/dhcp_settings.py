"""What DHCP gives out beside the address: gateways, name servers, the mask and for how long (RFC 2132)."""

from typing import NamedTuple

from explainer.facts import Column, Facts, Kind, Look, View, fact
from explainer.protocols.arp import resolutions
from explainer.protocols.dhcp import CLIENT_MAC, GIVEN_ADDRESS, NO_ADDRESS, SERVER, leases
from explainer.protocols.frame import FRAME

_ROUTER = Column("dhcp.option.router", many=True)
_RESOLVER = Column("dhcp.option.domain_name_server", many=True)
_MASK = Column("dhcp.option.subnet_mask")
_LEASE = Column("dhcp.option.ip_address_lease_time", Kind.INT)
_OPTION = Column("dhcp.option.type", Kind.INT, many=True)
_COLUMNS = (FRAME, CLIENT_MAC, GIVEN_ADDRESS, SERVER, _ROUTER, _RESOLVER, _MASK, _LEASE, _OPTION)
_ROUTES = {33, 121, 249}  # static, classless (RFC 3442), and Microsoft's own number for these
_MOST = 200


class Given(NamedTuple):
    """What one acknowledgement gives a client; empty, or None, where it does not say.

    `routes` says whether it gives routes beside the default gateway.
    """

    frame: int
    mac: str
    server: str
    address: str
    routers: tuple[str, ...]
    resolvers: tuple[str, ...]
    mask: str
    lease_s: int | None
    routes: bool = False


def _acknowledgements(facts: Facts) -> View | None:
    frames = sorted(lease.acks[-1] for lease in facts[leases] if lease.acks)
    return View(tuple(frames[:_MOST])) if frames else None


def _of_the_searched(facts: Facts) -> View | None:
    return _acknowledgements(facts) if any(not search.answered for search in facts[resolutions]) else None


_ALL = Look("DHCP settings", (leases,), _COLUMNS, _acknowledgements)
_SEARCHED = Look("DHCP settings", (leases, resolutions), _COLUMNS, _of_the_searched)


@fact("DHCP settings", leases, _ALL)
def settings(facts: Facts) -> tuple[Given, ...]:
    """Return what the last acknowledgement to each client gives it, in file order."""
    return _read(facts, _ALL)


@fact("DHCP settings", leases, resolutions, _SEARCHED)
def settings_of_searchers(facts: Facts) -> tuple[Given, ...]:
    """Return the same where some ARP request is without an answer, and else nothing: it costs a second look."""
    return _read(facts, _SEARCHED)


def _read(facts: Facts, look: Look) -> tuple[Given, ...]:
    seen = facts.look(look)
    if seen is None:
        return ()
    return tuple(
        Given(
            row[FRAME.field], row[CLIENT_MAC.field], row[SERVER.field] or "", _address(row[GIVEN_ADDRESS.field]),
            tuple(row[_ROUTER.field] or ()), tuple(row[_RESOLVER.field] or ()), row[_MASK.field] or "",
            row[_LEASE.field], bool(_ROUTES.intersection(row[_OPTION.field] or ())),
        )
        for row in seen.drop_nulls([FRAME.field, CLIENT_MAC.field]).sort(FRAME.field).iter_rows(named=True)
    )  # fmt: skip


def _address(given: str | None) -> str:
    """Return the address; who asks for settings alone (INFORM) is given none (RFC 2131, section 4.3.5)."""
    return "" if given in (None, NO_ADDRESS) else str(given)
