"""A name of several addresses, one of which cannot be reached: the client goes on to the next (RFC 8305, RFC 6724)."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from explainer.model import Finding, Severity, Step
from explainer.protocols.dns import Lookup
from explainer.protocols.tcp import Connection, Endpoint
from explainer.rules.attempts import Group
from explainer.rules.dns_alias import plain, short
from explainer.wording import milliseconds

_NOTICED_MS = 1000.0
_IN_TIME_NS = 150_000_000_000  # Linux gives a SYN up after 130 seconds, and a program then tries the next address


class Detour(NamedTuple):
    """The connection to another address of the same name, and how long after the first attempt it was asked for."""

    name: str
    connection: Connection
    waited_ms: float


class OtherAddresses(NamedTuple):
    """Which names have several addresses, and the connections that were accepted at these."""

    names: dict[str, set[str]]
    addresses: dict[str, set[str]]
    accepted: dict[Endpoint, list[Connection]]

    @classmethod
    def among(cls, lookups: Iterable[Lookup], connections: Iterable[Connection]) -> "OtherAddresses":
        """Return the index over these lookups and connections."""
        known = cls(defaultdict(set), defaultdict(set), defaultdict(list))
        for x in lookups:
            for answer in x.answers:
                known.names[answer].add(plain(x.name))
                known.addresses[plain(x.name)].add(answer)
        for c in connections if known.names else ():
            if c.syn_ack_frame and c.syn_ns and c.server.address in known.names:
                known.accepted[c.server].append(c)
        return known

    def detour(self, group: Group) -> Detour | None:
        """Return how the client reached the name of an address that failed: at another one, on the same port, later."""
        first, last = group[0], group[-1]
        dead = first.server
        if any(c.server != dead for c in group):
            return None
        for name in sorted(self.names.get(dead.address, ())):
            for address in sorted(self.addresses[name] - {dead.address}):
                for c in self.accepted.get(Endpoint(address, dead.port), ()):
                    waited = c.syn_ns[0] - last.syn_ns[0]
                    if _of_same(c, first) and 0 <= waited <= _IN_TIME_NS:
                        return Detour(name, c, waited / 1e6)
        return None


def _of_same(one: Connection, other: Connection) -> bool:
    """Return whether one host may have asked for both: with IPv4 and IPv6 it has two addresses."""
    same_family = (":" in one.client.address) == (":" in other.client.address)
    return not same_family or one.client.address == other.client.address


def went_on(finding: Finding, found: Detour | None) -> Finding:
    """Return the finding with what became of the client: it is connected, after a wait that it may notice."""
    if found is None:
        return finding
    name, server, frame = short(found.name), found.connection.server, found.connection.syn_ack_frame or 0
    family = "IPv4" if ":" not in server.address else "IPv6"
    waited = f", {milliseconds(found.waited_ms)} later" if found.waited_ms >= _NOTICED_MS else ", soon after"
    step = Step(frames=(frame,), text=f"{server.address}, another address of {name}, accepts{waited}")
    noticed = found.waited_ms >= _NOTICED_MS
    return finding.model_copy(
        update={
            "severity": min(finding.severity, Severity.MEDIUM if noticed else Severity.LOW, key=_weight),
            "title": f"{finding.title.removesuffix('.')}. It is one of several addresses of {name}: the client is then"
            f" connected to another one, {server.address} ({family}){waited}.",
            "act": f"{finding.act} Until then, take that address out of the records of {name}.",
            "measured": {**finding.measured, "waited_ms": round(found.waited_ms, 3)},
            "evidence": finding.evidence.also(
                step, frames=(frame,), display_filter=f"tcp.stream == {found.connection.stream}"
            ),
        }
    )


def _weight(severity: Severity) -> int:
    return -severity.rank
