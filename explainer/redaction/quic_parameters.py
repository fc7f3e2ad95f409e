"""QUIC's transport parameters (RFC 9000, 18; RFC 9368): numbers stay, connection IDs and tokens go."""

from collections.abc import Callable

from explainer.redaction.quic_numbers import number

_IDS_AND_TOKENS = (0x00, 0x02, 0x0F, 0x10)
_NUMBERS = frozenset({0x01, *range(0x03, 0x0D), 0x0E, 0x20, 0x2AB2})
_VERSIONS, _LONGEST = 0x11, 8


def transport_parameters(data: bytes, noise: Callable[[bytes], bytes]) -> bytes:
    """Return the parameters of somebody else; those that are not known become zeros."""
    made, at = bytearray(len(data)), 0
    while at < len(data):
        try:
            kind, after = number(data, at)
            size, start = number(data, after)
        except IndexError:
            break
        end = min(start + size, len(data))
        made[at:start] = data[at:start]
        if kind == _VERSIONS or (kind in _NUMBERS and size <= _LONGEST):
            made[start:end] = data[start:end]
        elif kind in _IDS_AND_TOKENS:
            made[start:end] = noise(data[start:end])
        at = start + size
    return bytes(made[: len(data)])
