"""VNC's handshake, byte by byte, in each version of the protocol."""

import struct
from pathlib import Path

import pytest
from sessions import FactsOf, Said, found_in, session

from explainer.model import Severity
from explainer.protocols.applications import Reply, replies

PORT = 5900
CHALLENGE, RESPONSE = (False, bytes(range(16))), (True, bytes(range(16, 32)))


def version(minor: int) -> tuple[Said, Said]:
    said = b"RFB 003.%03d\n" % minor
    return (False, said), (True, said)


def told(result: int, words: str = "") -> Said:
    text = struct.pack("!I", len(words)) + words.encode() if words else b""
    return False, struct.pack("!I", result) + text


NEW = (*version(8), (False, b"\x02\x02\x13"), (True, b"\x02"), CHALLENGE, RESPONSE)
OLD = (*version(3), (False, struct.pack("!I", 2)), CHALLENGE, RESPONSE)
UNASKED = (*version(8), (False, b"\x01\x01"), (True, b"\x01"))


def outcomes(path: Path, facts_of: FactsOf, *said: Said) -> list[Reply]:
    return [r for r in facts_of(session(path, PORT, *said), replies)[replies] if r.protocol == "VNC"]


@pytest.mark.parametrize(
    ("said", "code", "text"),
    [
        ((*NEW, told(0)), "", ""),
        ((*NEW, told(1, "Authentication failure")), "1", "Authentication failure"),
        ((*OLD, told(1)), "1", "failed"),
        ((*UNASKED, told(0)), "", ""),
        ((*version(8), (False, b"\x00"), told(0x12, "")), "refused", ""),
        ((*version(8), (False, b"\x00\x00\x00\x00\x08Too many")), "refused", "Too many"),
    ],
)
def test_how_the_login_ends(said: tuple[Said, ...], code: str, text: str, tmp_path: Path, facts_of: FactsOf) -> None:
    (outcome,) = outcomes(tmp_path / "a.pcap", facts_of, *said)
    assert (outcome.code, outcome.text, outcome.ok) == (code, text, not code)


@pytest.mark.parametrize(
    "said",
    [
        version(8),
        NEW,
        (*version(8), (False, b"\x01\x13"), (True, b"\x13"), told(1)),
        (*version(7), (False, b"\x01\x01"), (True, b"\x01"), told(1)),
        (*NEW, told(7)),
    ],
    ids=["versions", "no_result", "another_way", "nothing_is_told", "no_result_of_the_rfc"],
)
def test_what_cannot_be_told_is_not(said: tuple[Said, ...], tmp_path: Path, facts_of: FactsOf) -> None:
    assert outcomes(tmp_path / "a.pcap", facts_of, *said) == []


def test_a_refused_login_is_told(tmp_path: Path, facts_of: FactsOf) -> None:
    refused = session(tmp_path / "no.pcap", PORT, *NEW, told(1, "Authentication failure"))
    (finding,) = found_in("service_error", facts_of, refused)
    assert "does not let 192.0.2.10 in: it does not accept the password" in finding.title
    assert finding.severity is Severity.HIGH
    assert found_in("service_error", facts_of, session(tmp_path / "yes.pcap", PORT, *NEW, told(0))) == []
