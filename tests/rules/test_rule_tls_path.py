from collections.abc import Callable
from pathlib import Path

import pytest
from factories import findings_of, tls_alert
from talk import Talk, Wire, certificate, client_hello, server_hello

from explainer import registry
from explainer.facts import Facts
from explainer.model import Analysis, Confidence, Finding, RuleStatus, Severity, Side

AnalysisOf = Callable[[str], Analysis]
FactsOf = Callable[..., Facts]
RULES = ("tls_reset_after_hello", "tls_closed_after_hello", "tls_no_server_hello")
HELLO = client_hello("www.example.org")


def found(rule: str, capture: Path | str, facts_of: FactsOf) -> list[Finding]:
    entry = registry.rules.get(rule)
    assert entry is not None
    return findings_of(rule, facts_of(capture, *entry.needs))


def every(capture: Path | str, facts_of: FactsOf) -> list[Finding]:
    return [finding for rule in RULES for finding in found(rule, capture, facts_of)]


def steps(finding: Finding) -> str:
    return " ".join(step.text for step in finding.evidence.steps)


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.mark.parametrize(
    ("name", "rule", "side"),
    [
        ("tls_reset_by_server", "tls_reset_after_hello", Side.SERVER),
        ("tls_reset_on_path", "tls_reset_after_hello", Side.NETWORK),
        ("tls_closed_by_server", "tls_closed_after_hello", Side.SERVER),
        ("tls_server_silent", "tls_no_server_hello", Side.SERVER),
        ("tls_server_slow", "tls_no_server_hello", Side.SERVER),
    ],
)
def test_the_labs_faults_are_found_each_by_one_rule(name: str, rule: str, side: Side, facts_of: FactsOf) -> None:
    (finding,) = every(name, facts_of)
    assert (finding.rule, finding.side, finding.severity) == (rule, side, Severity.HIGH)


@pytest.mark.parametrize("name", ["dns_nxdomain", "tcp_refused"])
def test_without_such_handshakes_no_rule_applies(name: str, analysis_of: AnalysisOf) -> None:
    outcomes = [outcome for outcome in analysis_of(name).outcomes if outcome.rule in RULES]
    assert {outcome.status for outcome in outcomes} == {RuleStatus.NOT_APPLICABLE}


def reset(wire: Wire, **how: int) -> None:
    Talk(wire).open().say(HELLO).reset(from_client=False, **how)


@pytest.mark.parametrize(("ttl", "side"), [(60, Side.SERVER), (61, Side.NETWORK), (255, Side.NETWORK)])
def test_another_ttl_points_at_the_path(ttl: int, side: Side, wire: Wire, tmp_path: Path, facts_of: FactsOf) -> None:
    reset(wire, ttl=ttl)
    (finding,) = every(wire.save(tmp_path / "reset.pcap"), facts_of)
    assert finding.side is side
    assert finding.measured["reset_ttl"] == ttl
    assert finding.measured["server_ttl"] == 60
    assert finding.confidence is (Confidence.CERTAIN if side is Side.SERVER else Confidence.PROBABLE)
    assert "network is not the cause" not in steps(finding)


def test_a_server_of_several_ttls_tells_nothing(wire: Wire, tmp_path: Path, facts_of: FactsOf) -> None:
    talk = Talk(wire).open().say(HELLO)
    talk.server_ttl = 59
    talk.ack(from_client=False).reset(from_client=False, ttl=250)
    (finding,) = every(wire.save(tmp_path / "several.pcap"), facts_of)
    assert finding.side is Side.SERVER


@pytest.mark.parametrize(("away_ms", "side"), [(3, Side.SERVER), (50, Side.NETWORK)])
def test_a_reset_faster_than_the_server_comes_from_the_path(
    away_ms: int, side: Side, wire: Wire, tmp_path: Path, facts_of: FactsOf
) -> None:
    Talk(wire, away_s=away_ms / 1000).open().say(HELLO, acked=False).reset(from_client=False)
    (finding,) = every(wire.save(tmp_path / "fast.pcap"), facts_of)
    assert finding.side is side


QUIET: dict[str, Callable[[Talk], object]] = {
    "alert first": lambda talk: talk.exchange(HELLO, tls_alert(2, 40)).reset(from_client=False),
    "the client left first": lambda talk: talk.say(HELLO).close(from_client=True).reset(from_client=False),
    "answered, then closed": lambda talk: talk.exchange(HELLO, server_hello()).close(from_client=False),
    "an answer not in the capture": lambda talk: (
        talk.say(HELLO).answer(server_hello(), lost=True).close(from_client=False)
    ),
    "an answer lost": lambda talk: (
        talk.say(HELLO).answer(certificate(500), lost=True, acked=False).close(from_client=False)
    ),
    "left before a second": lambda talk: talk.say(HELLO).wait(0.9).part(),
    "answered as it leaves": lambda talk: talk.say(HELLO).wait(0.9).close(from_client=True).answer(server_hello()),
    "capture ends before three": lambda talk: talk.say(HELLO).wait(2.9).ack(from_client=True),
}


