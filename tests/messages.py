"""DNS and HTTP messages, byte by byte, in the frames that carry them; and any of tshark's fields of a capture."""

import struct
from pathlib import Path

from factories import ACK, CLIENT, FIN, PSH, SERVER, SYN, TCP, UDP, datagram, ethernet, ip, segment, tshark


def shown(capture: Path, display_filter: str, *fields: str) -> list[list[str]]:
    asked = [word for field in fields for word in ("-e", field)]
    text = tshark(capture, "-Y", display_filter, "-T", "fields", *asked)
    return [line.split("\t") for line in text.removesuffix("\n").split("\n") if line]


A, MX, TXT, AAAA, CNAME, NULL = 1, 15, 16, 28, 5, 10
TRUNCATED, NXDOMAIN, SERVFAIL = 0x0200, 3, 2


def encoded(name: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label) + b"\0"


def query(number: int, *questions: tuple[str, int], flags: int = 0x0100) -> bytes:
    body = b"".join(encoded(name) + struct.pack("!HH", kind, 1) for name, kind in questions)
    return struct.pack("!HHHHHH", number, flags, len(questions), 0, 0, 0) + body


def answer(
    number: int, name: str, kind: int, *records: tuple[int, bytes], code: int = 0, flags: int = 0x8180, extra: int = 0
) -> bytes:
    """Return a response, of whose records the last `extra` are additional ones; without a name it has no question."""
    body = encoded(name) + struct.pack("!HH", kind, 1) if name else b""
    for record, data in records:
        body += encoded(name) + struct.pack("!HHIH", record, 1, 60, len(data)) + data
    counts = (int(bool(name)), len(records) - extra, 0, extra)
    return struct.pack("!HHHHHH", number, flags | code, *counts) + body


def address(text: str) -> tuple[int, bytes]:
    return A, bytes(int(part) for part in text.split("."))


def ask(message: bytes, *, sport: int = 5000, dport: int = 53, to: str = SERVER) -> bytes:
    return ethernet(ip(CLIENT, to, UDP, datagram(sport, dport, message)))


def reply(message: bytes, *, sport: int = 53, dport: int = 5000, source: str = SERVER) -> bytes:
    return ethernet(ip(source, CLIENT, UDP, datagram(sport, dport, message)))


def over_tcp(*messages: bytes) -> bytes:
    return b"".join(struct.pack("!H", len(message)) + message for message in messages)


def get(path: str, *headers: str, method: str = "GET") -> bytes:
    return "\r\n".join((f"{method} {path} HTTP/1.1", "Host: www.example", *headers, "", "")).encode()


def response(status: int, body: str = "", *headers: str) -> bytes:
    return "\r\n".join((f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}", *headers, "", body)).encode()


def talk(*said: tuple[bool, bytes | int], opened: bool = True) -> list[bytes]:
    """Return the frames of a connection to port 80: whether the client says it, and bytes, or a FIN or RST."""
    frames, sequence = list[bytes](), {True: 100, False: 500}

    def send(client: bool, flags: int, payload: bytes = b"") -> None:
        ends = (CLIENT, SERVER) if client else (SERVER, CLIENT)
        ports = (40000, 80) if client else (80, 40000)
        packet = segment(*ports, flags, sequence[client], sequence[not client], payload)
        frames.append(ethernet(ip(*ends, TCP, packet)))
        sequence[client] += len(payload) + bool(flags & (SYN | FIN))

    if opened:
        send(True, SYN)
        send(False, SYN | ACK)
        send(True, ACK)
    for client, what in said:
        if isinstance(what, int):
            send(client, what | ACK)
        else:
            send(client, PSH | ACK, what)
    return frames
