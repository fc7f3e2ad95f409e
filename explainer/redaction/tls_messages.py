"""Handshake messages of TLS, DTLS and QUIC: what tells of a side's abilities stays, what tells of somebody goes.

Kept are versions, suites, extensions that say what a side can do, lengths. Names, keys, tickets, randoms and
certificates are replaced (RFC 5246, 8446).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from explainer.redaction.dn import distinguished_names
from explainer.redaction.quic_parameters import transport_parameters
from explainer.redaction.stand_ins import StandIns

CLIENT_HELLO, SERVER_HELLO, CERTIFICATE = 1, 2, 11
END_OF_EARLY_DATA, FINISHED, KEY_UPDATE = 5, 20, 24
_HELLO_REQUEST, _VERIFY_REQUEST, _TICKET, _ENCRYPTED_EXTENSIONS = 0, 3, 4, 8
_KEYS, _REQUEST, _DONE, _CERTIFICATE_VERIFY, _STATUS = 12, 13, 14, 15, 22
RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
"""The random of a ServerHello that is a HelloRetryRequest (RFC 8446, 4.1.3)."""
_SERVER_NAME, _ALPN, _KEY_SHARE, _PSK, _SESSION_TICKET, _AUTHORITIES = 0, 16, 51, 41, 35, 47
_QUIC_PARAMETERS = (57, 0xFFA5)
# What a side can do, told by numbers: status, groups, formats, signatures, padding, secrets, versions …
_PLAIN_EXTENSIONS = frozenset({1, 5, 10, 11, 13, 15, 17, 22, 23, 27, 28, 34, 42, 43, 45, 49, 50, 17513})
_COMPRESSIONS = (0, 1, 64)
# RFC 7301 and its registry, SPDY, and drafts of HTTP/2 and QUIC.
_PROTOCOLS = frozenset(
    b"h2 h2c h3 http/0.9 http/1.0 http/1.1 hq-interop acme-tls/1 spdy/1 spdy/2 spdy/3 spdy/3.1 imap pop3 ftp"
    b" managesieve xmpp-client xmpp-server mqtt coap co dot doq smb irc nntp ntske/1 sunrpc sip/2"
    b" stun.turn stun.nat-discovery webrtc c-webrtc tds/8.0 dicom postgresql radius/1.0 radius/1.1 grpc-exp"
    b" h2-14 h2-15 h2-16 h3-27 h3-28 h3-29 h3-32 hq-27 hq-28 hq-29 hq-32".split()
)
_FALLBACK = b"\x56\0"  # RFC 7507
Reissue = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Messages:
    """What handshake messages become, with stand-ins and with certificates that are issued anew."""

    stand_ins: StandIns
    reissue: Reissue

    def joined(self, held: bytes, *, tls13: bool = False) -> bytes:
        """Return messages that follow each other, of which the last may be cut off."""
        made = bytearray()
        for kind, body in messages(held):
            made += held[len(made) : len(made) + 4] + self.body(kind, body, tls13=tls13)
        return bytes(made).ljust(len(held), b"\0")

    def body(self, kind: int, body: bytes, *, datagram: bool = False, tls13: bool = False) -> bytes:
        """Return the body of a message as it may be shown; zeros where it is none that is known.

        `datagram` is DTLS, `tls13` what TLS 1.3 encrypts.
        """
        try:
            made = self._encrypted(kind, body) if tls13 else self._readable(kind, body, datagram=datagram)
        except IndexError:  # not what it says it is
            made = bytes(len(body))
        return made[: len(body)].ljust(len(body), b"\0")

    def _readable(self, kind: int, body: bytes, *, datagram: bool) -> bytes:
        match kind:
            case _ if kind == CLIENT_HELLO:
                return self._hello(body, client=True, datagram=datagram)
            case _ if kind == SERVER_HELLO:
                return self._hello(body, client=False, datagram=datagram)
            case _ if kind == CERTIFICATE:
                return self._certificates(body)
            case _ if kind == _REQUEST:
                return self._request(body)
            case _ if kind == _KEYS:
                return body[:3]  # the curve's type and name
            case _ if kind == _TICKET:
                return body[:6]
            case _ if kind == _STATUS:
                return body[:4]
            case _ if kind in (_DONE, _HELLO_REQUEST, _VERIFY_REQUEST):
                return body
        return b""

    def _encrypted(self, kind: int, body: bytes) -> bytes:
        match kind:
            case _ if kind == _ENCRYPTED_EXTENSIONS:
                return self._extensions(body, 0, client=False)
            case _ if kind == CERTIFICATE:
                return self._entries(body)
            case _ if kind == _REQUEST:
                return body[: 1 + body[0]] + self._extensions(body, 1 + body[0], client=False)
            case _ if kind == _CERTIFICATE_VERIFY:
                return body[:4]
            case _ if kind == _TICKET:
                return _ticket(body)
            case _ if kind == KEY_UPDATE:
                return body
        return b""

    def _hello(self, body: bytes, *, client: bool, datagram: bool) -> bytes:
        made = body[:2] + (body[2:34] if body[2:34] == RETRY else self.stand_ins.noise(body[2:34]))
        for _ in range(1 + (client and datagram)):  # session ID, cookie
            size, start = body[len(made)], len(made) + 1
            made += body[start - 1 : start] + self.stand_ins.noise(body[start : start + size])
        if client:
            made += _suites(body, len(made))
            if len(made) < len(body):
                size, start = body[len(made)], len(made) + 1
                made += body[start - 1 : start] + bytes(
                    one if one in _COMPRESSIONS else 0 for one in body[start : start + size]
                )
        else:
            made += body[len(made) : len(made) + 3]
        return made + self._extensions(body, len(made), client=client)

    def _extensions(self, body: bytes, at: int, *, client: bool) -> bytes:
        """Return other extensions from a place on, where their length stands."""
        made = bytearray(max(0, len(body) - at))
        made[:2] = body[at : at + 2]
        for kind, start, stop in extensions(body, at):
            made[start - at - 4 : start - at] = body[start - 4 : start]
            made[start - at : stop - at] = self._extension(kind, body[start:stop], client=client)
        return bytes(made[: max(0, len(body) - at)])

    def _extension(self, kind: int, data: bytes, *, client: bool) -> bytes:
        if kind in _PLAIN_EXTENSIONS or not data:
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
            case _ if kind == _AUTHORITIES:
                return data[:2] + distinguished_names(data[2:], self.stand_ins)
            case _ if kind in _QUIC_PARAMETERS:
                return transport_parameters(data, self.stand_ins.noise)
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
            made += body[at : at + 3] + self._reissued(body[at + 3 : at + 3 + size], size)
            at += 3 + size
        return bytes(made)

    def _entries(self, body: bytes) -> bytes:
        """Return a Certificate of TLS 1.3 (RFC 8446, 4.4.2); of what is stapled to each no more than its kind."""
        at = 4 + body[0]
        made = bytearray(body[:at])
        while at + 3 <= len(body):
            size = int.from_bytes(body[at : at + 3], "big")
            made += body[at : at + 3] + self._reissued(body[at + 3 : at + 3 + size], size)
            at += 3 + size
            end = at + 2 + int.from_bytes(body[at : at + 2], "big")
            stapled = bytearray(body[at:end])
            for _, start, stop in extensions(body, at):
                stapled[start - at : stop - at] = bytes(stop - start)
            made += stapled
            at = end
        return bytes(made)

    def _reissued(self, held: bytes, size: int) -> bytes:
        return self.reissue(held) if len(held) == size else bytes(len(held))

    def _request(self, body: bytes) -> bytes:
        """Return a CertificateRequest (RFC 5246, 7.4.4) with other authorities."""
        at = 1 + body[0]
        at += 2 + int.from_bytes(body[at : at + 2], "big")
        return body[: at + 2] + distinguished_names(body[at + 2 :], self.stand_ins)


def messages(held: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield type and body of messages that follow each other; the last may be cut off."""
    at = 0
    while len(held) - at >= 4:
        end = at + 4 + int.from_bytes(held[at + 1 : at + 4], "big")
        yield held[at], held[at + 4 : end]
        at = end


