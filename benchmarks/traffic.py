"""Makes captures of any size from the lab's: the same packets again and again, with other addresses and later times.

Deterministic: the same size gives the same bytes. Each round moves the addresses within 10.0.0.0/8, so that every round
brings connections of its own; checksums are left as they were, since tshark does not verify them by default.
"""

import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

LAB = Path(__file__).parents[1] / "tests" / "captures"
_HEADER = struct.Struct("<IHHiIII")
_RECORD = struct.Struct("<IIII")
_ETHERNET, _IPV4 = 14, b"\x08\x00"
_ROUND_S = 60


def write(path: Path, size: int) -> int:
    """Write a capture of about `size` bytes and return the number of its packets."""
    packets = list(_lab_packets())
    written = frames = rounds = 0
    with path.open("wb") as file:
        written += file.write(_HEADER.pack(0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        while written < size:
            for seconds, micros, data in packets:
                moved = _moved(data, rounds)
                written += file.write(_RECORD.pack(seconds + rounds * _ROUND_S, micros, len(moved), len(moved)) + moved)
                frames += 1
            rounds += 1
    return frames


def _lab_packets() -> Iterator[tuple[int, int, bytes]]:
    """Yield time and bytes of every packet of the lab's captures, all starting at the same moment."""
    for capture in sorted(LAB.glob("*.pcapng")):
        command = ["editcap", "-F", "pcap", "-T", "ether", str(capture), "-"]
        text = subprocess.run(command, capture_output=True, check=False).stdout
        start, position = 0, _HEADER.size
        while position + _RECORD.size <= len(text):
            seconds, micros, length, _ = _RECORD.unpack_from(text, position)
            start = start or seconds
            position += _RECORD.size
            yield seconds - start, micros, text[position : position + length]
            position += length


def _moved(data: bytes, rounds: int) -> bytes:
    if data[12:14] != _IPV4 or len(data) < _ETHERNET + 20:
        return data
    source, destination = (_address(data[at : at + 4], rounds) for at in (_ETHERNET + 12, _ETHERNET + 16))
    return data[: _ETHERNET + 12] + source + destination + data[_ETHERNET + 20 :]


def _address(address: bytes, rounds: int) -> bytes:
    second = (address[1] + rounds // 250) % 256
    return bytes([address[0], second, (address[2] + rounds % 250) % 256, address[3]])
