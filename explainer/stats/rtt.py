"""Round-trip times of TCP connections, as the handshake shows them."""

from explainer.facts import Facts
from explainer.model import Stat, StatColumn
from explainer.protocols.tcp import connections
from explainer.registry import statistic


@statistic("Round-trip time", connections)
def rtt(facts: Facts) -> Stat:
    """Round-trip time of each connection whose SYN was answered.

    syn_ack_rtt_ms is SYN to SYN/ACK (Wireshark's tcp.analysis.ack_rtt of the SYN/ACK), initial_rtt_ms is SYN to the ACK
    that completes the handshake (tcp.analysis.initial_rtt).
    """
    rows = tuple(
        (
            c.stream, str(c.client), str(c.server), c.syn_frames[0] if c.syn_frames else None, c.syn_ack_frame,
            c.ack_frame, c.syn_ack_rtt_ms, c.initial_rtt_ms,
        )
        for c in facts[connections]
        if c.syn_ack_frame is not None
    )  # fmt: skip
    names = (
        "stream",
        "client",
        "server",
        "syn_frame",
        "syn_ack_frame",
        "ack_frame",
        "syn_ack_rtt_ms",
        "initial_rtt_ms",
    )
    return Stat(
        id="rtt",
        title="Round-trip time",
        columns=tuple(StatColumn(name=name, unit="ms" if name.endswith("_ms") else "") for name in names),
        rows=rows,
        total_rows=len(rows),
    )
