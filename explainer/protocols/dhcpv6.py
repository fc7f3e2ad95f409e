"""Addresses that DHCPv6 gives out, or has none of (RFC 8415)."""

from collections.abc import Iterator
from typing import Any, NamedTuple

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
_STATUS = Column("dhcpv6.status_code", Kind.INT, many=True)
_CLIENT_PORT, _ADVERTISE, _REPLY = 546, 2, 7
NO_ADDRESS, NO_PREFIX = 2, 6
"""RFC 8415, section 21.13."""
_MOST = 200


class GivenIpv6(NamedTuple):
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


_LOOK = Look("DHCPv6 answers", (answers,), (FRAME, _KIND, _ADDRESS, _PREFIX, _VALID, _RESOLVER, _STATUS), _view)


class RefusedIpv6(NamedTuple):
    """The answers of one server to one client that give nothing, because it has no address or prefix left."""

    client: str
    server: str
    frames: tuple[int, ...]
    statuses: tuple[int, ...]


def _rows(facts: Facts) -> Iterator[tuple[dict[str, Any], str, str]]:
    """Yield the answers in file order, with the server and the client of each."""
    seen = facts.look(_LOOK)
    if seen is None:
        return
    ends = {row[0]: row[1:] for row in facts[packets].select("frame", "src", "dst").iter_rows()}
    for row in seen.drop_nulls(FRAME.field).sort(FRAME.field).iter_rows(named=True):
        if row[FRAME.field] in ends:
            yield row, *ends[row[FRAME.field]]


@fact("DHCPv6 leases", answers, packets, _LOOK)
def leases_ipv6(facts: Facts) -> tuple[GivenIpv6, ...]:
    """Return what the last reply to each client gives it, in file order; offers (Advertise) are none."""
    found = dict[str, GivenIpv6]()
    for row, server, client in _rows(facts):
        given = tuple(row[_ADDRESS.field] or ()), tuple(row[_PREFIX.field] or ())
        if _REPLY in (row[_KIND.field] or ()) and any(given):
            valid = row[_VALID.field]
            found.pop(client, None)
            found[client] = GivenIpv6(
                row[FRAME.field], client, server, *given, tuple(row[_RESOLVER.field] or ()), valid[0] if valid else None
            )
    return tuple(found.values())


@fact("DHCPv6 answers", answers, packets, _LOOK)
def refused_ipv6(facts: Facts) -> tuple[RefusedIpv6, ...]:
    """Return the clients that were offered nothing, neither by this server nor by another."""
    given, refused = set[str](), dict[tuple[str, str], list[tuple[int, int]]]()
    for row, server, client in _rows(facts):
        kinds, status = row[_KIND.field] or (), row[_STATUS.field] or ()
        if row[_ADDRESS.field] or row[_PREFIX.field]:
            given.add(client)
        elif {_ADVERTISE, _REPLY} & set(kinds) and {NO_ADDRESS, NO_PREFIX} & set(status):
            number = next(n for n in status if n in (NO_ADDRESS, NO_PREFIX))
            refused.setdefault((client, server), []).append((row[FRAME.field], number))
    return tuple(
        RefusedIpv6(client, server, tuple(frame for frame, _ in group), tuple(dict.fromkeys(n for _, n in group)))
        for (client, server), group in refused.items()
        if client not in given
    )
