"""What stands between two hosts: a smaller MTU, ICMP that says what is unreachable, loops and redirects."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.icmp_errors import REDIRECT, TIME_EXCEEDED, TOO_BIG, UNREACHABLE, Error, errors
from explainer.protocols.icmp_names import message
from explainer.protocols.ip import packets
from explainer.protocols.tcp_sent import Unacknowledged, unacknowledged
from explainer.protocols.tls import endings
from explainer.protocols.udp_conversations import conversations
from explainer.registry import rule
from explainer.rules.evidence import host_filter
from explainer.rules.tcp_case import finding, scope, told_by_tls
from explainer.wording import count

_AREA = "the path between the hosts"
_SHOWN = 20
_LARGE = 1000
_PORT_UNREACHABLE = {(4, 3), (6, 4)}
_SERVICES, _EPHEMERAL, _DYNAMIC = 1024, 32768, 49152
"""What a service sends to one of the ports that Linux gives clients, or a higher one, is an answer; and so is what any
port sends to one of those that others give clients (RFC 6335), unless it is one of them."""
TRACEROUTE = (*range(33434, 33700), *range(44444, 44700))
"""The ports of traceroute and tracepath: the answer "unreachable" is what they hope for."""


@rule("Smaller MTU on the way", errors, unacknowledged, subject="ICMP errors", area=_AREA)
def path_mtu(facts: Facts) -> Iterator[Finding]:
    """A router that says a packet was too big for its next link (RFC 1191: fragmentation needed; RFC 8201).

    The sender then sends smaller packets, which makes it low; where it goes on with data that is never acknowledged, it
    does not heed the message, and the connection fails.
    """
    by_way = defaultdict[tuple[str, str, str], list[Error]](list)
    for error in facts[errors]:
        if error.kind == TOO_BIG:
            by_way[error.reporter, error.source, error.destination].append(error)
    stuck = {(o.sender.address, o.receiver.address): o for o in facts[unacknowledged] if o.size >= _LARGE}
    for (reporter, source, destination), group in by_way.items():
        yield _mtu(group, reporter, source, destination, stuck.get((source, destination)))


def _mtu(group: Sequence[Error], reporter: str, source: str, destination: str, stuck: Unacknowledged | None) -> Finding:
    mtu = min((e.mtu for e in group if e.mtu), default=None)
    frames = [e.frame for e in group]
    size = f"{mtu:,} bytes at most (MTU)" if mtu else "packets only up to a size (MTU) that it does not name"
    heeded = "; it does not heed that, and its data never arrives" if stuck else ""
    named = f"fragmentation needed, MTU {mtu:,}" if mtu else "fragmentation needed"
    steps = [Step(frames=tuple(frames[:_SHOWN]), text=f"{reporter} tells {source} by ICMP: packet too big ({named})")]
    if stuck:
        text = f"{source} sends {count(stuck.size, 'byte')} again and again: never acknowledged"
        steps.append(Step(frames=stuck.frames[:_SHOWN], text=text))
    kind = "icmpv6.type == 2" if group[0].version == 6 else "icmp.type == 3 && icmp.code == 4"
    return finding(
        "path_mtu",
        frames[0],
        Severity.HIGH if stuck else Severity.LOW,
        Side.NETWORK,
        f"The path from {source} to {destination} takes {size}, says the router {reporter}: {source} sends larger"
        f" packets{heeded}.",
        Evidence.of(frames, f"{kind} && ({host_filter([reporter])})", steps),
        Scope(
            addresses=(source, destination, reporter),
            ports=tuple(sorted({e.destination_port for e in group if e.destination_port})),
        ),
        act=f"Whoever runs the network of {source} must act: set the right MTU on its link, or clamp the MSS.",
        measured={"messages": len(frames), "mtu": mtu or 0},
        advice=(
            f"Find the path MTU: ping -M do -s {(mtu or 1500) - 28} {destination}",
            "Clamp the segment size on the router: nft add rule ip filter forward tcp flags syn tcp option maxseg size"
            " set rt mtu",
            "Never filter ICMP type 3 code 4 (in IPv6: type 2).",
        ),
        limits=("the MTU of links further on",),
    )


@rule(
    "MTU black hole", unacknowledged, errors, endings, subject="segments sent again and never acknowledged", area=_AREA
)
def path_mtu_blackhole(facts: Facts, *, min_times: int = 4, min_size: int = _LARGE) -> Iterator[Finding]:
    """A large segment that is sent `min_times` and never acknowledged while the peer still answers smaller ones.

    No ICMP message says why: a router drops what is too big and keeps silent, or its message is filtered (RFC 2923).
    """
    told = {(e.source, e.destination) for e in facts[errors] if e.kind == TOO_BIG}
    elsewhere = told_by_tls(facts[endings])
    for open_ in facts[unacknowledged]:
        sender, peer = open_.sender, open_.receiver
        stuck = len(open_.frames) >= min_times and open_.size >= min_size and open_.size > open_.largest_passed
        if not stuck or open_.answered is None or (sender.address, peer.address) in told or open_.stream in elsewhere:
            continue
        steps = [
            Step(frames=open_.frames[:1], text=f"{sender} sends {count(open_.size, 'byte')} in one segment"),
            Step(frames=open_.frames[1:_SHOWN], text="it sends them again and again: never acknowledged"),
            Step(frames=(open_.answered,), text=f"{peer} still sends: the path works for small packets"),
        ]
        yield finding(
            "path_mtu_blackhole",
            open_.frames[0],
            Severity.HIGH,
            Side.NETWORK,
            f"Large packets from {sender.address} to {peer.address} vanish while small ones pass: segments of"
            f" {open_.size:,} bytes are never acknowledged, up to {open_.largest_passed:,} bytes arrive (MTU).",
            Evidence.of([*open_.frames, open_.answered], f"tcp.stream == {open_.stream}", steps),
            scope([open_.stream], sender, peer),
            act="Whoever runs the path must act: a link with a smaller MTU drops large packets without saying so.",
            measured={"bytes": open_.size, "largest_passed": open_.largest_passed, "times": len(open_.frames)},
            confidence=Confidence.PROBABLE,
            advice=(
                f"Find the largest packet that passes: ping -M do -s 1372 {peer.address}",
                "Let ICMP type 3 code 4 pass, lower the MTU of the tunnel's ends, or clamp the MSS on the router.",
            ),
            limits=("which link has the smaller MTU",),
        )


@rule("UDP unreachable", errors, conversations, subject="ICMP errors", area=_AREA, symptom=True)
def path_udp_unreachable(facts: Facts, *, many_ports: int = 5) -> Iterator[Finding]:
    """UDP that an ICMP "destination unreachable" answers: no program on the port, or no way to the host.

    Of info severity are traceroute's ports, hosts to which the same asker traces the way, and answers to a program
    that has already left its port.
    """
    asked = {(str(c.client), str(c.server)) for c in facts[conversations]}
    ways = {(e.source, e.destination) for e in facts[errors] if e.kind == TIME_EXCEEDED and e.transport == "udp"}
    groups = defaultdict[tuple[str, str, str, int, bool, bool], list[Error]](list)
    for e in facts[errors]:
        if e.kind == UNREACHABLE and e.transport == "udp":
            late = (_end(e.destination, e.destination_port), _end(e.source, e.source_port)) in asked or _is_answer(e)
            traced = e.destination_port in TRACEROUTE or (e.source, e.destination) in ways
            groups[e.reporter, e.source, e.destination, e.code, late, traced].append(e)
    for (*_, late, traced), group in groups.items():
        ports = sorted({e.destination_port for e in group if e.destination_port is not None})
        yield _udp(group, ports, Severity.INFO if late or traced or len(ports) > many_ports else Severity.MEDIUM)


def _is_answer(e: Error) -> bool:
    """Return whether its ports say that it went from a service to a client."""
    source, destination = e.source_port or 0, e.destination_port or 0
    return destination >= _DYNAMIC > source or (destination >= _EPHEMERAL and 0 < source < _SERVICES)


def _end(address: str, port: int | None) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _udp(group: Sequence[Error], ports: Sequence[int], severity: Severity) -> Finding:
    first, frames = group[0], [e.frame for e in group]
    at_host = (first.version, first.code) in _PORT_UNREACHABLE
    said = message(first.version, 3 if first.version == 4 else 1, first.code)
    where = f"UDP port {ports[0]}" if len(ports) == 1 else f"{len(ports)} UDP ports"
    service = " (DNS)" if ports == [53] else ""
    why = f"nothing listens there, says {first.reporter}" if at_host else f"{first.reporter} does not deliver it"
    kind = "icmp.type == 3" if first.version == 4 else "icmpv6.type == 1"
    return finding(
        "path_udp_unreachable",
        frames[0],
        severity,
        Side.SERVER if at_host else Side.NETWORK,
        f"{first.destination} is unreachable for {first.source} on {where}{service}: {why}"
        f" ({said.partition(': ')[2] or said}).",
        Evidence.of(
            frames,
            f"{kind} && ({host_filter([first.reporter])})",
            [Step(frames=tuple(frames[:_SHOWN]), text=f"{first.reporter} answers by ICMP: {said}")],
        ),
        Scope(addresses=(first.source, first.destination, first.reporter), ports=tuple(ports[:100])),
        act=f"The server's side must act: start the service on {first.destination}, or ask another server."
        if at_host
        else f"The network's side must act: {first.reporter} has no way, or no permission, to pass it on.",
        measured={"messages": len(frames), "ports": len(ports)},
        advice=(
            f"On {first.destination}, see what listens: ss -lun",
            "If the address or port is wrong, correct it in the client.",
        ),
        limits=("whether a firewall answers in the name of the host",),
    )


@rule("Fragments lost", errors, subject="ICMP errors", area=_AREA)
def path_fragments_lost(facts: Facts) -> Iterator[Finding]:
    """A host that got only a part of a packet's fragments in time, and says so (RFC 792: time exceeded, code 1)."""
    groups = defaultdict[tuple[str, str], list[Error]](list)
    for e in facts[errors]:
        if e.kind == TIME_EXCEEDED and e.code == 1:
            groups[e.source, e.destination].append(e)
    for (source, destination), group in groups.items():
        frames = [e.frame for e in group]
        port = group[0].destination_port
        what = f" ({group[0].transport.upper()} port {port})" if port else ""
        kind = "icmp.type == 11 && icmp.code == 1" if group[0].version == 4 else "icmpv6.type == 3 && icmpv6.code == 1"
        yield finding(
            "path_fragments_lost",
            frames[0],
            Severity.HIGH,
            Side.NETWORK,
            f"Large packets from {source} to {destination}{what} do not arrive whole: {destination} gets a part"
            " of their"
            f" fragments and waits for the rest in vain ({count(len(frames), 'packet')}).",
            Evidence.of(
                frames,
                kind,
                [
                    Step(
                        frames=tuple(frames[:_SHOWN]),
                        text=f"{group[0].reporter} says by ICMP: the time to put the fragments together ran out",
                    )
                ],
            ),
            Scope(addresses=(source, destination), ports=(port,) if port else ()),
            act="Whoever runs the path must act: many firewalls drop fragments; or let the program send less at once.",
            measured={"packets": len(frames)},
            advice=(
                "Let IP fragments pass the firewalls and NAT devices between the two, or keep datagrams below"
                " 1,400 bytes.",
                f"Try it: ping -s 3000 {destination} fails where fragments are lost, ping -s 1000 passes.",
            ),
            limits=("where on the way the fragments are lost",),
        )


