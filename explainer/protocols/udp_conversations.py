"""UDP conversations as records, from the headers that each frame carries.

Wireshark's udp.stream numbers them, but begins a new one in the middle where a dissector says so, as SNMP's does at the
first answer: what has the same two addresses and ports is one conversation, whichever number it has.
"""

from typing import NamedTuple

from explainer.facts import Facts, fact
from explainer.lazy import pl
from explainer.protocols.layers import UDP
from explainer.protocols.tcp import Endpoint


def of_both_ends(expression: "pl.Expr") -> "pl.Expr":
    """Return an expression over what has the same two addresses and ports, whoever sends."""
    src, dst, sport, dport = (pl.col(name) for name in ("src", "dst", "sport", "dport"))
    turned = (src > dst) | ((src == dst) & (sport > dport))
    low, high = pl.when(turned).then(dst).otherwise(src), pl.when(turned).then(src).otherwise(dst)
    low_port, high_port = pl.when(turned).then(dport).otherwise(sport), pl.when(turned).then(sport).otherwise(dport)
    return expression.over(low, low_port, high, high_port)


class Conversation(NamedTuple):
    """What two ports say; the client is who sent its first packet. Bytes count whole frames.

    `stream` is Wireshark's first number of it, `streams` are all of them.
    """

    stream: int
    streams: tuple[int, ...]
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
        .with_columns(of_both_ends(pl.col("stream").first()).alias("first_stream"))
        .group_by("first_stream")
        .agg(
            pl.col("stream").unique(maintain_order=True), pl.col("src", "sport", "dst", "dport").first(), pl.len(),
            pl.col("length").sum(), pl.col("frame").first(),
        )
        .sort("first_stream")
    )  # fmt: skip
    return tuple(
        Conversation(stream, tuple(streams), Endpoint(src, sport), Endpoint(dst, dport), frames, length, first)
        for stream, streams, src, sport, dst, dport, frames, length, first in grouped.iter_rows()
    )


@fact("last UDP packets", UDP.headers)
def last_sent(facts: Facts) -> dict[tuple[str, int, str], int]:
    """Return the last frame that each port sent to each host."""
    grouped = facts[UDP.headers].group_by("src", "sport", "dst").agg(pl.col("frame").max())
    return {(source, port, destination): frame for source, port, destination, frame in grouped.iter_rows()}
