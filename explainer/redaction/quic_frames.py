"""The frames of QUIC that may come before a connection is used (RFC 9000, 12.4 and 19)."""

from collections.abc import Callable
from dataclasses import dataclass

from explainer.redaction.quic_numbers import number

_PADDING, _PING, _ACK, _ACK_ECN, _CRYPTO, _CLOSE, _CLOSE_BY_APPLICATION = 0, 1, 2, 3, 6, 0x1C, 0x1D


@dataclass(frozen=True)
class Piece:
    """A part of the handshake, by its place in the packet's frames and in what the side says as a whole."""

    start: int
    end: int
    offset: int


def rewrite(payload: bytes, speak: Callable[[bytes], bytes]) -> tuple[bytearray, list[Piece]]:
    """Return frames with other texts, and the pieces of the handshake in them, which are zeros still.

    `speak` returns what may be shown of a text; what follows a frame that is not known becomes zeros.
    """
    made, pieces, at = bytearray(len(payload)), list[Piece](), 0
    try:
        while at < len(payload):
            end = _frame(payload, made, at, pieces, speak)
            if end == at or end > len(payload):
                break
            at = end
    except IndexError:
        pass
    return made[: len(payload)], pieces


def _frame(
    payload: bytes, made: bytearray, at: int, pieces: list[Piece], speak: Callable[[bytes], bytes]
) -> int:  # fmt: skip
    """Rewrite one frame, and return where it ends; where it begins for one that is not known."""
    kind = payload[at]
    match kind:
        case _ if kind in (_PADDING, _PING):
            end = at + 1
        case _ if kind in (_ACK, _ACK_ECN):
            end = _acknowledgement(payload, at)
        case _ if kind == _CRYPTO:
            offset, after = number(payload, at + 1)
            size, start = number(payload, after)
            made[at:start] = payload[at:start]
            if start + size <= len(payload):
                pieces.append(Piece(start, start + size, offset))
            return start + size
        case _ if kind in (_CLOSE, _CLOSE_BY_APPLICATION):
            _, after = number(payload, at + 1)
            if kind == _CLOSE:
                _, after = number(payload, after)
            size, start = number(payload, after)
            made[at:start] = payload[at:start]
            made[start : start + size] = speak(payload[start : start + size])
            return start + size
        case _:
            return at
    made[at:end] = payload[at:end]
    return end


def _acknowledgement(payload: bytes, at: int) -> int:
    _, after = number(payload, at + 1)  # the largest that was seen
    _, after = number(payload, after)  # how long ago
    ranges, after = number(payload, after)
    for _ in range(1 + 2 * ranges + 3 * (payload[at] == _ACK_ECN)):
        _, after = number(payload, after)
    return after
