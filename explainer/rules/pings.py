"""Pings that are not answered or denied, routes that are traced, and data hidden in pings."""

import ipaddress
from collections import defaultdict
from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.arp import resolutions
from explainer.protocols.frame import last_ns
from explainer.protocols.icmp_echo import Pings, pings
from explainer.protocols.icmp_errors import TIME_EXCEEDED, UNREACHABLE, Error, errors
from explainer.protocols.icmp_names import message
from explainer.protocols.ip import packets
from explainer.registry import rule
from explainer.rules.evidence import address_field, host_filter
from explainer.rules.tcp_case import finding
from explainer.wording import count, listing

_AREA = "pings and traced routes"
_SHOWN = 20
_HOPS = 4


@rule("Ping without an answer", pings, errors, packets, resolutions, last_ns, subject="pings", area=_AREA)
def ping_unanswered(facts: Facts, *, min_requests: int = 2, min_wait_s: float = 2.0) -> Iterator[Finding]:
    """A host that is asked by ping at least `min_requests` times and never answers, nor anybody in its place.

    The capture must go on for `min_wait_s` after the first question. Hosts whose way is traced are left out, and so are
    groups (multicast, broadcast). Where the asker receives nothing at all in the capture, the way back may be missing:
    of low severity.
    """
    heard = {r.asker for r in facts[resolutions] if r.answered} | set(facts[packets]["dst"].drop_nulls().unique())
    told = {(e.source, e.destination) for e in facts[errors]}
    for ping in facts[pings]:
        late = (facts[last_ns] - ping.first_ns) / 1e9 >= min_wait_s
        silent = len(ping.request_frames) >= min_requests and not ping.reply_frames
        if silent and late and (ping.asker, ping.target) not in told and not _is_group(ping.target):
            yield _unanswered(ping, both=ping.asker in heard)


def _is_group(address: str) -> bool:
    parsed = ipaddress.ip_address(address)
    return parsed.is_multicast or address.endswith(".255") or address == "0.0.0.0"  # a destination


def _unanswered(ping: Pings, *, both: bool) -> Finding:
    asker, target, frames = ping.asker, ping.target, ping.request_frames
    doubt = "" if both else f" in this capture, which holds nothing that was sent to {asker}"
    return finding(
        "ping_unanswered",
        frames[0],
        Severity.MEDIUM if both else Severity.LOW,
        Side.EITHER,
        f"{target} does not answer the pings of {asker}: {count(len(frames), 'echo request')}, no reply."
        if both
        else f"The pings of {asker} to {target} have no reply{doubt}: {count(len(frames), 'echo request')}.",
        Evidence.of(
            frames,
            f"(icmp || icmpv6) && {address_field(target)} == {target}",
            [Step(frames=frames[:_SHOWN], text=f"{asker} sends {target} an echo request (ping); no reply follows")],
        ),
        Scope(addresses=(asker, target)),
        act=f"Either {target} is off, or it or a firewall on the way drops pings, or the way back is missing.",
        measured={"requests": len(frames)},
        confidence=Confidence.PROBABLE if both else Confidence.POSSIBLE,
        advice=(
            f"Ask a service of {target} as well: many hosts drop pings and work all the same.",
            f"See how far packets get: traceroute -n {target}",
        ),
        limits=("whether the request, or the reply, gets lost", "whether the host drops pings on purpose"),
    )


@rule("Ping denied", errors, pings, subject="ICMP errors", area=_AREA)
def ping_denied(facts: Facts) -> Iterator[Finding]:
    """A ping, or another packet without ports, that an ICMP "destination unreachable" answers."""
    answered = {(p.asker, p.target) for p in facts[pings] if p.reply_frames}
    groups = defaultdict[tuple[str, str, str, int, int], list[Error]](list)
    for e in facts[errors]:
        if e.kind == UNREACHABLE and not e.transport and (e.source, e.destination) not in answered:
            groups[e.reporter, e.source, e.destination, e.version, e.code].append(e)
    asked = {(p.asker, p.target): p.request_frames for p in facts[pings]}
    for (reporter, source, target, version, code), group in groups.items():
        yield _denied(reporter, source, target, _reason(version, code), group, asked.get((source, target), ()))


def _reason(version: int, code: int) -> str:
    return message(version, 3 if version == 4 else 1, code).partition(": ")[2]


