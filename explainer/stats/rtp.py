"""Voice and video streams."""

from explainer.facts import Facts
from explainer.model import Stat
from explainer.protocols.rtp import rtp_streams
from explainer.registry import statistic
from explainer.stats.tables import table

_NAMES = (
    "source", "destination", "ssrc", "payload_type", "packets", "lost", "lost_share", "late", "jitter_ms",
    "lasted_s", "first_frame", "last_frame",
)  # fmt: skip


@statistic("Voice and video", rtp_streams)
def rtp(facts: Facts) -> Stat:
    """One row an RTP stream, in the order of its first packet; lost is what Wireshark's RTP streams count as lost.

    late packets were overtaken by others. jitter_ms is the mean of RFC 3550's estimate, for voice with a clock of
    8 kHz; lost_share is that of all that were sent.
    """
    rows = [
        (
            str(s.source), str(s.destination), s.ssrc, s.payload_type, s.packets, s.lost, round(100 * s.share, 2),
            s.late, None if s.jitter_ms is None else round(s.jitter_ms, 1), round(s.lasted_s, 3),
            s.first_frame, s.last_frame,
        )
        for s in facts[rtp_streams]
    ]  # fmt: skip
    return table("rtp", "Voice and video", _NAMES, rows)
