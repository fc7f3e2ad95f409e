"""Servers that misbehave on purpose, where no real one can be made to: python stubs.py dns|http|raw|tls … (see --help).

Rules
* Nothing but the standard library, and nothing of the lab: it runs as a program of its own in a namespace.
* What it does wrong is chosen by its arguments; it never decides by chance or by time of day.
"""

from __future__ import annotations

import argparse
import ipaddress
import socket
import ssl
import struct
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

QUESTION_AT = 12  # RFC 1035, section 4.1.1: the header's length
RESPONSE, RECURSION_AVAILABLE = 0x8000, 0x0080


def dns(options: argparse.Namespace) -> None:
    """Answer every question with one address, or with a code and no answer, after a delay."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listening.bind(("", options.port))
    while True:
        query, sender = listening.recvfrom(4096)
        time.sleep(options.delay)
        listening.sendto(_dns_answer(query, options.rcode, options.address), sender)


def _dns_answer(query: bytes, rcode: int, address: str) -> bytes:
    end = query.index(0, QUESTION_AT) + 5
    number, flags = struct.unpack_from("!HH", query)
    header = struct.pack("!HH", number, RESPONSE | flags | RECURSION_AVAILABLE | rcode)
    if rcode:
        return header + struct.pack("!HHHH", 1, 0, 0, 0) + query[QUESTION_AT:end]
    record = struct.pack("!HHHIH", 0xC000 | QUESTION_AT, 1, 1, 300, 4) + ipaddress.ip_address(address).packed
    return header + struct.pack("!HHHH", 1, 1, 0, 0) + query[QUESTION_AT:end] + record


def http(options: argparse.Namespace) -> None:
    """Answer every GET after a delay, and with fewer bytes than announced where told so."""

    class Handler(BaseHTTPRequestHandler):
        server_version, sys_version = "stub", ""

        def do_GET(self) -> None:
            time.sleep(options.delay)
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(options.announce))
            self.end_headers()
            self.wfile.write(b"x" * min(options.send, options.announce))

    ThreadingHTTPServer(("", options.port), Handler).serve_forever()


def raw(options: argparse.Namespace) -> None:
    """Say a line first or nothing, read once, say a line or nothing, then close, reset or keep silent."""
    listening = socket.create_server(("", options.port))
    open_still = []
    while True:
        connection, _ = listening.accept()
        connection.sendall(_line(options.banner))
        connection.recv(4096)
        time.sleep(options.delay)
        connection.sendall(_line(options.reply))
        if options.then == "silence":
            open_still.append(connection)
            continue
        if options.then == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()


def tls(options: argparse.Namespace) -> None:
    """Complete each TLS 1.3 handshake, without a ticket, and end the connection with an alert, close_notify.

    With tickets: read once, as a proxy does that has nobody to hand the request on to, and close without an alert.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.certificate, options.key)
    context.minimum_version, context.num_tickets = ssl.TLSVersion.TLSv1_3, options.tickets
    listening = socket.create_server(("", options.port))
    while True:
        accepted, _ = listening.accept()
        connection = context.wrap_socket(accepted, server_side=True)
        time.sleep(options.delay)
        if options.tickets:
            connection.recv(4096)
            connection.close()
            continue
        try:
            connection.unwrap()
        except OSError as failure:  # the client has sent a request, which is not what unwrap waits for
            print(failure)
        connection.close()


def pairs(options: argparse.Namespace) -> None:
    """Answer every second piece of what a client writes, and acknowledge the first one only when TCP has to."""
    listening = socket.create_server(("", options.port))
    connection, _ = listening.accept()
    while True:
        # Linux acknowledges at once while a connection is young, unless told otherwise before each read.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)
        got = connection.recv(40)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)
        if not got or not connection.recv(40):
            return
        connection.sendall(b"done")


def _line(text: str) -> bytes:
    return text.encode().decode("unicode_escape").encode()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--delay", type=float, default=0, help="seconds before each answer")
    kinds = parser.add_subparsers(required=True)
    dns_options = kinds.add_parser("dns")
    dns_options.add_argument("--rcode", type=int, default=0)
    dns_options.add_argument("--address", default="127.0.0.1")
    dns_options.set_defaults(serve=dns)
    http_options = kinds.add_parser("http")
    http_options.add_argument("--announce", type=int, default=600, help="the Content-Length")
    http_options.add_argument("--send", type=int, default=600, help="bytes really sent")
    http_options.set_defaults(serve=http)
    raw_options = kinds.add_parser("raw")
    raw_options.add_argument("--banner", default="", help="sent as soon as a client connects; knows \\r and \\n")
    raw_options.add_argument("--reply", default="", help="sent after the first bytes of the client")
    raw_options.add_argument("--then", choices=("close", "reset", "silence"), default="close")
    raw_options.set_defaults(serve=raw)
    tls_options = kinds.add_parser("tls")
    tls_options.add_argument("--certificate", required=True)
    tls_options.add_argument("--key", required=True)
    tls_options.add_argument("--tickets", type=int, default=0, help="how many session tickets it sends")
    tls_options.set_defaults(serve=tls)
    pairs_options = kinds.add_parser("pairs")
    pairs_options.set_defaults(serve=pairs)
    options = parser.parse_args()
    options.serve(options)


if __name__ == "__main__":
    main()
