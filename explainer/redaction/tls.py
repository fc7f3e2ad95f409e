"""TLS records: what is readable stays in structure, what is encrypted becomes zeros.

Where the capture holds the secrets, what they open is rewritten and sealed again under other secrets.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import groupby

from explainer.redaction.tls_messages import CLIENT_HELLO, SERVER_HELLO, Messages, messages
from explainer.redaction.tls_protection import ALERT, CHANGE, DATA, HANDSHAKE, HEARTBEAT, Opened, Tls12, Tls13

_LONGEST = 18_432
_HEADER = 5


def is_record(data: bytes, at: int) -> bool:
    """Return whether a TLS record may begin here."""
    if at + 5 > len(data) or data[at] not in (CHANGE, ALERT, HANDSHAKE, DATA, HEARTBEAT) or data[at + 1] != 3:
        return False
    return data[at + 2] <= 4 and 0 < int.from_bytes(data[at + 3 : at + 5], "big") <= _LONGEST


@dataclass(frozen=True)
class _Record:
    """A record by the place of its content; `kind` is the inner type where it was opened."""

    kind: int
    start: int
    end: int
    opened: Opened | None
    readable: bool

    def content(self, data: bytes) -> bytes:
        return self.opened.content if self.opened else data[self.start : self.end]

    def put(self, made: bytes, out: bytearray) -> None:
        out[self.start : self.end] = self.opened.seal(made) if self.opened else made


@dataclass
class Records:
    """One direction's records while they are rewritten; `encrypted` from ChangeCipherSpec on.

    `protection` opens what is encrypted; `application` returns what application data becomes, `hellos` are those
    that were seen: type and body.
    """

    messages: Messages
    protection: Tls12 | Tls13 | None = None
    application: Callable[[bytes], bytes] = lambda data: bytes(len(data))
    encrypted: bool = False
    hellos: list[tuple[int, bytes]] = field(default_factory=list)

    def stream(self, data: bytes, out: bytearray, at: int) -> int:
        """Rewrite the records from a place on, and return where they end."""
        found = list(self._records(data, at))
        for record in found:
            out[record.start - _HEADER : record.start] = data[record.start - _HEADER : record.start]
        for (kind, opened), group in groupby(found, lambda record: (record.kind, record.opened is not None)):
            own = list(group)
            if kind == HANDSHAKE and own[0].readable:
                self._handshakes(data, out, own, tls13=opened and isinstance(self.protection, Tls13))
            elif kind != DATA or not opened:
                for record in own:
                    self._other(data, out, record)
        self._application([record for record in found if record.kind == DATA and record.opened], out)
        return min(found[-1].end, len(data)) if found else at

    def _records(self, data: bytes, at: int) -> Iterator[_Record]:
        while is_record(data, at):
            start, end = at + _HEADER, at + _HEADER + int.from_bytes(data[at + 3 : at + 5], "big")
            hidden = self.encrypted if isinstance(self.protection, Tls12) else data[at] == DATA
            opened = self.protection.opened(data[at:start], data[start:end]) if self.protection and hidden else None
            kind = opened.kind if opened else data[at]
            readable = bool(opened) or not self.encrypted or _is_hello(data[start:end])
            yield _Record(kind, start, min(end, len(data)), opened, readable)
            self.encrypted |= data[at] == CHANGE
            at = end

    def _other(self, data: bytes, out: bytearray, record: _Record) -> None:
        content = record.content(data)
        plain = record.kind == CHANGE or (record.kind == ALERT and record.readable and len(content) == 2)
        record.put(content if plain else bytes(len(content)), out)

    def _handshakes(self, data: bytes, out: bytearray, records: list[_Record], *, tls13: bool) -> None:
        """Rewrite the messages that these records carry, whatever the borders between them."""
        held = b"".join(record.content(data) for record in records)
        self.hellos += [found for found in messages(held) if found[0] in (CLIENT_HELLO, SERVER_HELLO)]
        _shared_out(self.messages.joined(held, tls13=tls13), records, out)

    def _application(self, records: list[_Record], out: bytearray) -> None:
        if records:
            _shared_out(self.application(b"".join(record.content(b"") for record in records)), records, out)


def _is_hello(content: bytes) -> bool:
    """Return whether a record holds a hello after a ChangeCipherSpec, as after a HelloRetryRequest (RFC 8446, D.4)."""
    whole = int.from_bytes(content[1:4], "big") == len(content) - 4
    return content[:1] in (bytes([CLIENT_HELLO]), bytes([SERVER_HELLO])) and whole and content[4:6] == b"\3\3"


def _shared_out(made: bytes, records: list[_Record], out: bytearray) -> None:
    at = 0
    for record in records:
        size = len(record.opened.content) if record.opened else record.end - record.start
        record.put(made[at : at + size], out)
        at += size
