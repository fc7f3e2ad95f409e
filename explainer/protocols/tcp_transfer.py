"""How the data of one direction flows: whether the sender pauses, and how evenly it comes (RFC 9293, RFC 5681).

Rules: a transfer is what one side says until the other one speaks; a pause is time in which all that was sent is
acknowledged, a round trip is over, and the segment before was not full: the program had nothing more to send.
"""

from typing import NamedTuple

from explainer.facts import Facts, fact
from explainer.lazy import pl
from explainer.protocols.tcp import Connection, connections
from explainer.protocols.tcp_sent import sent

_LEAST_BYTES, _LEAST_MS = 5_000, 1_500
_PAUSE_MS, _ROUND_TRIPS = 50, 3
_TURN = ("stream", "turn")


class Transfer(NamedTuple):
    """One direction's data without a word of the other side in between, that took a second and a half or longer.

    `trip_ms` is the handshake's round trip, and `waited_ms` are all gaps between two segments of a
    quarter of it or more.
    `blocked` are the segments that filled the receiver's window, and `blocked_ms` the waits after them.
    `pauses` are the frames after the sender's pauses, `paused_ms` all of them together; `full` is the share of segments
    as large as the largest; `gap_ms` and `wide_gap_ms` are the median and the ninth decile of the time between two.
    """

    connection: Connection
    from_client: bool
    first_frame: int
    last_frame: int
    segments: int
    bytes: int
    lasted_ms: float
    pauses: tuple[int, ...]
    paused_ms: float
    full: float
    gap_ms: float
    wide_gap_ms: float
    again: int
    trip_ms: float
    waited_ms: float
    blocked: tuple[int, ...]
    blocked_ms: float

    @property
    def steady(self) -> bool:
        """Return whether the segments come evenly.

        The ninth decile of the gaps is at most three times the median, and such gaps make the time: between bursts, few
        long ones would.
        """
        return 0 < self.wide_gap_ms <= 3 * self.gap_ms and self.gap_ms * self.segments >= self.lasted_ms / 2


def _trip_ms(c: Connection) -> float:
    return c.initial_rtt_ms or c.syn_ack_rtt_ms or 0.0


@fact("long transfers", sent, connections)
def transfers(facts: Facts) -> tuple[Transfer, ...]:
    """Return the transfers by stream and time."""
    every = facts[connections]
    long = [c.stream for c in every if (c.last_ns - c.first_ns) / 1e6 >= _LEAST_MS]
    table = facts[sent].filter(pl.col("stream").is_in(long))
    if table.is_empty():
        return ()
    by_stream = {c.stream: c for c in every}
    trip = pl.DataFrame(
        [(stream, _trip_ms(by_stream[stream])) for stream in long], schema=["stream", "trip_ms"],
        orient="row",
    ).with_columns(pl.col("stream").cast(table["stream"].dtype))  # fmt: skip
    rows = _turns(table, trip)
    return tuple(
        Transfer(
            by_stream[row["stream"]], row["from_client"], row["first_frame"], row["last_frame"], row["segments"],
            row["bytes"], row["lasted_ms"], tuple(row["pauses"]), row["paused_ms"] or 0.0, row["full"] or 0.0,
            row["gap_ms"] or 0.0, row["wide_gap_ms"] or 0.0, row["again"], _trip_ms(by_stream[row["stream"]]),
            row["waited_ms"] or 0.0, tuple(row["blocked"]), row["blocked_ms"] or 0.0,
        )
        for row in rows.iter_rows(named=True)
    )  # fmt: skip


def _turns(table: "pl.DataFrame", trip: "pl.DataFrame") -> "pl.DataFrame":
    """Return what each side says until the other one speaks, as far as it takes long."""
    client = pl.col("from_client")

    def last_of(by_client: bool) -> "pl.Expr":
        return pl.when(client == by_client).then("time").forward_fill().over("stream")

    heard_at = pl.when(client).then(last_of(by_client=False)).otherwise(last_of(by_client=True))
    data = table.with_columns(heard_at.alias("heard_at")).filter(pl.col("data") & ~pl.col("syn"))
    turn = (client != client.shift(1)).fill_null(value=True).cum_sum().over("stream")
    data = data.with_columns(turn.alias("turn")).join(trip, on="stream", maintain_order="left")
    largest = pl.col("payload").max().over("stream", "from_client")
    before = pl.col("time").shift(1).over(_TURN)
    quiet_ms = (pl.col("time") - pl.max_horizontal(before, "heard_at")) / 1e6
    done = pl.col("heard") >= pl.col("next_seq").shift(1).over(_TURN)
    part = pl.col("payload").shift(1).over(_TURN) < largest
    pause = done & part & (quiet_ms >= _PAUSE_MS) & (quiet_ms >= _ROUND_TRIPS * pl.col("trip_ms"))
    return data.with_columns(
        pause.fill_null(value=False).alias("pause"), (quiet_ms - pl.col("trip_ms")).alias("quiet_ms"),
        ((pl.col("time") - before) / 1e6).alias("gap_ms"), (pl.col("payload") == largest).alias("is_full"),
        pl.col("window_full").shift(1, fill_value=False).over(_TURN).alias("was_blocked"),
    ).group_by(_TURN).agg(
        pl.col("from_client").first(), pl.col("frame").first().alias("first_frame"),
        pl.col("frame").last().alias("last_frame"), pl.len().alias("segments"), pl.col("payload").sum().alias("bytes"),
        ((pl.col("time").last() - pl.col("time").first()) / 1e6).alias("lasted_ms"),
        pl.col("frame").filter("pause").alias("pauses"), pl.col("quiet_ms").filter("pause").sum().alias("paused_ms"),
        pl.col("is_full").mean().alias("full"), pl.col("gap_ms").median(),
        pl.col("gap_ms").quantile(0.9).alias("wide_gap_ms"), pl.col("again").sum(),
        pl.col("gap_ms").filter(pl.col("gap_ms") >= pl.col("trip_ms") / 4).sum().alias("waited_ms"),
        pl.col("frame").filter("window_full").alias("blocked"),
        pl.col("gap_ms").filter("was_blocked").sum().alias("blocked_ms"),
    ).filter((pl.col("bytes") >= _LEAST_BYTES) & (pl.col("lasted_ms") >= _LEAST_MS)).sort(_TURN)  # fmt: skip
