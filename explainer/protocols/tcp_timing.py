"""Where the time of each TCP connection goes: to connect, to hand the request over, to wait, to transfer.

Rules
* An exchange is what the client says until the server speaks, and what the server says until the client speaks; times
  are those at the place of the capture.
* Where the client asks to be kept waiting, such as for the next job of a queue, it is no exchange that takes time.
"""

from collections import defaultdict
from typing import NamedTuple

from explainer.facts import Facts, fact
from explainer.lazy import pl
from explainer.protocols.tcp import Connection, connections
from explainer.protocols.tcp_sent import sent
from explainer.protocols.tcp_turns import turns
from explainer.protocols.tcp_waits import waits


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

    `quickest_ms` is the smallest of `samples` measured round trips, None where there is none; `waiting_frame` is what
    the client sent last, where nothing of the server follows and neither side has ended the connection.
    """

    connection: Connection
    exchanges: int
    first: Exchange
    slowest: Exchange
    quickest_ms: float | None
    samples: int
    longest_asked: Exchange | None = None
    waiting_frame: int | None = None

    @property
    def server_ms(self) -> float:
        """Return how long the server took over the slowest exchange: the wait without a round trip."""
        return max(0.0, self.slowest.response_ms - (self.quickest_ms or 0.0))


@fact("TCP connections with data both ways", sent, turns, waits, connections)
def timings(facts: Facts) -> tuple[Timing, ...]:
    """Return the timing of each connection with a request and a response, by stream number; not those of peers."""
    table, rows = facts[sent], facts[turns].filter(~pl.col("request_frame").is_in(list(facts[waits])))
    if rows.is_empty():
        return ()
    rtt = pl.col("ack_rtt_ms")
    trips = table.filter(~pl.col("from_client")).drop_nulls("ack_rtt_ms").group_by("stream").agg(
        rtt.min().alias("quickest"), rtt.count().alias("samples")
    )  # fmt: skip
    samples = {stream: (quickest, count) for stream, quickest, count in trips.iter_rows()}
    data = table.filter(pl.col("data") & ~pl.col("again") & ~pl.col("syn"))
    last = data.group_by("stream").agg(pl.col("frame", "from_client").last()).filter("from_client")
    waiting = dict(last.select("stream", "frame").iter_rows())
    exchanges = defaultdict[int, list[Exchange]](list)
    for stream, *values in rows.iter_rows():  # the columns are in the order of the fields
        exchanges[stream].append(Exchange(*values))
    return tuple(
        Timing(
            connection, len(own), own[0], max(own, key=lambda exchange: exchange.response_ms),
            *samples.get(connection.stream, (None, 0)), max(own, key=lambda exchange: exchange.asking_ms),
            None if _ended(connection) else waiting.get(connection.stream),
        )
        for connection in facts[connections]
        if (own := exchanges.get(connection.stream))
    )  # fmt: skip


def _ended(connection: Connection) -> bool:
    ends = connection.client_ends, connection.server_ends, connection.client_resets, connection.server_resets
    return any(ends)
