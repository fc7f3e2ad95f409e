"""TCP data as it was sent: each segment once, what was sent again and why, and what was never acknowledged.

Rules: copies of the capture, keep-alives and probes of a closed window are no data; "sent again" counts payload only.
"""

from typing import Any, NamedTuple

from explainer.facts import Facts, fact
from explainer.lazy import pl
from explainer.protocols.capture_quality import copies, ends
from explainer.protocols.frame import FRAME
from explainer.protocols.rows import neighbour
from explainer.protocols.tcp import Endpoint, segments
from explainer.protocols.tcp_analysis import FAST_RETRANSMISSION, KEEP_ALIVE, OUT_OF_ORDER, WINDOW_FULL, ZERO_WINDOW
from explainer.protocols.tcp_duplicates import received_twice

TIMEOUT_MS = 150
"""Sent again after this or longer, a segment's time-out ran off (200 ms at least in Linux, 300 ms in Windows)."""
LONGEST_MS = 120_000
"""The longest time-out that Linux lets grow; what is more is a clock that was set."""
_FLAGS = {
    "fast": FAST_RETRANSMISSION,
    "out_of_order": OUT_OF_ORDER,
    "zero_window": ZERO_WINDOW,
    "window_full": WINDOW_FULL,
    "keep_alive": KEEP_ALIVE,
}
_CLOSE_IDS, _COUNTED = 64, 0.9
_OVERTAKEN = 2048
"""So many packets of a connection at most pass one that is late: 20 ms at 1 Gbit/s."""
_SIDE = ("stream", "from_client")


@fact("TCP segments", segments, copies, received_twice, FRAME, *_FLAGS.values())
def sent(facts: Facts) -> "pl.DataFrame":
    """Return the segments without the capture's copies, in file order, with Wireshark's analysis of each.

    To the columns of `segments` come fast, out_of_order, zero_window, window_full and keep_alive (flags, of which the
    IP ids correct out_of_order, where they tell); data (new or repeated payload); heard (what the other side had
    acknowledged by then, null before it did); again (data sent again that had not been acknowledged, and of which the
    receiver does not say that it got it twice) and since_ms (the time since the same data was sent before).
    """
    flags = facts.frames(FRAME, *_FLAGS.values()).select(
        pl.col(FRAME.field).alias("frame"), *(pl.col(column.field).alias(name) for name, column in _FLAGS.items())
    )
    once, twice = facts[segments], facts[copies].frames
    if not twice.is_empty():  # a join would copy the table even for nothing
        once = once.join(twice, on="frame", how="anti", maintain_order="left")
    table = once.join(flags, on="frame", how="left", maintain_order="left")
    data = (pl.col("payload") > 0) & ~pl.col("keep_alive")
    live = pl.col("ack") & ~pl.col("rst")

    def heard(by_client: bool) -> "pl.Expr":
        told = pl.when(live & (pl.col("from_client") == by_client)).then("acknowledged")
        return told.cum_max().forward_fill().over("stream")

    other = pl.when("from_client").then(heard(by_client=False)).otherwise(heard(by_client=True))
    table = table.with_columns(data.alias("data"), other.alias("heard"))
    table = table.join(_reordered(table), on="frame", how="left", maintain_order="left")
    same = table.filter("data").sort(*_SIDE, "seq", maintain_order=True)
    since = same.select(
        "frame", ((pl.col("time") - neighbour("time", -1, *_SIDE, "seq")) / 1e6).alias("since_ms")
    )  # fmt: skip
    arrived = (pl.col("next_seq") <= pl.col("heard")).fill_null(value=False)
    anew = pl.col("retransmission") | pl.col("fast") | (pl.col("out_of_order") & pl.col("late").eq(other=False))
    again = pl.col("data") & anew & ~arrived & ~pl.col("late").fill_null(value=False)
    out_of_order = pl.coalesce(pl.col("late") & pl.col("data"), "out_of_order")
    table = table.join(since, on="frame", how="left", maintain_order="left")
    table = table.with_columns(again.alias("again"), out_of_order.alias("out_of_order")).drop("late")
    return _without_needless(table, facts[received_twice])


