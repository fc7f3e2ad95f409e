"""Answers to a WebSocket's key that do not follow from it."""

from pathlib import Path

import pytest
from messages import get
from sessions import FactsOf, Said, found_in, session

from explainer.model import Severity, Side
from explainer.protocols.websocket import wrong_accepts

RULE = "websocket_wrong_accept"
# The example of RFC 6455, section 1.3.
KEY, ACCEPT = "dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
ASKED: Said = (
    True,
    get("/chat", "Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Key: {KEY}", "Sec-WebSocket-Version: 13"),
)
PING: Said = (True, b"\x89\x80\x01\x02\x03\x04")


def answered(accept: str) -> Said:
    head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    return False, f"{head}Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ((ASKED, answered(ACCEPT[::-1])), [Severity.HIGH]),
        ((ASKED, answered(ACCEPT[::-1]), PING), [Severity.LOW]),
        ((ASKED, answered(f"{ACCEPT}x")), [Severity.HIGH]),
        ((ASKED, answered(ACCEPT)), []),
        ((ASKED, answered(ACCEPT[:-4])), []),  # cut
        ((answered(ACCEPT[::-1]),), []),
    ],
)
def test_an_answer_that_does_not_fit_its_key(
    said: tuple[Said, ...], expected: list[Severity], tmp_path: Path, facts_of: FactsOf
) -> None:
    findings = found_in(RULE, facts_of, session(tmp_path / "a.pcap", 80, *said))
    assert [f.severity for f in findings] == expected
    for finding in findings:
        assert finding.evidence.frames == (4, 5)
        assert finding.side is Side.SERVER


def test_it_does_not_apply_without_keys(tmp_path: Path, facts_of: FactsOf) -> None:
    assert facts_of(session(tmp_path / "a.pcap", 80, (True, get("/"))), wrong_accepts)[wrong_accepts] == ()
