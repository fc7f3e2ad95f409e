"""QUIC between two ends: the handshake rewritten and protected again, all else without its content (RFC 9000, 9001).

A first packet's keys follow from a connection ID; the stand-in's keys follow from its stand-in. What comes after the
first packets can be opened with secrets alone, and what no key opens becomes zeros.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from explainer.redaction import quic_frames
from explainer.redaction.ciphers import TLS_1_3
from explainer.redaction.quic_frames import Piece
from explainer.redaction.quic_numbers import number
from explainer.redaction.quic_protection import VERSIONS, Keys, Opened, Version, initial_keys, opened, retry_tag, sealed
from explainer.redaction.sessions import HANDSHAKE_SECRETS, Secrets, Session, session
from explainer.redaction.text import line
from explainer.redaction.tls_messages import CLIENT_HELLO, SERVER_HELLO, Messages, messages

_LONG, _LONGEST_ID, _TAG = 0x80, 20, 16
_MOST_TRIED = 8
"""Connections between two ends whose keys are tried: more than that at a time are not made."""


@dataclass(frozen=True)
class Datagram:
    """A datagram's bytes, and those that take their place."""

    data: bytes
    out: bytearray


@dataclass(frozen=True)
class _Side:
    """One side's keys at one level: those of the capture, and their stand-ins."""

    client: bool
    old: Keys
    new: Keys


@dataclass(frozen=True)
class _Packet:
    """A packet that was opened: where it lies, and what it becomes."""

    datagram: Datagram
    start: int
    end: int
    header: bytes
    number: int
    payload: bytearray
    keys: Keys


@dataclass(frozen=True)
class _Said:
    """A piece of a handshake: its bytes, and where they lie."""

    data: bytes
    piece: Piece
    payload: bytearray


@dataclass(eq=False)
class _Connection:
    """A connection by what its client's first packet was sent to; what each side says, at each level."""

    destination: bytes
    first_keys: dict[Version, tuple[_Side, _Side]] = field(default_factory=dict)
    handshake_keys: tuple[_Side, ...] = ()
    said: dict[tuple[bool, bool], list[_Said]] = field(default_factory=dict)
    largest: dict[tuple[bool, bool], int] = field(default_factory=dict)

    def whole(self, client: bool, first: bool) -> bytes:
        """Return what a side says at a level, up to the first gap."""
        held = bytearray()
        for one in sorted(self.said.get((client, first), ()), key=lambda one: one.piece.offset):
            if one.piece.offset > len(held):
                break
            held += one.data[len(held) - one.piece.offset :]
        return bytes(held)

    def session(self) -> Session | None:
        """Return what both sides agreed on, None where that is not known."""
        hellos = [
            next((body for kind, body in messages(self.whole(client, True)) if kind == wanted), b"")
            for client, wanted in ((True, CLIENT_HELLO), (False, SERVER_HELLO))
        ]
        return session(*hellos)


def is_long(data: bytes) -> bool:
    """Return whether a datagram begins with a long header."""
    return len(data) > 6 and data[0] & 0x80 == _LONG and data[5] <= _LONGEST_ID


def rewrite(datagrams: Sequence[Datagram], speak: Messages, secrets: Secrets) -> set[bytes]:
    """Rewrite all datagrams between two ends; return the client randoms of the sessions that secrets opened."""
    ends = _Ends(speak, secrets)
    for datagram in datagrams:
        ends.rewrite(datagram)
    ends.finish()
    return ends.opened_by_secrets


