"""Addresses that DHCPv6 gives out (RFC 8415)."""

from dataclasses import dataclass

from explainer.facts import Column, Facts, Kind, Look, View, fact
from explainer.lazy import pl
from explainer.protocols import udp
from explainer.protocols.frame import FRAME, PROTOCOLS
from explainer.protocols.ip import packets

_KIND = Column("dhcpv6.msgtype", Kind.INT, many=True)
_ADDRESS = Column("dhcpv6.iaaddr.ip", many=True)
_PREFIX = Column("dhcpv6.iaprefix.pref_addr", many=True)
_VALID = Column("dhcpv6.iaaddr.valid_lifetime", Kind.INT, many=True)
_RESOLVER = Column("dhcpv6.dns_server", many=True)
_CLIENT_PORT, _REPLY = 546, 7
_MOST = 200


@dataclass(frozen=True, slots=True)
class GivenIpv6:
    """What the last reply of a server gives one client: addresses, prefixes, name servers; for how long, or None."""

    frame: int
    client: str
    server: str
    addresses: tuple[str, ...]
    prefixes: tuple[str, ...]
    resolvers: tuple[str, ...]
    valid_s: int | None


@fact("DHCPv6 answers", FRAME, PROTOCOLS, udp.DESTINATION_PORT)
def answers(facts: Facts) -> tuple[int, ...]:
    """Return the frames that DHCPv6 servers and relays send to clients."""
    table = facts.frames(FRAME, PROTOCOLS, udp.DESTINATION_PORT)
    ours = pl.col(PROTOCOLS.field).str.contains(r"(?:^|:)dhcpv6(?::|$)")
    to_clients = pl.col(udp.DESTINATION_PORT.field).list.last() == _CLIENT_PORT
    return tuple(table.filter(ours & to_clients)[FRAME.field].sort())


def _view(facts: Facts) -> View | None:
    return View(facts[answers][-_MOST:]) if facts[answers] else None


_LOOK = Look("DHCPv6 answers", (answers,), (FRAME, _KIND, _ADDRESS, _PREFIX, _VALID, _RESOLVER), _view)


@fact("DHCPv6 leases", answers, packets, _LOOK)
def leases_ipv6(facts: Facts) -> tuple[GivenIpv6, ...]:
    """Return what the last reply to each client gives it, in file order; offers (Advertise) are none."""
    seen = facts.look(_LOOK)
    if seen is None:
        return ()
    ends = {row[0]: row[1:] for row in facts[packets].select("frame", "src", "dst").iter_rows()}
    found = dict[str, GivenIpv6]()
    for row in seen.drop_nulls(FRAME.field).sort(FRAME.field).iter_rows(named=True):
        given = tuple(row[_ADDRESS.field] or ()), tuple(row[_PREFIX.field] or ())
        if _REPLY in (row[_KIND.field] or ()) and any(given) and row[FRAME.field] in ends:
            server, client = ends[row[FRAME.field]]
            valid = row[_VALID.field]
            found.pop(client, None)
            found[client] = GivenIpv6(
                row[FRAME.field], client, server, *given, tuple(row[_RESOLVER.field] or ()), valid[0] if valid else None
            )
    return tuple(found.values())
