"""Where the time of TCP connections goes."""

from explainer.facts import Facts
from explainer.model import Stat
from explainer.protocols.tcp_timing import timings
from explainer.registry import statistic
from explainer.stats.tables import table

_NAMES = (
    "stream", "client", "server", "syn_frame", "syn_ack_frame", "connect_ms", "request_frame", "acknowledged_frame",
    "acknowledged_ms", "response_frame", "first_byte_ms", "last_frame", "transfer_ms", "exchanges", "slowest_frame",
    "slowest_ms", "server_ms", "asking_ms", "asked_frame", "waiting_frame",
)  # fmt: skip


@statistic("Time by phase", timings)
def timing(facts: Facts) -> Stat:
    """The phases of each TCP connection: SYN to SYN/ACK, then of its first request and of its slowest one.

    acknowledged_ms, first_byte_ms (Wireshark has it as time since the request in its service response times) and
    slowest_ms count from the request's last segment; server_ms is the slowest wait without the quickest round trip.
    asking_ms is what the longest request took from its first segment to its last (asked_frame), such as an upload;
    waiting_frame is what the client sent last, where nothing of the server follows and the connection is still open.
    """
    rows = [
        (
            t.connection.stream, str(t.connection.client), str(t.connection.server),
            t.connection.syn_frames[0] if t.connection.syn_frames else None, t.connection.syn_ack_frame,
            t.connection.syn_ack_rtt_ms, t.first.request_frame, t.first.acknowledged_frame, t.first.acknowledged_ms,
            t.first.response_frame, t.first.response_ms, t.first.last_frame, t.first.transfer_ms, t.exchanges,
            t.slowest.response_frame, t.slowest.response_ms, round(t.server_ms, 6),
            t.longest_asked.asking_ms if t.longest_asked else 0.0,
            t.longest_asked.request_frame if t.longest_asked else None, t.waiting_frame,
        )
        for t in facts[timings]
    ]  # fmt: skip
    return table("timing", "Time by phase", _NAMES, rows)
