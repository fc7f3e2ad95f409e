"""Hosts of the local network that answered by ARP at first, and then no more: a gateway that is gone, above all."""

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from explainer.facts import Facts
from explainer.lazy import pl
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols import eth
from explainer.protocols.arp import Resolution, resolutions
from explainer.protocols.frame import FRAME, last_ns
from explainer.protocols.ip import packets
from explainer.registry import rule
from explainer.rules.tcp_case import finding
from explainer.wording import count

_SHOWN = 20


class _Card(NamedTuple):
    """What a network card sent: its last frame, and the first packet of each address of other networks."""

    last_frame: int
    sources: dict[str, int]


@rule(
    "ARP answered no more",
    resolutions,
    packets,
    last_ns,
    FRAME,
    eth.SOURCE,
    subject="ARP requests",
    area="the addresses on the local network (ARP)",
)
def address_silent(facts: Facts, *, min_requests: int = 3, min_wait_s: float = 2.0) -> Iterator[Finding]:
    """A host that answered an ARP request, and then leaves `min_requests` of the same asker unanswered (RFC 826).

    Nothing of its network card may come after the first of them. Of high severity where packets of other networks came
    from that card before: it is the gateway. Others may simply have been switched off.
    """
    asked = [r for r in facts[resolutions] if r.answered and not (r.gratuitous or r.probe)]
    late = [r for r in asked if len(r.unanswered_frames) >= min_requests and r.unanswered_ns is not None]
    heard = _heard(facts, {r.reply_macs[-1] for r in late})
    for r in late:
        waited = (facts[last_ns] - (r.unanswered_ns or 0)) / 1e9
        card = heard.get(r.reply_macs[-1])
        if waited >= min_wait_s and card and card.last_frame < r.unanswered_frames[0]:
            yield _silent(r, card, waited)


def _heard(facts: Facts, macs: set[str]) -> dict[str, _Card]:
    """Return what these network cards sent."""
    if not macs:
        return {}
    sent = facts.frames(FRAME, eth.SOURCE).select(
        pl.col(FRAME.field).cast(pl.Int64).alias("frame"), pl.col(eth.SOURCE.field).list.first().alias("mac")
    ).filter(pl.col("mac").is_in(list(macs)))  # fmt: skip
    last = dict(sent.group_by("mac").agg(pl.col("frame").max()).iter_rows())
    # A host may have several addresses: those that ARP tells of here, and IPv6 ones, are no other network's.
    here = {address for r in facts[resolutions] for address in (r.asker, r.target)}
    addressed = facts[packets].select(pl.col("frame").cast(pl.Int64), "src").drop_nulls()
    addressed = addressed.filter(~pl.col("src").str.contains(":", literal=True) & ~pl.col("src").is_in(list(here)))
    firsts = sent.join(addressed, on="frame", how="inner").group_by("mac", "src").agg(pl.col("frame").min())
    sources = defaultdict[str, dict[str, int]](dict)
    for mac, source, frame in firsts.iter_rows():
        sources[mac][source] = frame
    return {mac: _Card(frame, sources[mac]) for mac, frame in last.items()}


def _silent(r: Resolution, card: _Card, waited: float) -> Finding:
    passed_on = min(card.sources.values(), default=None)
    gateway = passed_on is not None
    frames, asks = r.unanswered_frames, count(len(r.unanswered_frames), "time")
    steps = [Step(frames=r.reply_frames[-1:], text=f"{r.target} ({r.reply_macs[-1]}) still answers {r.asker}")]
    if passed_on is not None:
        steps.append(Step(frames=(passed_on,), text="it passes on packets of other networks: it is a gateway"))
    steps.append(Step(frames=(card.last_frame,), text="the last that comes from its network card"))
    steps.append(Step(frames=frames[:_SHOWN], text=f"{r.asker} asks for it again; no reply follows"))
    title = (
        f"The gateway {r.target} is gone: it answered {r.asker} by ARP at first, and then {asks} in {waited:.0f} s no"
        " more; nothing comes from its network card since, so that no other network can be reached."
        if gateway
        else f"{r.target} has left the local network: it answered {r.asker} by ARP at first, and then {asks} in"
        f" {waited:.0f} s no more."
    )
    return finding(
        "address_silent",
        frames[0],
        Severity.HIGH if gateway else Severity.LOW,
        Side.NETWORK,
        title,
        Evidence.of(
            [frame for step in steps for frame in step.frames],
            f"arp.dst.proto_ipv4 == {r.target} || eth.src == {r.reply_macs[-1]}",
            steps,
        ),
        Scope(addresses=(r.asker, r.target)),
        act=f"Whoever runs {r.target} must act: see whether it is on, has crashed, and is still connected (cable,"
        " Wi-Fi, VLAN).",
        measured={"requests": len(frames), "seconds": round(waited, 3)},
        confidence=Confidence.PROBABLE,
        advice=(
            f"Look at {r.target} itself: power, cable, lamps of the switch port; then ping it from {r.asker}.",
            f"On {r.asker}: ip neigh shows {r.target} as FAILED or INCOMPLETE.",
        ),
        limits=(
            f"whether {r.target} is off, or the cable or radio between the two is",
            f"if this was not recorded at {r.asker}: whether it got an answer that did not pass here",
        ),
    )
