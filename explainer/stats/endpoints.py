"""Statistics → Endpoints: who sent and received how much, one table a layer."""

from explainer.facts import Facts
from explainer.lazy import pl
from explainer.model import Stat
from explainer.protocols.layers import LAYERS, QUIRKS, Layer
from explainer.registry import statistic
from explainer.stats.tables import table

_MEANING = """What each {name} {what} sent and received.

It equals Statistics → Endpoints → {name} (`tshark -z endpoints,{id}`). A header that occurs twice in a frame (a tunnel)
counts twice, with the bytes of the whole frame each time, and so does an address that sends to itself.{quirk} Sorted by
packets, then bytes, then {what}.
"""
_COUNTS = ("packets", "bytes", "tx_packets", "tx_bytes", "rx_packets", "rx_bytes")


def _endpoints(layer: Layer, facts: Facts) -> Stat:
    names = ["address", "port"] if layer.ports else ["address"]
    headers = facts[layer.headers]
    sent = _way(headers, "tx", dict(zip(("src", "sport"), names, strict=False)))
    received = _way(headers, "rx", dict(zip(("dst", "dport"), names, strict=False)))
    rows = (
        sent.join(received, on=names, how="full", coalesce=True)
        .with_columns(pl.col(*_COUNTS[2:]).fill_null(0))
        .with_columns(
            (pl.col("tx_packets") + pl.col("rx_packets")).alias("packets"),
            (pl.col("tx_bytes") + pl.col("rx_bytes")).alias("bytes"),
        )
        .sort("packets", "bytes", *names, descending=[True, True, *(False for _ in names)])
        .select(*names, *_COUNTS)
    )
    return table(f"endpoints_{layer.id}", f"{layer.name} endpoints", rows.columns, rows.rows())


def _way(headers: "pl.DataFrame", way: str, names: dict[str, str]) -> "pl.DataFrame":
    counts = pl.len().cast(pl.Int64).alias(f"{way}_packets"), pl.col("length").sum().alias(f"{way}_bytes")
    return headers.group_by(list(names)).agg(*counts).rename(names)


def _register(layer: Layer) -> None:
    def compute(facts: Facts) -> Stat:
        return _endpoints(layer, facts)

    compute.__name__ = f"endpoints_{layer.id}"
    what = "address and port" if layer.ports else "address"
    compute.__doc__ = _MEANING.format(name=layer.name, id=layer.id, what=what, quirk=QUIRKS[layer.id])
    statistic(f"{layer.name} endpoints", layer.headers)(compute)


for _layer in LAYERS:
    _register(_layer)
