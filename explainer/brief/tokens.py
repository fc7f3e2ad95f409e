"""Counting tokens: a counter is a name and a function; the estimate stands in where a model's vocabulary is missing."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

# Measured on packet lists, statistics, JSON and hex: the worst needed one token for 1.6 bytes.
_BYTES_PER_TOKEN = 1.5


@dataclass(frozen=True)
class Counter:
    """How tokens are counted, and what that is called."""

    name: str
    count: Callable[[str], int]


def _estimated(text: str) -> int:
    return ceil(len(text.encode("utf-8", "replace")) / _BYTES_PER_TOKEN)


ESTIMATE = Counter("estimate (bytes / 1.5)", _estimated)
