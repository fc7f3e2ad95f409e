"""Traffic over time, and the lengths of its packets."""

from explainer.facts import Facts
from explainer.lazy import pl
from explainer.model import Cell, Stat
from explainer.protocols.frame import LENGTH, PROTOCOLS, TIME, start_ns
from explainer.protocols.tcp import RETRANSMISSION, STREAM
from explainer.registry import statistic
from explainer.stats.tables import table

_MOST_INTERVALS = 100
_STEPS = (1, 2, 5)

# Upper bounds (exclusive) of Wireshark's classes; what is longer is in the last one.
_LENGTHS = (20, 40, 80, 160, 320, 640, 1280, 2560, 5120)


@statistic("Traffic over time", TIME, LENGTH, PROTOCOLS, start_ns)
def timeline(facts: Facts) -> Stat:
    """Packets and bytes of each interval, by the innermost protocol; what Statistics → I/O Graphs draws.

    The interval is the shortest of 1, 2 or 5 times a power of ten seconds that gives at most 100 of them. Sums over the
    protocols equal `tshark -z io,stat,INTERVAL`. Frames without a time (damaged files) are not in it.
    """
    frames = facts.frames(TIME, LENGTH, PROTOCOLS).drop_nulls(TIME.field)
    # Intervals are counted from the first frame, as Wireshark does; a clock that jumped back gives negative ones.
    start = facts[start_ns]
    if start is None:
        return table("timeline", "Traffic over time", ("start_s", "protocol", "packets", "bytes"), [])
    relative = frames[TIME.field] - start
    shortest, longest = relative.min(), relative.max()
    interval = _interval(int(str(longest)) - int(str(shortest)))
    counted = (
        frames.with_columns(
            (relative // interval).alias("interval"),
            pl.col(PROTOCOLS.field).str.extract(r"([^:]+)$").fill_null("unknown").alias("protocol"),
        )
        .group_by("interval", "protocol")
        .agg(pl.len().alias("packets"), pl.col(LENGTH.field).sum().alias("bytes"))
        .sort(["interval", "packets", "protocol"], descending=[False, True, False])
    )
    rows: list[tuple[Cell, ...]] = [
        (round(number * interval / 1e9, 9), protocol, packets, size)
        for number, protocol, packets, size in counted.iter_rows()
    ]
    note = f"intervals of {interval / 1e9:g} s"
    return table("timeline", "Traffic over time", ("start_s", "protocol", "packets", "bytes"), rows, note)


@statistic("Retransmissions over time", TIME, start_ns, STREAM, RETRANSMISSION)
def retransmissions(facts: Facts) -> Stat:
    """TCP segments and those among them that were sent again, of each interval in which there is a segment.

    Sums equal `tshark -z io,stat,INTERVAL,tcp,tcp.analysis.retransmission`; intervals as in Traffic over time. Of
    tunnelled packets the outer frame counts once.
    """
    names = ("start_s", "segments", "retransmissions")
    start = facts[start_ns]
    frames = facts.frames(TIME, STREAM, RETRANSMISSION).drop_nulls(TIME.field)
    segments = frames.drop_nulls(STREAM.field)
    if start is None or segments.is_empty():
        return table("retransmissions", "Retransmissions over time", names, [])
    times = frames[TIME.field] - start
    interval = _interval(int(str(times.max())) - int(str(times.min())))
    counted = (
        segments.group_by(((pl.col(TIME.field) - start) // interval).alias("interval"))
        .agg(pl.len().alias("segments"), pl.col(RETRANSMISSION.field).sum().alias("again"))
        .sort("interval")
    )
    rows = [(round(number * interval / 1e9, 9), all_, again) for number, all_, again in counted.iter_rows()]
    note = f"intervals of {interval / 1e9:g} s"
    return table("retransmissions", "Retransmissions over time", names, rows, note)


def _interval(nanoseconds: int) -> int:
    """Return the shortest interval, in ns, that divides the time into at most 100."""
    size = 1
    while True:
        for step in _STEPS:
            if nanoseconds < step * size * _MOST_INTERVALS:
                return step * size
        size *= 10


@statistic("Packet lengths", LENGTH)
def packet_lengths(facts: Facts) -> Stat:
    """How many packets are how long; equals Statistics → Packet Lengths (`tshark -z plen,tree`).

    A class goes from from_bytes to to_bytes, both included; classes without a packet are left out.
    """
    lengths = facts.frames(LENGTH).drop_nulls()
    value = pl.col(LENGTH.field)
    label = pl.lit(len(_LENGTHS))
    for index, bound in reversed(list(enumerate(_LENGTHS))):
        label = pl.when(value < bound).then(pl.lit(index)).otherwise(label)
    counted = lengths.group_by(label.alias("class")).agg(
        pl.len(), value.mean().round(2).alias("mean"), value.min().alias("min"), value.max().alias("max")
    )
    starts, ends = (0, *_LENGTHS), (*(bound - 1 for bound in _LENGTHS), None)
    rows = [
        (starts[index], ends[index], packets, mean, low, high, round(100 * packets / lengths.height, 2))
        for index, packets, mean, low, high in counted.sort("class").iter_rows()
    ]
    names = ("from_bytes", "to_bytes", "packets", "average_bytes", "min_bytes", "max_bytes", "share")
    return table("packet_lengths", "Packet lengths", names, rows)
