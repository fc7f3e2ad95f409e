from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from factories import (
    SECOND,
    SERVER,
    connection,
    facts,
    findings_of,
    first_frame,
    matching,
    refused,
    start_ns,
    unanswered,
    unreachable,
)

from explainer.model import Analysis, Confidence, Finding, Severity, Side
from explainer.protocols.arp import Resolution, resolutions
from explainer.protocols.tcp import Connection, Endpoint
from explainer.rules.attempts import MANY_PORTS
from explainer.rules.tcp_handshake import tcp_syn_unanswered

AnalysisOf = Callable[[str], Analysis]


def found(*attempts: Connection, **known: Any) -> list[Finding]:
    return findings_of("tcp_syn_unanswered", facts(attempts, **known))


def test_the_labs_evidence_is_every_syn(captures: Path, analysis_of: AnalysisOf) -> None:
    (finding,) = analysis_of("tcp_syn_unanswered").findings
    syns = matching(captures / "tcp_syn_unanswered.pcapng", "tcp.dstport == 5432 && tcp.flags.syn == 1")
    assert set(finding.evidence.frames) == syns
    assert finding.measured["syns"] == len(syns)
    assert finding.severity is Severity.HIGH
    assert finding.confidence is Confidence.CERTAIN


def test_two_syns_and_a_second_are_enough() -> None:
    attempt = unanswered(0, syns=2)
    assert len(found(attempt, last_ns=start_ns(0) + SECOND)) == 1


def test_one_syn_is_not_enough() -> None:
    assert found(unanswered(0, syns=1)) == []


def test_attempts_of_one_syn_each_are_told_together() -> None:
    (finding,) = found(unanswered(0, syns=1), unanswered(1, syns=1))
    assert finding.measured["syns"] == 2
    assert "never answered the connection" in finding.title


@pytest.mark.parametrize(
    "second",
    [
        unanswered(1, syns=1, first_ns=start_ns(0) + 990_000_000),
        unanswered(1, syns=1, server=Endpoint(SERVER, 81)),
        unanswered(1, syns=1, client=Endpoint("192.0.2.77", 40000)),
    ],
    ids=["too soon", "another port", "another client"],
)
def test_attempts_of_one_syn_each_that_prove_little(second: Connection) -> None:
    assert found(unanswered(0, syns=1), second) == []


def test_attempts_of_one_syn_each_between_which_one_was_accepted_are_losses() -> None:
    assert found(unanswered(0, syns=1), connection(1), unanswered(2, syns=1), connection(3)) == []
    (finding,) = found(connection(0), unanswered(1, syns=1), unanswered(2, syns=1))
    assert finding.severity is Severity.HIGH


def test_where_only_one_way_is_recorded_one_syn_each_proves_nothing() -> None:
    client = unanswered(0).client.address
    assert found(unanswered(0, syns=1), unanswered(1, syns=1), one_way=(client,)) == []
    assert len(found(unanswered(0, syns=2), one_way=(client,))) == 1


def test_a_flood_is_no_client_without_patience() -> None:
    step = SECOND // 20
    flood = [unanswered(n, syns=1, first_ns=start_ns(0) + n * step, syn_ns=(start_ns(0),)) for n in range(60)]
    assert found(*flood, last_ns=start_ns(0) + 9 * SECOND) == []


