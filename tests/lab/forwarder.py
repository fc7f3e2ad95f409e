"""A device on the way that treats packets badly: python forwarder.py (see --help).

Rules
* As in stubs.py: the standard library alone. It reads IPv4 packets from a tun device and writes them back into it.
* It counts segments with data; nothing is left to chance.
"""

from __future__ import annotations

import argparse
import fcntl
import heapq
import os
import select
import struct
import time
from collections.abc import Iterator

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000  # linux/if_tun.h
TCP, RST, ACK = 6, 0x04, 0x10
FORGED_TTL = 250


def tun(device: str) -> int:
    """Open the device; each read is a packet, each write as well."""
    descriptor = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH", device.encode(), IFF_TUN | IFF_NO_PI))
    return descriptor


class Treatment:
    """What happens to each packet: how often it goes on, and what else is sent."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.answered = self.asked = 0
        self.kept: list[bytes] = []

    def of(self, packet: bytes) -> Iterator[bytes]:
        """The packets that go on in the place of this one."""
        options = self.options
        sport, dport, payload = segment(packet)
        if payload and sport == options.port:
            self.answered += 1
            if options.lose_every and self.answered % options.lose_every == 0:
                return
            if self.answered == options.lose_one:
                return
            if options.swap_every and self.answered % options.swap_every == 0:
                self.kept.append(packet)
                return
        if payload and dport == options.port:
            self.asked += 1
            if self.asked == options.reset_at:
                yield reset(packet, payload)
                return
        yield from [packet] * options.times
        yield from self.kept
        self.kept.clear()


def segment(packet: bytes) -> tuple[int, int, int]:
    """Source port, destination port and payload of a TCP segment; zeros for anything else."""
    if packet[0] >> 4 != 4 or packet[9] != TCP:
        return 0, 0, 0
    head = (packet[0] & 15) * 4
    sport, dport = struct.unpack_from("!HH", packet, head)
    (length,) = struct.unpack_from("!H", packet, 2)
    return int(sport), int(dport), int(length) - head - (packet[head + 12] >> 4) * 4


def reset(packet: bytes, payload: int) -> bytes:
    """A RST back to the sender, in the receiver's name, with a TTL of this device's own."""
    head = (packet[0] & 15) * 4
    sport, dport, seq, acknowledged = struct.unpack_from("!HHII", packet, head)
    source, target = packet[16:20], packet[12:16]
    tcp = struct.pack("!HHIIBBHHH", dport, sport, acknowledged, (seq + payload) % 2**32, 5 << 4, RST | ACK, 0, 0, 0)
    checked = checksum(source + target + struct.pack("!HH", TCP, len(tcp)) + tcp)
    tcp = tcp[:16] + struct.pack("!H", checked) + tcp[18:]
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 0xBAD, 0, FORGED_TTL, TCP, 0) + source + target
    return ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:] + tcp


def checksum(data: bytes) -> int:
    """RFC 1071."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def forward(descriptor: int, options: argparse.Namespace) -> None:
    """Hand packets on, each after the delay."""
    treatment, waiting, number = Treatment(options), list[tuple[float, int, bytes]](), 0
    while True:
        pause = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        if select.select([descriptor], [], [], pause)[0]:
            for packet in treatment.of(os.read(descriptor, 65536)):
                number += 1
                heapq.heappush(waiting, (time.monotonic() + options.delay, number, packet))
        while waiting and waiting[0][0] <= time.monotonic():
            os.write(descriptor, heapq.heappop(waiting)[2])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", required=True)
    parser.add_argument("--port", type=int, required=True, help="of the server whose segments are counted")
    parser.add_argument("--delay", type=float, default=0, help="seconds for each packet, in both directions")
    parser.add_argument("--times", type=int, default=1, help="how often each packet goes on")
    parser.add_argument("--lose-every", type=int, default=0, help="loses every Nth data segment of the server")
    parser.add_argument("--lose-one", type=int, default=0, help="loses only the Nth")
    parser.add_argument("--swap-every", type=int, default=0, help="lets every Nth be overtaken by the one after it")
    parser.add_argument("--reset-at", type=int, default=0, help="answers the client's Nth data segment with a reset")
    options = parser.parse_args()
    forward(tun(options.device), options)


if __name__ == "__main__":
    main()
