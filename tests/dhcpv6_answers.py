"""Answers of a DHCPv6 server, byte by byte (RFC 8415)."""

import struct
from ipaddress import ip_address

from factories import UDP, datagram, ethernet, ip

CLIENT, SERVER = "fe80::9", "fe80::1"
ADVERTISE, REPLY = 2, 7


def option(number: int, data: bytes) -> bytes:
    return struct.pack("!HH", number, len(data)) + data


def answer(kind: int, address: str = "", *, resolver: str = "", status: int = 0) -> bytes:
    given = option(13, struct.pack("!H", status)) if status else b""
    given += option(5, ip_address(address).packed + struct.pack("!II", 1800, 3600)) if address else b""
    options = option(3, struct.pack("!III", 1, 900, 1440) + given)
    options += option(23, ip_address(resolver).packed) if resolver else b""
    return ethernet(ip(SERVER, CLIENT, UDP, datagram(547, 546, bytes([kind, 0, 0, 7]) + options)))
