"""SSH sessions that end because nobody answers keep-alives: at least two, evenly apart, and then the end."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sessions import FactsOf, found_in
from talk import Talk, Wire

from explainer.model import Analysis, Confidence, RuleStatus, Severity, Side

AnalysisOf = Callable[[str], Analysis]
NEWKEYS = b"\0\0\0\x0c\x0a\x15" + bytes(10)


def session(path: Path, *steps: tuple[float, int], client_speaks: bool = False, end_after: float = 4) -> Path:
    """Write a session: what the server sends, after how long and how much; then it ends it."""
    wire = Wire()
    talk = Talk(wire, dport=22).open().exchange(b"SSH-2.0-a\r\n", b"SSH-2.0-b\r\n").answer(NEWKEYS).say(NEWKEYS)
    talk.exchange(bytes(44), bytes(80)).exchange(bytes(60), bytes(36))
    for pause, length in steps:
        talk.wait(pause).answer(bytes([length]) * length)
    if client_speaks:
        talk.say(bytes(44))
    talk.wait(end_after).close(from_client=False).ack(from_client=True)
    return wire.save(path)


def test_a_stopped_program(analysis_of: AnalysisOf) -> None:
    (finding,) = (f for f in analysis_of("ssh_keep_alive_unanswered").findings if f.rule == "ssh_keep_alive_unanswered")
    assert "10.20.2.20 ends the SSH session with 10.20.1.10 after 2 keep-alives, one every 2" in finding.title
    assert (finding.severity, finding.confidence, finding.side) == (
        Severity.MEDIUM, Confidence.PROBABLE, Side.CLIENT,
    )  # fmt: skip


def test_two_of_one_length(tmp_path: Path, facts_of: FactsOf) -> None:
    (finding,) = found_in("ssh_keep_alive_unanswered", facts_of, session(tmp_path / "a.pcap", (4, 60), (4, 60)))
    assert finding.measured["asked"] == 2


@pytest.mark.parametrize(
    ("steps", "client_speaks", "end_after"),
    [
        (((4, 60),), False, 4),
        (((4, 60), (4, 60)), True, 4),
        (((4, 60), (4, 60)), False, 1),
        (((4, 60), (4, 60), (9, 60)), False, 9),
        (((0.5, 60), (0.5, 60)), False, 4),
        (((4, 60), (4, 60), (4, 76)), False, 4),
        (((4, 220), (4, 220)), False, 4),
    ],
    ids=["one", "answered", "ends at once", "unevenly", "too close", "a goodbye", "too long"],
)
def test_what_looks_alike_is_silent(
    steps: tuple[tuple[float, int], ...], client_speaks: bool, end_after: float, tmp_path: Path, facts_of: FactsOf
) -> None:
    capture = session(tmp_path / "a.pcap", *steps, client_speaks=client_speaks, end_after=end_after)
    assert found_in("ssh_keep_alive_unanswered", facts_of, capture) == []


def test_without_application_servers_it_does_not_apply(analysis_of: AnalysisOf) -> None:
    (outcome,) = (o for o in analysis_of("dns_nxdomain").outcomes if o.rule == "ssh_keep_alive_unanswered")
    assert outcome.status is RuleStatus.NOT_APPLICABLE
