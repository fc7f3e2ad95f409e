"""What a capture holds of gateways: what they begin while a client waits, and their further addresses."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from explainer.protocols.arp import Resolution
from explainer.protocols.dns import Lookup
from explainer.protocols.http import Exchange
from explainer.protocols.tcp import Connection
from explainer.protocols.tls import Ending

_LOOKED_AT = 3
"""How many of the latest requests for a path may be the one that a gateway passes on."""


class Begun(Protocol):
    """Whatever begins with a frame."""

    @property
    def first_frame(self) -> int: ...  # noqa: D102  # the class says it


B = TypeVar("B", bound=Begun)


@dataclass(frozen=True, slots=True)
class Sight:
    """What a capture holds: TCP connections, how TLS ended in them, HTTP exchanges and lookups, by their first frame.

    `others` are the further addresses of gateways; `opened` and `sent` are the connections and requests by the address
    of their client, `wanted` the paths that clients ask for by that of the server, `searches` what is looked for by
    ARP in vain by that of the asker.
    """

    connections: Sequence[Connection] = ()
    endings: Mapping[int, Ending] = field(default_factory=dict)
    exchanges: Sequence[Exchange] = ()
    lookups: Sequence[Lookup] = ()
    others: Mapping[str, frozenset[str]] = field(default_factory=dict)
    opened: Mapping[str, Sequence[Connection]] = field(default_factory=dict)
    sent: Mapping[str, Sequence[Exchange]] = field(default_factory=dict)
    wanted: Mapping[str, frozenset[str]] = field(default_factory=dict)
    searches: Mapping[str, Sequence[Resolution]] = field(default_factory=dict)

    def of_gateway(self, e: Exchange) -> frozenset[str]:
        """Return the addresses of the gateway that answers."""
        return self.others.get(e.server.address, frozenset()) | {e.server.address}

    def opened_by(self, address: str) -> Sequence[Connection]:
        """Return the connections that a host asked for, by their first frame."""
        return self.opened.get(address, ())

    def asked_by(self, address: str) -> Sequence[Exchange]:
        """Return the requests that a host sent, by their first frame."""
        return self.sent.get(address, ())

    def wanted_of(self, address: str) -> frozenset[str]:
        """Return the paths that a host is asked for."""
        return self.wanted.get(address, frozenset())

    def tried(self, e: Exchange) -> list[Connection]:
        """Return the connections that begin while the client waits."""
        return [c for c in _meanwhile(self.connections, e) if c.syn_frames]

    def asked(self, e: Exchange) -> list[Exchange]:
        """Return the requests on other connections that are sent while the client waits."""
        return [o for o in _meanwhile(self.exchanges, e) if o.request_frame and o.stream != e.stream]

    def looked_up(self, e: Exchange) -> list[Lookup]:
        """Return the lookups that begin while the client waits."""
        return [k for k in _meanwhile(self.lookups, e) if k.query_frames]


def sight(
    connections: Iterable[Connection],
    endings: Iterable[Ending],
    exchanges: Iterable[Exchange],
    lookups: Iterable[Lookup],
    resolutions: Iterable[Resolution],
) -> Sight:
    """Return what a capture holds, with the further addresses of its gateways."""
    by_stream = {ending.handshake.stream: ending for ending in endings}
    begun, said = sorted(connections, key=first_frame_of), sorted(exchanges, key=first_frame_of)
    opened, sent = defaultdict[str, list[Connection]](list), defaultdict[str, list[Exchange]](list)
    wanted = defaultdict[str, set[str]](set)
    searches = defaultdict[str, list[Resolution]](list)
    for search in resolutions:
        if not (search.answered or search.probe or search.gratuitous):
            searches[search.asker].append(search)
    for c in begun:
        opened[c.client.address].append(c)
    for e in said:
        wanted[e.server.address].add(e.path)
        if e.request_frame is not None:
            sent[e.client.address].append(e)
    return Sight(
        begun, by_stream, said, sorted(lookups, key=first_frame_of), other_addresses(said), opened, sent,
        {address: frozenset(paths) for address, paths in wanted.items()}, searches,
    )  # fmt: skip


def first_frame_of(each: Begun) -> int:
    """Return the first frame of whatever begins with one."""
    return each.first_frame


def _meanwhile(each: Sequence[B], e: Exchange) -> Sequence[B]:
    """Return what begins between the request and its answer."""
    begin = bisect_right(each, e.request_frame or 0, key=first_frame_of)
    return each[begin : bisect_left(each, e.response_frame or 0, key=first_frame_of)]


def other_addresses(exchanges: Sequence[Exchange]) -> Mapping[str, frozenset[str]]:
    """Return the further addresses of gateways, by the one that clients ask.

    From them a gateway asks for the same path while a client waits for it, and has its answer before the client has.
    """
    asked = defaultdict[tuple[str, str], list[Exchange]](list)
    found = defaultdict[str, set[str]](set)
    for o in exchanges:
        if o.request_frame is None or not o.path:
            continue
        for e in asked[o.method, o.path][-_LOOKED_AT:]:
            answered = (o.response_frame or o.request_frame) < (e.response_frame or 0)
            hosts = {e.client.address, e.server.address, o.client.address, o.server.address}
            if answered and len(hosts) == len((e.client, e.server, o.client, o.server)):
                found[e.server.address].add(o.client.address)
        asked[o.method, o.path].append(o)
    return {address: frozenset(others) for address, others in found.items()}
