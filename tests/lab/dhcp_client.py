"""A DHCP client that asks and goes: python dhcp_client.py (see --help); RFC 2131.

Rules
* As in stubs.py: the standard library alone.
"""

from __future__ import annotations

import argparse
import socket
import struct
import time

DISCOVER, REQUEST = 1, 3
CLIENT_PORT, SERVER_PORT = 68, 67
BROADCAST_FLAG = 0x8000
MAGIC = bytes.fromhex("63825363")


def message(kind: int, mac: bytes, number: int, wanted: str) -> bytes:
    head = struct.pack("!BBBBIHH", 1, 1, 6, 0, number, 0, BROADCAST_FLAG) + bytes(16) + mac + bytes(10 + 192)
    options = bytes([53, 1, kind]) + (bytes([50, 4]) + socket.inet_aton(wanted) if wanted else b"")
    return head + MAGIC + options + b"\xff"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", required=True)
    parser.add_argument("--mac", required=True)
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--wanted", default="", help="requests this address instead of looking for a server")
    options = parser.parse_args()
    asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    asking.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    asking.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, options.device.encode())
    asking.bind(("", CLIENT_PORT))
    kind = REQUEST if options.wanted else DISCOVER
    mac = bytes.fromhex(options.mac.replace(":", ""))
    for number in range(options.times):
        asking.sendto(message(kind, mac, 1000 + number, options.wanted), ("255.255.255.255", SERVER_PORT))
        time.sleep(1.5)


if __name__ == "__main__":
    main()
