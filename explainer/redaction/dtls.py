"""DTLS records of one direction, whose handshake messages may come in fragments and more than once (RFC 6347, 4.2)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from explainer.redaction.tls_messages import Messages
from explainer.redaction.tls_protection import ALERT, CHANGE, DATA, HANDSHAKE

_RECORD, _MESSAGE = 13, 12
_LONGEST = 1 << 18


@dataclass(frozen=True)
class Datagram:
    """A datagram's bytes, and those that take their place."""

    data: bytes
    out: bytearray


@dataclass(frozen=True)
class _Fragment:
    datagram: Datagram
    start: int
    offset: int
    size: int


def is_record(data: bytes) -> bool:
    """Return whether a datagram begins with a record."""
    return len(data) >= _RECORD and data[0] in (CHANGE, ALERT, HANDSHAKE, DATA) and data[1] == 0xFE and data[2] >= 0xFC


def rewrite(datagrams: Sequence[Datagram], speak: Messages) -> None:
    """Rewrite the records in these datagrams; what is encrypted becomes zeros."""
    messages = dict[tuple[int, int, int], list[_Fragment]]()
    for datagram in datagrams:
        for kind, start, end in _records(datagram):
            if kind in (CHANGE, ALERT):
                datagram.out[start:end] = datagram.data[start:end]
            elif kind == HANDSHAKE:
                for key, fragment in _fragments(datagram, start, end):
                    messages.setdefault(key, []).append(fragment)
    for (kind, _, size), fragments in messages.items():
        body = bytearray(size)
        for one in fragments:
            body[one.offset : one.offset + one.size] = one.datagram.data[one.start : one.start + one.size]
        made = speak.body(kind, bytes(body), datagram=True)
        for one in fragments:
            one.datagram.out[one.start : one.start + one.size] = made[one.offset : one.offset + one.size]


def _records(datagram: Datagram) -> Iterator[tuple[int, int, int]]:
    """Yield type, beginning and end of what each record carries in clear; the records' own headers stay."""
    data, at = datagram.data, 0
    while is_record(data[at:]):
        start = at + _RECORD
        end = min(start + int.from_bytes(data[at + 11 : start], "big"), len(data))
        datagram.out[at:start] = data[at:start]
        if not any(data[at + 3 : at + 5]):  # the epoch before ChangeCipherSpec
            yield data[at], start, end
        at = end


def _fragments(datagram: Datagram, at: int, end: int) -> Iterator[tuple[tuple[int, int, int], _Fragment]]:
    data = datagram.data
    while at + _MESSAGE <= end:
        kind, size = data[at], int.from_bytes(data[at + 1 : at + 4], "big")
        number, offset = int.from_bytes(data[at + 4 : at + 6], "big"), int.from_bytes(data[at + 6 : at + 9], "big")
        held = int.from_bytes(data[at + 9 : at + _MESSAGE], "big")
        start = at + _MESSAGE
        if size > _LONGEST or offset + held > size or start + held > end:
            return
        datagram.out[at:start] = data[at:start]
        yield (kind, number, size), _Fragment(datagram, start, offset, held)
        at = start + held
