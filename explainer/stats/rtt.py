"""Round-trip times of TCP connections: of the handshake, and of the acknowledgements after it."""

from explainer.facts import Facts
from explainer.lazy import pl
from explainer.model import Cell, Stat
from explainer.protocols.tcp import Connection, connections, segments
from explainer.registry import statistic
from explainer.stats.tables import table

_SIDES = ("client", "server")
_MEASURES = ("min_ms", "median_ms", "p95_ms", "max_ms", "count")
_NAMES = (
    "stream", "client", "server", "syn_frame", "syn_ack_frame", "ack_frame", "syn_ack_rtt_ms", "initial_rtt_ms",
    *(f"{side}_ack_rtt_{measure}" for side in _SIDES for measure in _MEASURES),
)  # fmt: skip
# Upper bounds of the distribution's classes, in ms; the last class has none.
_BOUNDS_MS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)


@statistic("Round-trip time", connections, segments)
def rtt(facts: Facts) -> Stat:
    """Round-trip times of each connection whose SYN was answered.

    syn_ack_rtt_ms is SYN to SYN/ACK (Wireshark's tcp.analysis.ack_rtt under SEQ/ACK analysis of the SYN/ACK),
    initial_rtt_ms is SYN to the ACK that completes the handshake (tcp.analysis.initial_rtt, "iRTT"). The ack_rtt
    columns sum up tcp.analysis.ack_rtt of the segments that each side acknowledges with: the client's are the way from
    where the capture was taken to the client and back, the server's to the server and back; p95 is the 95th percentile
    (nearest).
    """
    measured = _by_side(facts)
    nothing: tuple[Cell, ...] = (None, None, None, None, 0)
    rows = [
        (*_handshake(c), *measured.get((c.stream, True), nothing), *measured.get((c.stream, False), nothing))
        for c in facts[connections]
        if c.syn_ack_frame is not None
    ]
    return table("rtt", "Round-trip time", _NAMES, rows)


@statistic("Connection requests without an answer", connections)
def unanswered(facts: Facts) -> Stat:
    """One row a connection that begins with a SYN of which the capture holds no answer, nor anything after it."""
    rows = [
        (c.stream, str(c.client), str(c.server), c.syn_frames[0], len(c.syn_frames))
        for c in facts[connections]
        if c.syn_frames and not c.server_frames and c.client_frames == len(c.syn_frames)
    ]
    names = ("stream", "client", "server", "syn_frame", "syns")
    return table("unanswered", "Connection requests without an answer", names, rows)


def _handshake(connection: Connection) -> tuple[Cell, ...]:
    return (
        connection.stream,
        str(connection.client),
        str(connection.server),
        connection.syn_frames[0] if connection.syn_frames else None,
        connection.syn_ack_frame,
        connection.ack_frame,
        connection.syn_ack_rtt_ms,
        connection.initial_rtt_ms,
    )


def _by_side(facts: Facts) -> dict[tuple[int, bool], tuple[Cell, ...]]:
    """Return min, median, 95th percentile, max and count of ack_rtt by stream and whether the client acknowledges."""
    value = pl.col("ack_rtt_ms")
    table = facts[segments].drop_nulls("ack_rtt_ms").group_by("stream", "from_client")
    measured = table.agg(
        value.min().alias("min"),
        value.median().round(6).alias("median"),
        value.quantile(0.95, "nearest").alias("p95"),
        value.max().alias("max"),
        value.count().alias("count"),
    )
    return {(stream, client): tuple(values) for stream, client, *values in measured.iter_rows()}


@statistic("Distribution of round-trip times", segments)
def rtt_distribution(facts: Facts) -> Stat:
    """All round-trip times that Wireshark measures (tcp.analysis.ack_rtt), of every connection and both directions.

    One row a class: the times above from_ms, up to and including to_ms (none for the last class).
    """
    values = facts[segments]["ack_rtt_ms"].drop_nulls()
    classes = pl.Series(_BOUNDS_MS).search_sorted(values, side="left").value_counts()
    counts = dict(classes.iter_rows())
    bounds = [0.0, *_BOUNDS_MS, None]
    rows = [
        (bounds[i], bounds[i + 1], counts[i], round(100 * counts[i] / len(values), 2))
        for i in range(len(bounds) - 1)
        if counts.get(i)
    ]
    return table("rtt_distribution", "Distribution of round-trip times", ("from_ms", "to_ms", "count", "share"), rows)
