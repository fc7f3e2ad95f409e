"""A frame while it is rewritten, and what it carries."""

from collections.abc import Callable
from dataclasses import dataclass, field

from explainer.redaction.checksums import Sum
from explainer.redaction.stand_ins import StandIns


@dataclass(frozen=True)
class Payload:
    """What a TCP segment or UDP datagram carries, by its place in the frame; ports and addresses are the original's."""

    frame: int
    start: int
    end: int
    tcp: bool
    source: tuple[bytes, int]
    destination: tuple[bytes, int]
    sequence: int = 0
    flags: int = 0


@dataclass
class Frame:
    """A frame while it is rewritten: what it was, what it becomes, and the checksums to mend, outermost first."""

    number: int
    data: bytes
    out: bytearray
    stand_ins: StandIns
    payloads: list[Payload] = field(default_factory=list)
    sums: list[Sum] = field(default_factory=list)

    def keep(self, start: int, end: int) -> None:
        """Copy bytes as they are."""
        end = min(end, len(self.data))
        self.out[start:end] = self.data[start:end]

    def replace(self, start: int, size: int, stand_in: Callable[[bytes], bytes]) -> None:
        """Put the stand-in of some bytes in their place; of bytes that were cut off, nothing."""
        if start + size <= len(self.data):
            self.out[start : start + size] = stand_in(self.data[start : start + size])

    def number_at(self, start: int, size: int = 2) -> int:
        """Return the number in network order, 0 where it was cut off."""
        return int.from_bytes(self.data[start : start + size], "big") if start + size <= len(self.data) else 0