def extensions(body: bytes, at: int) -> Iterator[tuple[int, int, int]]:
    """Yield type, beginning and end of each extension of a list, whose length stands at a place."""
    end = min(at + 2 + int.from_bytes(body[at : at + 2], "big"), len(body))
    at += 2
    while at + 4 <= end:
        size = int.from_bytes(body[at + 2 : at + 4], "big")
        yield int.from_bytes(body[at : at + 2], "big"), at + 4, min(at + 4 + size, end)
        at += 4 + size


def _suites(body: bytes, at: int) -> bytes:
    """Return a list of cipher suites: numbers of which none is a pair of letters, should the list be none."""
    size = int.from_bytes(body[at : at + 2], "big")
    listed = body[at + 2 : at + 2 + size]
    pairs = (listed[place : place + 2] for place in range(0, len(listed), 2))
    known = (p if p[0] < 0x20 or p[0] >= 0xC0 or p == _FALLBACK or _is_grease(p) else bytes(len(p)) for p in pairs)
    return body[at : at + 2] + b"".join(known)


def _is_grease(pair: bytes) -> bool:
    """Return whether this is a number that stands for nothing (RFC 8701)."""
    return pair[0] & 0x0F == 0x0A and pair[0] == pair[-1]


def _ticket(body: bytes) -> bytes:
    """Return a NewSessionTicket of TLS 1.3 (RFC 8446, 4.6.1): its lifetime and its lengths."""
    made = bytearray(len(body))
    made[:4], made[8] = body[:4], body[8]
    at = 9 + body[8]
    made[at : at + 2] = body[at : at + 2]
    at += 2 + int.from_bytes(body[at : at + 2], "big")
    made[at:] = body[at:]
    for _, start, stop in extensions(body, at):
        made[start:stop] = bytes(stop - start)
    return bytes(made)
