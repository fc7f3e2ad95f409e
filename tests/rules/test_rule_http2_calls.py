"""Calls over HTTP/2 that get no answer: gRPC's deadlines, and servers of HTTP/1."""

import struct
from pathlib import Path

import pytest
from sessions import FactsOf, found_in, session

HEADERS, DATA, RESET, SETTINGS = 1, 0, 3, 4


def http2(kind: int, stream: int, payload: bytes, flags: int = 0) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + struct.pack("!I", stream) + payload


def literal(name: str, value: str) -> bytes:
    """Return a header as HPACK's literal without indexing (RFC 7541, section 6.2.2)."""
    return b"\0" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode()


def call(timeout: str) -> bytes:
    deadline = literal("grpc-timeout", timeout) if timeout else b""
    return http2(HEADERS, 1, b"\x83\x86" + literal(":path", "/shop.Orders/List") + deadline, 4)


PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + http2(SETTINGS, 0, b"")
CANCEL = http2(RESET, 1, struct.pack("!I", 8))
SUCCESS = http2(HEADERS, 1, b"\x88" + literal("grpc-accept-encoding", "identity, gzip"), 4) + http2(
    HEADERS, 1, literal("grpc-status", "0") + literal("grpc-message", ""), 5
)


@pytest.mark.parametrize(
    ("timeout", "fires"),
    [("10u", True), ("9S", False), ("", False), ("soon", False)],
    ids=["deadline passed", "cancelled before its deadline", "no deadline", "no duration"],
)
def test_deadline(timeout: str, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    capture = session(
        tmp_path / "c.pcap",
        50051,
        (True, PREFACE),
        (False, http2(SETTINGS, 0, b"")),
        (True, call(timeout)),
        (True, CANCEL),
    )
    findings = found_in("grpc_deadline", facts_of, capture)
    assert [finding.title.count("does not complete the call /shop.Orders/List") for finding in findings] == [1] * fires


def test_a_success_with_an_empty_message_is_one(tmp_path: Path, facts_of: FactsOf) -> None:
    capture = session(
        tmp_path / "c.pcap",
        50051,
        (True, PREFACE),
        (False, http2(SETTINGS, 0, b"")),
        (True, call("9S")),
        (False, SUCCESS),
    )
    assert found_in("http2_error", facts_of, capture) == []


@pytest.mark.parametrize(
    ("answer", "fires"), [(b"HTTP/1.1 400 Bad Request\r\n\r\n", True), (http2(SETTINGS, 0, b""), False)]
)
def test_http2_to_http1(answer: bytes, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    capture = session(tmp_path / "c.pcap", 50051, (True, PREFACE), (False, answer))
    assert len(found_in("http2_to_http1", facts_of, capture)) == fires
    spoken_to_in_http1 = session(tmp_path / "d.pcap", 50051, (True, b"GET / HTTP/1.1\r\n\r\n"), (False, answer))
    assert found_in("http2_to_http1", facts_of, spoken_to_in_http1) == []


@pytest.mark.parametrize(("begins", "unread"), [(PREFACE, 0), (bytes(range(1, 60)), 1)], ids=["HTTP/2", "unknown"])
def test_http2_on_a_port_of_its_own_is_not_unread(
    begins: bytes, unread: int, tmp_path: Path, facts_of: FactsOf
) -> None:
    settings = http2(SETTINGS, 0, b"")
    capture = session(
        tmp_path / "c.pcap", 50051, (True, begins), (False, settings), (True, settings), (False, settings)
    )
    assert len(found_in("capture_unread", facts_of, capture)) == unread
