"""The frame table: a row a frame, in file order, each of whose columns takes memory for the frames that have it.

Most columns belong to one protocol. With a place for each of them in every row, two thirds of the table were places.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

from explainer.lazy import pl

_PLACES = 0.5
"""From this share of frames without a value on, a column is held by the rows that have one."""
_MANY = 50_000
"""Of fewer frames, all columns have all places: they take 80 MB, and to hold them apart 20 ms."""


class Held(NamedTuple):
    """A column's values, and the rows that have them, ascending from 0; None: every row, of which few have none."""

    values: "pl.Series"
    rows: "pl.Series | None" = None

    def of(self, height: int) -> "pl.Series":
        """Return the column as so many rows hold it, null where there is no value."""
        if self.rows is None:
            return self.values
        if self.rows.is_empty():
            return self.values.clear(height)
        nowhere = pl.Series([None], dtype=pl.UInt32).new_from_index(0, height)
        return self.values.gather(nowhere.scatter(self.rows, pl.int_range(len(self.rows), dtype=pl.UInt32, eager=True)))

    def among(self, rows: "pl.Series") -> "pl.Series":
        """Return the column as these rows hold it, which are ascending."""
        if self.rows is None:
            return self.values.gather(rows)
        if self.rows.is_empty():
            return self.values.clear(len(rows))
        if len(rows) == len(self.rows) and rows.equals(self.rows):
            return self.values
        places = self.rows.search_sorted(rows).clip(0, len(self.rows) - 1)
        return self.values.gather(places.set(self.rows.gather(places) != rows, None))

    def there(self) -> "pl.Series":
        """Return the rows that have a value."""
        return self.values.is_not_null().arg_true() if self.rows is None else self.rows

    def until(self, height: int) -> "Held":
        """Return what the rows before this one hold."""
        if self.rows is None:
            return Held(self.values.head(height))
        known = self.rows.search_sorted(height)
        return Held(self.values.head(known), self.rows.head(known))

    def apart(self) -> "Held":
        """Return the values without places for those that are none."""
        if self.rows is not None:
            return self
        there = self.values.is_not_null()
        return Held(self.values.filter(there), there.arg_true())


class FrameTable:
    """A table of so many rows (`height`), read by its columns' names."""

    def __init__(self, height: int, columns: Mapping[str, Held]) -> None:
        self.height = height
        self._columns = dict(columns)

    @classmethod
    def of(cls, frames: "pl.DataFrame") -> "FrameTable":
        """Return the table that holds what a data frame does; of few frames, with all places: that is quicker."""
        few = frames.height < _MANY
        return cls(frames.height, {column.name: Held(column) if few else _thrifty(column) for column in frames})

    @property
    def names(self) -> list[str]:
        """The names of its columns, in order."""
        return list(self._columns)

    def column(self, name: str) -> "pl.Series":
        """Return a column with a place for every row."""
        return self._columns[name].of(self.height)

    def select(self, names: Sequence[str]) -> "pl.DataFrame":
        """Return all rows of these columns."""
        return pl.DataFrame([self.column(name) for name in names])

    def having(self, fields: Sequence[str], names: Sequence[str]) -> "pl.DataFrame":
        """Return the rows that have a value in any of the `fields`, with the columns `names`."""
        there = [self._columns[field].there() for field in fields]
        rows = there[0] if len(there) == 1 else pl.concat(there).unique().sort()
        return pl.DataFrame([self._columns[name].among(rows) for name in names])

    def slices(self, rows: int) -> "Iterator[pl.DataFrame]":
        """Yield the table in pieces of so many rows; one without a row, where it has none."""
        for first in range(0, max(self.height, 1), rows):
            part = pl.int_range(first, min(first + rows, self.height), dtype=pl.UInt32, eager=True)
            yield pl.DataFrame([held.among(part) for held in self._columns.values()])

    def head(self, height: int) -> "FrameTable":
        """Return the first rows alone."""
        return FrameTable(height, {name: held.until(height) for name, held in self._columns.items()})

    def replaced(self, columns: Mapping[str, Held]) -> "FrameTable":
        """Return the table with other columns in the place of those of these names."""
        return FrameTable(self.height, {**self._columns, **columns})

    def held(self, name: str) -> Held:
        """Return a column as it is held."""
        return self._columns[name]

    def taken(self, name: str) -> Held:
        """Return a column as it is held, and hold it no more: its memory is free when it has been used."""
        return self._columns.pop(name)


def joined(tables: Sequence[FrameTable], rows: "Sequence[pl.Series]") -> FrameTable:
    """Return the tables as one, in which the rows of each are at those of `rows` that are given with it, ascending.

    The tables are emptied a column at a time, so that nothing is held twice.
    """
    places = pl.concat(rows)
    order, columns = None if places.is_sorted() else places.arg_sort(), dict[str, Held]()
    for name in tables[0].names:
        parts = [table.taken(name) for table in tables]
        if all(part.rows is None for part in parts):
            values = pl.concat([part.values for part in parts], rechunk=True)
            columns[name] = _thrifty(values if order is None else values.gather(order))
        else:
            columns[name] = _apart([part.apart() for part in parts], rows, len(places))
    return FrameTable(len(places), columns)


def _apart(parts: Sequence[Held], rows: "Sequence[pl.Series]", height: int) -> Held:
    at = [all_rows.gather(part.rows) for part, all_rows in zip(parts, rows, strict=True) if part.rows is not None]
    places, values = pl.concat(at, rechunk=True), pl.concat([part.values for part in parts], rechunk=True)
    if not places.is_sorted():
        order = places.arg_sort()
        places, values = places.gather(order), values.gather(order)
    held = Held(values, places)
    return held if len(values) < height * _PLACES else Held(held.of(height))


def gathered(pieces: "Iterable[pl.DataFrame]") -> FrameTable:
    """Return the table whose rows come in pieces, of which there is one at least."""
    tables, waiting = list[FrameTable](), list[pl.DataFrame]()
    for piece in pieces:
        waiting.append(piece)
        if sum(each.height for each in waiting) >= _MANY:
            tables.append(FrameTable.of(pl.concat(waiting, rechunk=True)))
            waiting.clear()
    if waiting:
        tables.append(FrameTable.of(pl.concat(waiting, rechunk=True)))
    if len(tables) == 1:
        return tables[0]
    ends = list(accumulate((table.height for table in tables), initial=0))
    return joined(tables, [pl.int_range(*ends, dtype=pl.UInt32, eager=True) for ends in pairwise(ends)])


def _thrifty(column: "pl.Series") -> Held:
    """Return the column, with places for all or, if few have a value, for those alone."""
    held = Held(column)
    return held if column.null_count() <= len(column) * _PLACES else held.apart()
