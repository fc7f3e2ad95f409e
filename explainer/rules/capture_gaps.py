"""What the recording itself dropped."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.tcp import connections
from explainer.protocols.tcp_gaps import gaps
from explainer.registry import rule
from explainer.rules.evidence import stream_filter
from explainer.wording import count

_SHOWN = 20


@rule("Packets missing from the capture", connections, gaps, subject="TCP connections", area="the capture itself")
def capture_gaps(facts: Facts, *, min_bytes: int = 2) -> Iterator[Finding]:
    """Bytes that the receiver acknowledges although the capture lacks the packets that brought them.

    The recording missed them (a busy machine, a mirror port that is too slow, another way): not the network. One byte
    alone may be a keep-alive's. Connections are judged that are recorded from their SYN on, in both directions.
    """
    found = [gap for gap in facts[gaps] if gap.bytes >= min_bytes]
    if not found:
        return
    first, total = found[0], sum(gap.bytes for gap in found)
    frames = sorted(frame for gap in found for frame in gap.frames)
    streams = list(dict.fromkeys(gap.stream for gap in found))
    more = f", and of {count(len(streams) - 1, 'more connection')}" if len(streams) > 1 else ""
    yield Finding(
        id=f"capture_gaps:{frames[0]}",
        rule="capture_gaps",
        severity=Severity.LOW,
        confidence=Confidence.CERTAIN,
        side=Side.NOBODY,
        title=f"The capture lacks packets ({count(total, 'byte')}) from {first.sender} to {first.receiver}{more}: the"
        " receiver acknowledges them, so they arrived, and the recording missed them.",
        act="Nobody has to act on the network: it is the recording that has gaps, not the connection.",
        measured={"bytes": total, "connections": len(streams)},
        evidence=Evidence.of(
            frames,
            stream_filter(streams),
            [Step(frames=tuple(frames[:_SHOWN]), text="before this packet data is missing that was acknowledged")],
        ),
        scope=Scope(streams=tuple(streams[:100]), addresses=(first.sender, first.receiver)),
        advice=(
            "Record with a larger buffer and a capture filter: tcpdump -B 65536 -s 0 -w all.pcap host ADDRESS",
            "See whether tcpdump reports packets dropped by the kernel when it ends.",
        ),
        limitations=("what the missing packets held",),
    )