@rule("Packets go in circles", errors, packets, subject="ICMP errors", area=_AREA)
def path_loop(facts: Facts, *, min_ttl: int = 32) -> Iterator[Finding]:
    """Time exceeded: for packets that the capture shows with a TTL of `min_ttl` or more, passed round by routers.

    Packets with a smaller TTL are traceroute's, which wants to be told.
    """
    exceeded = [e for e in facts[errors] if e.kind == TIME_EXCEEDED and e.code == 0 and e.ip_id]
    if not exceeded:
        return
    wanted = facts[packets].filter(facts[packets]["ip_id"].is_in([e.ip_id for e in exceeded]))
    columns = wanted.select("src", "dst", "ip_id", "ttl", "frame").drop_nulls().sort("frame")
    ttls = {(src, dst, number): (ttl, frame) for src, dst, number, ttl, frame in columns.reverse().iter_rows()}
    by_destination = defaultdict[str, list[tuple[Error, int, int]]](list)
    for e in exceeded:
        ttl, frame = ttls.get((e.source, e.destination, e.ip_id), (0, 0))
        if ttl >= min_ttl:
            by_destination[e.destination].append((e, ttl, frame))
    for destination, group in by_destination.items():
        yield _loop(destination, group)


def _loop(destination: str, group: Sequence[tuple[Error, int, int]]) -> Finding:
    error, ttl, sent = group[0]
    frames = [frame for e, _, frame in group for frame in (frame, e.frame)]
    return finding(
        "path_loop",
        error.frame,
        Severity.HIGH,
        Side.NETWORK,
        f"Packets to {destination} go in circles: {error.reporter} says that their time to live ran out, although they"
        f" started with {ttl} hops to go (a routing loop).",
        Evidence.of(
            frames,
            f"({host_filter([destination])}) || icmp.type == 11",
            [
                Step(frames=(sent,), text=f"{error.source} sends a packet to {destination} with TTL {ttl}"),
                Step(frames=(error.frame,), text=f"{error.reporter} answers by ICMP: time to live exceeded"),
            ],
        ),
        Scope(addresses=(error.source, destination, error.reporter)),
        act=f"Whoever runs {error.reporter} and its neighbours must act: their routes to {destination} disagree.",
        measured={"messages": len(group), "ttl": ttl},
        advice=(f"See where it turns: traceroute -n {destination}", "Compare the routing tables of the routers there."),
        limits=("which two routers disagree",),
    )


