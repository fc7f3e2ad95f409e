"""Statistics → Endpoints: who sent and received how much, one table a layer."""

from explainer.facts import Facts
from explainer.lazy import pl
from explainer.model import Stat, StatColumn
from explainer.protocols.layers import LAYERS, Layer
from explainer.registry import statistic

_MEANING = """What each {name} {what} sent and received; equals Statistics → Endpoints → {name} (`tshark -z endpoints,{id}`).

A header that occurs twice in a frame (a tunnel) counts twice, with the bytes of the whole frame each time, and so does
an address that sends to itself. Sorted by packets, then bytes, then address{ports}.
"""
_COUNTS = ("packets", "bytes", "tx_packets", "tx_bytes", "rx_packets", "rx_bytes")


def _endpoints(layer: Layer, facts: Facts) -> Stat:
    names = ["address", "port"] if layer.ports else ["address"]
    headers = facts[layer.headers]
    sent, received = (
        headers.group_by(own).agg(pl.len().cast(pl.Int64).alias(f"{way}_packets"), pl.col("length").sum().alias(f"{way}_bytes"))
        .rename(dict(zip(own, names, strict=True)))
        for way, own in (("tx", ["src", "sport"][: len(names)]), ("rx", ["dst", "dport"][: len(names)]))
    )  # fmt: skip
    table = (
        sent.join(received, on=names, how="full", coalesce=True)
        .with_columns(pl.selectors.numeric().fill_null(0))
        .with_columns(
            (pl.col("tx_packets") + pl.col("rx_packets")).alias("packets"),
            (pl.col("tx_bytes") + pl.col("rx_bytes")).alias("bytes"),
        )
        .sort("packets", "bytes", *names, descending=[True, True, *(False for _ in names)])
        .select(*names, *_COUNTS)
    )
    return Stat(
        id=f"endpoints_{layer.id}",
        title=f"{layer.name} endpoints",
        columns=tuple(StatColumn(name=name, unit="bytes" if name.endswith("bytes") else "") for name in table.columns),
        rows=tuple(table.iter_rows()),
        total_rows=table.height,
    )


def _register(layer: Layer) -> None:
    def compute(facts: Facts) -> Stat:
        return _endpoints(layer, facts)

    compute.__name__ = f"endpoints_{layer.id}"
    what, ports = ("address and port", " and port") if layer.ports else ("address", "")
    compute.__doc__ = _MEANING.format(name=layer.name, id=layer.id, what=what, ports=ports)
    statistic(f"{layer.name} endpoints", layer.headers)(compute)


for _layer in LAYERS:
    _register(_layer)
