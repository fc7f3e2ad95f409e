"""What a recorder at another place or another time would have kept of a capture.

Rules
* Only which packets are there changes: their bytes, order and times stay.
* Ethernet and IPv4, as the lab records it; the first packet of a capture is a client's.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from .pcapng import PACKET, blocks
from .programs import LabError

PACKET_AT = 28  # pcapng, section 4.3: the fixed fields of an enhanced packet block
IP_AT = 14
TCP, HANDSHAKE, CLIENT_HELLO, SERVER_HELLO = 6, 22, 1, 2
Keeps = Callable[[list[bytes]], list[int]]


def from_client_only(capture: bytes) -> bytes:
    """A tap that sees one direction."""
    return _only(capture, lambda packets: [n for n, each in enumerate(packets) if _sender(each) == _sender(packets[0])])


def from_server_only(capture: bytes) -> bytes:
    """A tap that sees the other direction."""
    return _only(capture, lambda packets: [n for n, each in enumerate(packets) if _sender(each) != _sender(packets[0])])


def after_client_hello(capture: bytes) -> bytes:
    """A recorder that was started too late for the first ClientHello."""
    return _only(capture, lambda packets: list(range(_first(packets, CLIENT_HELLO) + 1, len(packets))))


def after_server_hello(capture: bytes) -> bytes:
    """A recorder that was started when the server's first flight was under way."""
    return _only(capture, lambda packets: list(range(_first(packets, SERVER_HELLO) + 1, len(packets))))


def until_server_hello(capture: bytes) -> bytes:
    """A recorder that was stopped during the first handshake."""
    return _only(capture, lambda packets: list(range(_first(packets, SERVER_HELLO) + 1)))


def until_client_hello(capture: bytes) -> bytes:
    """A recorder that was stopped right after the first ClientHello."""
    return _only(capture, lambda packets: list(range(_first(packets, CLIENT_HELLO) + 1)))


def _only(capture: bytes, keeps: Keeps) -> bytes:
    """The packets of these numbers; what dumpcap counted, which follows them, no longer fits and goes."""
    every = [(kind, capture[start : start + length]) for kind, start, length in blocks(capture)]
    found = [block for kind, block in every if kind == PACKET]
    first = next(n for n, (kind, _) in enumerate(every) if kind == PACKET)
    kept = keeps([block[PACKET_AT:] for block in found])
    return b"".join((*(block for _, block in every[:first]), *(found[number] for number in kept)))


def _sender(packet: bytes) -> bytes:
    return packet[IP_AT + 12 : IP_AT + 16]


def _payload(packet: bytes) -> bytes:
    """What a TCP segment carries; nothing of other packets."""
    if packet[IP_AT + 9] != TCP:
        return b""
    (total,) = struct.unpack_from("!H", packet, IP_AT + 2)
    tcp_at = IP_AT + (packet[IP_AT] & 15) * 4
    return packet[tcp_at + (packet[tcp_at + 12] >> 4) * 4 : IP_AT + total]


def _first(packets: list[bytes], message: int) -> int:
    """The first packet that begins with this handshake message."""
    for number, packet in enumerate(packets):
        payload = _payload(packet)
        if len(payload) > 5 and payload[0] == HANDSHAKE and payload[5] == message:
            return number
    raise LabError(f"no packet begins with the handshake message {message}")
