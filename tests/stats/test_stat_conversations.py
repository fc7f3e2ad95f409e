import polars as pl
from factories import KnownFacts

from explainer.facts import Facts
from explainer.protocols.frame import start_ns
from explainer.protocols.layers import IPV4, LAYERS, TCP, Layer
from explainer.registry import statistics

HEADERS = {
    "src": pl.String, "dst": pl.String, "length": pl.Int64, "time": pl.Int64, "sport": pl.Int64, "dport": pl.Int64,
    "stream": pl.Int64,
}  # fmt: skip
START = 1_700_000_000_000_000_001


class Known(KnownFacts):
    def __init__(self, layer: Layer, table: pl.DataFrame) -> None:
        super().__init__({layer.headers: table, start_ns: START})

    def limited_to(self, needs: object) -> Facts:
        return self


def conversations(layer: Layer, *rows: tuple[object, ...]) -> tuple[tuple[object, ...], ...]:
    entry = statistics.get(f"conversations_{layer.id}")
    assert entry is not None
    stat = entry.compute(Known(layer, pl.DataFrame(rows, schema=HEADERS, orient="row")))
    assert stat.total_rows == len(stat.rows)
    return stat.rows


def test_a_is_who_spoke_first() -> None:
    there = ("b", "a", 100, START + 5, None, None, None)
    back = ("a", "b", 60, START + 1_000_000_005, None, None, None)
    assert conversations(IPV4, there, back, there) == (("b", "a", 2, 200, 1, 60, 3, 260, 5e-09, 1.0),)
    assert conversations(IPV4, back, there) == (("a", "b", 1, 60, 1, 100, 2, 160, 5e-09, 1.0),)


def test_who_talks_to_itself_has_one_way() -> None:
    assert conversations(IPV4, ("a", "a", 60, START, None, None, None)) == (("a", "a", 1, 60, 0, 0, 1, 60, 0.0, 0.0),)


def test_ways_between_two_ports_of_one_address_are_told_apart() -> None:
    there, back = ("a", "a", 60, START, 5000, 80, 0), ("a", "a", 70, START, 80, 5000, 0)
    assert conversations(TCP, there, back) == (("a", 5000, "a", 80, 0, 1, 60, 1, 70, 2, 130, 0.0, 0.0),)


def test_a_port_that_is_used_again_is_another_conversation() -> None:
    first, second = ("a", "b", 60, START, 5000, 80, 0), ("a", "b", 70, START, 5000, 80, 1)
    assert [row[4] for row in conversations(TCP, first, second)] == [1, 0]


def test_a_frame_without_a_time_counts() -> None:
    assert conversations(IPV4, ("a", "b", 60, None, None, None, None)) == (("a", "b", 1, 60, 0, 0, 1, 60, None, None),)


def test_nothing_has_no_conversation() -> None:
    for layer in LAYERS:
        assert conversations(layer) == ()
