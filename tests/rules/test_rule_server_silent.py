"""Servers that hang up, keep silent or turn a client away without a protocol of their own."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sessions import FactsOf, found_in
from talk import Talk, Wire

from explainer.model import Analysis, Finding, Severity, Side

AnalysisOf = Callable[[str], Analysis]
SSH = b"SSH-2.0-OpenSSH_9.2\r\n"


def findings(analysis: Analysis, rule: str) -> list[Finding]:
    return [finding for finding in analysis.findings if finding.rule == rule]


@pytest.mark.parametrize(
    ("capture", "rule", "words"),
    [
        ("postgres_asked_in_http", "server_hung_up", "usually PostgreSQL's, and the client speaks HTTP"),
        ("ssh_turned_away", "server_last_words", "Exceeded MaxStartups"),
        ("ssh_server_hangs", "server_silent", "then says nothing: the client leaves after 4."),
    ],
)
def test_recordings(capture: str, rule: str, words: str, analysis_of: AnalysisOf) -> None:
    (finding,) = findings(analysis_of(capture), rule)
    assert words in finding.title
    assert finding.severity is Severity.HIGH


def hung_up(path: Path, *, answered: bool = False, client_first: bool = False, said: bytes = SSH) -> Path:
    wire = Wire()
    talk = Talk(wire, dport=22).open().say(said)
    if answered:
        talk.answer(SSH)
    if client_first:
        talk.part()
    else:
        talk.close(from_client=False).close(from_client=True).ack(from_client=False)
    return wire.save(path)


@pytest.mark.parametrize(("said", "fires"), [(16_384, True), (16_385, False)])
def test_who_takes_much_owes_no_answer(said: int, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    assert bool(found_in("server_hung_up", facts_of, hung_up(tmp_path / "a.pcap", said=b"x" * said))) is fires


def with_ftp(path: Path, *, port: int, lasts: bool) -> Path:
    """Write an FTP session that names port 50005, and a connection to `port` that carries nothing."""
    wire = Wire()
    session = Talk(wire, dport=21).open().answer(b"220 ready\r\n")
    session.exchange(b"EPSV\r\n", b"229 ok (|||50005|)\r\n")
    if not lasts:
        session.part()
    Talk(wire, sport=40001, dport=port).open().close(from_client=False).close(from_client=True)
    if lasts:
        session.part()
    return wire.save(path)


@pytest.mark.parametrize(
    ("port", "lasts", "fires"), [(50005, False, False), (50006, True, False), (50006, False, True), (25, True, True)]
)
def test_the_list_of_an_empty_folder_is_no_hanging_up(
    port: int, lasts: bool, fires: bool, tmp_path: Path, facts_of: FactsOf
) -> None:
    capture = with_ftp(tmp_path / "a.pcap", port=port, lasts=lasts)
    assert bool(found_in("server_hung_up", facts_of, capture)) is fires


def test_who_ends_and_whether_anything_was_said_decides(tmp_path: Path, facts_of: FactsOf) -> None:
    (finding,) = found_in("server_hung_up", facts_of, hung_up(tmp_path / "a.pcap"))
    assert "port 22 and closes it after the client's first words (SSH), without a word" in finding.title
    assert finding.side is Side.SERVER
    assert found_in("server_hung_up", facts_of, hung_up(tmp_path / "b.pcap", answered=True)) == []
    assert found_in("server_hung_up", facts_of, hung_up(tmp_path / "c.pcap", client_first=True)) == []
    request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    wire = Wire()
    Talk(wire, dport=80).open().say(request).close(from_client=False)
    assert found_in("server_hung_up", facts_of, wire.save(tmp_path / "d.pcap")) == []


@pytest.mark.parametrize(
    ("answers", "severity"),
    [((False, False), Severity.HIGH), ((True, False, False), Severity.MEDIUM), ((False, False, True), Severity.LOW)],
)
def test_a_reset_behind_the_end_changes_nothing_and_more_than_once_lasts(
    answers: tuple[bool, ...], severity: Severity, tmp_path: Path, facts_of: FactsOf
) -> None:
    wire = Wire()
    for number, answered in enumerate(answers):
        talk = Talk(wire, sport=40000 + number, dport=2181).open().say(b"question")
        if answered:
            talk.answer(b"answer").part()
        else:
            talk.close(from_client=False).reset(from_client=False)
    (finding,) = found_in("server_hung_up", facts_of, wire.save(tmp_path / "a.pcap"))
    assert finding.severity is severity
    assert finding.measured["connections"] == 2


@pytest.mark.parametrize(("seconds", "fires"), [(0.5, True), (3, False)])
def test_a_connection_in_reserve_may_be_ended(seconds: float, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    Talk(wire, dport=80).open().wait(seconds).close(from_client=False).close(from_client=True)
    assert bool(found_in("server_hung_up", facts_of, wire.save(tmp_path / "c.pcap"))) is fires


def test_a_greeting_is_owed_at_any_time(tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    Talk(wire, dport=110).open().wait(5).close(from_client=False).close(from_client=True)
    (finding,) = found_in("server_hung_up", facts_of, wire.save(tmp_path / "c.pcap"))
    assert "port 110 and closes it after a while, without a word" in finding.title


@pytest.mark.parametrize(("seconds", "fires"), [(3.1, True), (2.5, False)])
def test_silence_takes_three_seconds(seconds: float, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    Talk(wire, dport=2222).open().say(SSH).wait(seconds).part()
    assert bool(found_in("server_silent", facts_of, wire.save(tmp_path / "c.pcap"))) is fires


def test_a_service_that_owes_no_answer_may_be_silent(tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    Talk(wire, dport=2003).open().say(b"load.host 0.3 1700000000\n").wait(9).part()
    assert found_in("server_silent", facts_of, wire.save(tmp_path / "c.pcap")) == []


@pytest.mark.parametrize(
    ("said", "fires"), [(b"Too many users\r\n", True), (b"Thu Nov 26 07:00 2026\r\n", False), (SSH, False)]
)
def test_last_words_are_of_an_error(said: bytes, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    Talk(wire, dport=4000).open().answer(said).close(from_client=False).close(from_client=True)
    assert bool(found_in("server_last_words", facts_of, wire.save(tmp_path / "c.pcap"))) is fires


def request(path: Path, seconds: float, *, answer: bytes = b"", leaves: bool = True) -> Path:
    wire = Wire()
    talk = Talk(wire, dport=80).open().say(b"GET /report HTTP/1.1\r\nHost: www.example.org\r\n\r\n").wait(seconds)
    if answer:
        talk.answer(answer)
    if leaves:
        talk.part()
    else:
        talk.ack(from_client=True)
    return wire.save(path)


def test_http_requests_never_answered(tmp_path: Path, facts_of: FactsOf, analysis_of: AnalysisOf) -> None:
    (recorded,) = findings(analysis_of("http_never_answered"), "http_unanswered")
    assert "never answers the request for /report.html: after 5.0 s the client leaves" in recorded.title
    assert len(found_in("http_unanswered", facts_of, request(tmp_path / "a.pcap", 3.5))) == 1
    assert found_in("http_unanswered", facts_of, request(tmp_path / "b.pcap", 2.5)) == []
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    assert found_in("http_unanswered", facts_of, request(tmp_path / "c.pcap", 9, answer=whole)) == []
    assert found_in("http_unanswered", facts_of, request(tmp_path / "d.pcap", 8, leaves=False)) == []
    assert len(found_in("http_unanswered", facts_of, request(tmp_path / "e.pcap", 12, leaves=False))) == 1


@pytest.mark.parametrize(("waits", "told"), [((1, 1, 1), 3), ((1, 1.3, 1.8), 0), ((1,), 0)])
def test_a_time_limit_that_ends_each_wait_is_told_once(
    waits: tuple[float, ...], told: int, tmp_path: Path, facts_of: FactsOf
) -> None:
    wire = Wire()
    for number, seconds in enumerate(waits):
        talk = Talk(wire, sport=40000 + number, dport=80).open()
        talk.say(b"GET /healthz HTTP/1.1\r\nHost: www.example.org\r\n\r\n").wait(seconds).part()
    findings = found_in("http_unanswered", facts_of, wire.save(tmp_path / "f.pcap"))
    assert [f.measured["requests"] for f in findings] == ([told] if told else [])
