"""DNS and DHCP messages with other names and addresses (RFC 1035, 3596, 2131)."""

from collections.abc import Iterator
from contextlib import suppress

from explainer.redaction.stand_ins import StandIns

_A, _NS, _CNAME, _SOA, _PTR, _MX, _AAAA, _SRV, _DNAME = 1, 2, 5, 6, 12, 15, 28, 33, 39
_NAMED = {_NS: 0, _CNAME: 0, _PTR: 0, _DNAME: 0, _MX: 2, _SRV: 6}
_OPT = 41
_HEADER, _FIXED = 12, 10
_COOKIE = bytes.fromhex("63825363")
_PLAIN_OPTIONS = frozenset({1, 51, 53, 55, 57, 58, 59, 52})
_ADDRESS_OPTIONS = frozenset({3, 4, 5, 6, 28, 42, 44, 50, 54, 150})
_MOST_LABELS = 128


def message(data: bytes, stand_ins: StandIns) -> bytes:
    """Return a DNS message; from where it is no such message on, zeros."""
    out = bytearray(len(data))
    out[:_HEADER] = data[:_HEADER]
    with suppress(IndexError):
        _sections(data, out, stand_ins)
    return bytes(out)


def _sections(data: bytes, out: bytearray, stand_ins: StandIns) -> None:
    at = _HEADER
    questions, *records = (int.from_bytes(data[place : place + 2], "big") for place in (4, 6, 8, 10))
    for _ in range(questions):
        at = _name(data, out, at, stand_ins)
        out[at : at + 4] = data[at : at + 4]
        at += 4
    for _ in range(sum(records)):
        at = _name(data, out, at, stand_ins)
        kind, size = int.from_bytes(data[at : at + 2], "big"), int.from_bytes(data[at + 8 : at + 10], "big")
        out[at : at + _FIXED] = data[at : at + _FIXED]
        at += _FIXED
        if at + size > len(data):
            return
        _value(kind, data, out, at, at + size, stand_ins)
        at += size


def _value(kind: int, data: bytes, out: bytearray, at: int, end: int, stand_ins: StandIns) -> None:
    if (kind, end - at) in ((_A, 4), (_AAAA, 16)):
        out[at:end] = stand_ins.address(data[at:end])
    elif kind in _NAMED:
        start = at + _NAMED[kind]
        out[at:start] = data[at:start]
        _name(data, out, start, stand_ins)
    elif kind == _SOA:
        after = _name(data, out, _name(data, out, at, stand_ins), stand_ins)
        out[after:end] = data[after:end]
    elif kind == _OPT:
        while at + 4 <= end:
            out[at : at + 4] = data[at : at + 4]
            at += 4 + int.from_bytes(data[at + 2 : at + 4], "big")


def _name(data: bytes, out: bytearray, at: int, stand_ins: StandIns) -> int:
    """Rewrite a name where its labels lie, and return where it ends; a pointer stays (RFC 1035, 4.1.4)."""
    labels = list(_labels(data, at))
    text = b".".join(label for _, label in labels)
    made = stand_ins.host(text).split(b".")
    for (place, label), said in zip(labels, made, strict=False):
        fits = len(made) == len(labels) and len(said) == len(label)
        out[place] = len(label)
        out[place + 1 : place + 1 + len(label)] = (
            said if fits and said.strip(b"x-") else _letters(stand_ins.noise(label))
        )
    while data[at] and data[at] < 0xC0:
        at += 1 + data[at]
    size = 2 if data[at] >= 0xC0 else 1
    out[at : at + size] = data[at : at + size]
    return at + size


def _letters(noise: bytes) -> bytes:
    """Return letters for a label that is no text: what differed still does."""
    return bytes(ord("a") + byte % 26 for byte in noise)


def _labels(data: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    for _ in range(_MOST_LABELS):
        size = data[at]
        if not size:
            return
        if size >= 0xC0:
            at = (size & 0x3F) << 8 | data[at + 1]
        else:
            if at + 1 + size > len(data):
                raise IndexError(at)
            yield at, data[at + 1 : at + 1 + size]
            at += 1 + size


def dhcp(data: bytes, stand_ins: StandIns) -> bytes:
    """Return a DHCP message for others; of its options those that are numbers or addresses."""
    out = bytearray(len(data))
    out[:12] = data[:12]
    for at in (12, 16, 20, 24):
        out[at : at + 4] = stand_ins.address(data[at : at + 4])
    out[28:34] = stand_ins.mac(data[28:34])
    out[236:240] = data[236:240]
    at = 240
    while at + 1 < len(data) and data[at] != 0xFF:
        kind, size = data[at], data[at + 1] if data[at] else 0
        out[at] = kind
        if not kind:
            at += 1
            continue
        start, end = at + 2, min(at + 2 + size, len(data))
        out[at + 1] = size
        if kind in _PLAIN_OPTIONS:
            out[start:end] = data[start:end]
        elif kind in _ADDRESS_OPTIONS:
            for place in range(start, end - 3, 4):
                out[place : place + 4] = stand_ins.address(data[place : place + 4])
        elif kind == 61 and size == 7 and data[start] == 1:
            out[start:end] = b"\1" + stand_ins.mac(data[start + 1 : end])
        at = end
    if at < len(data):
        out[at] = data[at]
    return bytes(out)


def is_dhcp(data: bytes) -> bool:
    """Return whether a datagram is a DHCP message."""
    return len(data) > 240 and data[236:240] == _COOKIE
