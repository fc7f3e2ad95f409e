from collections.abc import Callable
from pathlib import Path

import pytest
from factories import findings_of, tls_alert
from issued import issue
from talk import Talk, Wire, certificate, change_cipher, client_hello, hidden, presented, server_hello

from explainer import registry
from explainer.facts import Facts
from explainer.model import Analysis, Finding, RuleStatus, Severity, Side

AnalysisOf = Callable[[str], Analysis]
FactsOf = Callable[..., Facts]
HELLO, ANSWER = client_hello("www.example.org"), server_hello() + certificate(300)


def every(capture: Path, facts_of: FactsOf) -> list[Finding]:
    entry = registry.rules.get("tls_left")
    assert entry is not None
    return findings_of("tls_left", facts_of(capture, *entry.needs))


def test_it_is_a_symptom() -> None:
    entry = registry.rules.get("tls_left")
    assert entry is not None
    assert entry.symptom


@pytest.mark.parametrize("name", ["dns_nxdomain", "tcp_refused"])
def test_where_nobody_leaves_it_does_not_apply(name: str, analysis_of: AnalysisOf) -> None:
    (outcome,) = (outcome for outcome in analysis_of(name).outcomes if outcome.rule == "tls_left")
    assert outcome.status is RuleStatus.NOT_APPLICABLE


def test_who_left_is_named(tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    Talk(wire, server="198.51.100.1").open().exchange(HELLO, ANSWER).part()
    Talk(wire, server="198.51.100.2").open().exchange(HELLO, ANSWER).close(from_client=False)
    Talk(wire, server="198.51.100.3").open().exchange(HELLO, ANSWER).reset(from_client=True)
    by_client, by_server, reset = sorted(
        every(wire.save(tmp_path / "left.pcap"), facts_of), key=lambda f: f.scope.streams
    )
    assert (by_client.side, by_server.side, reset.side) == (Side.CLIENT, Side.SERVER, Side.CLIENT)
    assert "the client 192.0.2.10" in by_client.title
    assert "the server 198.51.100.2" in by_server.title
    assert {finding.severity for finding in (by_client, by_server, reset)} == {Severity.MEDIUM}
    # The hello, and the segment with which it left: what the evidence of a cause has to hold.
    assert len(by_client.evidence.frames) == 2


QUIET: dict[str, Callable[[Talk], object]] = {
    "alert": lambda talk: talk.exchange(HELLO, ANSWER).say(tls_alert(2, 48)).part(),
    "server had finished": lambda talk: talk.exchange(HELLO, ANSWER + change_cipher()).part(),
    "completed": lambda talk: talk.exchange(HELLO, ANSWER).exchange(change_cipher(), change_cipher()).part(),
    "capture ends": lambda talk: talk.exchange(HELLO, ANSWER),
}


def test_where_it_was_said_or_finished_there_is_nothing_to_say(tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    for number, said in enumerate(QUIET.values()):
        said(Talk(wire, server=f"198.51.100.{number}").open())
    told = [list(QUIET)[finding.scope.streams[0]] for finding in every(wire.save(tmp_path / "quiet.pcap"), facts_of)]
    assert told == []


@pytest.mark.parametrize(("flight", "after_s", "turned_away"), [(151, 0.9, True), (151, 1.1, False), (150, 0.9, False)])
def test_a_client_that_leaves_on_an_encrypted_certificate_may_not_like_it(
    flight: int,
    after_s: float,
    turned_away: bool,
    tmp_path: Path,
    facts_of: FactsOf,
) -> None:
    wire = Wire()
    answer = server_hello(version=0x0304) + hidden(27) + hidden(flight) + hidden(53)
    Talk(wire).open().exchange(HELLO, answer).wait(after_s).part()
    (finding,) = every(wire.save(tmp_path / "left.pcap"), facts_of)
    assert ("its certificate" in finding.title) is turned_away


@pytest.mark.parametrize(("after_s", "turned_away"), [(0.9, True), (1.1, False)])
def test_a_client_that_leaves_on_a_readable_certificate_may_not_like_it(
    after_s: float, turned_away: bool, tmp_path: Path, facts_of: FactsOf
) -> None:
    wire = Wire()
    shown = server_hello() + presented(issue("www.example.org", issue("Office CA", authority=True)).der)
    Talk(wire).open().exchange(HELLO, shown).wait(after_s).part()
    (finding,) = every(wire.save(tmp_path / "left.pcap"), facts_of)
    assert ("does not know its issuer" in finding.title) is turned_away
    assert (finding.side is Side.EITHER) is turned_away