def test_other_ends_are_not_taken_for_these(wire: Wire, tmp_path: Path, facts_of: FactsOf) -> None:
    for number, said in enumerate(QUIET.values()):
        said(Talk(wire, server=f"198.51.100.{number}").open())
    told = [list(QUIET)[finding.scope.streams[0]] for finding in every(wire.save(tmp_path / "quiet.pcap"), facts_of)]
    assert told == []


def test_without_its_start_a_connection_is_not_judged(wire: Wire, tmp_path: Path, facts_of: FactsOf) -> None:
    Talk(wire).say(HELLO).close(from_client=False)
    assert every(wire.save(tmp_path / "late.pcap"), facts_of) == []


SILENT: dict[str, tuple[Callable[[Talk], object], float]] = {
    "left after a second": (lambda talk: talk.say(HELLO).wait(1.1).part(), 1.1),
    "waited three": (lambda talk: talk.say(HELLO).wait(3.1).ack(from_client=True), 3.1),
    "answered too late": (
        lambda talk: talk.say(HELLO).wait(1.1).close(from_client=True).wait(1).answer(server_hello()),
        1.1,
    ),
}


@pytest.mark.parametrize("name", SILENT)
def test_silence_is_found_with_its_length(name: str, wire: Wire, tmp_path: Path, facts_of: FactsOf) -> None:
    said, seconds = SILENT[name]
    said(Talk(wire).open())
    (finding,) = every(wire.save(tmp_path / "silent.pcap"), facts_of)
    assert finding.rule == "tls_no_server_hello"
    assert finding.measured["waited_s"] == pytest.approx(seconds, abs=0.01)
    assert ("too late" in finding.title) is (name == "answered too late")
    assert "acknowledges the ClientHello" in steps(finding)


def test_what_worked_beside_it_narrows_the_cause(wire: Wire, tmp_path: Path, facts_of: FactsOf) -> None:
    def answered(port: int, name: str, client: str = "192.0.2.10") -> None:
        Talk(wire, sport=port, client=client).open().exchange(client_hello(name), server_hello())

    answered(40001, "other.example.org")
    answered(40002, "www.example.org", client="192.0.2.99")
    Talk(wire).open().say(HELLO).reset(from_client=False)
    (finding,) = every(wire.save(tmp_path / "named.pcap"), facts_of)
    assert "asks for other.example.org" in steps(finding)
    assert "another client, 192.0.2.99" in steps(finding)
    assert finding.severity is Severity.HIGH


def test_a_later_answer_makes_it_small_and_the_same_again_is_one_finding(
    wire: Wire, tmp_path: Path, facts_of: FactsOf
) -> None:
    for port in (40000, 40001):
        Talk(wire, sport=port).open().say(HELLO).close(from_client=False)
    Talk(wire, sport=40002).open().exchange(HELLO, server_hello())
    (finding,) = every(wire.save(tmp_path / "overcome.pcap"), facts_of)
    assert finding.severity is Severity.LOW
    assert finding.scope.streams == (0, 1)
    assert "at another time" in steps(finding)


def test_an_old_offer_and_a_long_hello_are_told_as_possible_reasons(
    wire: Wire, tmp_path: Path, facts_of: FactsOf
) -> None:
    hello = client_hello(version=0x0301, padding=1500)
    Talk(wire).open().say(hello[:1400]).say(hello[1400:]).close(from_client=False)
    (finding,) = every(wire.save(tmp_path / "old.pcap"), facts_of)
    assert "nothing newer than TLS 1.0" in finding.detail
    assert f"2 packets ({len(hello)} bytes)" in finding.detail


@pytest.mark.parametrize(("port", "said"), [(1883, "MQTT without TLS"), (8883, ""), (6379, "Redis without TLS")])
@pytest.mark.parametrize(
    "ends",
    [
        lambda talk: talk.say(HELLO).reset(from_client=False),
        lambda talk: talk.say(HELLO).close(from_client=False),
        lambda talk: talk.say(HELLO).wait(4).part(),
    ],
    ids=["reset", "closed", "silence"],
)
def test_a_port_that_is_usually_without_tls_is_named(
    ends: Callable[[Talk], object], port: int, said: str, wire: Wire, tmp_path: Path, facts_of: FactsOf
) -> None:
    ends(Talk(wire, dport=port).open())
    (finding,) = every(wire.save(tmp_path / "plain.pcap"), facts_of)
    assert said in finding.title
    assert ("without TLS" in finding.title) is bool(said)


@pytest.mark.parametrize(("port", "side"), [(50051, Side.EITHER), (443, Side.SERVER), (8443, Side.SERVER)])
def test_on_a_port_where_nobody_gets_tls_there_may_be_none(
    port: int, side: Side, wire: Wire, tmp_path: Path, facts_of: FactsOf
) -> None:
    Talk(wire, dport=port).open().say(client_hello("shop.example")).close(from_client=False)
    (finding,) = found("tls_closed_after_hello", wire.save(tmp_path / "c.pcap"), facts_of)
    assert finding.side is side
    assert ("do without it" in finding.act) is (side is Side.EITHER)
