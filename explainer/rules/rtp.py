"""Voice and video (RTP): packets that do not arrive, that arrive unevenly, and voice in one direction only."""

from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.lazy import pl
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.layers import UDP
from explainer.protocols.rtp import RtpStream, rtp_streams
from explainer.protocols.sdp import Description, descriptions
from explainer.protocols.tcp_gaps import gaps
from explainer.registry import rule
from explainer.rules.evidence import address_field
from explainer.rules.tcp_case import finding
from explainer.wording import count

_AREA, _SUBJECT = "voice and video (RTP)", "RTP streams"
_SHOWN = 20
_MUCH = 0.05
_SIP_PORTS = (5060, 5061)


def _of_stream(s: RtpStream) -> str:
    # By addresses and ports: without its signalling Wireshark knows no rtp.ssrc.
    field = address_field(s.source.address).removesuffix(".addr")
    return (
        f"{field}.src == {s.source.address} && udp.srcport == {s.source.port}"
        f" && {field}.dst == {s.destination.address} && udp.dstport == {s.destination.port}"
    )


@rule("Voice or video packets lost", rtp_streams, gaps, subject=_SUBJECT, area=_AREA)
def rtp_loss(
    facts: Facts, *, min_packets: int = 100, min_lost: int = 5, share: float = 0.01, jitter_ms: float = 30.0
) -> Iterator[Finding]:
    """Numbers of a voice or video stream that never come, or packets that come unevenly (RFC 3550, appendix A).

    From `min_lost` of `min_packets` (2 s of voice) on, and a `share` of 1 %, which ears notice; above 5 % words are
    lost. Of voice also a mean jitter above `jitter_ms`, of which telephones even out about as much. Of low severity
    where TCP shows that the recording itself lacks packets. What is lost after the place of the capture is not seen.
    """
    for s in facts[rtp_streams]:
        if s.packets + s.lost < min_packets:
            continue
        uneven = s.jitter_ms is not None and s.jitter_ms >= jitter_ms
        if s.lost >= min_lost and s.share >= share:
            yield _loss(s, recording=bool(facts[gaps]))
        elif uneven:
            yield _uneven(s)


def _loss(s: RtpStream, *, recording: bool) -> Finding:
    sent = s.packets + s.lost
    severity = Severity.LOW if recording else Severity.HIGH if s.share >= _MUCH else Severity.MEDIUM
    missed = "whether the recording missed them: of TCP it lacks packets that arrived"
    return finding(
        "rtp_loss",
        s.gaps[0],
        severity,
        Side.NETWORK,
        f"Voice or video packets (RTP) from {s.source} to {s.destination} are lost: {s.lost:,} of {sent:,}"
        f" ({100 * s.share:.1f} %) never come, in {count(len(s.gaps), 'gap')}. Speech breaks up there, pictures"
        " freeze.",
        Evidence.of(
            [s.first_frame, *s.gaps],
            _of_stream(s),
            [
                Step(frames=s.gaps[:_SHOWN], text="before these packets, numbers of the sender are missing"),
                Step(frames=(s.first_frame, s.last_frame), text=f"{s.packets:,} packets in {s.lasted_s:.1f} s"),
            ],
        ),
        Scope(addresses=(s.source.address, s.destination.address), ports=(s.source.port, s.destination.port)),
        act=f"The network's side must act: something between {s.source.address} and the place of the capture loses"
        " packets.",
        measured={"lost": s.lost, "packets": s.packets, "percent": round(100 * s.share, 2)},
        confidence=Confidence.PROBABLE,
        advice=(
            f"Record at {s.source.address}, too: where all numbers are still there, the loss is behind it.",
            "Give voice precedence where a line is full (QoS), and look for Wi-Fi or a duplex mismatch on the way.",
        ),
        limits=("which link loses the packets", missed if recording else "whether the recording missed them"),
    )


