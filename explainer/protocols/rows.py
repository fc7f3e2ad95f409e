"""Rows that follow each other in a table, or belong together."""

from collections.abc import Mapping

from explainer.lazy import pl


def neighbour(name: str, offset: int, *key: str) -> "pl.Expr":
    """Return a column's value so many rows later (earlier, where `offset` is negative), null beyond those of its key.

    The table has to be sorted by the key: to shift over it as a window takes a hundred times as long.
    """
    same = pl.all_horizontal(pl.col(column).shift(-offset) == pl.col(column) for column in key)
    return pl.when(same).then(pl.col(name).shift(-offset))


def up_to(table: "pl.DataFrame", ends: Mapping[int, int]) -> "dict[int, pl.DataFrame]":
    """Return the rows of each of these streams up to a frame, in order; in one pass for all of them."""
    limits = pl.DataFrame({"stream": list(ends), "until": list(ends.values())}, {"stream": pl.Int64, "until": pl.Int64})
    rows = table.join(limits, on="stream", maintain_order="left").filter(pl.col("frame") <= pl.col("until"))
    return {int(str(key)): part for (key,), part in rows.partition_by("stream", as_dict=True).items()}
