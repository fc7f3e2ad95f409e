"""Routers that check the link between them by BFD."""

import struct
from pathlib import Path

import pytest
from factories import SECOND, UDP, KnownFacts, datagram, ethernet, findings_of, ip, pcap
from flow import FactsOf

from explainer.model import Finding, Severity
from explainer.protocols.bfd import ADMIN_DOWN, DOWN, INIT, UP, Said, Session, sessions
from explainer.protocols.icmp_errors import UNREACHABLE, Error, errors

ONE, OTHER = "10.0.0.1", "10.0.0.2"
CLOSED = Error(3, 0, OTHER, ONE, UNREACHABLE, 4, 3, None, None, "udp", ONE, OTHER, 50000, 3784, 1)


def says(sender: str, state: int, diagnostic: int = 0) -> bytes:
    body = struct.pack("!BBBBIIIII", 0x20 | diagnostic, state << 6, 3, 24, 1, 2, 300_000, 300_000, 0)
    return ethernet(ip(sender, OTHER if sender == ONE else ONE, UDP, datagram(50000, 3784, body)))


def told(*states: tuple[str, int, int], closed: bool = False) -> list[Finding]:
    said = tuple(Said(n + 1, n * SECOND, *each) for n, each in enumerate(states))
    known = {sessions: (Session((ONE, OTHER), said),), errors: (CLOSED,) if closed else ()}
    return findings_of("bfd_down", KnownFacts(known))


def test_what_is_said(tmp_path: Path, facts_of: FactsOf) -> None:
    capture = pcap(tmp_path / "bfd.pcap", [says(ONE, DOWN), says(OTHER, INIT), says(ONE, UP), says(OTHER, DOWN, 1)])
    (session,) = facts_of(capture, sessions)[sessions]
    assert session.hosts == (ONE, OTHER)
    assert [(s.frame, s.sender, s.state, s.diagnostic) for s in session.said] == [
        (1, ONE, DOWN, 0), (2, OTHER, INIT, 0), (3, ONE, UP, 0), (4, OTHER, DOWN, 1),
    ]  # fmt: skip
    without = pcap(tmp_path / "none.pcap", [ethernet(ip(ONE, OTHER, UDP, datagram(5000, 6000, b"x")))])
    assert facts_of(without, sessions)[sessions] == ()


@pytest.mark.parametrize(
    ("after", "severity"),
    [((), Severity.HIGH), (((ONE, UP, 0),), Severity.HIGH), (((OTHER, UP, 0),), Severity.MEDIUM)],
    ids=["for good", "the other has not noticed", "and up again"],
)
def test_a_session_that_goes_down(after: tuple[tuple[str, int, int], ...], severity: Severity) -> None:
    (finding,) = told((ONE, UP, 0), (OTHER, UP, 0), (ONE, UP, 0), (OTHER, DOWN, 1), *after)
    assert finding.severity is severity
    assert f"{OTHER} heard no more of {ONE} (control detection time expired)" in finding.title
    assert {3, 4} <= set(finding.evidence.frames)


@pytest.mark.parametrize(
    "states",
    [
        [(ONE, DOWN, 0), (OTHER, INIT, 0), (ONE, UP, 0), (OTHER, UP, 0)],
        [(ONE, UP, 0), (OTHER, UP, 0), (ONE, ADMIN_DOWN, 7), (OTHER, DOWN, 3)],
        [(ONE, DOWN, 0)] * 4,
        [(ONE, INIT, 0)] * 9,
    ],
    ids=["comes up", "shut down on purpose", "four times", "hears the other"],
)
def test_what_is_in_order(states: list[tuple[str, int, int]]) -> None:
    assert told(*states) == []


def test_a_router_that_hears_nothing() -> None:
    (finding,) = told(*[(ONE, DOWN, 0)] * 5)
    assert finding.severity is Severity.MEDIUM
    assert f"{ONE} hears nothing of {OTHER}" in finding.title
    assert told(*[(ONE, DOWN, 0)] * 5, closed=True) == []
    (both,) = told(*[(ONE, DOWN, 0), (OTHER, INIT, 0)] * 5)
    assert f"{OTHER} sends as well" in both.evidence.steps[1].text
