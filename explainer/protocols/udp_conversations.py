"""UDP conversations as records, from the headers that each frame carries (Wireshark's udp.stream numbers them)."""

from typing import NamedTuple

from explainer.facts import Facts, fact
from explainer.lazy import pl
from explainer.protocols.layers import UDP
from explainer.protocols.tcp import Endpoint


class Conversation(NamedTuple):
    """One UDP stream; the client is who sent its first packet. Bytes count whole frames."""

    stream: int
    client: Endpoint
    server: Endpoint
    frames: int
    bytes: int
    first_frame: int


@fact("UDP conversations", UDP.headers)
def conversations(facts: Facts) -> tuple[Conversation, ...]:
    """Return the conversations by stream number."""
    grouped = (
        facts[UDP.headers]
        .sort("frame", maintain_order=True)
        .group_by("stream")
        .agg(pl.col("src", "sport", "dst", "dport").first(), pl.len(), pl.col("length").sum(), pl.col("frame").first())
        .sort("stream")
    )
    return tuple(
        Conversation(stream, Endpoint(src, sport), Endpoint(dst, dport), frames, length, first)
        for stream, src, sport, dst, dport, frames, length, first in grouped.iter_rows()
    )
