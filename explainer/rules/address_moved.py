"""An address that moves from one network card to another, as where one server takes over from its partner."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import NamedTuple

from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.arp import Resolution

_SHOWN = 20
_ANNOUNCED_MOST = 10
"""keepalived announces five times, and five times again; who poisons others' tables goes on and on."""


class Handover(NamedTuple):
    """Who claims an address before and after it moves, by frame; `announced` are the second card's own words."""

    old: str
    new: str
    before: tuple[int, ...]
    announced: tuple[int, ...]
    after: tuple[int, ...]


class Claims:
    """What every network card says by ARP, by address and by card."""

    def __init__(self, every: Iterable[Resolution]) -> None:
        self._replies = defaultdict[str, list[tuple[int, str]]](list)
        self._announced = defaultdict[tuple[str, str], list[int]](list)
        self._last = defaultdict[str, int](int)
        for r in every:
            replies = list(zip(r.reply_frames, r.reply_senders, strict=True))
            self._replies[r.target] += replies
            if r.gratuitous:
                self._announced[r.target, r.asker_mac] += r.request_frames
            for frame, mac in [*replies, *((frame, r.asker_mac) for frame in r.request_frames)]:
                self._last[mac] = max(self._last[mac], frame)

    def handover(self, address: str, macs: Collection[str]) -> Handover | None:
        """Return how the second of two cards took the address over, None where it did not.

        The second announces the address (gratuitous ARP, RFC 5227) after the last word of the first, and before it
        answers for it. Two hosts with one address go on answering, both of them.
        """
        replies = {mac: [f for f, by in self._replies[address] if by == mac] for mac in macs}
        if len(replies) != 2 or not all(replies.values()):
            return None
        old, new = sorted(replies, key=lambda mac: min(replies[mac]))
        announced = self._announced[address, new]
        if not self._last[old] < min(announced, default=0) < min(replies[new]) or len(announced) > _ANNOUNCED_MOST:
            return None
        return Handover(old, new, tuple(replies[old]), tuple(announced), tuple(replies[new]))


def moved(finding: Finding, address: str, by: Handover) -> Finding:
    """Return what two claims to one address are where the second card took it over."""
    old, new = by.old, by.new
    steps = [
        Step(frames=by.before[:_SHOWN], text=f"{old} answers that {address} is its own"),
        Step(frames=by.announced[:_SHOWN], text=f"{new} announces, unasked, that {address} is its own now"),
        Step(frames=by.after[:_SHOWN], text=f"from then on {new} answers for it, and {old} no more"),
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
                sorted({frame for step in steps for frame in step.frames}), f"arp.src.proto_ipv4 == {address}", steps
            ),
            "limitations": ("whether the second card is meant to have the address",),
        }
    )
