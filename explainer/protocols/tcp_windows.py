"""Receive windows of TCP connections: closed ones, small ones, and acknowledgements that are waited for (RFC 9293)."""

from typing import Any, NamedTuple

from explainer.facts import Facts, fact
from explainer.lazy import pl
from explainer.protocols.capture_quality import ends
from explainer.protocols.frame import FRAME
from explainer.protocols.rows import neighbour
from explainer.protocols.tcp import Connection, Endpoint, connections
from explainer.protocols.tcp_analysis import WINDOW_SCALE
from explainer.protocols.tcp_sent import sent

SMALL = 1000
"""Payload (bytes) of less than a full segment, whatever the path."""
_NEARLY_FULL = 65535 - 2 * 1460
_WAITED_MS = 10
_SIDE = ("stream", "from_client")


class ClosedWindow(NamedTuple):
    """A receiver that announces a window of zero bytes, until it reopens it or nothing more is seen.

    `frames` are the announcements, `probes` the sender's packets that ask whether it is open again; `reopened` is the
    receiver's first segment with room again.
    """

    stream: int
    receiver: Endpoint
    sender: Endpoint
    frames: tuple[int, ...]
    probes: tuple[int, ...]
    first_ns: int
    reopened: int | None
    reopened_ns: int | None
    last_ns: int

    @property
    def closed_ms(self) -> float:
        """Return how long it was closed, as far as the capture shows."""
        return ((self.reopened_ns or self.last_ns) - self.first_ns) / 1e6


@fact("TCP windows of zero", sent)
def closed_windows(facts: Facts) -> tuple[ClosedWindow, ...]:
    """Return the closed windows, in the order of their first frame."""
    table = facts[sent]
    closing = table.filter(pl.col("zero_window")).select(_SIDE).unique()
    told = table.join(closing, on=_SIDE, how="semi").filter(pl.col("ack") & ~pl.col("rst") & ~pl.col("syn"))
    runs = (
        told.with_columns(pl.col("zero_window").rle_id().over(_SIDE).alias("run"))
        .group_by(*_SIDE, "run")
        .agg(
            pl.col("client", "client_port", "server", "server_port", "zero_window").first(),
            pl.col("frame").alias("frames"), pl.col("time").first().alias("first_ns"),
        )
        .sort(*_SIDE, "run")
        .with_columns(
            neighbour("frames", 1, *_SIDE).list.first().alias("reopened"),
            neighbour("first_ns", 1, *_SIDE).alias("reopened_ns"),
        )
        .filter("zero_window")
    )  # fmt: skip
    last = table.group_by("stream").agg(pl.col("time").max().alias("last_ns"))
    probes = table.filter("keep_alive").group_by("stream", ~pl.col("from_client")).agg(pl.col("frame").alias("probes"))
    found = runs.join(last, on="stream").join(probes, on=_SIDE, how="left")
    return tuple(_closed(row) for row in found.sort(pl.col("frames").list.first()).iter_rows(named=True))


def _closed(row: dict[str, Any]) -> ClosedWindow:
    client, server = ends(row)
    receiver, sender = (client, server) if row["from_client"] else (server, client)
    until = row["reopened"] or float("inf")
    probes = tuple(frame for frame in row["probes"] or () if row["frames"][0] < frame < until)
    return ClosedWindow(
        row["stream"], receiver, sender, tuple(row["frames"]), probes, row["first_ns"], row["reopened"],
        row["reopened_ns"], row["last_ns"],
    )  # fmt: skip


class FullWindow(NamedTuple):
    """A direction whose sender filled the window and waited; `scaled` says whether both sides can scale (RFC 7323)."""

    connection: Connection
    from_client: bool
    frames: tuple[int, ...]
    largest_flight: int
    scaled: bool | None


