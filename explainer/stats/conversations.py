"""Statistics → Conversations: who talked to whom, how much, when and how long, one table a layer."""

import ipaddress

from explainer.facts import Facts
from explainer.lazy import pl
from explainer.model import Stat, StatColumn
from explainer.protocols.frame import TIME
from explainer.protocols.layers import LAYERS, Layer
from explainer.registry import statistic

_MEANING = """Who talked to whom over {name}; equals Statistics → Conversations → {name} (`tshark -z conv,{id}`).

{sides} start_s is relative to the first frame. A header that occurs twice in a frame (a tunnel) counts twice, with the
bytes of the whole frame each time. Sorted by packets, then bytes, then {order}.
"""
_BY_ADDRESS = "As in Wireshark 4.0, A is the lower address, whoever spoke first.", "addresses"
_BY_PORT = (
    "As in Wireshark 4.0, A has the higher port (of equal ports: the lower address), whoever spoke first; each stream"
    " (tcp.stream, udp.stream) is a conversation of its own.",
    "addresses and ports",
)
_COUNTS = ("packets_a_b", "bytes_a_b", "packets_b_a", "bytes_b_a", "packets", "bytes", "start_s", "duration_s")
_UNITS = {"bytes": "bytes", "start": "s", "duration": "s"}
_NS = 1_000_000_000


def _conversations(layer: Layer, facts: Facts) -> Stat:
    ports = ["sport", "dport"] if layer.ports else []
    key = ["a", "a_port", "b", "b_port", "stream"] if layer.ports else ["a", "b"]
    ways = facts[layer.headers].group_by("src", "dst", *ports, *(["stream"] if layer.ports else [])).agg(
        pl.len().cast(pl.Int64).alias("packets"), pl.col("length").sum().alias("bytes"),
        pl.col("time").min().alias("first"), pl.col("time").max().alias("last"),
    )  # fmt: skip
    forward = pl.col("forward")
    sums = [
        pl.col(what).filter(side).sum().alias(f"{what}_{way}")
        for side, way in ((forward, "a_b"), (~forward, "b_a"))
        for what in ("packets", "bytes")
    ]
    start = facts.frames(TIME)[TIME.field].first()
    table = (
        _sided(ways, layer)
        .group_by(key)
        .agg(*sums, pl.col("packets", "bytes").sum(), pl.col("first").min(), pl.col("last").max())
        .with_columns(
            ((pl.col("first") - start) / _NS).alias("start_s"),
            ((pl.col("last") - pl.col("first")) / _NS).alias("duration_s"),
        )
        .sort("packets", "bytes", *key, descending=[True, True, *(False for _ in key)])
        .select(*key, *_COUNTS)
    )
    return Stat(
        id=f"conversations_{layer.id}",
        title=f"{layer.name} conversations",
        columns=tuple(StatColumn(name=name, unit=_UNITS.get(name.split("_")[0], "")) for name in table.columns),
        rows=tuple(table.iter_rows()),
        total_rows=table.height,
    )


def _sided(ways: "pl.DataFrame", layer: Layer) -> "pl.DataFrame":
    """Return each way with its conversation's sides A and B, and whether it goes from A to B."""
    lower = _place(ways, "src") <= _place(ways, "dst")
    if not layer.ports:
        return _turned(ways.with_columns(lower.alias("forward")), {"a": ("src", "dst"), "b": ("dst", "src")})
    higher = (ways["sport"] > ways["dport"]) | ((ways["sport"] == ways["dport"]) & lower)
    names = {"a": ("src", "dst"), "a_port": ("sport", "dport"), "b": ("dst", "src"), "b_port": ("dport", "sport")}
    return _turned(ways.with_columns(higher.alias("forward")), names)


def _turned(ways: "pl.DataFrame", names: dict[str, tuple[str, str]]) -> "pl.DataFrame":
    return ways.with_columns(
        pl.when(pl.col("forward")).then(pl.col(own)).otherwise(pl.col(other)).alias(name)
        for name, (own, other) in names.items()
    )


def _place(ways: "pl.DataFrame", side: str) -> "pl.Series":
    """Return the bytes of each address, as text that sorts as they do."""
    unique = ways[side].unique()
    packed = [_bytes(address) for address in unique]
    return ways[side].replace_strict(unique, packed, return_dtype=pl.String)


def _bytes(address: str) -> str:
    try:
        return ipaddress.ip_address(address).packed.hex()
    except ValueError:  # an Ethernet address, which sorts as it is written
        return address


def _register(layer: Layer) -> None:
    def compute(facts: Facts) -> Stat:
        return _conversations(layer, facts)

    compute.__name__ = f"conversations_{layer.id}"
    sides, order = _BY_PORT if layer.ports else _BY_ADDRESS
    compute.__doc__ = _MEANING.format(name=layer.name, id=layer.id, sides=sides, order=order)
    statistic(f"{layer.name} conversations", layer.headers, TIME)(compute)


for _layer in LAYERS:
    _register(_layer)
