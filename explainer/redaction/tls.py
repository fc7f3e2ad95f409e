"""TLS records and messages: what is readable before encryption stays in structure; what is encrypted becomes zeros.

Kept are versions, suites, extensions that say what a side can do, alerts, lengths. Names, keys, tickets, randoms and
certificates are replaced (RFC 5246, 8446).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from explainer.redaction.dn import distinguished_names
from explainer.redaction.stand_ins import StandIns

CHANGE, ALERT, HANDSHAKE, DATA, HEARTBEAT = 20, 21, 22, 23, 24
_CLIENT_HELLO, _SERVER_HELLO, _TICKET, _CERTIFICATE, _KEYS, _REQUEST, _DONE = 1, 2, 4, 11, 12, 13, 14
_HELLO_REQUEST, _STATUS = 0, 22
_RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")  # RFC 8446, 4.1.3
_SERVER_NAME, _ALPN, _KEY_SHARE, _PSK, _SESSION_TICKET = 0, 16, 51, 41, 35
# What a side can do, told by numbers: status, groups, formats, signatures, padding, secrets, versions …
_PLAIN_EXTENSIONS = frozenset({1, 5, 10, 11, 13, 15, 17, 18, 21, 22, 23, 27, 28, 34, 42, 43, 45, 49, 50, 17513})
_PROTOCOLS = frozenset(
    b"h2 h3 http/1.0 http/1.1 hq-29 hq-interop acme-tls/1 spdy/3.1 imap pop3 ftp xmpp-client mqtt dot doq smb".split()
)
_LONGEST = 18_432
Reissue = Callable[[bytes], bytes]


def is_record(data: bytes, at: int) -> bool:
    """Return whether a TLS record may begin here."""
    if at + 5 > len(data) or data[at] not in (CHANGE, ALERT, HANDSHAKE, DATA, HEARTBEAT) or data[at + 1] != 3:
        return False
    return data[at + 2] <= 4 and 0 < int.from_bytes(data[at + 3 : at + 5], "big") <= _LONGEST


@dataclass
class Records:
    """One direction's records while they are rewritten; `encrypted` from ChangeCipherSpec on."""

    stand_ins: StandIns
    reissue: Reissue
    encrypted: bool = False

    def stream(self, data: bytes, out: bytearray, at: int) -> int:
        """Rewrite the records from a place on, and return where they end."""
        messages = list[tuple[int, int]]()
        while is_record(data, at):
            end = at + 5 + int.from_bytes(data[at + 3 : at + 5], "big")
            out[at : at + 5] = data[at : at + 5]
            if data[at] == HANDSHAKE and not self.encrypted:
                messages.append((at + 5, min(end, len(data))))
            else:
                self._handshakes(data, out, messages)
                messages = []
                self._other(data, out, data[at], at + 5, min(end, len(data)))
            at = end
        self._handshakes(data, out, messages)
        return min(at, len(data))

    def _other(self, data: bytes, out: bytearray, kind: int, start: int, end: int) -> None:
        plain = kind == CHANGE or (kind == ALERT and not self.encrypted and end - start == 2)
        if plain:
            out[start:end] = data[start:end]
        if kind == CHANGE:
            self.encrypted = True

    def _handshakes(self, data: bytes, out: bytearray, records: list[tuple[int, int]]) -> None:
        """Rewrite the messages that these records carry, whatever the borders between them."""
        held = b"".join(data[start:end] for start, end in records)
        made = bytearray()
        while len(held) - len(made) >= 4:
            at = len(made)
            size = int.from_bytes(held[at + 1 : at + 4], "big")
            body = held[at + 4 : at + 4 + size]
            made += held[at : at + 4] + self.message(held[at], body, datagram=False)
        made += bytes(len(held) - len(made))
        for start, end in records:
            out[start:end] = made[: end - start]
            del made[: end - start]

    def message(self, kind: int, body: bytes, *, datagram: bool) -> bytes:
        """Return the body of a handshake message as it may be shown; zeros where it is none that is known."""
        try:
            match kind:
                case _ if kind == _CLIENT_HELLO:
                    made = self._hello(body, client=True, datagram=datagram)
                case _ if kind == _SERVER_HELLO:
                    made = self._hello(body, client=False, datagram=datagram)
                case _ if kind == _CERTIFICATE:
                    made = self._certificates(body)
                case _ if kind == _REQUEST:
                    made = self._request(body)
                case _ if kind == _KEYS:
                    made = body[:3] + bytes(len(body[3:]))  # the curve's type and name
                case _ if kind == _TICKET:
                    made = body[:6] + bytes(len(body[6:]))
                case _ if kind == _STATUS:
                    made = body[:4] + bytes(len(body[4:]))
                case _ if kind in (_DONE, _HELLO_REQUEST, 3):
                    made = body
                case _:
                    made = bytes(len(body))
        except IndexError:  # not what it says it is
            made = bytes(len(body))
        return made[: len(body)].ljust(len(body), b"\0")

    def _hello(self, body: bytes, *, client: bool, datagram: bool) -> bytes:
        made = bytearray(body)
        if body[2:34] != _RETRY:
            made[2:34] = self.stand_ins.noise(body[2:34])
        at = 35 + body[34]
        made[35:at] = self.stand_ins.noise(body[35:at])
        if client:
            if datagram:
                made[at + 1 : at + 1 + body[at]] = self.stand_ins.noise(body[at + 1 : at + 1 + body[at]])
                at += 1 + body[at]
            at += 2 + int.from_bytes(body[at : at + 2], "big")
            at += 1 + (body[at] if at < len(body) else 0)
        else:
            at += 3
        end = at + 2 + int.from_bytes(body[at : at + 2], "big")
        for kind, start, stop in _extensions(body, at + 2, min(end, len(body))):
            made[start:stop] = self._extension(kind, body[start:stop], client=client)
        return bytes(made)

    def _extension(self, kind: int, data: bytes, *, client: bool) -> bytes:
        if kind in _PLAIN_EXTENSIONS or kind & 0x0F0F == 0x0A0A or not data:
            return data
        match kind:
            case _ if kind == _SERVER_NAME and len(data) >= 5:
                return data[:5] + self.stand_ins.host(data[5:])
            case _ if kind == _ALPN:
                return data[:2] + b"".join(self._protocols(data[2:]))
            case _ if kind == _KEY_SHARE:
                return self._key_shares(data, client=client)
            case _ if kind == _PSK and not client:
                return data
            case _ if kind == _SESSION_TICKET:
                return bytes(len(data))
            case 0xFF01:
                return data[:1] + self.stand_ins.noise(data[1:])
        return bytes(len(data))

    def _protocols(self, listed: bytes) -> Iterator[bytes]:
        at = 0
        while at < len(listed):
            name = listed[at + 1 : at + 1 + listed[at]]
            yield listed[at : at + 1] + (name if name in _PROTOCOLS else self.stand_ins.value(name))
            at += 1 + listed[at]

    def _key_shares(self, data: bytes, *, client: bool) -> bytes:
        made, at = bytearray(data), 2 if client else 0
        while at + 4 <= len(data):
            size = int.from_bytes(data[at + 2 : at + 4], "big")
            made[at + 4 : at + 4 + size] = self.stand_ins.noise(data[at + 4 : at + 4 + size])
            at += 4 + size
        return bytes(made[: len(data)])

    def _certificates(self, body: bytes) -> bytes:
        made, at = bytearray(body[:3]), 3
        while at + 3 <= len(body):
            size = int.from_bytes(body[at : at + 3], "big")
            held = body[at + 3 : at + 3 + size]
            made += body[at : at + 3] + (self.reissue(held) if len(held) == size else bytes(len(held)))
            at += 3 + size
        return bytes(made)

    def _request(self, body: bytes) -> bytes:
        """Return a CertificateRequest (RFC 5246, 7.4.4) with other authorities."""
        at = 1 + body[0]
        at += 2 + int.from_bytes(body[at : at + 2], "big")
        return body[: at + 2] + distinguished_names(body[at + 2 :], self.stand_ins)


def _extensions(body: bytes, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    while at + 4 <= end:
        size = int.from_bytes(body[at + 2 : at + 4], "big")
        yield int.from_bytes(body[at : at + 2], "big"), at + 4, min(at + 4 + size, end)
        at += 4 + size
