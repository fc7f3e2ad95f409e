"""Many half-open TCP connections to one port, and many ARP requests for one network."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.arp import Resolution, resolutions
from explainer.protocols.tcp import Connection, connections
from explainer.registry import rule
from explainer.rules.evidence import port_filter
from explainer.rules.tcp_case import finding

_AREA = "port scans and password guessing"
_SHOWN = 20


@rule("SYN flood", connections, subject="TCP connections", area=_AREA)
def scan_syn_flood(
    facts: Facts, *, min_halves: int = 100, per_second: float = 10, share: float = 0.8, most_syns: float = 1.3
) -> Iterator[Finding]:
    """`min_halves` connections or more to one port that are asked for and never completed, `per_second` or more.

    They make a `share` of the connections to that port. A client whose SYN is not answered sends it again: where there
    are more than `most_syns` a connection, the server is merely silent, which another rule tells.
    """
    by_port = defaultdict[tuple[str, int], list[Connection]](list)
    for c in facts[connections]:
        if c.syn_frames:
            by_port[c.server.address, c.server.port].append(c)
    for (server, port), every in by_port.items():
        halves = [c for c in every if c.ack_frame is None and not c.client_payload]
        if len(halves) < max(min_halves, share * len(every)):
            continue
        lasted = max(1.0, (halves[-1].first_ns - halves[0].first_ns) / 1e9)
        if sum(len(c.syn_frames) for c in halves) <= most_syns * len(halves) and len(halves) >= per_second * lasted:
            yield _flood(server, port, halves, lasted)


def _flood(server: str, port: int, halves: Sequence[Connection], lasted: float) -> Finding:
    frames = [c.syn_frames[0] for c in halves]
    sources = {c.client.address for c in halves}
    of = f"{len(sources):,} addresses" if len(sources) > 1 else next(iter(sources))
    answered = sum(c.syn_ack_frame is not None for c in halves)
    forged = " The addresses are probably forged." if len(sources) > len(halves) / 2 else ""
    return finding(
        "scan_syn_flood",
        frames[0],
        Severity.HIGH,
        Side.CLIENT,
        f"{server} port {port} is flooded with connection requests (SYN flood, a denial-of-service attack):"
        f" {len(halves):,} in {lasted:.0f} s from {of}, none of which is completed.{forged}",
        Evidence.of(
            frames,
            f"{port_filter(server, [port])} && tcp.flags.syn == 1 && tcp.flags.ack == 0",
            [
                Step(frames=tuple(frames[:_SHOWN]), text=f"a SYN to {server} port {port}, of which nothing follows"),
                Step(frames=(), text=f"{server} answers {answered:,} of {len(halves):,}; no handshake is completed."),
            ],
        ),
        Scope(
            streams=tuple(c.stream for c in halves[:100]),
            addresses=(server, *(sorted(sources) if len(sources) == 1 else ())),
            ports=(port,),
        ),
        act=f"Whoever runs {server} must act: SYN cookies, a limit for new connections, or the provider's protection.",
        measured={"half_open": len(halves), "sources": len(sources), "seconds": round(lasted, 3)},
        confidence=Confidence.PROBABLE,
        advice=(
            f"On {server}: sysctl net.ipv4.tcp_syncookies must be 1; nstat -az TcpExtListenOverflows"
            " TcpExtSyncookiesSent",
            "Block the sources where they are few; forged ones must be filtered where they enter the network.",
        ),
        limits=("who is behind it, where addresses are forged", "whether it is a permitted load test"),
    )


@rule("Search by ARP", resolutions, subject="ARP requests", area=_AREA)
def scan_arp(
    facts: Facts, *, min_hosts: int = 30, within_s: float = 60.0, unanswered: float = 0.5
) -> Iterator[Finding]:
    """One network card that asks by ARP for `min_hosts` or more addresses in `within_s`, most of which nobody has."""
    by_asker = defaultdict[tuple[str, str], list[Resolution]](list)
    for r in facts[resolutions]:
        if r.request_frames and not (r.gratuitous or r.probe):
            by_asker[r.asker_mac, r.asker].append(r)
    for (mac, asker), group in by_asker.items():
        lasted = (group[-1].first_ns - group[0].first_ns) / 1e9
        silent = sum(not r.answered for r in group)
        if len(group) >= min_hosts and lasted <= within_s and silent >= unanswered * len(group):
            frames = [r.request_frames[0] for r in group]
            yield finding(
                "scan_arp",
                frames[0],
                Severity.MEDIUM,
                Side.CLIENT,
                f"{asker} ({mac}) searches its network for hosts: it asks by ARP for {len(group):,} addresses in"
                f" {lasted:.1f} s (an ARP scan), of which {len(group) - silent:,} answer.",
                Evidence.of(
                    frames,
                    f"arp.opcode == 1 && arp.src.proto_ipv4 == {asker}",
                    [
                        Step(
                            frames=tuple(frames[:_SHOWN]),
                            text=f"one request after the other, from {group[0].target} to {group[-1].target}",
                        )
                    ],
                ),
                Scope(addresses=(asker, group[0].target, group[-1].target)),
                act=f"Whoever answers for {asker} must say whether it is meant to scan; if not, isolate it.",
                measured={"hosts": len(group), "answered": len(group) - silent, "seconds": round(lasted, 3)},
                confidence=Confidence.PROBABLE,
                advice=(f"Find out which program on {asker} does it: inventories do so, and so does malware.",),
                limits=(f"whether {asker} is a router that passes on somebody else's search",),
            )
