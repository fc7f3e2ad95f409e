"""Databases that end a session without a word."""

import struct
from pathlib import Path

import pytest
from sessions import FactsOf, found_in
from talk import Talk, Wire

from explainer.model import Severity, Side


def message(kind: bytes, body: bytes) -> bytes:
    """Return a message of PostgreSQL's (its manual, section 55.7)."""
    return kind + struct.pack("!I", len(body) + 4) + body


START_UP = message(b"", b"\0\x03\0\0user\0anna\0database\0shop\0\0")
READY = message(b"Z", b"I")
LET_IN = message(b"R", bytes(4)) + message(b"K", bytes(8)) + READY
QUERY, ANSWER = message(b"Q", b"select 1\0"), message(b"C", b"SELECT 1\0") + READY
GOODBYE = message(b"X", b"")
FATAL = message(b"E", b"SFATAL\0VFATAL\0C57P01\0Mterminating connection\0\0")


def session() -> Talk:
    return Talk(Wire(), dport=5432).open().exchange(START_UP, LET_IN).exchange(QUERY, ANSWER)


def test_a_request_that_is_never_answered(tmp_path: Path, facts_of: FactsOf) -> None:
    capture = session().say(QUERY).wait(2).close(from_client=False).wire.save(tmp_path / "a.pcap")
    (finding,) = found_in("database_hung_up", facts_of, capture)
    assert (finding.severity, finding.side) == (Severity.HIGH, Side.SERVER)
    assert "in the middle of a request: 2.0 s after it, without an answer" in finding.title


@pytest.mark.parametrize(
    ("pause", "severity"), [(5, Severity.MEDIUM), (61, Severity.INFO), (0.5, None)], ids=["short", "long", "at once"]
)
def test_an_idle_session(pause: float, severity: Severity | None, tmp_path: Path, facts_of: FactsOf) -> None:
    capture = session().wait(pause).reset(from_client=False).wire.save(tmp_path / "a.pcap")
    found = found_in("database_hung_up", facts_of, capture)
    assert [finding.severity for finding in found] == ([severity] if severity else [])
    assert all("in which nothing was asked (an idle time-out" in finding.title for finding in found)


def test_what_is_no_break(tmp_path: Path, facts_of: FactsOf) -> None:
    endings = {
        "goodbye": session().say(GOODBYE).wait(2).close(from_client=False),
        "said": session().say(QUERY).wait(2).answer(FATAL).close(from_client=False),
        "client": session().wait(5).close(from_client=True).close(from_client=False),
        "refused": Talk(Wire(), dport=5432).open().exchange(START_UP, FATAL).close(from_client=False),
    }
    for name, talk in endings.items():
        assert found_in("database_hung_up", facts_of, talk.wire.save(tmp_path / f"{name}.pcap")) == [], name


def test_an_error_as_the_last_word_of_the_server(tmp_path: Path, facts_of: FactsOf) -> None:
    for pause, told in ((0.5, 0), (1.5, 1)):
        talk = session().exchange(QUERY, FATAL).say(QUERY).wait(pause).close(from_client=False)
        assert len(found_in("database_hung_up", facts_of, talk.wire.save(tmp_path / f"{pause}.pcap"))) == told, pause