def _denied(
    reporter: str, source: str, target: str, reason: str, group: Sequence[Error], asked: tuple[int, ...]
) -> Finding:
    frames = tuple(e.frame for e in group)
    what = "the pings" if asked else "packets"
    steps = [Step(frames=asked[:_SHOWN], text=f"{source} pings {target} (echo request)")] if asked else []
    steps.append(Step(frames=frames[:_SHOWN], text=f"{reporter} answers by ICMP: destination unreachable: {reason}"))
    return finding(
        "ping_denied",
        frames[0],
        Severity.MEDIUM,
        Side.NETWORK,
        f"{target} cannot be reached from {source}: {what} are answered by {reporter} with ICMP"
        f' "destination unreachable" ({reason}).',
        Evidence.of((*asked[:_SHOWN], *frames), f"(icmp || icmpv6) && ({host_filter([source])})", steps),
        Scope(addresses=(source, target, reporter)),
        act=f"See whether {target} is on, and whether {reporter} has a route, or a rule, for it.",
        measured={"messages": len(frames)},
        advice=(f"See where it ends: traceroute -n {target}", f"On {reporter}, look at its routes and neighbours."),
        limits=("whether a firewall answers in the name of the host",),
    )


@rule("Route traced", errors, subject="ICMP errors", area=_AREA)
def path_traced(facts: Facts, *, min_routers: int = 2, max_ttl: int = 31) -> Iterator[Finding]:
    """Packets to one host of which several routers say that their hops ran out, as traceroute wants it (RFC 1393).

    For information alone. `max_ttl` is where the rule about packets that go in circles begins.
    """
    groups = defaultdict[tuple[str, str], list[Error]](list)
    for e in facts[errors]:
        if e.kind == TIME_EXCEEDED:
            groups[e.source, e.destination].append(e)
    for (source, target), group in groups.items():
        routers = list(dict.fromkeys(e.reporter for e in group))
        if len(routers) >= min_routers:
            reached = [e.frame for e in facts[errors] if e.reporter == target and e.told == source]
            yield _traced(source, target, routers, [e.frame for e in group], reached)


def _traced(source: str, target: str, routers: Sequence[str], frames: Sequence[int], reached: Sequence[int]) -> Finding:
    more = [f"{len(routers) - _HOPS} more"] if len(routers) > _HOPS else []
    steps = [Step(frames=tuple(frames[:_SHOWN]), text=f"{len(routers)} routers answer: time to live exceeded")]
    steps += [Step(frames=tuple(reached[:3]), text=f"{target} answers itself: the end is reached")] if reached else []
    return finding(
        "path_traced",
        frames[0],
        Severity.INFO,
        Side.NOBODY,
        f"{source} traces the route to {target} (traceroute): {count(len(routers), 'router')} on the way"
        f" {'answers' if len(routers) == 1 else 'answer'} ({listing([*routers[:_HOPS], *more])}).",
        Evidence.of([*frames, *reached], f"icmp.type == 11 || icmpv6.type == 3 || ({host_filter([target])})", steps),
        Scope(addresses=(source, target, *routers[:90])),
        act="Nobody has to act: this is how traceroute works.",
        measured={"routers": len(routers)},
        advice=(f"Compare with: traceroute -n {target}",),
        limits=("routers that keep silent",),
    )


@rule("Data hidden in pings", pings, subject="pings", area=_AREA)
def ping_tunnel(facts: Facts, *, min_messages: int = 20, min_sizes: int = 6) -> Iterator[Finding]:
    """Echo requests and replies of many sizes whose replies do not repeat what was asked, as ICMP tunnels make them.

    A reply repeats the request's data (RFC 792): `min_sizes` different sizes, and replies of sizes that no request had.
    """
    for ping in facts[pings]:
        sizes = set(ping.request_sizes) | set(ping.reply_sizes)
        foreign = set(ping.reply_sizes) - set(ping.request_sizes)
        many = len(ping.request_frames) + len(ping.reply_frames) >= min_messages
        if many and len(sizes) >= min_sizes and foreign:
            yield _tunnel(ping, len(sizes))


def _tunnel(ping: Pings, sizes: int) -> Finding:
    frames = tuple(sorted((*ping.request_frames, *ping.reply_frames)))
    size = sum(ping.request_sizes) + sum(ping.reply_sizes)
    return finding(
        "ping_tunnel",
        frames[0],
        Severity.MEDIUM,
        Side.CLIENT,
        f"The pings between {ping.asker} and {ping.target} seem to be a tunnel (ICMP tunnel):"
        f" {count(len(frames), 'message')} of {sizes} different sizes, whose replies do not repeat what was asked.",
        Evidence.of(
            frames,
            f"(icmp || icmpv6) && ({host_filter([ping.target])})",
            [Step(frames=frames[:_SHOWN], text=f"echo messages with data of their own, {size:,} bytes in all")],
        ),
        Scope(addresses=(ping.asker, ping.target)),
        act=f"Whoever answers for {ping.asker} must say what program this is: it gets data past firewalls.",
        measured={"messages": len(frames), "sizes": sizes, "bytes": size},
        confidence=Confidence.PROBABLE,
        advice=("Let pings through to known hosts only, and of ordinary size.",),
        limits=("what is in the data",),
    )