def _without_needless(table: "pl.DataFrame", twice: "pl.DataFrame") -> "pl.DataFrame":
    """Return the segments of which what the receiver got twice does not count as sent again: nothing was lost.

    Only where there are as many reports as repetitions: of three transmissions one may be lost and two arrive.
    """
    if twice.is_empty():
        return table
    same = (*_SIDE, "seq")
    known = table.join(twice, on=same, how="left", maintain_order="left")
    needless = (pl.col("again").sum().over(same) <= pl.col("reports")).fill_null(value=False)
    return known.with_columns(pl.col("again") & ~needless).drop("reports")


def _reordered(table: "pl.DataFrame") -> "pl.DataFrame":
    """Return of frames whether they were sent before one that came earlier (`late`), where something tells.

    That is asked in connections alone in which Wireshark, which has times only to go by, takes a segment for sent again
    or out of order. Most systems count a connection's packets up in the IP id, so that an overtaken segment has a
    smaller one than a segment before it, and what was sent again has a larger one. It tells where nine of ten ids of a
    side are close to the one before, and not the same.
    """
    suspected = table.filter(pl.any_horizontal("retransmission", "fast", "out_of_order")).select("stream").unique()
    table = table.select("frame", *_SIDE, "ip_id").join(suspected, on="stream", how="semi").sort(*_SIDE, "frame")
    before = neighbour("ip_id", -1, *_SIDE)
    step = ((pl.col("ip_id") - before + 0x8000) % 0x10000 - 0x8000).fill_null(0)
    # A SYN/ACK or a reset may have an id of its own (0, in Linux): from there on it is counted anew.
    anew = (pl.col("ip_id") == 0) | (before == 0)
    near = pl.when((pl.col("step").abs() <= _OVERTAKEN) & ~anew).then("step").otherwise(0)
    walked = table.with_columns(step.alias("step")).with_columns(
        near.cum_sum().over(_SIDE).alias("at"),
        (pl.col("step").abs().is_between(1, _CLOSE_IDS) | before.is_null()).mean().over(_SIDE).alias("counted"),
    )
    furthest = pl.col("at").cum_max().shift(1).over(_SIDE)
    late = pl.when(pl.col("ip_id").is_not_null() & (pl.col("counted") >= _COUNTED)).then(
        (pl.col("at") < furthest).fill_null(value=False)
    )
    return walked.select("frame", late.alias("late"))


class Loss(NamedTuple):
    """The data of one direction that had to be sent again.

    `data` counts segments with payload; `fast` and `timeouts` are the frames of the repetitions that duplicate
    acknowledgements and a time-out (its wait in `longest_ms`) brought about, `others` those of which neither is known.
    `recorded` counts the repetitions whose original is in the capture: those got lost behind it, the others before it.
    """

    stream: int
    sender: Endpoint
    receiver: Endpoint
    from_client: bool
    data: int
    fast: tuple[int, ...]
    timeouts: tuple[int, ...]
    others: tuple[int, ...]
    longest_ms: float
    recorded: int
    out_of_order: tuple[int, ...]

    @property
    def again(self) -> tuple[int, ...]:
        """Return all frames that repeat data."""
        return tuple(sorted(self.fast + self.timeouts + self.others))


@fact("TCP data", sent)
def losses(facts: Facts) -> tuple[Loss, ...]:
    """Return the directions in which something was sent again or came out of order, by stream."""
    frame, again, late = pl.col("frame"), pl.col("again"), pl.col("since_ms").is_between(TIMEOUT_MS, LONGEST_MS)
    timed_out = again & ~pl.col("fast") & late.fill_null(value=False)
    grouped = facts[sent].group_by(*_SIDE).agg(
        pl.col("client", "client_port", "server", "server_port").first(),
        pl.col("data").sum().alias("segments"),
        frame.filter(again & pl.col("fast")).alias("fast_frames"),
        frame.filter(timed_out).alias("timeouts"),
        frame.filter(again & ~pl.col("fast") & ~late.fill_null(value=False)).alias("others"),
        pl.col("since_ms").filter(timed_out).max().fill_null(0.0).alias("longest_ms"),
        (again & pl.col("since_ms").is_not_null()).sum().alias("recorded"),
        frame.filter(pl.col("out_of_order") & pl.col("data")).alias("disordered"),
        again.any().alias("lossy"),
    ).filter(pl.col("lossy") | (pl.col("disordered").list.len() > 0)).sort(*_SIDE)  # fmt: skip
    return tuple(_loss(row) for row in grouped.iter_rows(named=True))


