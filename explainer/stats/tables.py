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
