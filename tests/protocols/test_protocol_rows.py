"""Values of neighbouring rows, against polars' own windows."""

import polars as pl
import pytest

from explainer.protocols.rows import neighbour, up_to

_TABLE = pl.DataFrame({"stream": [0, 0, 0, 1, 2, 2], "side": [True, True, False, False, True, True], "n": range(6)})


@pytest.mark.parametrize("offset", [-2, -1, 1, 2])
@pytest.mark.parametrize("key", [("stream",), ("stream", "side")])
def test_it_is_what_a_shift_over_the_key_gives(offset: int, key: tuple[str, ...]) -> None:
    shifted = _TABLE.select(pl.col("n").shift(-offset).over(key))["n"]
    assert _TABLE.select(neighbour("n", offset, *key).alias("n"))["n"].to_list() == shifted.to_list()


def test_a_table_without_rows_has_no_neighbours() -> None:
    assert _TABLE.clear().select(neighbour("n", 1, "stream")).height == 0


def test_the_rows_of_each_stream_up_to_a_frame() -> None:
    table = pl.DataFrame({"stream": [0, 1, 0, 1, 2], "frame": [1, 2, 3, 4, 5]})
    found = up_to(table, {0: 3, 1: 2, 9: 9})
    assert {stream: rows["frame"].to_list() for stream, rows in found.items()} == {0: [1, 3], 1: [2]}
    assert up_to(table, {}) == {}
