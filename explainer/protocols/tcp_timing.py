"""Where the time of each TCP connection goes: to connect, to hand the request over, to wait, to transfer.

Rules: an exchange is what the client says until the server speaks, and what the server says until the client speaks;
times are those at the place of the capture.
"""

import re
from collections import defaultdict
from typing import NamedTuple

from explainer.facts import Facts, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME, PROTOCOLS
from explainer.protocols.rows import neighbour
from explainer.protocols.tcp import Connection, connections
from explainer.protocols.tcp_sent import sent


class Exchange(NamedTuple):
    """A request and the response to it; times count from the request's last segment, frames in order.

    `asking_ms` is how long the request itself took, from its first segment to its last (`request_frame`).
    `acknowledged_ms` is None where the first thing that the server sends is the response.
    """

    request_frame: int
    acknowledged_frame: int | None
    acknowledged_ms: float | None
    response_frame: int
    response_ms: float
    last_frame: int
    transfer_ms: float
    response_bytes: int
    asking_ms: float = 0.0


class Timing(NamedTuple):
    """A connection's first and its slowest exchange, that with the longest request, and the round-trip times.

    `quickest_ms` is the smallest of `samples` measured round trips, None where there is none.
    """

    connection: Connection
    exchanges: int
    first: Exchange
    slowest: Exchange
    quickest_ms: float | None
    samples: int
    longest_asked: Exchange | None = None

    @property
    def server_ms(self) -> float:
        """Return how long the server took over the slowest exchange: the wait without a round trip."""
        return max(0.0, self.slowest.response_ms - (self.quickest_ms or 0.0))


_PEERS = re.compile(r":(?:bgp|ldp|msdp|sip)(?::|$)")
"""Protocols of which either side speaks when it has something to say: what comes next answers nothing."""


@fact("TCP connections with data both ways", sent, connections, FRAME, PROTOCOLS)
def timings(facts: Facts) -> tuple[Timing, ...]:
    """Return the timing of each connection with a request and a response, by stream number; not those of peers."""
    table = facts[sent]
    spoken = facts.frames(FRAME, PROTOCOLS).drop_nulls()
    of_peers = [text for text in spoken[PROTOCOLS.field].unique() if _PEERS.search(text)]
    if of_peers:
        frames = spoken.filter(pl.col(PROTOCOLS.field).is_in(of_peers))[FRAME.field]
        streams = table.filter(pl.col("frame").is_in(frames.implode()))["stream"].unique()
        table = table.filter(~pl.col("stream").is_in(streams.implode()))
    rows = _exchanges(table)
    if rows.is_empty():
        return ()
    rtt = pl.col("ack_rtt_ms")
    trips = table.filter(~pl.col("from_client")).drop_nulls("ack_rtt_ms").group_by("stream").agg(
        rtt.min().alias("quickest"), rtt.count().alias("samples")
    )  # fmt: skip
    samples = {stream: (quickest, count) for stream, quickest, count in trips.iter_rows()}
    exchanges = defaultdict[int, list[Exchange]](list)
    for stream, *values in rows.iter_rows():  # the columns are in the order of the fields
        exchanges[stream].append(Exchange(*values))
    return tuple(
        Timing(
            connection, len(own), own[0], max(own, key=lambda exchange: exchange.response_ms),
            *samples.get(connection.stream, (None, 0)), max(own, key=lambda exchange: exchange.asking_ms),
        )
        for connection in facts[connections]
        if (own := exchanges.get(connection.stream))
    )  # fmt: skip


def _exchanges(table: "pl.DataFrame") -> "pl.DataFrame":
    data = table.filter(pl.col("data") & ~pl.col("again") & ~pl.col("syn")).sort("stream", maintain_order=True)
    turn = (pl.col("from_client") != neighbour("from_client", -1, "stream")).fill_null(value=True).cum_sum()
    frame, time = pl.col("frame"), pl.col("time")
    turns = data.with_columns(turn.alias("turn")).group_by("stream", "turn").agg(
        pl.col("from_client").first(), frame.first().alias("begins"), frame.last().alias("ends"),
        time.first().alias("begins_ns"), time.last().alias("ends_ns"), pl.col("payload").sum(),
        pl.col("next_seq").max().alias("last"),
    ).sort("stream", "turn")  # fmt: skip

    def answer(name: str) -> "pl.Expr":
        return neighbour(name, 1, "stream")

    pairs = turns.with_columns(
        answer("begins").alias("response_frame"), answer("ends").alias("last_frame"),
        answer("begins_ns").alias("response_ns"), answer("ends_ns").alias("last_ns"), answer("payload").alias("size"),
    ).filter("from_client").drop_nulls("response_frame")  # fmt: skip
    replies = table.filter(~pl.col("from_client") & pl.col("ack")).select(
        "stream", pl.col("frame").alias("reply"), pl.col("time").alias("reply_ns"), pl.col("acknowledged").alias("upto")
    )  # fmt: skip
    found = pairs.sort("ends").join_asof(
        replies.sort("reply"), left_on="ends", right_on="reply", by="stream", strategy="forward", coalesce=False,
        check_sortedness=False,
    )  # fmt: skip
    bare = (pl.col("upto") >= pl.col("last")) & (pl.col("reply") < pl.col("response_frame"))
    return found.sort("stream", "turn").select(
        "stream", pl.col("ends").alias("request_frame"), pl.when(bare).then("reply").alias("acknowledged_frame"),
        pl.when(bare).then((pl.col("reply_ns") - pl.col("ends_ns")) / 1e6).alias("acknowledged_ms"),
        "response_frame", ((pl.col("response_ns") - pl.col("ends_ns")) / 1e6).alias("response_ms"), "last_frame",
        ((pl.col("last_ns") - pl.col("response_ns")) / 1e6).alias("transfer_ms"),
        pl.col("size").alias("response_bytes"), ((pl.col("ends_ns") - pl.col("begins_ns")) / 1e6).alias("asking_ms"),
    )  # fmt: skip
