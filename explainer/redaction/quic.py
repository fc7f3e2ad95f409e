"""QUIC packets: types, versions and lengths (RFC 9000); their content goes, as anybody can decrypt the first ones."""

from collections.abc import Callable

_LONG, _INITIAL, _RETRY = 0x80, 0, 3
_LONGEST_ID = 20


def is_long(data: bytes) -> bool:
    """Return whether a datagram begins with a long header."""
    return len(data) > 6 and data[0] & 0x80 == _LONG and data[5] <= _LONGEST_ID


def rewrite(data: bytes, out: bytearray, noise: Callable[[bytes], bytes]) -> None:
    """Rewrite the packets of a datagram."""
    at = 0
    while at + 6 < len(data) and data[at] & _LONG:
        version, kind = data[at + 1 : at + 5], data[at] >> 4 & 0x03
        out[at : at + 5] = data[at : at + 5]
        place = at + 5
        for _ in range(2):  # where to and where from: connection IDs, which routers of a site can tell apart
            size = data[place] if place < len(data) else 0
            out[place : place + 1] = data[place : place + 1]
            out[place + 1 : place + 1 + size] = noise(data[place + 1 : place + 1 + size])
            place += 1 + size
        if version == bytes(4):  # the versions that a server knows
            out[place:] = data[place:]
            return
        if kind == _RETRY:
            return
        if kind == _INITIAL:
            token, place = _length(data, out, place)
            place += token
        size, place = _length(data, out, place)
        at = place + size


def _length(data: bytes, out: bytearray, at: int) -> tuple[int, int]:
    """Keep a length, and return it with where it ends (RFC 9000, 16)."""
    if at >= len(data):
        return 0, len(data)
    size = 1 << (data[at] >> 6)
    out[at : at + size] = data[at : at + size]
    return int.from_bytes(data[at : at + size], "big") & ((1 << (8 * size - 2)) - 1), at + size
