"""Attempts to connect that failed in one way: grouped by hosts and ports, and held against those that succeeded."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from explainer.model import Scope, Step
from explainer.protocols.tcp import Connection, Endpoint
from explainer.wording import listing

Group = list[Connection]

_TRIED_TOGETHER = {139: 445}
MANY_PORTS = 5
"""More failing ports than this between two hosts are one matter: a host that is not set up, or a scan."""


class Accepted(NamedTuple):
    """The connections that were accepted: the first by host and by server, the last and first SYN/ACK by both ends.

    `every` are all of them by both ends.
    """

    by_host: dict[str, Connection]
    by_server: dict[Endpoint, Connection]
    last: dict[tuple[str, Endpoint], int]
    first: dict[tuple[str, Endpoint], int]
    every: dict[tuple[str, Endpoint], list[Connection]]

    @classmethod
    def among(cls, connections: Iterable[Connection]) -> "Accepted":
        """Return the index over these connections."""
        accepted = cls({}, {}, {}, {}, defaultdict(list))
        for connection in connections:
            if connection.syn_ack_frame is not None:
                accepted.by_host.setdefault(connection.server.address, connection)
                accepted.by_server.setdefault(connection.server, connection)
                key = connection.client.address, connection.server
                accepted.last[key] = connection.syn_ack_frame
                accepted.first.setdefault(key, connection.syn_ack_frame)
                accepted.every[key].append(connection)
        return accepted

    def before(self, connection: Connection) -> int | None:
        """Return the SYN/ACK frame of an earlier attempt from the same client to the same port, or None."""
        frame = self.first.get((connection.client.address, connection.server))
        return frame if frame and frame < connection.first_frame else None

    def after(self, connection: Connection) -> int | None:
        """Return the SYN/ACK frame of a later attempt from the same client to the same port, or None."""
        frame = self.last.get((connection.client.address, connection.server), 0)
        return frame if frame > connection.last_frame else None

    def of_others(self, group: Group) -> Connection | None:
        """Return a connection of another client to the one port that the group tried, or None."""
        other = self.by_server.get(group[0].server) if len(ports(group)) == 1 else None
        return other if other and other.client.address != group[0].client.address else None

    def turned(self, connection: Connection) -> int | None:
        """Return the SYN/ACK frame of a later attempt the other way round: peers such as BGP's both listen and call."""
        caller = Endpoint(connection.client.address, connection.server.port)
        frame = self.last.get((connection.server.address, caller), 0)
        return frame if frame > connection.last_frame else None

    def instead(self, group: Group) -> Connection | None:
        """Return the connection that makes the attempts needless: a client of SMB tries ports 139 and 445 at once."""
        other = _TRIED_TOGETHER.get(group[0].server.port) if len(ports(group)) == 1 else None
        host = self.by_host.get(group[0].server.address)
        used = other and self.last.get((group[0].client.address, Endpoint(group[0].server.address, other)))
        return host if used and host and host.server.port == other else None

    def groups(self, attempts: Iterable[Connection], many_ports: int) -> Iterator[Group]:
        """Yield the attempts in groups; apart from the others those to ports that accepted after the last of them."""
        attempts = list(attempts)
        latest = {(attempt.client.address, attempt.server): attempt for attempt in attempts}
        overcome, lasting = list[Connection](), list[Connection]()
        for attempt in attempts:
            went_on = self.after(latest[attempt.client.address, attempt.server])
            (overcome if went_on else lasting).append(attempt)
        yield from grouped(lasting, many_ports)
        yield from grouped(overcome, many_ports)


def grouped(attempts: Iterable[Connection], many_ports: int) -> Iterator[Group]:
    """Yield the attempts by client and server address, a group a port, or all as one where there are many ports."""
    by_hosts = defaultdict[tuple[str, str], dict[int, Group]](lambda: defaultdict(list))
    for connection in attempts:
        by_hosts[connection.client.address, connection.server.address][connection.server.port].append(connection)
    for by_port in by_hosts.values():
        if len(by_port) > many_ports:
            yield sorted((c for group in by_port.values() for c in group), key=lambda c: c.stream)
        else:
            yield from by_port.values()


def ports(group: Group) -> list[int]:
    """Return the ports that the group tried."""
    return sorted({connection.server.port for connection in group})


def port_words(numbers: Sequence[int], limit: int = 6) -> str:
    """Return "port 80" or "ports 1, 2, 3 and 97 more"."""
    shown = [str(port) for port in numbers[:limit]]
    if len(numbers) > limit:
        shown.append(f"{len(numbers) - limit} more")
    return f"{'port' if len(numbers) == 1 else 'ports'} {listing(shown)}"


def scope(group: Group) -> Scope:
    """Return what a finding about the group is about."""
    return Scope(
        streams=tuple(c.stream for c in group[:100]),
        addresses=tuple(dict.fromkeys(a for c in group[:100] for a in (c.client.address, c.server.address))),
        ports=tuple(ports(group)[:100]),
    )


def opened(connection: Connection) -> bool:
    """Return whether it was opened, as far as the capture shows: its answer is seen, or acknowledged, or data is."""
    seen = connection.syn_ack_frame is not None or connection.server_payload > 0
    return not connection.syn_frames or seen or connection.ack_frame is not None


def asked(connection: Connection) -> Step:
    """Return the step of the SYN."""
    text = f"the client {connection.client.address} asks to connect to {connection.server} (SYN)"
    return Step(frames=connection.syn_frames[:1], text=text)


def pair(group: Group) -> tuple[str, str]:
    """Return the addresses of client and server."""
    return group[0].client.address, group[0].server.address
