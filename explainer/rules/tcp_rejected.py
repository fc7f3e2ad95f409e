"""TCP connections that ICMP rejects: who said so, and why (RFC 792, RFC 1812 section 5.2.7.1, RFC 4443 section 3.1)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.dns import lookups
from explainer.protocols.icmp import Unreachable, unreachable
from explainer.protocols.tcp import Connection, Endpoint, connections
from explainer.registry import rule
from explainer.rules.attempts import MANY_PORTS, Accepted, Group, asked, grouped, opened, port_words, ports, scope
from explainer.rules.evidence import host_filter
from explainer.rules.other_address import OtherAddresses, went_on
from explainer.wording import listing

MANY_HOSTS = 2
_HOSTS_IN_FILTER = 5
_ACCEPTED_LATER = "; a later attempt was accepted"

_HOST_DOWN = "cannot reach the host"
# What a router says when nobody answers its ARP or neighbor solicitation for the host (RFC 1812, section 5.2.7.1).

Hosts = tuple[Endpoint, Endpoint]

# What each code says and whose side must act: RFC 792, RFC 1812 section 5.2.7.1 (IPv4), RFC 4443 section 3.1 (IPv6).
_NOBODY_LISTENS = "says that nothing listens on the port"
_AS_RULES_DO = ", as firewalls that reject do (REJECT), and Kubernetes for a service without a ready pod"
_REASONS = {
    (4, 0): ("has no route to the network", Side.NETWORK),
    (4, 1): (_HOST_DOWN, Side.EITHER),
    (4, 2): ("says that the host does not speak TCP", Side.SERVER),
    (4, 3): (_NOBODY_LISTENS, Side.SERVER),
    (4, 9): ("is told to prohibit this network", Side.NETWORK),
    (4, 10): ("is told to prohibit this host", Side.NETWORK),
    (4, 13): ("is told to prohibit it (a firewall rule)", Side.NETWORK),
    (6, 0): ("has no route to the network", Side.NETWORK),
    (6, 1): ("is told to prohibit it (a firewall rule)", Side.NETWORK),
    (6, 3): (_HOST_DOWN, Side.EITHER),
    (6, 4): (_NOBODY_LISTENS, Side.SERVER),
    (6, 5): ("is told to prohibit this source address", Side.NETWORK),
    (6, 6): ("is told to reject this route", Side.NETWORK),
}


@rule(
    "Connection rejected by ICMP",
    connections,
    unreachable,
    lookups,
    subject="TCP connections",
    area="the opening of TCP connections",
)
def tcp_rejected_by_icmp(
    facts: Facts, *, many_ports: int = MANY_PORTS, many_hosts: int = MANY_HOSTS
) -> Iterator[Finding]:
    """A SYN that an ICMP "destination unreachable" answers and no SYN/ACK does (RFC 792, RFC 1812, RFC 4443).

    Of low severity is one of several addresses of a name, where the client is connected to another one soon after.
    """
    every, errors = facts[connections], rejections(facts[unreachable])
    accepted = Accepted.among(every)
    others = OtherAddresses.among(facts[lookups], every)
    rejected = [c for c in every if (c.client, c.server) in errors and not opened(c)]
    by_reason = defaultdict[tuple[object, ...], Group](list)
    for c in rejected:
        error = errors[c.client, c.server]
        by_reason[c.client.address, error.sender, error.code, accepted.after(c) is None].append(c)
    for same_reason in by_reason.values():
        # Many hosts behind one refusal are one matter, as many ports are.
        one_matter = len({c.server.address for c in same_reason}) > many_hosts
        for group in [same_reason] if one_matter else grouped(same_reason, many_ports):
            found = _rejected(group, [errors[c.client, c.server] for c in group], accepted.after(group[-1]))
            yield went_on(found, others.detour(group))


def _rejected(group: Group, errors: Sequence[Unreachable], overcome: int | None) -> Finding:
    first, error, where = group[0], errors[0], _destination_words(group)
    reason, side = _REASONS[error.version, error.code]
    itself = error.sender == first.server.address
    # Who only passes packets on does not know what listens: a rule of its own rejects.
    by_rule = reason == _NOBODY_LISTENS and not itself
    # A host's own firewall is its own side's to change.
    side = Side.SERVER if itself else Side.NETWORK if by_rule else side
    who = "The network" if side is Side.NETWORK else "The server's side"
    down = reason == _HOST_DOWN and not itself
    hosts = {c.server.address for c in group}
    # The errors quote the packets, so the address of a host finds both.
    filter_ = host_filter(hosts if len(hosts) <= _HOSTS_IN_FILTER else {first.client.address})
    icmp = "icmp.type == 3" if error.version == 4 else "icmpv6.type == 1"
    said = f"{error.sender} answers by ICMP, destination unreachable (code {error.code}): it {reason}"
    return Finding(
        id=f"tcp_rejected_by_icmp:{first.stream}",
        rule="tcp_rejected_by_icmp",
        severity=Severity.LOW if overcome else Severity.HIGH,
        confidence=Confidence.CERTAIN,
        side=side,
        title=f"{error.sender} rejects the connection to {where}: it {reason}"
        + (": most likely it is off, or not in that network" if down and not overcome else "")
        + (_AS_RULES_DO if by_rule else "")
        + f"{_ACCEPTED_LATER if overcome else ''}.",
        act=f"Check first whether {listing(sorted(hosts)[:2])} is up and connected; {error.sender} on the way finds no"
        " host there."
        if down
        else f"{who} must act: {error.sender} {'itself' if itself else 'on the way'} sends the rejection.",
        measured={"attempts": len(group), "hosts": len(hosts), "icmp_code": error.code},
        evidence=Evidence.of(
            [frame for c, e in zip(group, errors, strict=True) for frame in (c.syn_frames[0], e.frame)],
            f"({filter_}) && (tcp.flags.syn == 1 || {icmp})",
            [asked(first), Step(frames=(error.frame,), text=said)],
        ),
        scope=scope(group),
        advice=_host_advice(error.sender, first.server.address)
        if down
        else _advice(error.sender, where, first, by_rule),
        limitations=("whether the host is off, moved, or a firewall answers so",)
        if down
        else ("which rule or route made it reject",),
    )


_KUBERNETES = "In Kubernetes, see whether the service has endpoints: kubectl get endpointslices -A"


def _host_advice(router: str, host: str) -> tuple[str, ...]:
    return (
        f"See whether {host} is on, has this address, and is plugged into the network behind {router}.",
        f"On {router}, see whether it finds the host (ip neigh show {host}), and for a firewall rule that rejects.",
    )


def _advice(sender: str, where: str, first: Connection, by_rule: bool) -> tuple[str, ...]:
    return (
        f"On {sender}, look up the firewall rule or route for {where}.",
        f"If it is meant so, {first.client.address} must take a permitted way (another port, a proxy, a VPN).",
        *([_KUBERNETES] if by_rule else []),
    )


def _destination_words(group: Group) -> str:
    hosts = sorted({c.server.address for c in group})
    if len(hosts) == 1:
        return f"{hosts[0]} {port_words(ports(group))}"
    return f"{len(hosts)} hosts ({listing([*hosts[:2], f'{len(hosts) - 2} more'])})"


def rejections(errors: Iterable[Unreachable]) -> dict[Hosts, Unreachable]:
    """Return the first error that rejects each connection; others ("too large", say) tell of single packets."""
    found = dict[Hosts, Unreachable]()
    for error in errors:
        if (error.version, error.code) in _REASONS:
            found.setdefault((error.source, error.destination), error)
    return found
