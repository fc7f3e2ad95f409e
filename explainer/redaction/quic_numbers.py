"""QUIC's numbers of one, two, four or eight bytes (RFC 9000, 16)."""


def number(data: bytes | bytearray, at: int) -> tuple[int, int]:
    """Return a number, and where it ends; of one that was cut off what there is.

    Raises:
        IndexError: there is none.
    """
    size = 1 << (data[at] >> 6)
    return int.from_bytes(data[at : at + size], "big") & ((1 << (8 * size - 2)) - 1), at + size
