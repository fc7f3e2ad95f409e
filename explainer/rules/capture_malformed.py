"""Packets that Wireshark cannot read to their end: damaged, made wrongly, or no packets of that protocol at all."""

import re
from collections import Counter
from collections.abc import Iterator

from explainer.facts import Column, Facts, fact
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.capture_quality import cut
from explainer.protocols.frame import FRAME, PROTOCOLS
from explainer.protocols.plain_names import plain
from explainer.registry import rule
from explainer.wording import count, listing

_MARK = Column("_ws.malformed", many=True)
_SHOWN, _NAMED = 20, 3
_MISREAD = re.compile(r":(?:smpp|rdt)\b|:xmpp:xml\b")
"""Guessed from a few bytes that others send as well (ZooKeeper, RTP), or one document in many packets (XMPP)."""


@fact("malformed packets", FRAME, PROTOCOLS, _MARK, cut)
def malformed(facts: Facts) -> tuple[tuple[int, str], ...]:
    """Return the frames that are stored whole and cannot be read, with the layer at which reading stopped."""
    stored = facts[cut]
    in_part = frozenset(stored.frames if stored else ())
    rows = facts.frames_with((_MARK,), FRAME, PROTOCOLS).select(FRAME.field, PROTOCOLS.field).iter_rows()
    return tuple(
        (frame, _last(protocols or ""))
        for frame, protocols in rows
        if frame not in in_part and not is_misread(protocols or "")
    )


def is_misread(protocols: str) -> bool:
    """Return whether these layers are some that Wireshark is known to misread."""
    return bool(_MISREAD.search(protocols))


def _last(protocols: str) -> str:
    """Return the innermost layer; a part of a protocol (isis.lsp) goes by the protocol's name."""
    last = next((layer for layer in reversed(protocols.split(":")) if not layer.startswith("_")), "")
    return last.partition(".")[0]


@rule("Packets that cannot be read", malformed, FRAME, subject="malformed packets", area="the capture itself")
def capture_malformed(facts: Facts, *, least_share: float = 0.5) -> Iterator[Finding]:
    """Frames, stored whole, that Wireshark marks as malformed: what they hold does not fit its protocol's rules.

    Of low severity where they are `least_share` of all frames; else for information: some of Wireshark's dissectors
    stumble over packets that are right. Silent where they are known to (SMPP and RDT, which Wireshark guesses; XML of
    XMPP).
    """
    found, frames = facts[malformed], facts.frames(FRAME).height
    if not found:
        return
    of = Counter(layer for _, layer in found)
    named = [plain(layer) for layer, _ in of.most_common(_NAMED) if layer]
    shown = tuple(frame for frame, _ in found[:_SHOWN])
    many = len(found) >= least_share * frames
    yield Finding(
        id=f"capture_malformed:{found[0][0]}",
        rule="capture_malformed",
        severity=Severity.LOW if many else Severity.INFO,
        confidence=Confidence.PROBABLE,
        side=Side.EITHER,
        title=f"{len(found):,} of {count(frames, 'frame')} cannot be read to the end (malformed packet)"
        f"{f': {listing(named)}' if named else ''}. What is in it does not fit the protocol's rules.",
        act="Whoever makes these packets must see whether they are meant to be so: a program with a fault, damage on"
        " the way, or a test of how others take them.",
        measured={"malformed": len(found), "frames": frames},
        evidence=Evidence.of(
            [frame for frame, _ in found], _MARK.field,
            [Step(frames=shown, text="Wireshark stops in the middle: Malformed Packet")],
        ),
        advice=("Look where reading stops: explainer show CAPTURE --frame N",),
        limitations=("whether the packet is wrong, or Wireshark reads it as a protocol that it is not",),
    )  # fmt: skip
