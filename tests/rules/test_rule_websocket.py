"""WebSockets that are closed for a fault."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sessions import FactsOf, found_in, session
from talk import Talk, Wire

from explainer.model import Finding, Severity, Side

ASKED = (
    b"GET /chat HTTP/1.1\r\nHost: shop.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
SWITCHED = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)


def close(code: int, reason: bytes = b"", masked: bool = False) -> bytes:
    """Return a closing frame (RFC 6455, section 5.5.1), masked with zeros where the client sends it."""
    said = code.to_bytes(2, "big") + reason
    return bytes([0x88, len(said) | (0x80 if masked else 0)]) + (bytes(4) if masked else b"") + said


@pytest.mark.parametrize(
    ("by_client", "code", "severity", "side"),
    [
        (False, 1008, Severity.HIGH, Side.CLIENT),
        (False, 1011, Severity.HIGH, Side.SERVER),
        (True, 1002, Severity.HIGH, Side.SERVER),
        (True, 1011, Severity.HIGH, Side.CLIENT),
        (False, 4401, Severity.MEDIUM, Side.EITHER),
        (False, 3000, Severity.MEDIUM, Side.EITHER),
        (True, 4401, None, None),
        (False, 1000, None, None),
        (False, 1001, None, None),
        (False, 2999, None, None),
    ],
)
def test_codes(
    by_client: bool, code: int, severity: Severity | None, side: Side | None, tmp_path: Path, facts_of: FactsOf
) -> None:
    first = (by_client, close(code, b"token expired", by_client))
    capture = session(tmp_path / "c.pcap", 80, (True, ASKED), (False, SWITCHED), first)
    findings = found_in("websocket_closed", facts_of, capture)
    assert [(f.severity, f.side) for f in findings] == ([(severity, side)] if severity else [])
    assert all(f"code {code}" in f.title and '("token expired")' in f.title for f in findings)


def test_the_echo_of_a_closing_frame_says_nothing(tmp_path: Path, facts_of: FactsOf) -> None:
    ends = ((True, close(1000, masked=True)), (False, close(1011)))
    capture = session(tmp_path / "c.pcap", 80, (True, ASKED), (False, SWITCHED), *ends)
    assert found_in("websocket_closed", facts_of, capture) == []


def test_it_does_not_apply_without_a_websocket(tmp_path: Path, facts_of: FactsOf) -> None:
    assert found_in("websocket_closed", facts_of, session(tmp_path / "c.pcap", 80, (True, ASKED))) == []


def text(masked: bool = False) -> bytes:
    """Return a frame with a word (RFC 6455, section 5.2)."""
    return bytes([0x81, 2 | (0x80 if masked else 0)]) + (bytes(4) if masked else b"") + b"hi"


def ended(
    path: Path, facts_of: FactsOf, after_s: float, *, by_client: bool = False, last: bytes = b""
) -> Sequence[Finding]:
    """Return what is told of a WebSocket that one side ends so long after the last words."""
    wire = Wire()
    said = Talk(wire, dport=80).open().say(ASKED).answer(SWITCHED).say(text(masked=True)).answer(text() + last)
    wire.wait(after_s)
    said.close(from_client=by_client)
    return found_in("websocket_dropped", facts_of, wire.save(path))


def test_one_that_the_server_drops_after_a_silence(tmp_path: Path, facts_of: FactsOf) -> None:
    (finding,) = ended(tmp_path / "c.pcap", facts_of, 2.0)
    assert (finding.severity, finding.side) == (Severity.MEDIUM, Side.SERVER)
    assert "closes the WebSocket connection" in finding.title


@pytest.mark.parametrize(
    ("after_s", "more"),
    [(1.9, {}), (60, {"by_client": True}), (60, {"last": close(1000)}), (60, {"last": b"\x88\x00"})],
    ids=["soon", "by the client", "with a code", "without one"],
)
def test_others_end_as_they_should(after_s: float, more: dict[str, Any], tmp_path: Path, facts_of: FactsOf) -> None:
    assert ended(tmp_path / "c.pcap", facts_of, after_s, **more) == []


def test_it_does_not_apply_without_http(tmp_path: Path, facts_of: FactsOf) -> None:
    assert found_in("websocket_dropped", facts_of, session(tmp_path / "c.pcap", 80, (True, ASKED))) == []


@pytest.mark.parametrize(
    ("answer", "goes_on", "severity"),
    [
        (SWITCHED, False, None),
        (SWITCHED.replace(b"xOo=", b"xOo=-old"), False, Severity.HIGH),
        (SWITCHED.replace(b"xOo=", b"xOo=-old"), True, Severity.LOW),
        (SWITCHED.partition(b"Sec-")[0] + b"\r\n", False, Severity.HIGH),
        (SWITCHED.replace(b"101 Switching Protocols", b"403 Forbidden"), False, None),
    ],
    ids=["right", "wrong", "wrong and used", "missing", "refused"],
)
def test_what_the_server_makes_of_the_key(
    answer: bytes, goes_on: bool, severity: Severity | None, tmp_path: Path, facts_of: FactsOf
) -> None:
    more = [(True, b"\x81\x82" + bytes(4) + b"hi")] if goes_on else [(True, b"")]
    capture = session(tmp_path / "c.pcap", 80, (True, ASKED), (False, answer), *more)
    findings = found_in("websocket_accept_wrong", facts_of, capture)
    assert [(f.severity, f.side) for f in findings] == ([(severity, Side.SERVER)] if severity else [])
    assert all('wants "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="' in f.title for f in findings)


def test_keys_do_not_apply_without_one(tmp_path: Path, facts_of: FactsOf) -> None:
    capture = session(tmp_path / "c.pcap", 80, (True, b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"))
    assert found_in("websocket_accept_wrong", facts_of, capture) == []
