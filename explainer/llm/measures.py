"""Whether a number as it is written equals one that was measured: units, rounding, "about". Pure."""

from collections.abc import Iterable

from explainer.llm.reading import Dimension, Quantity

_ROUGHLY = 0.1
_EPSILON = 1e-9
UNITS = (
    ("ms", Dimension.TIME, 1e-3), ("s", Dimension.TIME, 1), ("days", Dimension.TIME, 86400),
    ("hours", Dimension.TIME, 3600), ("bytes", Dimension.BYTES, 1), ("share", Dimension.SHARE, 1),
    ("mss", Dimension.BYTES, 1), ("mtu", Dimension.BYTES, 1), ("percent", Dimension.SHARE, 1),
)  # fmt: skip
"""How the last word of a column's name tells what it measures, and its unit in seconds, bytes or percent."""


def stem(noun: str) -> str:
    """Return a noun without the ending of its plural."""
    return noun.lower().removesuffix("s").removesuffix("e")


def among(quantity: Quantity, known: Iterable[float]) -> bool:
    """Return whether one of the known values is written as this number."""
    room = max(quantity.value * _ROUGHLY if quantity.about else 0.0, quantity.least) + _EPSILON
    return any(_near(quantity, value, room) for value in known)


def _near(quantity: Quantity, value: float, room: float) -> bool:
    """Return whether a value is written as this number, rounded or cut off after its last digit."""
    if quantity.dimension is Dimension.COUNT and not quantity.about:
        return abs(value - quantity.value) < (_EPSILON if quantity.least == 1 else room)
    return -room / 2 <= value - quantity.value < room
