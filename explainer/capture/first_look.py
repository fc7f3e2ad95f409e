"""What can be said of a large capture within seconds, from its headers: before tshark has read much of it. Pure."""

import ipaddress
import struct
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from explainer.capture.records import Records

_ETHERNET, _IPV4, _IPV6 = 1, b"\x08\x00", b"\x86\xdd"
_TCP, _UDP = 6, 17
_SYN, _RST, _ACK = 0x02, 0x04, 0x10
_PCAP = {
    b"\xd4\xc3\xb2\xa1": ("<", 1e-6), b"\x4d\x3c\xb2\xa1": ("<", 1e-9),
    b"\xa1\xb2\xc3\xd4": (">", 1e-6), b"\xa1\xb2\x3c\x4d": (">", 1e-9),
}  # fmt: skip
_INTERFACE_BLOCK, _PACKET_BLOCK, _RESOLUTION = 1, 6, 9
_MOST = 3
_BETWEEN_CLOCKS = 4096
_HEADERS = 14 + 60 + 14
"""Bytes of Ethernet, the longest IPv4 header, and TCP up to its flags."""

Ends = tuple[bytes, bytes, bytes, bytes]
"""Source, its port, destination, its port."""


@dataclass(frozen=True)
class FirstLook:
    """What the headers of the first `seen` of `frames` packets tell; the capture lasts `duration_s` (None: not told).

    `hosts` and `ports` are the busiest with their bytes; `unanswered` are those, as (address, port), to which SYNs went
    that nobody answered, with the number of connections.
    """

    frames: int
    seen: int
    duration_s: float | None
    hosts: tuple[tuple[str, int], ...]
    ports: tuple[tuple[int, int], ...]
    unanswered: tuple[tuple[str, int, int], ...]


def first_look(records: Records, limit_s: float) -> FirstLook:
    """Return what the headers tell of as many packets as can be seen within the limit: Ethernet, IP, TCP and UDP."""
    deadline = time.monotonic() + limit_s
    hosts, ports, open_ends, seen = Counter[bytes](), Counter[int](), dict[Ends, None](), 0
    for seen, (start, size, head, link) in enumerate(
        zip(records.starts, records.sizes, records.heads, records.links, strict=True), 1
    ):
        if seen % _BETWEEN_CLOCKS == 0 and time.monotonic() > deadline:
            break
        if link != _ETHERNET:
            continue
        ends, flags = _header(records.data[start + head : start + min(size, head + _HEADERS)])
        if ends is None:
            continue
        source, sport, destination, dport = ends
        hosts[source] += size
        hosts[destination] += size
        if sport:
            ports[int.from_bytes(min(sport, dport), "big")] += size
        if flags & _SYN and not flags & _ACK:
            open_ends[ends] = None
        elif flags & (_SYN | _RST):
            open_ends.pop((destination, dport, source, sport), None)
    return FirstLook(
        len(records),
        seen,
        _duration_s(records),
        tuple((str(ipaddress.ip_address(host)), size) for host, size in hosts.most_common(_MOST)),
        tuple(ports.most_common(_MOST)),
        tuple(_unanswered(open_ends)),
    )


def _header(packet: bytes) -> tuple[Ends | None, int]:
    """Return who a packet is between, with its TCP flags (0 for anything else); None without IP."""
    kind, at = packet[12:14], 14
    if kind == _IPV4 and len(packet) >= at + 20:
        first, size, protocol, above = at + 12, 4, packet[at + 9], at + (packet[at] & 15) * 4
    elif kind == _IPV6 and len(packet) >= at + 40:
        first, size, protocol, above = at + 8, 16, packet[at + 6], at + 40
    else:
        return None, 0
    source, destination = packet[first : first + size], packet[first + size : first + 2 * size]
    if protocol not in (_TCP, _UDP) or len(packet) < above + 4:
        return (source, b"", destination, b""), 0
    flags = packet[above + 13] if protocol == _TCP and len(packet) > above + 13 else 0
    return (source, packet[above : above + 2], destination, packet[above + 2 : above + 4]), flags


def _duration_s(records: Records) -> float | None:
    """Return the time from the first to the last packet; None where a pcapng counts time in units of its own."""
    if not records.starts:
        return None
    first, last = _time_s(records, 0), _time_s(records, -1)
    return None if first is None or last is None else last - first


def _time_s(records: Records, place: int) -> float | None:
    data, start = records.data, records.starts[place]
    if data[:4] in _PCAP:
        order, fractions = _PCAP[data[:4]]
        seconds, fraction = struct.unpack_from(f"{order}II", data, start)
        return float(seconds + fraction * fractions)
    order = "<" if data[start : start + 2] != b"\0\0" else ">"
    kind, _, _, high, low = struct.unpack_from(f"{order}IIIII", data, start)
    units = {_unit(data[first:end]) for first, end in records.others} - {None}
    unit = units.pop() if len(units) == 1 else None
    return (high << 32 | low) * unit if kind == _PACKET_BLOCK and unit is not None else None


def _unit(block: bytes) -> float | None:
    """Return the unit of time of a pcapng interface in seconds; None for any other block."""
    order = "<" if block[:2] != b"\0\0" else ">"
    if struct.unpack_from(f"{order}I", block)[0] != _INTERFACE_BLOCK:
        return None
    at = 16
    while at + 4 <= len(block) - 4:
        code, size = struct.unpack_from(f"{order}HH", block, at)
        if code == _RESOLUTION and size == 1:
            exponent = block[at + 4]
            return float(2.0 ** -(exponent & 0x7F) if exponent & 0x80 else 10.0**-exponent)
        at += 4 + (size + 3) // 4 * 4
        if code == 0:
            break
    return 1e-6


def _unanswered(open_ends: dict[Ends, None]) -> Iterator[tuple[str, int, int]]:
    counted = Counter((destination, dport) for _, _, destination, dport in open_ends)
    for (destination, dport), times in counted.most_common(_MOST):
        yield str(ipaddress.ip_address(destination)), int.from_bytes(dport, "big"), times
