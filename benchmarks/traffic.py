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
_ROUND_S = 60


class Moved(Enum):
    """What sets one round's connections apart from another's."""

    ADDRESSES = "other hosts"
    PORTS = "the same hosts"


def write(path: Path, size: int) -> int:
    """Write a capture of about `size` bytes and return the number of its packets."""
    packets = sorted(_lab_packets())
    rounds = chain.from_iterable(_round(packets, number, Moved.ADDRESSES) for number in count())
    written = frames = 0
    with path.open("wb") as file:
        written += file.write(_HEADER.pack(0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        while written < size:
            written += file.write(next(rounds))
            frames += 1
    return frames


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
        yield _RECORD.pack(seconds + number * _ROUND_S, micros, len(packet), len(packet)) + packet


def _lab_packets(largest: int | None = None) -> Iterator[tuple[int, int, bytes]]:
    """Yield time and bytes of every packet of the lab's captures, all starting at the same moment."""
    for capture in sorted(LAB.glob("*.pcapng")):
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
