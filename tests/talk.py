"""TCP conversations written packet by packet, with numbers that fit: who says what, when, and through how many hops."""

import struct
from dataclasses import dataclass, field
from pathlib import Path

from factories import ACK, CLIENT, FIN, PSH, RST, SECOND, SERVER, START_NS, SYN, TCP, ethernet, ip, segment

_MSS_OPTION = 2


@dataclass
class Wire:
    """The packets of a capture, in the order in which conversations put them there."""

    packets: list[tuple[int, bytes]] = field(default_factory=list)
    now_ns: int = START_NS

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now_ns += int(seconds * SECOND)

    def put(self, packet: bytes) -> None:
        """Record an IP packet, a millisecond after the one before."""
        self.now_ns += SECOND // 1000
        self.packets.append((self.now_ns, ethernet(packet)))

    def save(self, path: Path) -> Path:
        """Write the capture."""
        parts = [struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 1)]
        for time, frame in self.packets:
            parts.append(struct.pack("<IIII", *divmod(time, SECOND), len(frame), len(frame)) + frame)
        path.write_bytes(b"".join(parts))
        return path


def client_hello(name: str = "", *, version: int = 0x0303, padding: int = 0) -> bytes:
    """Return a ClientHello record without supported_versions, made longer by `padding` bytes (RFC 7685)."""
    extensions = b""
    if name:
        listed = b"\0" + len(name).to_bytes(2, "big") + name.encode()
        extensions += b"\0\0" + _sized(2, _sized(2, listed))
    if padding:
        extensions += b"\0\x15" + _sized(2, bytes(padding))
    body = version.to_bytes(2, "big") + bytes(32) + b"\0" + b"\0\x02\xc0\x2f" + b"\x01\0" + _sized(2, extensions)
    return _record(0x16, b"\x01" + _sized(3, body))


def server_hello(*, version: int = 0x0303) -> bytes:
    """Return a ServerHello record of TLS 1.2, or of 1.3, which an extension says (RFC 8446, 4.2.1)."""
    if version == 0x0303:
        return _record(0x16, b"\x02" + _sized(3, b"\x03\x03" + bytes(32) + b"\0\xc0\x2f\0"))
    extensions = b"\0\x2b" + _sized(2, version.to_bytes(2, "big"))
    return _record(0x16, b"\x02" + _sized(3, b"\x03\x03" + bytes(32) + b"\0\x13\x01\0" + _sized(2, extensions)))


def hidden(length: int) -> bytes:
    """Return an encrypted record of TLS 1.3 of that many bytes."""
    return _record(0x17, bytes(length))


def certificate(length: int) -> bytes:
    """Return a Certificate record of TLS 1.2 with that many bytes in it, which are no certificate."""
    return presented(bytes(length))


def presented(der: bytes) -> bytes:
    """Return a Certificate record of TLS 1.2 with this certificate."""
    return _record(0x16, b"\x0b" + _sized(3, _sized(3, _sized(3, der))))


def change_cipher() -> bytes:
    """Return a ChangeCipherSpec record of TLS 1.2 and an encrypted Finished."""
    return _record(0x14, b"\x01") + _record(0x16, bytes(range(40)))


def _record(kind: int, data: bytes) -> bytes:
    return bytes([kind, 3, 3]) + _sized(2, data)


def _sized(width: int, data: bytes) -> bytes:
    return len(data).to_bytes(width, "big") + data


@dataclass
class Talk:
    """One TCP conversation over IPv4; each side's sequence number follows what it said, `lost` data included."""

    wire: Wire
    sport: int = 40000
    dport: int = 443
    client: str = CLIENT
    server: str = SERVER
    client_seq: int = 1000
    server_seq: int = 5000
    server_ttl: int = 60
    server_mss: int = 1460
    away_s: float = 0.0

    def open(self) -> "Talk":
        """Shake hands."""
        self._send(True, SYN, mss=1460)
        self.client_seq += 1
        self.wire.wait(self.away_s)
        self._send(False, SYN | ACK, mss=self.server_mss)
        self.server_seq += 1
        self.ack(from_client=True)
        return self

    def say(self, data: bytes, *, lost: bool = False, acked: bool = True) -> "Talk":
        """Let the client send data, acknowledged by the server; `lost` data is not in the capture."""
        return self._say(True, data, lost=lost, acked=acked)

    def answer(self, data: bytes, *, lost: bool = False, acked: bool = True) -> "Talk":
        """Let the server send data, acknowledged by the client; `lost` data is not in the capture."""
        return self._say(False, data, lost=lost, acked=acked)

    def again(self, data: bytes) -> "Talk":
        """Let the client repeat what it said last."""
        self._send(True, PSH | ACK, data, back=len(data))
        return self

    def wait(self, seconds: float) -> "Talk":
        """Let time pass."""
        self.wire.wait(seconds)
        return self

    def exchange(self, data: bytes, reply: bytes) -> "Talk":
        """Let the client say something and the server answer it."""
        return self.say(data).answer(reply)

    def part(self) -> "Talk":
        """Close both sides, the client first."""
        return self.close(from_client=True).close(from_client=False).ack(from_client=True)

    def ack(self, *, from_client: bool) -> "Talk":
        """Acknowledge everything."""
        self._send(from_client, ACK)
        return self

    def close(self, *, from_client: bool) -> "Talk":
        """Send a FIN."""
        self._send(from_client, FIN | ACK)
        if from_client:
            self.client_seq += 1
        else:
            self.server_seq += 1
        return self

    def reset(self, *, from_client: bool, ttl: int | None = None, ip_id: int | None = None) -> "Talk":
        """Send a RST, through other hops than the sender's own where `ttl` says so."""
        self._send(from_client, RST | ACK, ttl=ttl, ip_id=ip_id)
        return self

    def _say(self, from_client: bool, data: bytes, *, lost: bool, acked: bool) -> "Talk":
        if not lost:
            self._send(from_client, PSH | ACK, data)
        if from_client:
            self.client_seq += len(data)
        else:
            self.server_seq += len(data)
        return self.ack(from_client=not from_client) if acked else self

    def _send(
        self, from_client: bool, flags: int, data: bytes = b"", *,
        mss: int | None = None, ttl: int | None = None, ip_id: int | None = None, back: int = 0,
    ) -> None:  # fmt: skip
        ports, numbers = (self.sport, self.dport), (self.client_seq - back, self.server_seq)
        addresses = self.client, self.server
        if not from_client:
            ports, numbers, addresses = ports[::-1], numbers[::-1], addresses[::-1]
        carried = bytearray(segment(*ports, flags, *numbers, data))
        if mss is not None:
            carried[12] = 6 << 4
            carried += struct.pack("!BBH", _MSS_OPTION, 4, mss)
        packet = bytearray(ip(*addresses, TCP, bytes(carried)))
        packet[8] = ttl if ttl is not None else (64 if from_client else self.server_ttl)
        packet[4:6] = struct.pack("!H", len(self.wire.packets) + 1 if ip_id is None else ip_id)
        self.wire.put(bytes(packet))
