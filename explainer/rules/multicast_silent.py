"""Multicast groups that a host joins and that nobody sends to (RFC 3376)."""

from collections import defaultdict
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, ip_address

from explainer.facts import Facts
from explainer.lazy import pl
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.frame import last_ns
from explainer.protocols.ip import packets
from explainer.protocols.multicast import Membership, memberships
from explainer.registry import rule
from explainer.rules.tcp_case import finding
from explainer.wording import listing

_SHOWN, _NAMED = 20, 3
_PTP = "224.0.1.129"
_NEVER = (IPv4Network("224.0.0.0/23"), IPv4Network("239.255.0.0/16"))
"""Groups of protocols (RFC 5771, sections 4 and 5) and of one site's programs (RFC 2365): quiet on purpose."""


@rule("Multicast group without packets", memberships, packets, last_ns, subject="multicast groups", area="multicast")
def multicast_silent(facts: Facts, *, min_wait_s: float = 5.0) -> Iterator[Finding]:
    """A multicast group that a host joins, or says again that it is in, and to which nothing is sent.

    It must stay in it for `min_wait_s`, or the capture go on for that: television, music and market data come without
    a pause. Of low severity, as nobody knows whether something should be sent just then. Groups of protocols
    (224.0.0.0/23) and of one site's programs (239.255.0.0/16) are left out, but for that of PTP, whose master clock
    announces itself every few seconds (IEEE 1588, 7.7.2.2).
    """
    said, table = facts[memberships], facts[packets]
    left = {(m.host, m.group): m.frames[-1] for m in said if m.action == "leaves"}
    joined = defaultdict[str, list[Membership]](list)
    for m in said:
        if m.action == "joins" and _is_judged(m.group):
            joined[m.group].append(m)
    if not joined:
        return
    # A report of version 2 goes to the group itself.
    said_in = {frame for m in said for frame in m.frames}
    heard = set(table.filter(pl.col("dst").is_in(list(joined)) & ~pl.col("frame").is_in(said_in))["dst"])
    times = dict(table.filter(pl.col("frame").is_in(said_in)).select("frame", "time").iter_rows())
    asked = any(m.action not in ("joins", "leaves") for m in said)
    for group, members in joined.items():
        first = members[0]
        until = times.get(left.get((first.host, group), 0), facts[last_ns])
        waited_s = (until - times[first.frames[0]]) / 1e9
        if group not in heard and waited_s >= min_wait_s:
            yield _silent(group, members, waited_s, asked=asked)


def _is_judged(group: str) -> bool:
    address = ip_address(group)
    never = group != _PTP and any(address in network for network in _NEVER)
    return isinstance(address, IPv4Address) and not never


def _silent(group: str, members: list[Membership], waited_s: float, *, asked: bool) -> Finding:
    hosts = listing([m.host for m in members[:_NAMED]] + [f"{len(members) - _NAMED} more"] * (len(members) > _NAMED))
    join = "joins" if len(members) == 1 else "join"
    frames = sorted({frame for m in members for frame in m.frames})
    ptp, so = (" (the time, PTP)", ", so no master clock announces itself here") if group == _PTP else ("", "")
    querier = "A router asks for members (IGMP query)." if asked else "No router asks for members (IGMP query)."
    return finding(
        "multicast_silent",
        frames[0],
        Severity.LOW,
        Side.EITHER,
        f"Nothing is sent to the multicast group {group}{ptp}, which {hosts} {join}: no packet to it in"
        f" {waited_s:.0f} s{so}.",
        Evidence.of(
            frames,
            f"igmp.maddr == {group} || ip.dst == {group}",
            [
                Step(frames=tuple(frames[:_SHOWN]), text=f"{hosts} {join} {group} (IGMP)"),
                Step(frames=(), text=f"No packet to {group} is in the capture in these {waited_s:.0f} s."),
                Step(frames=(), text=f"{querier} Switches that look into IGMP need one to ask."),
            ],
        ),
        Scope(addresses=(*(m.host for m in members[:_SHOWN]), group)),
        act="Whoever runs the source must see whether it sends to this group, and whoever runs the network whether its"
        " routers pass it on (PIM, TTL of the stream, IGMP querier and snooping).",
        measured={"waited_s": round(waited_s, 3)},
        confidence=Confidence.PROBABLE,
        advice=(
            "Record next to the source: is the stream there, to this group, with a TTL of more than 1?",
            "On the switch, see which ports are members of the group (IGMP snooping), and which router asks.",
        ),
        limits=("whether something should be sent to the group at that time",),
    )
