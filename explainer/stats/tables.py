"""Building a Stat from its columns' names: the unit is what a name ends in."""

from collections.abc import Sequence

from explainer.model import Cell, Stat, StatColumn

_UNITS = {"_ms": "ms", "_s": "s", "bytes": "bytes", "share": "%"}


def table(stat_id: str, title: str, names: Sequence[str], rows: Sequence[Sequence[Cell]], note: str = "") -> Stat:
    """Return the statistic with a column for each name."""
    return Stat(
        id=stat_id,
        title=title,
        columns=tuple(StatColumn(name=name, unit=unit(name)) for name in names),
        rows=tuple(map(tuple, rows)),
        total_rows=len(rows),
        note=note,
    )


def unit(name: str) -> str:
    """Return the unit of a column by its name: "rtt_ms" is in ms, "tx_bytes" in bytes, "share" in %."""
    return next((unit for ending, unit in _UNITS.items() if name.endswith(ending)), "")


def arranged(stat: Stat, sort: str | None, top: int | None) -> Stat:
    """Return the statistic sorted by a column (numbers: largest first; text: A first) and cut to its first rows.

    A statistic without that column stays in its own order; `total_rows` still counts all rows.
    """
    names = [column.name for column in stat.columns]
    rows = list(stat.rows)
    if sort in names:
        index = names.index(sort)
        present = [row for row in rows if row[index] is not None]
        textual = any(isinstance(row[index], str) for row in present)
        present.sort(key=lambda row: _sort_key(row[index]), reverse=not textual)
        rows = present + [row for row in rows if row[index] is None]
    return stat.model_copy(update={"rows": tuple(rows[:top])})


def _sort_key(cell: Cell) -> tuple[float, str]:
    return (0.0, cell) if isinstance(cell, str) else (float(cell or 0), "")
