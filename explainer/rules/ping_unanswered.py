"""Pings without any answer (RFC 792; RFC 4443 section 4)."""

from collections import defaultdict
from collections.abc import Iterator

from explainer.facts import Facts
from explainer.lazy import pl
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.capture_quality import coverage
from explainer.protocols.dhcp import Lease, leases
from explainer.protocols.echo import Pings, pings
from explainer.protocols.icmp_errors import TIME_EXCEEDED, UNREACHABLE, Error
from explainer.protocols.icmp_names import message
from explainer.protocols.ip import packets
from explainer.protocols.tcp import Connection, connections
from explainer.registry import rule
from explainer.rules.evidence import address_field
from explainer.rules.tcp_case import finding
from explainer.wording import count

_AREA = "the path between the hosts"
_SHOWN = 20
_NO_HOST = ("0.0.0.0", "::")  # addresses of nobody (RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.2)


@rule("Ping without an answer", pings, connections, coverage, leases, packets, subject="pings", area=_AREA)
def path_ping_unanswered(
    facts: Facts, *, min_requests: int = 2, min_wait_s: float = 1.0, many_targets: int = 15
) -> Iterator[Finding]:
    """A host that pings another `min_requests` times and gets no reply, or is told that it is unreachable.

    The capture must go on for `min_wait_s` after the first request. Silent about traceroute, whose pings run out of
    hops on purpose, and about who pings `many_targets` or more: that is a search; about a DHCP server that tries
    whether an address is free before it offers it (RFC 2131, section 2.2); where TCP shows that what the target sends
    is not recorded; and where the times of the pings step back, as in files put together from several. Of low severity
    where the host answers by TCP, or still sends other packets in the second half of the pings: then it is up, and the
    ping is blocked, or its replies are not recorded.
    """
    every = facts[pings]
    targets = defaultdict[str, int](int)
    for p in every:
        targets[p.source] += 1
    up = {c.server.address: c for c in reversed(facts[connections]) if c.syn_ack_frame}
    unrecorded = _unrecorded(facts)
    last = dict(facts[packets].group_by("src").agg(pl.col("frame").max()).iter_rows())
    for p in every:
        traced = any(e.kind == TIME_EXCEEDED for e in p.errors)
        waited = p.lasted_s >= 0 and p.lasted_s + p.after_s >= min_wait_s
        if p.replies or traced or targets[p.source] >= many_targets or not waited or p.target in _NO_HOST:
            continue
        if (p.target, p.source) in unrecorded or any(_tries_before_it_offers(p, lease) for lease in facts[leases]):
            continue
        refused = any(e.kind == UNREACHABLE for e in p.errors)
        if refused or len(p.requests) >= min_requests:
            alive = last.get(p.target, 0)
            half = p.requests[len(p.requests) // 2]
            yield _unanswered(p, up.get(p.target), alive if alive > half else None)


def _unrecorded(facts: Facts) -> set[tuple[str, str]]:
    """Return from whom to whom nothing is recorded, though TCP shows that something was sent."""
    ways = set[tuple[str, str]]()
    for c in facts[coverage]:
        if c.one_sided:
            here, there = (c.client, c.server) if c.client_frames else (c.server, c.client)
            ways.add((there.address, here.address))
    return ways


def _tries_before_it_offers(p: Pings, lease: Lease) -> bool:
    offered = p.source in lease.servers and p.target in lease.offered
    return offered and p.requests[-1] < lease.offers[-1]


def _unanswered(p: Pings, up: Connection | None, alive: int | None) -> Finding:
    refusal = next((e for e in p.errors if e.kind == UNREACHABLE), None)
    steps = [Step(frames=p.requests[:_SHOWN], text=f"{p.source} pings {p.target} (ICMP echo request)")]
    title = f"{p.target} does not answer the ping of {p.source}: {count(len(p.requests), 'echo request')}, no reply"
    if refusal:
        said = message(p.version, 3 if p.version == 4 else 1, refusal.code).partition(": ")[2]
        title = f"{p.source} cannot reach {p.target} by ping: {refusal.reporter} says {said}"
        frames = tuple(e.frame for e in p.errors)[:_SHOWN]
        steps.append(Step(frames=frames, text=f"{refusal.reporter} answers by ICMP: {said}"))
        act = f"The network must act: {refusal.reporter} does not deliver it. Check its route, then whether the host is"
        act += " on."
    elif up and up.syn_ack_frame:
        title += (
            f", although it answers TCP connections (port {up.server.port}): it is up, and only the ping is blocked"
        )
        text = f"{p.target} accepts a TCP connection on port {up.server.port}: the host is up"
        steps.append(Step(frames=(up.syn_ack_frame,), text=text))
        act = "Nobody has to act, unless the ping matters: a firewall, or the host itself, drops ICMP."
    elif alive:
        title += ", although it sends other packets: it is up, and the ping is blocked, or its replies are not recorded"
        steps.append(Step(frames=(alive,), text=f"{p.target} sends a packet: the host is up"))
        act = f"Whoever records should look first whether the replies of {p.target} pass there; then whether a firewall"
        act += " drops ICMP echo, which many do on purpose."
    else:
        steps.append(Step(frames=(), text="No echo reply and no ICMP error follows."))
        act = f"Check whether {p.target} is on; then whether a firewall drops ICMP echo, which many do on purpose."
    return finding(
        "path_ping_unanswered",
        p.requests[0],
        Severity.LOW if (up or alive) and not refusal else Severity.MEDIUM,
        Side.NETWORK if refusal else Side.EITHER,
        f"{title}.",
        Evidence.of((f for s in steps for f in s.frames), _shown_by(p, up, alive, refusal), steps),
        Scope(addresses=(p.source, p.target, *((refusal.reporter,) if refusal else ()))),
        act=act,
        measured={"requests": len(p.requests), "replies": 0},
        confidence=Confidence.CERTAIN if refusal else Confidence.PROBABLE,
        advice=(
            f"Try the service itself (nc -vz {p.target} PORT): a host that does not answer pings may well work.",
            f"See how far packets get: traceroute -n {p.target}",
        ),
        limits=("whether the request or the reply is lost or dropped, and where",),
    )


def _shown_by(p: Pings, up: Connection | None, alive: int | None, refusal: Error | None) -> str:
    kind = "icmp" if p.version == 4 else "icmpv6"
    if refusal or not (up or alive):
        return f"{kind} && {address_field(p.target)} == {p.target}"
    if up:
        return f"({kind} || tcp.flags.syn == 1) && {address_field(p.target)} == {p.target}"
    return f"{address_field(p.target)} == {p.target}"
