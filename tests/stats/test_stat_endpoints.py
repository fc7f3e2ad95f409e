import polars as pl
from factories import KnownFacts

from explainer.facts import Facts
from explainer.protocols.layers import IPV4, LAYERS, TCP, Layer
from explainer.registry import statistics

HEADERS = {"src": pl.String, "dst": pl.String, "length": pl.Int64, "sport": pl.Int64, "dport": pl.Int64}


def endpoints(layer: Layer, known: Facts) -> tuple[tuple[object, ...], ...]:
    entry = statistics.get(f"endpoints_{layer.id}")
    assert entry is not None
    stat = entry.compute(known)
    assert stat.total_rows == len(stat.rows)
    return stat.rows


def test_what_is_sent_and_received_is_counted_apart() -> None:
    table = pl.DataFrame({"src": ["a", "a", "b"], "dst": ["b", "b", "a"], "length": [60, 70, 100]})
    assert endpoints(IPV4, KnownFacts({IPV4.headers: table})) == (
        ("a", 3, 230, 2, 130, 1, 100),
        ("b", 3, 230, 1, 100, 2, 130),
    )


def test_who_sends_to_itself_counts_twice() -> None:
    table = pl.DataFrame({"src": ["a"], "dst": ["a"], "length": [60]})
    assert endpoints(IPV4, KnownFacts({IPV4.headers: table})) == (("a", 2, 120, 1, 60, 1, 60),)


def test_each_port_is_an_endpoint() -> None:
    row = [("a", "b", 60, 5000, 80), ("a", "b", 60, 5001, 80)]
    table = pl.DataFrame(row, schema=HEADERS, orient="row")
    assert endpoints(TCP, KnownFacts({TCP.headers: table})) == (
        ("b", 80, 2, 120, 0, 0, 2, 120),
        ("a", 5000, 1, 60, 1, 60, 0, 0),
        ("a", 5001, 1, 60, 1, 60, 0, 0),
    )


def test_nothing_has_no_endpoint() -> None:
    for layer in LAYERS:
        assert endpoints(layer, KnownFacts({layer.headers: pl.DataFrame(schema=HEADERS)})) == ()
