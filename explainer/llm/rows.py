"""Reading a statistic's rows by the names of its columns."""

from collections.abc import Sequence
from typing import Any

from explainer.model import Stat

Row = dict[str, Any]


def rows(stat: Stat | None) -> Sequence[Row]:
    """Return the rows, each by column name; none where the statistic was not computed."""
    if stat is None:
        return []
    names = [column.name for column in stat.columns]
    return [dict(zip(names, row, strict=True)) for row in stat.rows]


def frames(row: Row, *names: str) -> tuple[int, ...]:
    """Return the frame numbers in these columns, without those that are not known."""
    return tuple(row[name] for name in names if row[name] is not None)
