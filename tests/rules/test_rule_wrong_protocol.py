"""Clients that speak another protocol than the server."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sessions import FactsOf, found_in
from talk import Talk, Wire

from explainer.model import Analysis, Confidence, Severity, Side

AnalysisOf = Callable[[str], Analysis]
REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
BANNER = b"SSH-2.0-OpenSSH_9.2\r\n"


def talk(path: Path, said: bytes, answer: bytes, *, port: int = 2222, leaves: bool = True) -> Path:
    wire = Wire()
    session = Talk(wire, dport=port).open().say(said).answer(answer)
    if leaves:
        session.part()
    return wire.save(path)


def test_the_labs_web_client_at_ssh(analysis_of: AnalysisOf) -> None:
    (finding,) = [f for f in analysis_of("http_to_ssh_port").findings if f.rule == "wrong_protocol"]
    assert "speaks SSH on port 22, where the client" in finding.title
    assert finding.severity is Severity.HIGH
    assert finding.side is Side.CLIENT


@pytest.mark.parametrize(
    ("said", "answer", "fires"),
    [
        (REQUEST, BANNER, True),
        (BANNER, b"HTTP/1.1 400 Bad Request\r\n\r\n", True),
        (REQUEST, b"220 mail.example ESMTP\r\n", True),
        (REQUEST, b"HTTP/1.1 200 OK\r\n\r\n", False),
        (REQUEST, b"<html><body>old server</body></html>", False),
        (REQUEST, b"http/1.1 200 OK\r\n\r\nhello", False),
        (REQUEST.replace(b"1.1", b"1.0"), b"temperature 21\r\n", False),
        (REQUEST, b"ICY 200 OK\r\nicy-name: radio\r\n\r\n", False),
        (b"OPTIONS rtsp://a/ RTSP/1.0\r\nCSeq: 1\r\n\r\n", b"RTSP/1.0 200 OK\r\n\r\n", False),
        (b"EHLO a\r\n", b"220 a ready\r\n", False),
        (b"*1\r\n$4\r\nPING\r\n", b"+OK ready\r\n", False),
        (BANNER, BANNER, False),
        (REQUEST, b"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64", True),
        (REQUEST.replace(b"Host", b"Upgrade: h2c\r\nHost"), b"HTTP/1.1 101 Switching Protocols\r\n\r\n", False),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", False),
        (b'CONNECT {"verbose":false}\r\nPING\r\n', b'INFO {"server_id":"A"}\r\n', False),
        (b"\xff\xfd\x03\xff\xfb\x18", b"220 a ESMTP\r\n", False),
    ],
)
def test_two_protocols(said: bytes, answer: bytes, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    assert bool(found_in("wrong_protocol", facts_of, talk(tmp_path / "a.pcap", said, answer))) is fires


@pytest.mark.parametrize(("greets", "unanswered"), [(True, 0), (False, 1)])
def test_who_speaks_another_protocol_hangs_up_for_that(
    greets: bool, unanswered: int, tmp_path: Path, facts_of: FactsOf
) -> None:
    wire = Wire()
    session = Talk(wire, dport=4317).open()
    if greets:
        session.answer(b"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64")
    session.say(REQUEST).close(from_client=False).close(from_client=True)
    capture = wire.save(tmp_path / "a.pcap")
    assert len(found_in("http_no_response", facts_of, capture)) == unanswered
    assert len(found_in("wrong_protocol", facts_of, capture)) == 1 - unanswered


@pytest.mark.parametrize(("size", "leaves", "fires"), [(2000, True, True), (2001, True, False), (2000, False, False)])
def test_text_that_is_no_http(size: int, leaves: bool, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    # Longer text may be the middle of a page, and who stays may have understood it.
    path = talk(tmp_path / "a.pcap", REQUEST, b"x" * size, leaves=leaves)
    found = found_in("wrong_protocol", facts_of, path)
    assert bool(found) is fires
    assert all(f.confidence is Confidence.PROBABLE and "something that is not HTTP" in f.title for f in found)


def test_on_a_port_of_the_web_the_server_is_the_odd_one(tmp_path: Path, facts_of: FactsOf) -> None:
    (finding,) = found_in("wrong_protocol", facts_of, talk(tmp_path / "a.pcap", REQUEST, BANNER, port=8080))
    assert finding.side is Side.SERVER


def test_who_has_not_been_answered_is_left_to_other_rules(tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    Talk(wire, dport=22).open().say(REQUEST).part()
    assert found_in("wrong_protocol", facts_of, wire.save(tmp_path / "a.pcap")) == []
