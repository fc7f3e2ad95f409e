"""What can be said of a large capture within seconds, from its headers: before tshark has read much of it. Pure."""

import ipaddress
import struct
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from explainer import pcapng
from explainer.capture.headers import TCP, UDP, internet, network
from explainer.capture.records import Records

_SYN, _RST, _ACK = 0x02, 0x04, 0x10
_PCAP = {
    b"\xd4\xc3\xb2\xa1": ("<", 1e-6), b"\x4d\x3c\xb2\xa1": ("<", 1e-9),
    b"\xa1\xb2\xc3\xd4": (">", 1e-6), b"\xa1\xb2\x3c\x4d": (">", 1e-9),
}  # fmt: skip
_MOST = 3
_BETWEEN_CLOCKS = 4096
_HEADERS = 20 + 8 + 60 + 14
"""Bytes of the longest link header that is read, two VLAN tags, the longest IPv4 header, and TCP up to its flags."""

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
    """Return what the headers tell of as many packets as can be seen within the limit: IP, TCP and UDP."""
    deadline = time.monotonic() + limit_s
    hosts, ports, open_ends, seen = Counter[bytes](), Counter[int](), dict[Ends, None](), 0
    for seen, (start, size, head, link) in enumerate(
        zip(records.starts, records.sizes, records.heads, records.links, strict=True), 1
    ):
        if seen % _BETWEEN_CLOCKS == 0 and time.monotonic() > deadline:
            break
        ends, flags = _header(records.data[start + head : start + min(size, head + _HEADERS)], link)
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


def _header(packet: bytes, link: int) -> tuple[Ends | None, int]:
    """Return who a packet is between, with its TCP flags (0 for anything else); None without IP."""
    size = len(packet)
    found = network(packet, 0, size, link)
    ip = internet(packet, found[1], size, found[0]) if found else None
    if ip is None:
        return None, 0
    if ip.protocol not in (TCP, UDP) or ip.later or size < ip.above + 4:
        return (ip.source, b"", ip.destination, b""), 0
    flags = packet[ip.above + 13] if ip.protocol == TCP and size > ip.above + 13 else 0
    return (ip.source, packet[ip.above : ip.above + 2], ip.destination, packet[ip.above + 2 : ip.above + 4]), flags


def _duration_s(records: Records) -> float | None:
    """Return the time from the first to the last packet, None where the file does not tell."""
    if not records.starts:
        return None
    ends = sorted({1, len(records)})
    if records.data[:4] in _PCAP:
        order, unit = _PCAP[records.data[:4]]
        read = (struct.unpack_from(f"{order}II", records.data, records.starts[frame - 1]) for frame in ends)
        times = [seconds + fraction * unit for seconds, fraction in read]
    else:
        section = pcapng.read(b"".join(records.picked(ends)))
        times = [packet.time * section.links[packet.link].unit_s for packet in section.packets]
    return times[-1] - times[0] if len(times) == len(ends) else None


def _unanswered(open_ends: dict[Ends, None]) -> Iterator[tuple[str, int, int]]:
    counted = Counter((destination, dport) for _, _, destination, dport in open_ends)
    for (destination, dport), times in counted.most_common(_MOST):
        yield str(ipaddress.ip_address(destination)), int.from_bytes(dport, "big"), times
