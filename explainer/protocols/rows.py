"""Rows that follow each other in a table."""

from explainer.lazy import pl


def neighbour(name: str, offset: int, *key: str) -> "pl.Expr":
    """Return a column's value so many rows later (earlier, where `offset` is negative), null beyond those of its key.

    The table has to be sorted by the key: to shift over it as a window takes a hundred times as long.
    """
    same = pl.all_horizontal(pl.col(column).shift(-offset) == pl.col(column) for column in key)
    return pl.when(same).then(pl.col(name).shift(-offset))