def _uneven(s: RtpStream) -> Finding:
    return finding(
        "rtp_loss",
        s.first_frame,
        Severity.MEDIUM,
        Side.NETWORK,
        f"Voice packets (RTP) from {s.source} to {s.destination} come unevenly: their jitter is {s.jitter_ms:.0f} ms on"
        " average, more than telephones even out. Speech breaks up, although hardly a packet is lost.",
        Evidence.of(
            (s.first_frame, s.last_frame),
            _of_stream(s),
            [Step(frames=(s.first_frame, s.last_frame), text=f"{s.packets:,} packets in {s.lasted_s:.1f} s")],
        ),
        Scope(addresses=(s.source.address, s.destination.address), ports=(s.source.port, s.destination.port)),
        act=f"The network's side must act: queues between {s.source.address} and the place of the capture fill up.",
        measured={"jitter_ms": round(s.jitter_ms or 0, 1), "packets": s.packets},
        confidence=Confidence.PROBABLE,
        advice=(
            "Give voice precedence where a line is full (QoS); a wire in place of Wi-Fi shows whether it is that.",
        ),
        limits=("whether the sender sends unevenly already", "how much the receiver's buffer evens out"),
    )


@rule("Voice in one direction only", rtp_streams, descriptions, UDP.headers, subject=_SUBJECT, area=_AREA)
def rtp_one_way(facts: Facts, *, min_packets: int = 250, min_s: float = 5.0, most_back: int = 50) -> Iterator[Finding]:
    """A call in which one side sends its voice and gets none, though both sides agreed on both directions (RFC 3264).

    `min_packets` over `min_s` is longer than it takes to answer. Silent where one side asked for one direction alone (a
    call on hold), where one of the two said nothing of its media here, and where `most_back` other UDP packets of the
    peer come, which may be its voice from elsewhere.
    """
    streams, said = facts[rtp_streams], facts[descriptions]
    reached = {s.destination.address for s in streams}
    for s in streams:
        own = [d for d in said if s.source.address in (d.sender, d.named) and d.voice]
        heard = [d for d in said if d.receiver == s.source.address and d.voice]
        long_enough = s.packets >= min_packets and s.lasted_s >= min_s
        if not (long_enough and own and heard) or any(d.one_way for d in said) or s.source.address in reached:
            continue
        back = facts[UDP.headers].filter(
            (pl.col("src") == s.destination.address) & (pl.col("dst") == s.source.address)
            & ~pl.col("sport").is_in(_SIP_PORTS)
        )  # fmt: skip
        if back.height <= most_back:
            yield _one_way(s, own, heard)


def _one_way(s: RtpStream, own: Sequence[Description], heard: Sequence[Description]) -> Finding:
    source, peer = s.source.address, s.destination.address
    other = next((d for d in own if d.sender == source and d.named not in (source, "")), None)
    named = (
        f" {source} asks for its voice at {other.named} (SDP), which is another address than its own: NAT on the way."
        if other
        else ""
    )
    return finding(
        "rtp_one_way",
        s.first_frame,
        Severity.MEDIUM,
        Side.EITHER,
        f"The call has voice in one direction only: {source} sends {s.packets:,} RTP packets to {peer} in"
        f" {s.lasted_s:.0f} s, and none comes back to it in this capture: who is at {source} hears nothing.{named}",
        Evidence.of(
            (own[0].frame, heard[-1].frame, s.first_frame, s.last_frame),
            f"sdp || ({_of_stream(s)})",
            [
                Step(frames=(own[0].frame, heard[-1].frame), text="the two agree on voice in both directions (SDP)"),
                Step(frames=(s.first_frame, s.last_frame), text=f"the voice of {source}, first and last packet"),
                Step(frames=(), text=f"No RTP packet goes to {source}."),
            ],
        ),
        Scope(addresses=(source, peer), ports=(s.source.port, s.destination.port)),
        act=f"Whoever runs the firewalls and the NAT between the two must act, or {peer}'s side: its voice must go to"
        f" the address and port that {source} names in SDP.",
        measured={"packets": s.packets, "seconds": round(s.lasted_s, 1)},
        confidence=Confidence.PROBABLE,
        advice=(
            f"Record at {peer} at the same time: does it send, and where to?",
            "Let UDP of the voice ports through in both directions; switch off SIP ALG, or use STUN or a media relay.",
        ),
        limits=(f"whether {peer} sends nothing, or its packets are lost or go elsewhere",),
    )