@fact("full TCP windows", sent, connections, FRAME, WINDOW_SCALE)
def full_windows(facts: Facts) -> tuple[FullWindow, ...]:
    """Return the directions in which the window was ever full, by stream; `scaled` is None without both SYNs.

    Full is what Wireshark calls so, and, unscaled, what leaves no room for two more segments of 65,535 bytes; the next
    packet is then an acknowledgement that was waited for.
    """
    scale = facts.frames(FRAME, WINDOW_SCALE).select(
        pl.col(FRAME.field).alias("frame"), pl.col(WINDOW_SCALE.field).is_not_null().alias("scales")
    )
    syns = facts[sent].filter("syn").join(scale, on="frame").group_by("stream").agg(
        pl.col("from_client").n_unique().alias("sides"), pl.col("scales").all()
    )  # fmt: skip
    both = {stream: scales for stream, sides, scales in syns.iter_rows() if sides > 1}
    flight = pl.col("next_seq") - pl.col("heard")
    unscaled = [stream for stream, scales in both.items() if not scales]
    filled = pl.col("window_full") | (pl.col("stream").is_in(unscaled) & (flight >= _NEARLY_FULL))
    wait_ms = (neighbour("time", 1, "stream") - pl.col("time")) / 1e6
    answered = neighbour("from_client", 1, "stream") != pl.col("from_client")
    table = facts[sent].sort("stream", maintain_order=True)
    full = table.filter(pl.col("data") & filled & answered & (wait_ms >= _WAITED_MS)).group_by(*_SIDE).agg(
        "frame", flight.max().alias("flight")
    )  # fmt: skip
    by_stream = {connection.stream: connection for connection in facts[connections]}
    return tuple(
        FullWindow(by_stream[stream], from_client, tuple(frames), flight or 0, both.get(stream))
        for stream, from_client, frames, flight in full.sort(*_SIDE).iter_rows()
    )


class WaitedAck(NamedTuple):
    """A sender of small segments that holds the next one back until a delayed acknowledgement comes (RFC 896).

    `frames` are those acknowledgements, `waits_ms` how long each took; `quickest_ms` is the quickest that the same side
    sent in the connection.
    """

    stream: int
    sender: Endpoint
    receiver: Endpoint
    frames: tuple[int, ...]
    waits_ms: tuple[float, ...]
    quickest_ms: float


@fact("delayed acknowledgements", sent)
def waited_acks(facts: Facts) -> tuple[WaitedAck, ...]:
    """Return the directions with such waits: small data, 35 ms or more, a bare acknowledgement, small data at once."""
    table = facts[sent].sort("stream", maintain_order=True)

    def following(name: str, by: int) -> "pl.Expr":
        return neighbour(name, by, "stream")

    wait = (following("time", 1) - pl.col("time")) / 1e6
    at_once = (following("time", 2) - following("time", 1)) / 1e6 <= 5
    bare = (following("payload", 1) == 0) & (following("acknowledged", 1) == pl.col("next_seq"))
    sides = (following("from_client", 1) != pl.col("from_client")) & (
        following("from_client", 2) == pl.col("from_client")
    )
    small = pl.col("data") & (pl.col("payload") < SMALL) & following("data", 2) & (following("payload", 2) < SMALL)
    quickest = table.drop_nulls("ack_rtt_ms").group_by("stream", ~pl.col("from_client")).agg(
        pl.col("ack_rtt_ms").min().alias("quickest")
    )  # fmt: skip
    waits = table.select(
        *_SIDE, "client", "client_port", "server", "server_port", following("frame", 1).alias("acknowledging"),
        wait.alias("wait"), (small & bare & sides & at_once & (wait >= 35)).fill_null(value=False).alias("held"),
    ).filter("held").group_by(*_SIDE).agg(
        pl.col("client", "client_port", "server", "server_port").first(), "acknowledging", "wait"
    ).join(quickest, on=_SIDE)  # fmt: skip
    return tuple(
        WaitedAck(row["stream"], *(ends(row) if row["from_client"] else ends(row)[::-1]), tuple(row["acknowledging"]),
                  tuple(row["wait"]), row["quickest"])
        for row in waits.sort(*_SIDE).iter_rows(named=True)
    )  # fmt: skip
