"""What stands between two hosts: ICMP that says what is unreachable, loops and redirects."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.applications import Sign, signs
from explainer.protocols.applications.media import AGREED
from explainer.protocols.dns import Lookup, lookups
from explainer.protocols.icmp_errors import REDIRECT, TIME_EXCEEDED, UNREACHABLE, Error, errors
from explainer.protocols.icmp_names import message
from explainer.protocols.ip import packets
from explainer.protocols.layers import UDP
from explainer.protocols.rtp import media_errors
from explainer.protocols.udp_conversations import conversations
from explainer.registry import rule
from explainer.rules.dns_returned import in_the_end, overcome
from explainer.rules.evidence import host_filter
from explainer.rules.path_mtu import AREA
from explainer.rules.tcp_case import finding
from explainer.rules.udp_returned import answer_to, heard_later, started_late
from explainer.wording import count

_SHOWN, _DNS = 20, 53
_PORT_UNREACHABLE = {(4, 3), (6, 4)}
_SERVICES, _EPHEMERAL, _DYNAMIC = 1024, 32768, 49152
"""What a service sends to one of the ports that Linux gives clients, or a higher one, is an answer; and so is what any
port sends to one of those that others give clients (RFC 6335), unless it is one of them."""
TRACEROUTE = (*range(33434, 33700), *range(44444, 44700))
"""The ports of traceroute and tracepath: the answer "unreachable" is what they hope for."""


# QOTD, chargen, DNS, NTP, SNMP, CLDAP, SSDP, memcached: what comes from there to another port is no question.
_ANSWERING = (17, 19, 53, 123, 161, 389, 1900, 11211)


@rule("UDP unreachable", errors, conversations, UDP.headers, lookups, media_errors, signs, subject="ICMP errors",
      area=AREA, symptom=True)  # fmt: skip
def path_udp_unreachable(facts: Facts, *, many_ports: int = 5, after_hanging_up: int = 10) -> Iterator[Finding]:
    """UDP that an ICMP "destination unreachable" answers: no program on the port, or no way to the host.

    Of info severity are traceroute's ports, hosts to which the same asker traces the way, and answers to a program that
    has already left its port: so do the reports about a call (RTCP), and up to `after_hanging_up` packets of its voice;
    and what a player of RTSP sends to open the way for its video. Of low severity is a name server whose questions are
    answered all the same, later or by another one, and a host that is heard later on the port that was closed.
    """
    asked = {(str(c.client), str(c.server)) for c in facts[conversations]}
    ways = {(e.source, e.destination) for e in facts[errors] if e.kind == TIME_EXCEEDED and e.transport == "udp"}
    voice, reports = facts[media_errors]
    players = _players(facts[signs])
    spoken = Counter((e.source, e.destination) for e in facts[errors] if e.frame in voice)
    groups = defaultdict[tuple[str, str, str, int, bool, bool], list[Error]](list)
    for e in facts[errors]:
        if e.kind == UNREACHABLE and e.transport == "udp":
            over = e.frame in reports or (e.frame in voice and spoken[e.source, e.destination] <= after_hanging_up)
            late = (
                over
                or (e.source, e.destination, e.source_port) in players
                or (_end(e.destination, e.destination_port), _end(e.source, e.source_port)) in asked
                or _is_answer(e)
            )
            traced = e.destination_port in TRACEROUTE or (e.source, e.destination) in ways
            groups[e.reporter, e.source, e.destination, e.code, late, traced].append(e)
    by_client = defaultdict[str, list[Lookup]](list)
    for x in facts[lookups]:
        if not x.multicast:
            by_client[x.client.address].append(x)
    later = heard_later(facts[errors], facts[UDP.headers])
    for (*_, late, traced), group in groups.items():
        ports = sorted({e.destination_port for e in group if e.destination_port is not None})
        harmless = late or traced or len(ports) > many_ports
        spoken_only = {e.frame for e in group} <= voice
        told = _udp(group, ports, Severity.INFO if harmless else Severity.MEDIUM, voice=spoken_only)
        answer = None if harmless else in_the_end(group, by_client.get(group[0].source, ()))
        since = None if harmless else answer_to(group, later)
        if answer:
            told = overcome(told, answer, group[0].destination)
        elif since:
            told = started_late(told, since, group[0].destination, ports[0])
        yield told


def _players(agreed: Sequence[Sign]) -> set[tuple[str, str, int]]:
    """Return the ports of players of RTSP, that for the video and the one above it (RTCP), with their servers."""
    found = ((s.client.address, s.server.address, int(s.text)) for s in agreed if s.what == AGREED)
    return {(client, server, port + above) for client, server, port in found for above in (0, 1)}


def _is_answer(e: Error) -> bool:
    """Return whether its ports say that it went from a service to a client."""
    source, destination = e.source_port or 0, e.destination_port or 0
    return (
        (source in _ANSWERING and source != destination)
        or destination >= _DYNAMIC > source
        or (destination >= _EPHEMERAL and 0 < source < _SERVICES)
    )


def _end(address: str, port: int | None) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _udp(group: Sequence[Error], ports: Sequence[int], severity: Severity, *, voice: bool) -> Finding:
    first, frames = group[0], [e.frame for e in group]
    at_host = (first.version, first.code) in _PORT_UNREACHABLE
    said = message(first.version, 3 if first.version == 4 else 1, first.code)
    where = f"UDP port {ports[0]}" if len(ports) == 1 else f"{len(ports)} UDP ports"
    service = " (DNS)" if ports == [_DNS] else " (voice, RTP)" if voice else ""
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
        act="Nobody has to act: nobody waits for it (an answer that came too late, a traced way, a search for ports)."
        if severity is Severity.INFO
        else f"The side of {first.destination} must act: it named this port for the call's voice (SDP), and nothing"
        " takes the voice there."
        if at_host and voice
        else f"The server's side must act: start the service on {first.destination}, or ask another server."
        if at_host
        else f"The network's side must act: {first.reporter} has no way, or no permission, to pass it on.",
        measured={"messages": len(frames), "ports": len(ports)},
        advice=(
            f"On {first.destination}, see what listens: ss -lun",
            "If the address or port is wrong, correct it in the client.",
        ),
        limits=("whether a firewall answers in the name of the host",),
    )


@rule("Fragments lost", errors, subject="ICMP errors", area=AREA)
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


@rule("Packets go in circles", errors, packets, subject="ICMP errors", area=AREA)
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


@rule("Redirected to another gateway", errors, subject="ICMP errors", area=AREA)
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
