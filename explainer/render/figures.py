"""The charts of a report, made from its statistics; each names the table that holds its numbers."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from explainer.charts.bars import Series, lying, stacked
from explainer.charts.treemap import Node, treemap
from explainer.model import Analysis, Stat
from explainer.wording import listing

_MOST_SERIES, _MOST_BARS = 6, 10


@dataclass(frozen=True)
class Figure:
    """A chart: its picture as SVG, what it shows in words, and the names of its colours, in their order."""

    id: str
    title: str
    svg: str
    words: str
    legend: tuple[str, ...] = ()


def figures(analysis: Analysis) -> tuple[Figure, ...]:
    """Return the charts of which the analysis has the numbers; `id` is that of the statistic."""
    made = (_timeline, _hierarchy, _rtt, _destinations, _ports, _retransmissions)
    return tuple(figure for make in made for figure in make(analysis) if figure.svg)


def _rows(analysis: Analysis, stat_id: str) -> list[dict[str, object]]:
    stat = analysis.stat(stat_id)
    names = [column.name for column in stat.columns] if stat else []
    return [dict(zip(names, row, strict=True)) for row in stat.rows] if stat else []


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _timeline(analysis: Analysis) -> Iterator[Figure]:
    values, sums = dict[str, dict[float, float]](), Counter[str]()
    for row in _rows(analysis, "timeline"):
        values.setdefault(str(row["protocol"]), {})[_number(row["start_s"])] = _number(row["bytes"])
        sums[str(row["protocol"])] += int(_number(row["bytes"]))
    if not sums:
        return
    ranked = sorted(sums, key=lambda name: (-sums[name], name))
    shown, others = ranked[:_MOST_SERIES], ranked[_MOST_SERIES:]
    series = [Series(name, values[name]) for name in shown]
    if others:
        rest = Counter[float]()
        for name in others:
            rest.update({time: int(size) for time, size in values[name].items()})
        series.append(Series("others", dict(rest)))
    note = (analysis.stat("timeline") or Stat(id="", title="", columns=(), rows=(), total_rows=0)).note
    said = f"Bytes over time by protocol, {note}: most are {listing([_sized(name, sums[name]) for name in shown[:3]])}."
    svg = stacked("timeline", "Traffic over time", said, series, "bytes")
    yield Figure("timeline", "Traffic over time", svg, said, tuple(one.name for one in series))


def _sized(name: str, size: float) -> str:
    return f"{name} ({size:,.0f} bytes)"


def _hierarchy(analysis: Analysis) -> Iterator[Figure]:
    rows = _rows(analysis, "protocol_hierarchy")
    if not rows:
        return
    sizes = {str(row["path"]): _number(row["bytes"]) for row in rows}
    roots = tuple(_node(path, sizes) for path in sizes if "/" not in path)
    leaves = [path for path in sizes if not any(other.startswith(f"{path}/") for other in sizes)]
    most = sorted(leaves, key=lambda path: (-sizes[path], path))[:3]
    named = listing([_sized(path.rpartition("/")[2], sizes[path]) for path in most])
    said = f"Protocols within those that carry them, by bytes; innermost are above all {named}."
    yield Figure("protocol_hierarchy", "Protocols", treemap("hierarchy", "Protocols", said, roots), said)


def _node(path: str, sizes: dict[str, float]) -> Node:
    depth = path.count("/") + 1
    inner = tuple(_node(p, sizes) for p in sizes if p.startswith(f"{path}/") and p.count("/") == depth)
    return Node(path.rpartition("/")[2], sizes[path], inner)


def _rtt(analysis: Analysis) -> Iterator[Figure]:
    rows = [
        (_class(row["from_ms"], row["to_ms"]), _number(row["count"]), f"{_number(row['count']):,.0f}")
        for row in _rows(analysis, "rtt_distribution")
    ]
    if not rows:
        return
    often = max(rows, key=lambda row: row[1])
    said = f"How often each round-trip time was measured; most often {often[0]} ({often[2]} times)."
    svg = lying("rtt", "Distribution of round-trip times", said, rows)
    yield Figure("rtt_distribution", "Round-trip times", svg, said)


def _class(low: object, high: object) -> str:
    return f"above {_number(low):g} ms" if high is None else f"{_number(low):g} to {_number(high):g} ms"


def _destinations(analysis: Analysis) -> Iterator[Figure]:
    rows = [
        (_place(row), _number(row["packets"]), f"{_number(row['packets']):,.0f}")
        for row in _rows(analysis, "destinations")[:_MOST_BARS]
    ]
    if rows:
        said = f"Packets to each address and port; most to {rows[0][0]} ({rows[0][2]} packets)."
        svg = lying("destinations", "Top destinations", said, rows)
        yield Figure("destinations", "Top destinations", svg, said)


def _place(row: dict[str, object]) -> str:
    port = "" if row["port"] is None else f" {row['transport']} {row['port']}"
    return f"{row['address']}{port}"


def _ports(analysis: Analysis) -> Iterator[Figure]:
    ranked = sorted(_rows(analysis, "ports"), key=lambda row: -_number(row["bytes"]))[:_MOST_BARS]
    rows = [
        (f"{row['transport']} {row['port']} {row['service'] or ''}".strip(), _number(row["bytes"]), _bytes(row))
        for row in ranked
    ]
    if rows:
        said = f"Bytes of the conversations to each port; most to {rows[0][0]} ({rows[0][2]} bytes)."
        yield Figure("ports", "Top ports", lying("ports", "Top ports", said, rows), said)


def _bytes(row: dict[str, object]) -> str:
    return f"{_number(row['bytes']):,.0f}"


def _retransmissions(analysis: Analysis) -> Iterator[Figure]:
    rows = _rows(analysis, "retransmissions")
    if not rows:
        return
    sent = {_number(row["start_s"]): _number(row["segments"]) - _number(row["retransmissions"]) for row in rows}
    again = {_number(row["start_s"]): _number(row["retransmissions"]) for row in rows}
    total, lost = sum(sent.values()) + sum(again.values()), sum(again.values())
    said = f"TCP segments over time: {lost:,.0f} of {total:,.0f} were sent again."
    series = [Series("sent once", sent), Series("sent again", again)]
    svg = stacked("retransmissions", "Retransmissions over time", said, series, "segments")
    yield Figure("retransmissions", "Retransmissions over time", svg, said, ("sent once", "sent again"))
