"""A frame table gives back what a data frame holds, however its columns are held."""

import polars as pl
import pytest
from factories import dense
from polars.testing import assert_frame_equal

from explainer import frame_table
from explainer.frame_table import FrameTable, Held, gathered, joined

FRAMES = pl.DataFrame(
    {
        "number": [1, 2, 3, 4, 5],
        "few": [None, "x", None, None, "y"],
        "many": [[1], [2, 3], None, [4], [5]],
        "nothing": pl.Series([None] * 5, dtype=pl.List(pl.String)),
        "flag": [True, False, False, True, False],
    }
)


@pytest.fixture(autouse=True)
def held_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold the columns of small tables as those of large ones."""
    monkeypatch.setattr(frame_table, "_MANY", 0)


ROWS = pl.Series([0, 1, 4], dtype=pl.UInt32)


@pytest.fixture
def table() -> FrameTable:
    return FrameTable.of(FRAMES)


def test_it_holds_what_the_frames_do(table: FrameTable) -> None:
    assert (table.height, table.names) == (5, FRAMES.columns)
    assert_frame_equal(dense(table), FRAMES)
    assert table.column("few").to_list() == [None, "x", None, None, "y"]
    assert table.select(["many", "number"]).columns == ["many", "number"]


def test_a_column_that_most_frames_lack_takes_places_for_the_others_alone(table: FrameTable) -> None:
    assert (len(table.held("few").values), table.held("few").there().to_list()) == (2, [1, 4])
    assert (len(table.held("nothing").values), table.held("nothing").there().to_list()) == (0, [])
    assert (table.held("many").rows, table.held("many").there().to_list()) == (None, [0, 1, 3, 4])


def test_the_rows_that_have_any_of_some_columns_come_alone_and_in_order(table: FrameTable) -> None:
    assert table.having(["few"], ["number", "few", "many", "nothing"]).rows() == [
        (2, "x", [2, 3], None),
        (5, "y", [5], None),
    ]
    assert table.having(["few", "many"], ["number", "few"]).rows() == [(1, None), (2, "x"), (4, None), (5, "y")]
    assert table.having(["nothing"], ["number", "few"]).is_empty()
    assert table.having(["nothing"], ["number", "few"]).schema == {"number": pl.Int64, "few": pl.String}


def test_some_rows_of_a_column_are_found_where_it_is_held() -> None:
    held = Held(pl.Series("few", ["x", "y"]), pl.Series([1, 4], dtype=pl.UInt32))
    assert held.among(ROWS).to_list() == [None, "x", "y"]
    assert held.among(pl.Series([0, 3], dtype=pl.UInt32)).to_list() == [None, None]
    assert held.among(pl.Series([1, 4], dtype=pl.UInt32)).to_list() == ["x", "y"]


@pytest.mark.parametrize("rows", [1, 2, 5, 9])
def test_pieces_and_the_whole_are_the_same(table: FrameTable, rows: int) -> None:
    pieces = list(table.slices(rows))
    assert [piece.height for piece in pieces] == [min(rows, 5 - first) for first in range(0, 5, rows)]
    assert_frame_equal(pl.concat(pieces), FRAMES)
    assert_frame_equal(dense(gathered(pieces)), FRAMES)


def test_an_empty_table_has_one_empty_piece_with_its_columns(table: FrameTable) -> None:
    (piece,) = table.head(0).slices(3)
    assert piece.schema == FRAMES.schema
    assert_frame_equal(dense(gathered([piece])), FRAMES.clear())


def test_the_first_rows_alone(table: FrameTable) -> None:
    for height in range(6):
        assert_frame_equal(dense(table.head(height)), FRAMES.head(height))


def test_small_tables_have_all_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame_table, "_MANY", 6)
    small = FrameTable.of(FRAMES)
    assert {name for name in small.names if small.held(name).rows is not None} == set()
    assert small.having(["few"], ["number"])["number"].to_list() == [2, 5]
    # One large piece and one small one, whose columns have all places.
    whole = gathered([pl.concat([FRAMES, FRAMES]), FRAMES])
    assert_frame_equal(dense(whole), pl.concat([FRAMES] * 3))
    assert whole.having(["few"], ["few"])["few"].to_list() == ["x", "y"] * 3


@pytest.mark.parametrize("first", [[0, 2, 4], [1, 2], [4], [0, 1, 2, 3]])
def test_parts_come_together_row_by_row(first: list[int]) -> None:
    second = [row for row in range(5) if row not in first]
    parts = [FrameTable.of(FRAMES[rows]) for rows in (first, second)]
    whole = joined(parts, [pl.Series(rows, dtype=pl.UInt32) for rows in (first, second)])
    assert_frame_equal(dense(whole), FRAMES)


def test_what_is_joined_is_held_no_more(table: FrameTable) -> None:
    other = FrameTable.of(FRAMES)
    joined([table, other], [pl.Series(range(first, first + 5), dtype=pl.UInt32) for first in (0, 5)])
    assert table.names == other.names == []


def test_columns_in_the_place_of_others(table: FrameTable) -> None:
    numbers = pl.Series("number", [5, 4, 3, 2, 1])
    assert dense(table.replaced({"number": Held(numbers)})).equals(FRAMES.with_columns(numbers))
    assert table.column("number").to_list() == [1, 2, 3, 4, 5]
