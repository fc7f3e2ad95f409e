"""A relay that damages one TLS record on its way, as a broken middlebox does: python relay.py (see --help).

Rules
* As in stubs.py: the standard library alone. It hands on every byte but one, whose lowest bit it turns.
"""

from __future__ import annotations

import argparse
import socket
import struct
import threading

HEADER = 5  # RFC 8446, section 5.1: type, version, length


def next_record(source: socket.socket) -> bytes:
    """The next record of a connection; nothing at its end."""
    header = _exactly(source, HEADER)
    return header + _exactly(source, struct.unpack_from("!H", header, 3)[0]) if header else b""


def _exactly(source: socket.socket, count: int) -> bytes:
    got = b""
    while len(got) < count:
        more = source.recv(count - len(got))
        if not more:
            return b""
        got += more
    return got


def hand_on(source: socket.socket, target: socket.socket, kind: int, number: int) -> None:
    """Pass records on; the last byte of the one that is this number of its type, counted from 1, is damaged."""
    seen = 0
    try:
        while record := next_record(source):
            seen += record[0] == kind
            if record[0] == kind and seen == number:
                record = record[:-1] + bytes([record[-1] ^ 1])
            target.sendall(record)
        target.shutdown(socket.SHUT_WR)
    except OSError as failure:
        print(failure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--to", type=int, required=True, help="the port of this machine where the real server listens")
    parser.add_argument("--damages", choices=("client", "server"), required=True, help="whose record it damages")
    parser.add_argument("--type", type=int, required=True, help="the content type of that record")
    parser.add_argument("--number", type=int, required=True, help="which record of that type, counted from 1")
    options = parser.parse_args()
    listening = socket.create_server(("", options.port))
    while True:
        client, _ = listening.accept()
        server = socket.create_connection(("127.0.0.1", options.to))
        for source, target, side in ((client, server, "client"), (server, client, "server")):
            number = options.number if side == options.damages else 0
            threading.Thread(target=hand_on, args=(source, target, options.type, number), daemon=True).start()


if __name__ == "__main__":
    main()
