"""An address that moves from one network card to another, as where one server takes over from its partner."""

from collections.abc import Collection, Sequence

from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.arp import Resolution

_SHOWN = 20


def with_handover(finding: Finding, address: str, macs: Collection[str], every: Sequence[Resolution]) -> Finding:
    """Return the finding, or what it is instead where the second of two cards took the address over.

    The second announces the address (gratuitous ARP, RFC 5227) after the last word of the first, and before it answers
    for it. Two hosts with one address go on answering, both of them.
    """
    claims = [
        (frame, mac)
        for r in every
        if r.target == address
        for frame, mac in zip(r.reply_frames, r.reply_senders, strict=True)
    ]
    first = {mac: min(frame for frame, sender in claims if sender == mac) for mac in macs}
    old, *later = sorted(macs, key=first.__getitem__)
    if len(later) != 1:
        return finding
    new = later[0]
    spoken = [frame for r in every if r.asker_mac == old for frame in r.request_frames]
    spoken += [frame for r in every for frame, mac in zip(r.reply_frames, r.reply_senders, strict=True) if mac == old]
    last = max(spoken)
    announced = [
        frame
        for r in every
        if r.gratuitous and r.asker_mac == new and r.target == address
        for frame in r.request_frames
        if frame > last
    ]
    if not announced or min(announced) > first[new]:
        return finding
    steps = [
        Step(
            frames=tuple(frame for frame, mac in claims if mac == old)[:_SHOWN],
            text=f"{old} answers that {address} is its own",
        ),
        Step(frames=tuple(announced[:_SHOWN]), text=f"{new} announces, unasked, that {address} is its own now"),
        Step(
            frames=tuple(frame for frame, mac in claims if mac == new)[:_SHOWN],
            text=f"from then on {new} answers for it, and {old} no more",
        ),
    ]
    return finding.model_copy(
        update={
            "severity": Severity.INFO,
            "confidence": Confidence.PROBABLE,
            "side": Side.EITHER,
            "title": f"The address {address} moves from the network card {old} to {new}, which announces it: so does a"
            " server that takes over from its partner (failover), or a device that was replaced.",
            "act": "Nobody has to act, unless nothing was meant to take that address over.",
            "evidence": Evidence.of(
                sorted({frame for step in steps for frame in step.frames}), finding.evidence.display_filter, steps
            ),
            "limitations": ("whether the second card is meant to have the address",),
        }
    )