@rule("Redirected to another gateway", errors, subject="ICMP errors", area=_AREA)
def path_redirect(facts: Facts) -> Iterator[Finding]:
    """A router that tells a host to use another gateway (ICMP redirect, RFC 792): its route is a detour."""
    yield from _redirects(e for e in facts[errors] if e.kind == REDIRECT)


def _redirects(found: Iterable[Error]) -> Iterator[Finding]:
    groups = defaultdict[tuple[str, str, str | None], list[Error]](list)
    for e in found:
        groups[e.reporter, e.told, e.gateway].append(e)
    for (reporter, host, gateway), group in groups.items():
        frames = [e.frame for e in group]
        via = gateway or "another one"
        yield finding(
            "path_redirect",
            frames[0],
            Severity.LOW,
            Side.NETWORK,
            f"The gateway {reporter} tells {host} to use {via} for {group[0].destination}: its route is a detour.",
            Evidence.of(
                frames,
                f"(icmp.type == 5 || icmpv6.type == 137) && ({host_filter([reporter])})",
                [Step(frames=tuple(frames[:_SHOWN]), text=f"{reporter} sends {host} an ICMP redirect to {via}")],
            ),
            Scope(addresses=(host, reporter, group[0].destination)),
            act=f"Whoever configures {host} may act: a route to {group[0].destination} by way of {via} is shorter.",
            measured={"messages": len(frames)},
            advice=(f"Check the routes of {host}: ip route get {group[0].destination}",),
            limits=("whether the redirect is genuine: it can be forged",),
        )