def _loss(row: dict[str, Any]) -> Loss:
    return Loss(
        row["stream"], *_directed(row), row["from_client"], row["segments"], tuple(row["fast_frames"]),
        tuple(row["timeouts"]), tuple(row["others"]), row["longest_ms"], row["recorded"],
        tuple(row["disordered"]),
    )  # fmt: skip


class Unacknowledged(NamedTuple):
    """The last data of one direction, sent again and again and never acknowledged.

    `frames` and `times_ns` of all its transmissions; `size` its payload (bytes); `largest_passed` the largest payload
    of the same direction that was acknowledged; `silence_s` how long the connection had been silent before; `answered`
    is the first segment of the other side after a repetition, `reset` its first reset then; `peer_frames` counts all
    that the other side sent; `ended` says whether the sender had said FIN.
    """

    stream: int
    sender: Endpoint
    receiver: Endpoint
    from_client: bool
    frames: tuple[int, ...]
    times_ns: tuple[int, ...]
    size: int
    largest_passed: int
    silence_s: float
    answered: int | None
    reset: int | None
    peer_frames: int
    ended: bool


@fact("TCP data", sent)
def unacknowledged(facts: Facts) -> tuple[Unacknowledged, ...]:
    """Return, of each direction, the first data that was repeated and never acknowledged, by stream."""

    def told(*, by_client: bool) -> "pl.Expr":
        live = pl.col("ack") & ~pl.col("rst") & (pl.col("from_client") == by_client)
        return pl.col("acknowledged").filter(live).max().over("stream")

    by_stream = facts[sent].sort("stream", maintain_order=True)
    table = by_stream.with_columns(
        ((pl.col("time") - neighbour("time", -1, "stream")) / 1e9).alias("silence_s"),
        pl.when("from_client").then(told(by_client=False)).otherwise(told(by_client=True)).alias("heard_in_all"),
        pl.col("fin").any().over(*_SIDE).alias("ended"),
    )
    size, passed = pl.col("payload"), pl.col("next_seq") <= pl.col("heard_in_all")
    data = table.filter("data").with_columns(size.filter(passed).max().over(*_SIDE).alias("largest_passed"))
    open_ = data.filter((pl.col("next_seq") > pl.col("heard_in_all")).fill_null(value=True))
    repeated = open_.group_by(*_SIDE, "seq").agg(
        pl.col("client", "client_port", "server", "server_port", "ended", "silence_s", "largest_passed").first(),
        pl.col("frame").alias("frames"), pl.col("time").alias("times"), size.max().alias("size"),
        pl.col("frame").get(1, null_on_oob=True).alias("second"),
    ).drop_nulls("second").sort("seq").unique(_SIDE, keep="first", maintain_order=True).sort("second")  # fmt: skip
    there = table.select("stream", ~pl.col("from_client"), "frame", "rst").sort("frame")
    peers = there.group_by(*_SIDE).agg(pl.len().alias("peer_frames"))
    found = repeated.join(peers, on=_SIDE, how="left", maintain_order="left")
    for name, chosen in (("answered", ~pl.col("rst")), ("reset", pl.col("rst"))):
        later = there.filter(chosen).select(*_SIDE, pl.col("frame").alias(name))
        found = found.join_asof(
            later, left_on="second", right_on=name, by=_SIDE, strategy="forward", coalesce=False, check_sortedness=False
        )
    return tuple(_unacknowledged(row) for row in found.sort(*_SIDE).iter_rows(named=True))


def _unacknowledged(row: dict[str, Any]) -> Unacknowledged:
    return Unacknowledged(
        row["stream"], *_directed(row), row["from_client"], tuple(row["frames"]), tuple(row["times"]), row["size"],
        row["largest_passed"] or 0, row["silence_s"] or 0.0, row["answered"], row["reset"], row["peer_frames"] or 0,
        row["ended"],
    )  # fmt: skip


def _directed(row: dict[str, Any]) -> tuple[Endpoint, Endpoint]:
    client, server = ends(row)
    return (client, server) if row["from_client"] else (server, client)