def test_a_second_must_have_passed_since_the_first_syn() -> None:
    attempt = unanswered(0, syns=2, last_ns=start_ns(0) + SECOND // 2)
    assert found(attempt, last_ns=start_ns(0) + 990_000_000) == []


def test_thresholds_can_be_set() -> None:
    # The decorator's type hides the thresholds.
    check: Any = tcp_syn_unanswered
    known = facts([unanswered(0, syns=3)], last_ns=start_ns(0) + 3 * SECOND)
    assert len(list(check(known, min_syns=3, min_wait_s=3))) == 1
    assert list(check(known, min_syns=4)) == []
    assert list(check(known, min_wait_s=3.001)) == []


@pytest.mark.parametrize(
    "attempt",
    [
        connection(),
        refused(),
        unanswered(server_frames=1),
        unanswered(client_frames=4),
        unanswered(ack_frame=9, client_frames=4),
        unanswered(syn_frames=(), syn_ns=()),
    ],
    ids=["accepted", "refused", "the server sent something", "the client sent more", "the client acked", "no SYN"],
)
def test_anything_else_is_not_unanswered(attempt: Connection) -> None:
    assert found(attempt) == []


def test_a_rejection_by_icmp_is_an_answer() -> None:
    attempt = unanswered()
    assert found(attempt, errors=[unreachable(attempt)]) == []
    other = unreachable(unanswered(client=Endpoint("192.0.2.99", 1)))
    assert len(found(attempt, errors=[other])) == 1


@pytest.mark.parametrize(("version", "code"), [(v, c) for v, codes in ((4, 16), (6, 8)) for c in range(codes)])
def test_an_attempt_that_icmp_answers_is_told_by_one_rule_or_the_other(version: int, code: int) -> None:
    attempt = unanswered(server=Endpoint("2001:db8::20", 443)) if version == 6 else unanswered()
    known = facts([attempt], errors=[unreachable(attempt, code=code)])
    told = findings_of("tcp_syn_unanswered", known) + findings_of("tcp_rejected_by_icmp", known)
    assert len(told) == 1


def test_a_host_that_answers_elsewhere_makes_it_certain() -> None:
    (alone,) = found(unanswered(0))
    (beside,) = found(unanswered(0), connection(1, server=Endpoint(SERVER, 80)))
    assert (alone.confidence, beside.confidence) == (Confidence.PROBABLE, Confidence.CERTAIN)
    assert beside.evidence.steps[-1].frames == (first_frame(1) + 1,)


def test_that_nothing_was_heard_of_the_host_is_said_only_where_it_is_true() -> None:
    (alone,) = found(unanswered(0))
    assert "no TCP packet from" in alone.evidence.steps[-1].text
    (beside,) = found(unanswered(0), refused(1, server=Endpoint(SERVER, 80)))
    assert not any("no TCP packet from" in step.text for step in beside.evidence.steps)


def test_a_server_that_does_not_find_the_way_back() -> None:
    attempt = unanswered(0)
    server = attempt.server.address
    search = Resolution("02:00:00:00:00:01", server, "192.0.2.254", (97, 98, 99), 0, 9, (), (), None)
    known = facts([attempt])
    known._made[resolutions] = (search,)
    (finding,) = findings_of("tcp_syn_unanswered", known)
    assert finding.side is Side.SERVER
    assert "cannot answer: it looks by ARP for 192.0.2.254 (its gateway, most likely)" in finding.title
    known._made[resolutions] = (search._replace(reply_frames=(100,)),)
    (finding,) = findings_of("tcp_syn_unanswered", known)
    assert "ARP" not in finding.title


def test_a_port_that_accepted_before_is_not_filtered() -> None:
    before, after = connection(0), unanswered(1)
    (finding,) = found(before, after)
    assert finding.side is Side.EITHER
    assert "though it had accepted one there before" in finding.title
    assert "is full" in finding.title
    assert not any("filtered" in step.text for step in finding.evidence.steps)


def test_a_client_that_alone_is_filtered_is_named() -> None:
    alone = unanswered(1)
    accepted = connection(0, client=Endpoint("203.0.113.7", 40000), server=alone.server)
    (finding,) = found(accepted, alone)
    assert f"the connection of {alone.client.address} to port" in finding.title
    assert "though it accepts those of 203.0.113.7 there" in finding.title
    elsewhere = accepted._replace(server=Endpoint(alone.server.address, alone.server.port + 1))
    (finding,) = found(elsewhere, alone)
    assert "203.0.113.7" not in finding.title


def test_a_later_success_makes_it_low() -> None:
    assert [f.severity for f in found(unanswered(0), connection(1))] == [Severity.LOW]
    assert [f.severity for f in found(connection(0), unanswered(1))] == [Severity.HIGH]


def test_many_attempts_and_many_ports_are_one_finding() -> None:
    (same_port,) = found(*(unanswered(n) for n in range(40)))
    assert same_port.measured["attempts"] == 40
    ports = [unanswered(n, server=Endpoint(SERVER, n + 1)) for n in range(MANY_PORTS + 1)]
    assert len(found(*ports)) == 1
    assert len(found(*ports[1:])) == MANY_PORTS


@pytest.mark.parametrize(
    ("pattern", "fires"),
    [("xo" * 2 + "ox", True), ("xoxox", True), ("xoox", False), ("xxoxo", False), ("ooxxx", False), ("xxxoo", False)],
    ids=["in turns", "two between", "two fail", "one between", "then none", "then all"],
)
def test_some_of_many_connections(pattern: str, fires: bool) -> None:
    every = [unanswered(n, syns=2) if each == "x" else connection(n) for n, each in enumerate(pattern)]
    (finding,) = found(*every)
    assert ("it depends on the connection" in finding.title) is fires
    if fires:
        assert f"{pattern.count('x')} of {len(pattern)} connections" in finding.title
        assert finding.severity is Severity.HIGH
        between = [n for n, each in enumerate(pattern) if each == "o"]
        assert {first_frame(n) + 1 for n in between} <= set(finding.evidence.frames)


def test_where_a_syn_gets_through_when_it_is_sent_again_it_is_no_matter_of_ports() -> None:
    again = connection(1, syn_frames=(first_frame(1), first_frame(1) + 1), syn_ns=(start_ns(1), start_ns(1)))
    (finding,) = found(unanswered(0), again, unanswered(2), connection(3), unanswered(4))
    assert "it depends on the connection" not in finding.title


@pytest.mark.parametrize(("card", "told"), [("02:00:00:00:00:99", True), ("02:00:00:00:00:20", False)])
def test_an_address_that_moves_meanwhile(card: str, told: bool) -> None:
    attempt, later = unanswered(1), connection(2)
    old = "02:00:00:00:00:20"
    asked = Resolution(
        "02:00:00:00:00:10", attempt.client.address, SERVER, (1,), 0, 1, (2,), (old,), 1, (), None, (old,)
    )
    announced = Resolution(card, SERVER, SERVER, (first_frame(1) + 50,), 2, 2, (), (), None)
    known: Any = facts([attempt, later])
    known._made[resolutions] = (asked, announced)
    (finding,) = findings_of("tcp_syn_unanswered", known)
    assert finding.severity is Severity.LOW
    assert (card in finding.title) is told
    assert (first_frame(1) + 50 in finding.evidence.frames) is told
