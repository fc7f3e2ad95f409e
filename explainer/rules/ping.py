"""Pings of which some get no answer, searches by ping, and pings that are none (RFC 792; RFC 4443 section 4)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from ipaddress import ip_address, ip_network

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.echo import Pings, pings
from explainer.protocols.icmp_errors import TIME_EXCEEDED
from explainer.registry import rule
from explainer.rules.evidence import address_field
from explainer.rules.tcp_case import finding

_AREA = "the path between the hosts"
_SCANS = "port scans and password guessing"
_SHOWN = 20
_SWEEP_S = 60.0


@rule("Pings lost", pings, subject="pings", area=_AREA)
def path_ping_lost(
    facts: Facts, *, min_requests: int = 5, min_lost: int = 2, share: float = 0.05, much: float = 0.2
) -> Iterator[Finding]:
    """Pings of which a part gets no reply: `min_lost` and a `share` of them; `much` is of medium severity.

    The last one counts only where the capture goes on for a second. Routers answer pings with low priority, so that a
    little loss need not mean anything. Where each that is lost is larger than all that are answered, it is the size
    that matters: a smaller MTU on the way, or a device that drops fragments.
    """
    for p in facts[pings]:
        asked = len(p.requests) - (p.after_s < 1.0 and p.requests[-1] in p.open)
        lost = asked - len(p.replies)
        traced = any(e.kind == TIME_EXCEEDED for e in p.errors)
        if p.replies and not traced and asked >= min_requests and lost >= min_lost and lost >= share * asked:
            yield _lost(p, lost, asked, Severity.MEDIUM if lost >= much * asked else Severity.LOW)


def _lost(p: Pings, lost: int, asked: int, severity: Severity) -> Finding:
    percent = 100 * lost / asked
    large = p.smallest_open > p.largest_answered > 0
    title = (
        f"{lost:,} of {asked:,} pings of {p.source} to {p.target} ({percent:.0f} %) get no reply: packets are lost"
        " between them."
    )
    act = f"The network's side must act: something between {p.source} and {p.target} loses packets."
    limits = ("whether requests or replies are lost", "whether the target answers only so many pings a second")
    if large:
        title = (
            f"Large pings of {p.source} to {p.target} get no reply ({lost:,} of {asked:,}), small ones do: packets of"
            f" {p.smallest_open:,} bytes are dropped on the way, or their fragments are (a smaller MTU, a firewall)."
        )
        act = f"Whoever runs the path between {p.source} and {p.target} must act: it drops large packets or fragments."
        limits = ("whether requests or replies are dropped, and where", "whether the target refuses large pings itself")
    return finding(
        "path_ping_lost",
        p.open[0] if p.open else p.requests[0],
        severity,
        Side.NETWORK,
        title,
        Evidence.of(p.open or p.requests, _filter(p), list(_lost_steps(p, large=large))),
        Scope(addresses=(p.source, p.target)),
        act=act,
        measured={"requests": asked, "lost": lost, "percent": round(percent, 3)},
        confidence=Confidence.PROBABLE,
        advice=(
            f"Find the largest packet that passes: ping -M do -s 1372 {p.target}, and smaller sizes."
            if large
            else f"See on which hop it begins: mtr -n {p.target}",
            "Look at error and drop counters (ip -s link, switch ports), Wi-Fi quality, and links that are full.",
        ),
        limits=limits,
    )


def _lost_steps(p: Pings, *, large: bool) -> Iterator[Step]:
    size = f" of {p.smallest_open:,} bytes or more" if large else ""
    yield Step(frames=p.open[:_SHOWN], text=f"no reply follows this echo request{size}")
    small = f", up to {p.largest_answered:,} bytes long," if large else ""
    yield Step(frames=p.replies[:3], text=f"others{small} are answered: {p.target} is up")


def _filter(p: Pings) -> str:
    return f"{'icmp' if p.version == 4 else 'icmpv6'} && {address_field(p.target)} == {p.target}"


@rule("Search by ping", pings, subject="pings", area=_SCANS)
def scan_pings(facts: Facts, *, min_hosts: int = 15, most_each: int = 2) -> Iterator[Finding]:
    """One host that pings `min_hosts` or more addresses of one network within a minute, `most_each` times at most."""
    by_network = defaultdict[tuple[str, str], list[Pings]](list)
    for p in facts[pings]:
        if len(p.requests) <= most_each:
            prefix = 24 if p.version == 4 else 64
            by_network[p.source, str(ip_network((ip_address(p.target), prefix), strict=False))].append(p)
    for (source, network), group in by_network.items():
        within = (group[-1].first_ns - group[0].first_ns) / 1e9
        if len(group) >= min_hosts and within <= _SWEEP_S:
            yield _sweep(source, network, group, within)


def _sweep(source: str, network: str, group: Sequence[Pings], within: float) -> Finding:
    frames = [p.requests[0] for p in group]
    alive = sum(bool(p.replies) for p in group)
    return finding(
        "scan_pings",
        frames[0],
        Severity.MEDIUM,
        Side.CLIENT,
        f"{source} searches the network {network} for hosts: it pings {len(group):,} addresses in {within:.1f} s"
        " (a ping"
        f" scan); {alive:,} answer.",
        Evidence.of(
            frames,
            f"icmp.type == 8 && ip.src == {source}"
            if ":" not in source
            else f"icmpv6.type == 128 && ipv6.src == {source}",
            [
                Step(
                    frames=tuple(frames[:_SHOWN]),
                    text=f"one echo request after the other, from {group[0].target} to {group[-1].target}",
                )
            ],
        ),
        Scope(addresses=(source, group[0].target, group[-1].target)),
        act=f"Whoever answers for {source} must say whether it is meant to scan; if not, take it off the network.",
        measured={"hosts": len(group), "answered": alive, "seconds": round(within, 3)},
        confidence=Confidence.PROBABLE,
        advice=(f"Find out which program on {source} does it: monitoring and inventories do so, and so does malware.",),
        limits=("whether it is a permitted inventory or monitoring",),
    )


@rule("Tunnel inside pings", pings, subject="pings", area="signs of hidden programs")
def icmp_tunnel(facts: Facts, *, min_strange: int = 5, share: float = 0.2) -> Iterator[Finding]:
    """Echo replies that do not repeat their requests: `min_strange` of a length that no request has.

    RFC 792 has the data of a reply be that of its request; tunnels (ptunnel, icmptunnel, Hans) carry their own in both
    directions.
    """
    for p in facts[pings]:
        if len(p.strange) >= min_strange and len(p.strange) >= share * len(p.replies):
            frames = sorted((*p.requests[:_SHOWN], *p.strange[:_SHOWN]))
            yield finding(
                "icmp_tunnel",
                p.strange[0],
                Severity.HIGH,
                Side.CLIENT,
                f"The pings between {p.source} and {p.target} are no ordinary pings but probably a tunnel (ICMP"
                " tunnel):"
                f" {len(p.strange):,} of {len(p.replies):,} replies do not repeat what they answer.",
                Evidence.of(
                    frames,
                    _filter(p),
                    [
                        Step(frames=p.requests[:5], text=f"{p.source} sends echo requests"),
                        Step(frames=p.strange[:_SHOWN], text="the reply is as long as no request: an echo would be"),
                    ],
                ),
                Scope(addresses=(p.source, p.target)),
                act=f"Whoever answers for {p.source} must say what it carries inside pings; if unknown, isolate it.",
                measured={"requests": len(p.requests), "replies": len(p.replies), "strange": len(p.strange)},
                confidence=Confidence.PROBABLE,
                advice=(
                    f"Look on {p.source} for programs that send ICMP (ptunnel, icmptunnel, Hans and the like).",
                    "Let the firewall pass pings of a fixed size only, or to few hosts.",
                ),
                limits=("what is carried in it",),
            )
