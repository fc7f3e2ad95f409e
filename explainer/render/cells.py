"""A cell of a table as people read it, and the name over its column."""

from explainer.model import Cell, StatColumn

_IDENTIFIERS = ("port", "stream", "frame", "code")  # numbers that name something: no thousands in them


def shown(cell: Cell, column: StatColumn) -> str:
    """Return "1,024", "0.088", "yes", "-" for nothing; text as it is."""
    match cell:
        case int() if column.name.endswith(_IDENTIFIERS) and not isinstance(cell, bool):
            return str(cell)
        case None:
            return "-"
        case bool():
            return "yes" if cell else "no"
        case int():
            return f"{cell:,}"
        case float():
            return f"{cell:,.6f}".rstrip("0").rstrip(".")
        case _:
            return cell


def heading(column: StatColumn) -> str:
    """Return the column's name with its unit, where the name does not say it: "byte_share_%"."""
    return f"{column.name}_{column.unit}" if column.unit and column.unit not in column.name else column.name
