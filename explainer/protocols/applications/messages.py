"""Messages of application protocols, fetched in one second look at just the frames that tell something.

Rules
* A dialect says which layer of frame.protocols it is about, which of its frames matter, and what is read of them; the
  second look is taken only where one of these layers occurs, once for all of them.
* A segment that comes again (same stream, sender and sequence number) is one message.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from explainer.facts import Column
from explainer.protocols.applications.records import Record
from explainer.protocols.tcp import CONTENT as CONTENT
from explainer.protocols.tcp import Endpoint


class Message(NamedTuple):
    """One frame of an application protocol, and what tshark reads in it, by field; `time_ns` since 1970.

    `cut` tells that it is stored in part, and its payload ends too early.
    """

    frame: int
    time_ns: int
    stream: int | None
    source: Endpoint
    destination: Endpoint
    layers: tuple[str, ...]
    values: Mapping[str, tuple[str, ...]]
    cut: bool = False

    def all(self, column: Column) -> tuple[str, ...]:
        """Return the field's values, in the order of the frame."""
        return self.values.get(column.field, ())

    def first(self, column: Column) -> str:
        """Return the field's first value, empty where it has none."""
        return next(iter(self.all(column)), "")

    def has(self, column: Column) -> bool:
        """Return whether the field is in the frame."""
        return column.field in self.values

    def number(self, column: Column) -> int | None:
        """Return the field's first value as a number, None where it has none."""
        return next(iter(self.numbers(column)), None)

    def numbers(self, column: Column) -> tuple[int, ...]:
        """Return the field's values that are numbers, written 12, 0x0c or by name (True, False)."""
        read = (_NAMED.get(text) if text in _NAMED else _integer(text) for text in self.all(column))
        return tuple(number for number in read if number is not None)

    @property
    def payload(self) -> bytes:
        """Return the bytes of its segment."""
        try:
            return bytes.fromhex(self.first(CONTENT).replace(":", ""))
        except ValueError:
            return b""


_NAMED = {"True": 1, "False": 0}


def _integer(text: str) -> int | None:
    try:
        return int(text, 0)
    except ValueError:
        return None


class Dialect(NamedTuple):
    """How one protocol is read: its layer in frame.protocols, which frames (display filter), which columns.

    `read` gets the messages of one conversation, in file order.
    """

    layer: str
    frames: str
    columns: tuple[Column, ...]
    read: Callable[[Sequence[Message]], Iterator[Record]]


def many(field: str) -> Column:
    """Return the column of a field of which every value of a frame is read, as text."""
    return Column(field, many=True)
