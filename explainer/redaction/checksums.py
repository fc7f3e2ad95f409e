"""Internet checksums (RFC 1071), mended by what changed (RFC 1624): right ones stay right, and wrong ones wrong.

So a packet of which only the beginning was stored needs no more than that beginning.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sum:
    """A checksum: its place, the bytes that it covers, and the addresses of the pseudo header, where it has one."""

    place: int
    start: int
    end: int
    pseudo: tuple[int, int] = (0, 0)


def mend(old: bytes, new: bytearray, sums: list[Sum]) -> None:
    """Mend the checksums of a frame, innermost first: an outer one may cover an inner one."""
    for one in reversed(sums):
        if one.place + 2 > len(old):
            continue
        kept = old[one.place : one.place + 2]
        new[one.place : one.place + 2] = kept
        before = _words(old[one.start : one.end]) + _words(old[one.pseudo[0] : one.pseudo[1]])
        after = _words(new[one.start : one.end]) + _words(new[one.pseudo[0] : one.pseudo[1]])
        if before % 0xFFFF == after % 0xFFFF:
            continue
        value = 0xFFFF - int.from_bytes(kept, "big")
        made = 0xFFFF - ((value + after - before) % 0xFFFF)
        new[one.place : one.place + 2] = made.to_bytes(2, "big")


def _words(data: bytes | bytearray) -> int:
    padded = bytes(data) + b"\0" * (len(data) % 2)
    return sum(int.from_bytes(padded[at : at + 2], "big") for at in range(0, len(padded), 2))
