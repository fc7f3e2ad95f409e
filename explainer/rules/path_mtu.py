"""Packets that are too large for a link on the way: a router says so, or drops them in silence (RFC 1191, RFC 8201)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.icmp_errors import TOO_BIG, Error, errors
from explainer.protocols.tcp_sent import Unacknowledged, unacknowledged
from explainer.protocols.tls import endings
from explainer.registry import rule
from explainer.rules.evidence import host_filter
from explainer.rules.tcp_case import finding, scope, told_by_tls
from explainer.wording import count

AREA = "the path between the hosts"
_SHOWN = 20
_LARGE = 1000


@rule("Smaller MTU on the way", errors, unacknowledged, subject="ICMP errors", area=AREA)
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
    "MTU black hole", unacknowledged, errors, endings, subject="segments sent again and never acknowledged", area=AREA
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
