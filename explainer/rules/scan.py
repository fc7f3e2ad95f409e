"""Hosts that look for open ports, for other hosts, or for a password."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.applications import Kind, Reply, replies, signs
from explainer.protocols.probes import ODD, Probing, tcp_probes, udp_probes
from explainer.protocols.tcp import Connection, connections, segments
from explainer.registry import rule
from explainer.rules.attempts import port_words
from explainer.rules.evidence import address_field
from explainer.rules.ssh_login import refused_at_once
from explainer.rules.tcp_case import finding
from explainer.wording import count, listing

_AREA = "port scans and password guessing"
_SHOWN = 20
_FEW_PORTS = 5  # nmap's guess at an operating system takes one open and one closed port
# Services with a login, by port: where many short sessions are guesses at a password. Of databases they are how the web
# works: refused logins alone tell there (scan_passwords).
_LOGINS = {
    21: "FTP", 22: "SSH", 23: "Telnet", 110: "POP3", 143: "IMAP", 445: "SMB", 3389: "remote desktop", 5900: "VNC",
}  # fmt: skip
# Too many connections: PostgreSQL, MySQL (of all, of one user), FTP.
_NO_ROOM = ("53300", "1040", "1203", "421")


@rule("Port scan", tcp_probes, subject="TCP connections without data", area=_AREA)
def scan_ports(facts: Facts, *, min_ports: int = 15, min_odd: int = 2, max_used: float = 0.2) -> Iterator[Finding]:
    """One host that tries many ports of another and says nothing on them, or sends odd flags.

    FIN, NULL and XMAS segments (RFC 9293 has none of them open a connection) are a scan from `min_odd` ports on; SYN
    alone from `min_ports`, if no more than `max_used` of the connections between the two carry data.
    """
    for probing in facts[tcp_probes]:
        odd = set(probing.kinds) & set(ODD.values())
        if (odd and len(probing.ports) >= min_odd) or _many(probing, min_ports, max_used):
            yield _ports(probing, "scan_ports", Confidence.CERTAIN if odd else Confidence.PROBABLE)


def _many(probing: Probing, min_ports: int = 15, max_used: float = 0.2) -> bool:
    return len(probing.ports) >= min_ports and probing.used <= max_used * len(probing.frames)


def scanned(probings: Iterable[Probing]) -> set[tuple[str, str]]:
    """Return who scans many TCP ports of whom: that a port refuses or drops such a try is no fault."""
    return {(probing.source, probing.target) for probing in probings if _many(probing)}


def symptom(finding: Finding) -> Finding:
    """Return a finding about the ports that a scan tried: they need not be open, so nobody has to act."""
    return finding.model_copy(
        update={
            "severity": Severity.INFO,
            "act": "Nobody has to open these ports: they were only tried by a port scan.",
            "side": Side.CLIENT,
        }
    )


@rule("UDP port scan", udp_probes, subject="UDP conversations", area=_AREA)
def scan_udp(facts: Facts, *, min_ports: int = 15, min_refused: int = 5) -> Iterator[Finding]:
    """One host that sends to many UDP ports of another, of which `min_refused` or more are denied by ICMP.

    Traceroute counts its ports up in one range, and is left out.
    """
    for probing in facts[udp_probes]:
        traced = all(33434 <= port < 33700 for port in probing.ports)
        if len(probing.ports) >= min_ports and len(probing.refused) >= min_refused and not traced:
            yield _ports(probing, "scan_udp", Confidence.PROBABLE)


def _ports(probing: Probing, rule_id: str, confidence: Confidence) -> Finding:
    by_kind = defaultdict[str, list[int]](list)
    for kind, frame in zip(probing.kinds, probing.frames, strict=True):
        by_kind[kind].append(frame)
    kinds, frames = listing(list(by_kind)), probing.frames
    source, target = probing.source, probing.target
    open_ = port_words(probing.accepted) if probing.accepted else "no port"
    steps = [
        Step(frames=tuple(found[:_SHOWN]), text=f"{source} tries {count(len(found), 'port')} by {kind}")
        for kind, found in by_kind.items()
    ]
    answers = f"{open_} accepted" + (f", {len(probing.refused):,} refused" if probing.refused else "")
    steps.append(Step(frames=(), text=f"Of these, {answers}."))
    guessing = len(set(by_kind) & set(ODD.values())) > 1 and len(probing.ports) <= _FEW_PORTS
    purpose = ", as programs do that guess the operating system (OS fingerprinting)" if guessing else ""
    protocol = "udp" if rule_id == "scan_udp" else "tcp"
    pair = f"{address_field(source)} == {source} && {address_field(target)} == {target}"
    return finding(
        rule_id,
        frames[0],
        Severity.HIGH,
        Side.CLIENT,
        f"{source} scans the ports of {target}: {count(len(probing.ports), 'port')} tried by {kinds}"
        f" ({port_words(sorted(probing.ports))}), {answers}{purpose}.",
        Evidence.of(frames, f"{pair} && {protocol}", steps),
        Scope(addresses=(source, target), ports=probing.ports[:100]),
        act=f"Whoever answers for {source} must say whether it is meant to scan; if not, take it off the network.",
        measured={
            "ports": len(probing.ports),
            "accepted": len(probing.accepted),
            "refused": len(probing.refused),
            "seconds": round(probing.lasted_s, 3),
        },
        confidence=confidence,
        advice=(
            f"Find out which program on {source} does it, and who started it.",
            f"Close what {target} need not offer to {source}.",
        ),
        limits=("whether the scan is a permitted one",),
    )


@rule("Host sweep", tcp_probes, subject="TCP connections without data", area=_AREA)
def scan_hosts(facts: Facts, *, min_hosts: int = 15) -> Iterator[Finding]:
    """One host that tries the same port on `min_hosts` or more hosts of one network (/24), and says nothing."""
    by_port = defaultdict[tuple[str, int, str], list[Probing]](list)
    for probing in facts[tcp_probes]:
        network = probing.target.rpartition(":" if ":" in probing.target else ".")[0]
        if not probing.used:
            for port in probing.ports:
                by_port[probing.source, port, network].append(probing)
    for (source, port, _), group in by_port.items():
        if len(group) >= min_hosts:
            yield _sweep(source, port, group)


def _sweep(source: str, port: int, group: Sequence[Probing]) -> Finding:
    frames = [p.frames[0] for p in group]
    targets = [p.target for p in group]
    accepted = sum(port in p.accepted for p in group)
    return finding(
        "scan_hosts",
        frames[0],
        Severity.HIGH,
        Side.CLIENT,
        f"{source} looks for hosts that answer on port {port}: it tries {len(group)} of one network"
        f" ({targets[0]} to {targets[-1]}), {accepted} accept.",
        Evidence.of(
            frames,
            f"{address_field(source)} == {source} && tcp.port == {port}",
            [Step(frames=tuple(frames[:_SHOWN]), text=f"{source} asks one host after the other, without any data")],
        ),
        Scope(addresses=(source, targets[0], targets[-1]), ports=(port,)),
        act=f"Whoever answers for {source} must say whether it is meant to scan; if not, take it off the network.",
        measured={"hosts": len(group), "accepted": accepted},
        confidence=Confidence.PROBABLE,
        advice=(f"Find out which program on {source} does it: malware spreads this way.",),
        limits=("whether it is a permitted inventory or monitoring",),
    )


def _let_in(known: Iterable[Reply]) -> set[tuple[str, str, int]]:
    """Return the pairs whose logins, where they can be read, are mostly accepted, or turned away for want of room."""
    counts = defaultdict[tuple[str, str, int], list[int]](lambda: [0, 0])
    for reply in known:
        if reply.kind is Kind.LOGIN:
            refused = not reply.ok and reply.code not in _NO_ROOM
            counts[reply.client.address, reply.server.address, reply.server.port][refused] += 1
    return {pair for pair, (other, refused) in counts.items() if other >= refused}


@rule("Password guessing", connections, replies, signs, segments, subject="TCP connections", area=_AREA)
def scan_logins(
    facts: Facts,
    *,
    min_sessions: int = 10,
    min_at_once: int = 5,
    max_bytes: int = 5000,
    max_s: float = 30,
    per_minute: float = 4,
) -> Iterator[Finding]:
    """Many short sessions of one client with a service that asks for a password, at a rate that no person types at.

    Each carries data both ways, fewer than `max_bytes` of the client's, and lasts `max_s` at most; most of the sessions
    between the two are of that kind. `min_at_once` are enough where SSH's logins look refused, and one begins while
    another still goes on: no person does that. Silent where the logins can be read and most are accepted, as those of a
    program that opens a connection for each request, or are turned away because the server is full.
    """
    harmless, at_once = _let_in(facts[replies]), refused_at_once(facts)
    by_service = defaultdict[tuple[str, str, int], list[Connection]](list)
    for c in facts[connections]:
        if c.server.port in _LOGINS and c.client_payload and c.server_payload:
            by_service[c.client.address, c.server.address, c.server.port].append(c)
    for (client, server, port), every in by_service.items():
        if (client, server, port) in harmless:
            continue
        short = [c for c in every if c.client_payload < max_bytes and (c.last_ns - c.first_ns) / 1e9 <= max_s]
        lasted = (short[-1].last_ns - short[0].first_ns) / 1e9 if short else 0.0
        least = min_at_once if (client, server, port) in at_once else min_sessions
        if len(short) >= max(least, per_minute * lasted / 60) and len(short) > len(every) / 2:
            yield _logins(client, server, port, short, lasted)


def _logins(client: str, server: str, port: int, short: Sequence[Connection], lasted: float) -> Finding:
    frames = [c.first_frame for c in short]
    return finding(
        "scan_logins",
        frames[0],
        Severity.MEDIUM,
        Side.CLIENT,
        f"{client} seems to guess passwords of {_LOGINS[port]} on {server}: {len(short)} short sessions to port {port}"
        f" in {lasted:,.0f} s.",
        Evidence.of(
            frames,
            f"{address_field(server)} == {server} && tcp.port == {port}",
            [Step(frames=tuple(frames[:_SHOWN]), text="a session opens, exchanges a little data, and ends")],
        ),
        Scope(streams=tuple(c.stream for c in short[:100]), addresses=(client, server), ports=(port,)),
        act=f"Whoever runs {server} must act: block {client}, or find out why it logs in so often.",
        measured={"sessions": len(short), "seconds": round(lasted, 3)},
        confidence=Confidence.POSSIBLE,
        advice=(
            f"Look into the log of {server} for failed logins from {client}.",
            "Limit attempts (fail2ban), use keys or a second factor, and do not offer the port to everybody.",
        ),
        limits=("whether the logins failed: monitoring and backup programs look alike",),
    )
