"""Statistics → Conversations: who talked to whom, how much, when and how long, one table a layer."""

from explainer.facts import Facts
from explainer.lazy import pl
from explainer.model import Stat
from explainer.protocols.frame import start_ns
from explainer.protocols.layers import LAYERS, QUIRKS, Layer
from explainer.registry import statistic
from explainer.stats.tables import table

_MEANING = """Who talked to whom over {name}; equals Statistics → Conversations → {name} (`tshark -z conv,{id}`).

A is who spoke first in this file, as in Wireshark 4.0.{streams} start_s is relative to the first frame. A header that
occurs twice in a frame (a tunnel) counts twice, with the bytes of the whole frame each time.{quirk} Times beyond the
year 2262, which only a damaged file claims, differ. Sorted by packets, then bytes, then {order}.
"""
_STREAMS = " Each stream ({id}.stream) is a conversation of its own, even between the same addresses and ports."
_COUNTS = ("packets_a_b", "bytes_a_b", "packets_b_a", "bytes_b_a", "packets", "bytes", "start_s", "duration_s")
_NS = 1_000_000_000
_EXACT_S = 1e6


def _conversations(layer: Layer, facts: Facts) -> Stat:
    names = ("a", "a_port", "b", "b_port", "stream") if layer.ports else ("a", "b")
    start = facts[start_ns]
    rows = (
        _talks(_ways(facts[layer.headers], layer), names)
        .with_columns(
            (pl.col("packets_a_b") + pl.col("packets_b_a")).alias("packets"),
            (pl.col("bytes_a_b") + pl.col("bytes_b_a")).alias("bytes"),
            _seconds(pl.col("first") - start).alias("start_s"),
            _seconds(pl.col("last") - pl.col("first")).alias("duration_s"),
        )
        .sort("packets", "bytes", *names, descending=[True, True, *(False for _ in names)])
        .select(*names, *_COUNTS)
    )
    return table(f"conversations_{layer.id}", f"{layer.name} conversations", rows.columns, rows.rows())


def _seconds(nanoseconds: "pl.Expr") -> "pl.Expr":
    # Rounding takes the division's error away, but would add one to what a float cannot hold to the nanosecond.
    value = nanoseconds / _NS
    return pl.when(value.abs() < _EXACT_S).then(value.round(9)).otherwise(value)


def _ways(headers: "pl.DataFrame", layer: Layer) -> "pl.DataFrame":
    """Return a row for each way of each conversation: its ends, counts and times, in the order of its first packet."""
    names = {"src": "a", "dst": "b"} | (
        {"sport": "a_port", "dport": "b_port", "stream": "stream"} if layer.ports else {}
    )
    return (
        headers.with_row_index("order")
        .group_by(list(names))
        .agg(
            pl.len().cast(pl.Int64).alias("packets"), pl.col("length").sum().alias("bytes"), pl.col("order").first(),
            pl.col("time").min().alias("first"), pl.col("time").max().alias("last"),
        )
        .sort("order")
        .rename(names)
    )  # fmt: skip


def _talks(ways: "pl.DataFrame", names: tuple[str, ...]) -> "pl.DataFrame":
    """Return a row a conversation: its first way leads from A to B, the other one, if any, back."""
    a, b, turned = pl.col("a"), pl.col("b"), pl.col("turned")
    ports = "a_port" in names
    swap = (a > b) | ((a == b) & (pl.col("a_port") > pl.col("b_port"))) if ports else a > b
    pairs = [("a", "b"), *([("a_port", "b_port")] if ports else [])]
    ends = [
        pl.when(swap).then(pl.col(one)).otherwise(pl.col(other)).alias(f"end_{one}")
        for pair in pairs
        for one, other in (pair, pair[::-1])
    ]
    forward = turned == turned.first()
    sums = [
        pl.col(what).filter(side).sum().alias(f"{what}_{way}")
        for side, way in ((forward, "a_b"), (~forward, "b_a"))
        for what in ("packets", "bytes")
    ]
    key = [f"end_{name}" for pair in pairs for name in pair] + (["stream"] if ports else [])
    firsts = pl.col(*(name for name in names if name != "stream")).first()
    return (
        ways.with_columns(*ends, swap.alias("turned"))
        .group_by(key, maintain_order=True)
        .agg(firsts, *sums, pl.col("first").min(), pl.col("last").max())
    )


def _register(layer: Layer) -> None:
    def compute(facts: Facts) -> Stat:
        return _conversations(layer, facts)

    compute.__name__ = f"conversations_{layer.id}"
    streams = _STREAMS.format(id=layer.id) if layer.ports else ""
    order = "addresses and ports" if layer.ports else "addresses"
    compute.__doc__ = _MEANING.format(
        name=layer.name, id=layer.id, streams=streams, order=order, quirk=QUIRKS[layer.id]
    )
    statistic(f"{layer.name} conversations", layer.headers, start_ns)(compute)


for _layer in LAYERS:
    _register(_layer)