class _Ends:
    """What is known of the connections between two ends while their packets go by."""

    def __init__(self, speak: Messages, secrets: Secrets) -> None:
        self._speak, self._secrets, self._noise = speak, secrets, speak.stand_ins.noise
        self._connections = list[_Connection]()
        self._packets = list[_Packet]()
        self._ids = set[bytes]()
        self.opened_by_secrets = set[bytes]()

    def rewrite(self, datagram: Datagram) -> None:
        """Rewrite the packets of a datagram; those that were opened get their content at the end."""
        data, at = datagram.data, 0
        while at + 6 < len(data) and data[at] & _LONG:
            at = self._long(datagram, at)
        if at < len(data) and not data[at] & _LONG and self._connections:
            datagram.out[at] = data[at]
            heads = (data[at + 1 : at + 1 + size] for size in range(_LONGEST_ID, 0, -1))
            known = next((head for head in heads if head in self._ids), b"")
            datagram.out[at + 1 : at + 1 + len(known)] = self._noise(known)

    def _long(self, datagram: Datagram, start: int) -> int:
        """Rewrite a packet with a long header, and return where it ends."""
        data, out = datagram.data, datagram.out
        out[start : start + 5] = data[start : start + 5]
        ids, at = list[bytes](), start + 5
        for _ in range(2):  # where to and where from: connection IDs, which routers of a site can tell apart
            size = data[at] if at < len(data) else 0
            out[at : at + 1] = data[at : at + 1]
            ids.append(data[at + 1 : at + 1 + size])
            out[at + 1 : at + 1 + size] = self._noise(ids[-1])
            at += 1 + size
        self._ids.add(ids[-1])
        version_number = int.from_bytes(data[start + 1 : start + 5], "big")
        version, kind = VERSIONS.get(version_number), data[start] >> 4 & 0x03
        if not version_number:  # the versions that a server knows
            for place in range(at, len(data) - 3, 4):
                out[place : place + 4] = data[place : place + 4] if _is_version(data[place : place + 4]) else bytes(4)
            return len(data)
        if kind == (version.retry if version else 3):
            self._retry(datagram, start, at, version)
            return len(data)
        first = kind == (version.initial if version else 0)
        if first:
            size, at = _length(data, out, at)
            out[at : at + size] = self._noise(data[at : at + size])
            at += size
        size, at = _length(data, out, at)
        end = at + size
        if version and end <= len(data) and (first or kind == version.handshake):
            self._open(datagram, start, at, end, ids[0], version, first=first)
        return end

    def _retry(self, datagram: Datagram, start: int, at: int, version: Version | None) -> None:
        """Put a Retry's token and tag in their place; it tells a client what to send its first packet to."""
        data, out = datagram.data, datagram.out
        if len(data) - at < _TAG:
            return
        out[at:-_TAG] = self._noise(data[at:-_TAG])
        if version and self._connections:
            out[-_TAG:] = retry_tag(bytes(out[start:-_TAG]), version, self._noise(self._connections[-1].destination))

    def _open(
        self, datagram: Datagram, start: int, number_at: int, end: int, destination: bytes, version: Version,
        *, first: bool,
    ) -> None:  # fmt: skip
        """Open a packet with whatever keys fit, and take in what it says."""
        packet, place = datagram.data[start:end], number_at - start
        for connection in self._candidates(destination, first=first):
            for side in self._sides(connection, version, first=first):
                key = (side.client, first)
                found = opened(packet, place, side.old, connection.largest.get(key, -1))
                if found is None:
                    continue
                connection.largest[key] = max(found.number, connection.largest.get(key, -1))
                if connection not in self._connections[-_MOST_TRIED:]:
                    self._connections.append(connection)
                payload, pieces = quic_frames.rewrite(found.payload, lambda said: line(said, self._speak.stand_ins))
                connection.said.setdefault(key, []).extend(
                    _Said(found.payload[piece.start : piece.end], piece, payload) for piece in pieces
                )
                header = found.header[:1] + bytes(datagram.out[start + 1 : number_at]) + found.header[place:]
                self._packets.append(_Packet(datagram, start, end, header, found.number, payload, side.new))
                return

    def _candidates(self, destination: bytes, *, first: bool) -> Iterator[_Connection]:
        yield from self._connections[: -_MOST_TRIED - 1 : -1]
        if first:
            yield _Connection(destination)

    def _sides(self, connection: _Connection, version: Version, *, first: bool) -> Sequence[_Side]:
        if not first:
            connection.handshake_keys = connection.handshake_keys or tuple(self._handshake_keys(connection, version))
            return connection.handshake_keys
        if version not in connection.first_keys:
            own = connection.destination
            old, new = initial_keys(version, own), initial_keys(version, self._noise(own))
            connection.first_keys[version] = (_Side(True, old[0], new[0]), _Side(False, old[1], new[1]))
        return connection.first_keys[version]

    def _handshake_keys(self, connection: _Connection, version: Version) -> Iterator[_Side]:
        found = connection.session() if self._secrets else None
        if found is None or not found.tls13:
            return
        for client, label in HANDSHAKE_SECRETS.items():
            if pair := self._secrets.pair(label, found.client_random):
                self.opened_by_secrets.add(found.client_random)
                old, new = (Keys.of(secret, TLS_1_3[found.suite], version) for secret in pair)
                yield _Side(client, old, new)

    def finish(self) -> None:
        """Put what is said in place of what was said, and protect every packet again."""
        for connection in self._connections:
            for (client, first), pieces in connection.said.items():
                made = self._speak.joined(connection.whole(client, first), tls13=not first)
                for one in pieces:
                    start, end = one.piece.offset, one.piece.offset + len(one.data)
                    one.payload[one.piece.start : one.piece.end] = made[start:end].ljust(len(one.data), b"\0")
        for packet in self._packets:
            made = sealed(Opened(packet.header, packet.number, bytes(packet.payload)), packet.keys)
            packet.datagram.out[packet.start : packet.end] = made


def _is_version(listed: bytes) -> bool:
    """Return whether this is a version: a published one, a draft of the IETF, or one that stands for none (6.3)."""
    value = int.from_bytes(listed, "big")
    return value in VERSIONS or value >> 8 == 0xFF0000 or value & 0x0F0F0F0F == 0x0A0A0A0A


def _length(data: bytes, out: bytearray, at: int) -> tuple[int, int]:
    """Keep a length, and return it with where it ends."""
    if at >= len(data):
        return 0, len(data)
    size, end = number(data, at)
    out[at:end] = data[at:end]
    return size, end
