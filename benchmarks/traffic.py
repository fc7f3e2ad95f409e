"""Makes captures of any size from the lab's, mixed by time: the same packets again and again, moved and later.

Deterministic: the same size gives the same bytes. Each round moves the addresses within 10.0.0.0/8, or the clients'
ports, so that every round brings connections of its own; checksums are left as they were, since tshark does not verify
them by default.
"""

import struct
import subprocess
from collections.abc import Iterator
from enum import Enum
from itertools import chain, count
from pathlib import Path

LAB = Path(__file__).parents[1] / "tests" / "captures"
_HEADER = struct.Struct("<IHHiIII")
_RECORD = struct.Struct("<IIII")
_ETHERNET, _IPV4 = 14, b"\x08\x00"
_TCP, _UDP, _GRE, _GRE_HEADER, _EPHEMERAL = 6, 17, 47, 4, 32768
_PORTS_AT = _ETHERNET + 20
_START_S, _ROUND_S = 1_795_240_000, 60


class Kind(Enum):
    """What a capture is made of."""

    MIXED = "all kinds of traffic"
    HANDSHAKES = "many small TLS connections"
    BULK = "one bulk transfer"


class Moved(Enum):
    """What sets one round's connections apart from another's."""

    ADDRESSES = "other hosts"
    PORTS = "the same hosts"


def write(path: Path, size: int, kind: Kind = Kind.MIXED) -> int:
    """Write a capture of about `size` bytes and return the number of its packets."""
    written = frames = 0
    with path.open("wb") as file:
        written += file.write(_HEADER.pack(0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for record in _transfer() if kind is Kind.BULK else _mixed("tls1" if kind is Kind.HANDSHAKES else ""):
            written += file.write(record)
            frames += 1
            if written >= size:
                break
    return frames


def _mixed(name: str) -> Iterator[bytes]:
    """Yield the packets of the lab's captures whose names begin so, again and again."""
    packets = sorted(_lab_packets(name=name))
    yield from _round(packets, 0, Moved.ADDRESSES)
    # QUIC's connection IDs cannot be moved: the same ones between other hosts would confuse tshark.
    others = [packet for packet in packets if not _is_quic(packet[2])]
    yield from chain.from_iterable(_round(others, number, Moved.ADDRESSES) for number in count(1))


def _transfer() -> Iterator[bytes]:
    """Yield a connection in which the lab's download goes on for ever: its numbers are those of one long response."""
    packets = list(_lab_packets(name="http_download_healthy"))
    first = next(place for place, (_, _, data) in enumerate(packets) if len(data) > 1000)
    ports = packets[first][2][_PORTS_AT : _PORTS_AT + 4]
    sent = {place: _payload(data) for place, (_, _, data) in enumerate(packets) if data[_PORTS_AT:][:4] == ports}
    last = max(place for place, octets in sent.items() if octets)
    length = sum(octets for place, octets in sent.items() if place >= first)
    for number in count():
        for seconds, micros, data in packets[first if number else 0 : last + 1]:
            moved = _later(data, number * length, from_server=data[_PORTS_AT:][:4] == ports)
            yield _RECORD.pack(_START_S + seconds + number, micros, len(moved), len(moved)) + moved


def _payload(data: bytes) -> int:
    total, header = struct.unpack_from(">H", data, _ETHERNET + 2)[0], (data[_PORTS_AT + 12] >> 4) * 4
    return int(total) - 20 - header


def _later(data: bytes, octets: int, *, from_server: bool) -> bytes:
    """Return a segment of a transfer so many bytes later: the server's sequence, or what the client acknowledges."""
    if not octets or data[_ETHERNET + 9] != _TCP:
        return data
    at = _PORTS_AT + (4 if from_server else 8)
    moved = (struct.unpack_from(">I", data, at)[0] + octets) % 2**32
    return data[:at] + struct.pack(">I", moved) + data[at + 4 :]


def _is_quic(data: bytes) -> bool:
    return data[12:14] == _IPV4 and data[_ETHERNET + 9] == _UDP and b"\x01\xbb" in data[_PORTS_AT : _PORTS_AT + 4]


def write_rounds(path: Path, rounds: int, moved: Moved, *, largest: int) -> int:
    """Write the lab's captures of up to `largest` bytes `rounds` times over and return the number of packets."""
    packets = sorted(_lab_packets(largest))
    with path.open("wb") as file:
        file.write(_HEADER.pack(0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for number in range(rounds):
            file.writelines(_round(packets, number, moved))
    return len(packets) * rounds


def _round(packets: list[tuple[int, int, bytes]], number: int, moved: Moved) -> Iterator[bytes]:
    move = _with_addresses if moved is Moved.ADDRESSES else _with_ports
    for seconds, micros, data in packets:
        packet = move(data, number)
        yield _RECORD.pack(_START_S + seconds + number * _ROUND_S, micros, len(packet), len(packet)) + packet


def _lab_packets(largest: int | None = None, name: str = "") -> Iterator[tuple[int, int, bytes]]:
    """Yield time and bytes of every packet of the lab's captures so named, all starting at the same moment."""
    for capture in sorted(LAB.glob(f"{name}*.pcapng")):
        if largest is not None and capture.stat().st_size > largest:
            continue
        command = ["editcap", "-F", "pcap", "-T", "ether", str(capture), "-"]
        text = subprocess.run(command, capture_output=True, check=False).stdout
        start, position = 0, _HEADER.size
        while position + _RECORD.size <= len(text):
            seconds, micros, length, _ = _RECORD.unpack_from(text, position)
            start = start or seconds
            position += _RECORD.size
            yield max(seconds - start, 0), micros, text[position : position + length]
            position += length


def _with_addresses(data: bytes, rounds: int) -> bytes:
    if data[12:14] != _IPV4 or len(data) < _ETHERNET + 20:
        return data
    moved = _moved_header(data, _ETHERNET, rounds)
    inner = _ETHERNET + 20 + _GRE_HEADER
    if data[_ETHERNET + 9] == _GRE and data[inner - 2 : inner] == _IPV4 and len(data) >= inner + 20:
        moved = _moved_header(moved, inner, rounds)
    return moved


def _moved_header(data: bytes, at: int, rounds: int) -> bytes:
    """Return the packet with the addresses of the IPv4 header there moved."""
    source, destination = (_address(data[place : place + 4], rounds) for place in (at + 12, at + 16))
    return data[: at + 12] + source + destination + data[at + 20 :]


def _address(address: bytes, rounds: int) -> bytes:
    third = (address[2] + rounds // 256) % 256
    return bytes([address[0], (address[1] + rounds) % 256, third, address[3]])


def _with_ports(data: bytes, rounds: int) -> bytes:
    """Return the packet with the port of its client, the ephemeral one, moved."""
    if data[12:14] != _IPV4 or len(data) < _ETHERNET + 20 or data[_ETHERNET + 9] not in (_TCP, _UDP):
        return data
    ports = _ETHERNET + (data[_ETHERNET] & 15) * 4
    if len(data) < ports + 4:
        return data
    moved = (_moved_port(port, rounds) for port in struct.unpack_from(">HH", data, ports))
    return data[:ports] + struct.pack(">HH", *moved) + data[ports + 4 :]


def _moved_port(port: int, rounds: int) -> int:
    return port if port < _EPHEMERAL else _EPHEMERAL + (port - _EPHEMERAL + rounds * 331) % (65536 - _EPHEMERAL)
