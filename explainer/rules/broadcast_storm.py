"""Broadcasts that go round between switches (IEEE 802.1D has the spanning tree against that)."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.plain_names import plain
from explainer.protocols.repeated import repeated
from explainer.registry import rule
from explainer.rules.tcp_case import finding
from explainer.wording import count

_SHOWN = 20


@rule("Broadcast storm", repeated, subject="repeated broadcasts", area="the switches between the hosts")
def broadcast_storm(facts: Facts, *, min_frames: int = 200, per_second: float = 100) -> Iterator[Finding]:
    """One and the same frame to all or to a group, `min_frames` times and `per_second` times a second or more.

    Of ARP, ICMPv6, IGMP, DHCP and the like, which hosts send a few times. Two ways between the same switches without a
    spanning tree make it go round for ever, with all other broadcasts; a host with a broken driver can do so, too.
    """
    storms = [
        one
        for one in facts[repeated]
        if len(one.frames) >= min_frames and len(one.frames) >= per_second * max(one.seconds, 1.0)
    ]
    if not storms:
        return
    worst = storms[0]
    every = sorted(frame for one in storms for frame in one.frames)
    seconds = f"{worst.seconds:.1f} s" if worst.seconds >= 0.1 else "less than 0.1 s"
    several = f", and {count(len(storms) - 1, 'other frame')} as well" if len(storms) > 1 else ""
    cards = list(dict.fromkeys(one.source for one in storms))
    yield finding(
        "broadcast_storm",
        every[0],
        Severity.HIGH,
        Side.NETWORK,
        f"The same broadcast comes again and again (a broadcast storm): one frame of {plain(worst.protocol)} from"
        f" {worst.source} {len(worst.frames):,} times in {seconds}{several}. Most likely two ways between the same"
        " switches form a loop, which takes the whole network's capacity.",
        Evidence.of(
            every,
            f"eth.dst.ig == 1 && ({' || '.join(f'eth.src == {card}' for card in cards[:10])})",
            [
                Step(frames=one.frames[:_SHOWN], text=f"one frame of {plain(one.protocol)} from {one.source} to"
                     f" {one.target}, {len(one.frames):,} times")
                for one in storms[:3]
            ],
        ),
        Scope(),
        act="Whoever runs the switches must act: find the cable or access point that joins two of them a second time,"
        " and unplug it; switch on the spanning tree (STP) and storm control.",
        measured={"frames": len(every), "different": len(storms), "most": len(worst.frames)},
        confidence=Confidence.PROBABLE,
        advice=(
            f"On the switches, see at which ports the address {worst.source} is learnt: it jumps between the two ends"
            " of the loop.",
            "Unplug one cable after the other until the storm ends: it ends at once.",
        ),
        limits=("whether a host sends them by itself (a broken driver or program)",),
    )  # fmt: skip
