"""The few things that the lab does to the bytes of a pcapng file (as dumpcap writes it: one little-endian section).

Rules
* Packets are never touched, only what describes the recording machine, and, on request, where the file ends.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

SECTION_HEADER, INTERFACE, PACKET, SECRETS = 0x0A0D0D0A, 1, 6, 0x0A
# pcapng, section 4.7: the type of a TLS key log.
TLS_KEY_LOG = 0x544C534B
# pcapng, sections 4.1 and 4.2: the options start after the fixed fields of each block.
OPTIONS_AT = {SECTION_HEADER: 24, INTERFACE: 16}
# hardware, operating system and program of the section; operating system and hardware of the interface.
MACHINE_OPTIONS = {SECTION_HEADER: {2, 3, 4}, INTERFACE: {12, 15}}


def blocks(capture: bytes) -> Iterator[tuple[int, int, int]]:
    """Type, start and length of each block."""
    start = 0
    while start < len(capture):
        kind, length = struct.unpack_from("<II", capture, start)
        yield kind, start, length
        start += length


def without_machine(capture: bytes) -> bytes:
    """The same capture, silent about the processor and the kernel that recorded it."""
    return b"".join(_stripped(kind, capture[start : start + length]) for kind, start, length in blocks(capture))


def cut_in_last_packet(capture: bytes) -> bytes:
    """The capture as a full disk leaves it: it ends in the middle of its last packet."""
    start, length = [(start, length) for kind, start, length in blocks(capture) if kind == PACKET][-1]
    return capture[: start + length // 2]


def without_first(count: int, capture: bytes) -> bytes:
    """The capture as if it had been started later: without its first packets."""
    dropped = [start for kind, start, _ in blocks(capture) if kind == PACKET][:count]
    return b"".join(capture[start : start + length] for _, start, length in blocks(capture) if start not in dropped)


def with_clock_set_back(nanoseconds: int, capture: bytes) -> bytes:
    """The capture of a machine whose clock was set back in the middle (dumpcap counts nanoseconds)."""
    starts = [start for kind, start, _ in blocks(capture) if kind == PACKET]
    changed = bytearray(capture)
    for start in starts[len(starts) // 2 :]:
        high, low = struct.unpack_from("<II", capture, start + 12)
        time = (high << 32 | low) - nanoseconds
        struct.pack_into("<II", changed, start + 12, time >> 32, time & 0xFFFFFFFF)
    return bytes(changed)


def with_secrets(capture: bytes, key_log: bytes) -> bytes:
    """The capture with the keys of its TLS connections before its packets, as editcap --inject-secrets puts them."""
    length = 20 + (len(key_log) + 3) // 4 * 4
    fixed = struct.pack("<IIII", SECRETS, length, TLS_KEY_LOG, len(key_log))
    block = fixed + key_log.ljust(length - 20, b"\0") + struct.pack("<I", length)
    first = next(start for kind, start, _ in blocks(capture) if kind == PACKET)
    return capture[:first] + block + capture[first:]


def _stripped(kind: int, block: bytes) -> bytes:
    if kind not in OPTIONS_AT:
        return block
    first = OPTIONS_AT[kind]
    kept = b"".join(option for code, option in _options(block[first:-4]) if code not in MACHINE_OPTIONS[kind])
    length = first + len(kept) + 4
    return struct.pack("<II", kind, length) + block[8:first] + kept + struct.pack("<I", length)


def _options(area: bytes) -> Iterator[tuple[int, bytes]]:
    start = 0
    while start < len(area):
        code, length = struct.unpack_from("<HH", area, start)
        end = start + 4 + (length + 3) // 4 * 4
        yield code, area[start:end]
        start = end
