from collections.abc import Callable
from pathlib import Path

import pytest
from factories import findings_of
from talk import Talk, Wire, certificate, client_hello, server_hello

from explainer import registry
from explainer.facts import Facts
from explainer.model import Analysis, Finding, RuleStatus, Severity, Side

AnalysisOf = Callable[[str], Analysis]
FactsOf = Callable[..., Facts]
RULES = ("tls_hello_unacknowledged", "tls_flight_lost")
HELLO = client_hello("www.example.org")
LARGE, SMALL = certificate(1400), certificate(200)


def every(capture: Path | str, facts_of: FactsOf) -> list[Finding]:
    return [
        finding
        for entry in registry.rules
        if entry.id in RULES
        for finding in findings_of(entry.id, facts_of(capture, *entry.needs))
    ]


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("tls_hello_dropped", "tls_hello_unacknowledged"),
        ("tls12_flight_lost", "tls_flight_lost"),
        ("tls13_flight_lost_at_server", "tls_flight_lost"),
    ],
)
def test_the_labs_losses_are_found_each_by_one_rule(name: str, rule: str, facts_of: FactsOf) -> None:
    (finding,) = every(name, facts_of)
    assert (finding.rule, finding.side, finding.severity) == (rule, Side.NETWORK, Severity.HIGH)
    assert "(MTU)" in finding.title or rule != "tls_flight_lost"


@pytest.mark.parametrize("name", ["dns_nxdomain", "tcp_refused"])
def test_without_loss_no_rule_applies(name: str, analysis_of: AnalysisOf) -> None:
    outcomes = [outcome for outcome in analysis_of(name).outcomes if outcome.rule in RULES]
    assert {outcome.status for outcome in outcomes} == {RuleStatus.NOT_APPLICABLE}


def tail_only(talk: Talk, lost: bytes, rest: bytes) -> Talk:
    """Let only the rest of the server's answer arrive; the client acknowledges what came before, now and later."""
    before = talk.server_seq
    talk.answer(lost, lost=True, acked=False).answer(rest, acked=False)
    talk.server_seq = before
    return talk.ack(from_client=True)


LOST: dict[str, tuple[str, Callable[[Talk], object]]] = {
    "sent twice": ("tls_hello_unacknowledged", lambda talk: talk.say(HELLO, acked=False).wait(1).again(HELLO).wait(3)),
    "large lost": ("tls_flight_lost", lambda talk: tail_only(talk.say(HELLO), server_hello() + LARGE, SMALL).wait(3.1)),
    "small lost": ("tls_flight_lost", lambda talk: tail_only(talk.say(HELLO), server_hello(), SMALL).wait(3.1)),
}


def test_losses_are_found_with_their_sizes(tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    for number, (_, said) in enumerate(LOST.values()):
        said(Talk(wire, server=f"198.51.100.{number}").open())
    Talk(wire, server="198.51.100.99").open()
    hello, large, small = sorted(every(wire.save(tmp_path / "lost.pcap"), facts_of), key=lambda f: f.scope.streams)
    assert [finding.rule for finding in (hello, large, small)] == [rule for rule, _ in LOST.values()]
    assert hello.measured["sendings"] == 2
    assert hello.measured["hello_bytes"] == len(HELLO)
    assert large.measured["lost_bytes"] == len(server_hello() + LARGE)
    assert large.measured["largest_arrived_bytes"] == len(SMALL)
    assert large.measured["mss"] == 1460
    assert "(MTU)" in large.title
    assert "(MTU)" not in small.title


def test_after_the_server_hello_a_second_is_enough(tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    talk = Talk(wire).open().exchange(HELLO, server_hello())
    tail_only(talk, LARGE, SMALL).wait(1.1).close(from_client=True)
    (finding,) = every(wire.save(tmp_path / "lost.pcap"), facts_of)
    assert finding.measured["lost_for_s"] == pytest.approx(1.1, abs=0.01)
    assert finding.severity is Severity.HIGH


QUIET: dict[str, Callable[[Talk], object]] = {
    "sent once": lambda talk: talk.say(HELLO, acked=False).wait(3),
    "acknowledged at last": lambda talk: talk.say(HELLO, acked=False).wait(1).again(HELLO).ack(from_client=False),
    "left within a second": lambda talk: (
        talk.say(HELLO, acked=False).wait(0.4).again(HELLO).wait(0.4).close(from_client=True)
    ),
    "not in the capture, but arrived": lambda talk: (
        talk.say(HELLO).answer(server_hello() + LARGE, lost=True).answer(SMALL).wait(2)
    ),
    "left within a second of the loss": lambda talk: (
        tail_only(talk.exchange(HELLO, server_hello()), LARGE, SMALL).wait(0.9).close(from_client=True)
    ),
}


def test_what_may_still_come_or_came_unseen_is_not_lost(tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    for number, said in enumerate(QUIET.values()):
        said(Talk(wire, server=f"198.51.100.{number}").open())
    Talk(wire, server="198.51.100.99", dport=80).open()
    told = [list(QUIET)[finding.scope.streams[0]] for finding in every(wire.save(tmp_path / "quiet.pcap"), facts_of)]
    assert told == []
