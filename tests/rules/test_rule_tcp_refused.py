from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from factories import (
    CLIENT,
    SERVER,
    connection,
    facts,
    findings_of,
    first_frame,
    matching,
    refused,
    unanswered,
)

from explainer.model import Analysis, Finding, Severity
from explainer.protocols.tcp import Connection, Endpoint
from explainer.rules.attempts import MANY_PORTS
from explainer.rules.tcp_refused import tcp_refused

AnalysisOf = Callable[[str], Analysis]


def to(port: int, address: str = SERVER) -> dict[str, Endpoint]:
    return {"server": Endpoint(address, port)}


def found(*attempts: Connection) -> list[Finding]:
    return findings_of("tcp_refused", facts(attempts))


def test_the_labs_refusals_are_one_finding_of_syn_and_reset_in_turn(captures: Path, analysis_of: AnalysisOf) -> None:
    (finding,) = analysis_of("tcp_refused").findings
    capture = captures / "tcp_refused.pcapng"
    asked = matching(capture, "tcp.dstport == 5432 && tcp.flags.syn == 1 && tcp.flags.ack == 0")
    answered = matching(capture, "tcp.srcport == 5432 && tcp.flags.reset == 1")
    assert set(finding.evidence.frames) == asked | answered
    assert finding.severity is Severity.HIGH
    assert finding.measured["attempts"] == 3
    assert finding.scope.ports == (5432,)


def test_a_refusal_that_was_overcome_names_the_later_answer(captures: Path, analysis_of: AnalysisOf) -> None:
    (finding,) = analysis_of("tcp_refused_then_up").findings
    assert finding.severity is Severity.LOW
    assert finding.act.startswith("Nobody has to act now")
    answers = matching(captures / "tcp_refused_then_up.pcapng", "tcp.flags.syn == 1 && tcp.flags.ack == 1")
    assert set(finding.evidence.steps[-1].frames) <= answers


def test_a_syn_that_is_answered_with_a_reset_is_refused() -> None:
    (finding,) = found(refused())
    assert finding.evidence.frames == (first_frame(0), first_frame(0) + 1)
    assert finding.measured == {"attempts": 1, "ports": 1, "answer_ms": 1.0}


@pytest.mark.parametrize(
    "attempt",
    [
        connection(),
        connection(server_resets=(9,), server_reset_ns=0),
        unanswered(),
        refused(syn_frames=(), syn_ns=()),
        refused(server_resets=(), client_resets=(2,)),
    ],
    ids=["accepted", "accepted and reset later", "unanswered", "no SYN in the capture", "reset by the client"],
)
def test_anything_else_is_not_refused(attempt: Connection) -> None:
    assert found(attempt) == []


def test_a_connection_on_which_the_server_sent_data_was_not_refused() -> None:
    # The capture missed the SYN/ACK, as captures on busy machines do.
    assert found(refused(server_payload=100, server_frames=3, client_payload=50, client_frames=3, ack_frame=3)) == []


def test_many_attempts_at_one_port_are_one_finding() -> None:
    (finding,) = found(*(refused(n) for n in range(50)))
    assert finding.measured["attempts"] == 50
    assert finding.evidence.total == 100


def test_up_to_the_limit_each_port_is_a_finding_of_its_own() -> None:
    assert len(found(*(refused(n, **to(n + 1)) for n in range(MANY_PORTS)))) == MANY_PORTS


def test_more_ports_than_the_limit_are_one_finding() -> None:
    (finding,) = found(*(refused(n, **to(n + 1)) for n in range(MANY_PORTS + 1)))
    assert finding.measured["ports"] == MANY_PORTS + 1


def test_the_limit_can_be_set() -> None:
    # The decorator's type hides the thresholds.
    check: Any = tcp_refused
    known = facts(refused(n, **to(n + 1)) for n in range(3))
    assert len(list(check(known, many_ports=2))) == 1
    assert len(list(check(known, many_ports=3))) == 3


def test_different_hosts_are_findings_of_their_own() -> None:
    hosts = [f"198.51.100.{n}" for n in range(1, 4)]
    assert [f.scope.addresses[1] for f in found(*(refused(n, **to(80, h)) for n, h in enumerate(hosts)))] == hosts


def test_a_later_success_makes_it_low_and_an_earlier_one_does_not() -> None:
    assert [f.severity for f in found(refused(0), connection(1))] == [Severity.LOW]
    assert [f.severity for f in found(connection(0), refused(1))] == [Severity.HIGH]
    assert [f.severity for f in found(refused(0), connection(1), refused(2))] == [Severity.HIGH]


def test_a_port_that_accepted_before_has_a_limit_or_stopped() -> None:
    (finding,) = found(connection(0), refused(1))
    assert "though it had accepted" in finding.title
    assert "what limits how many connections" in finding.act
    (again,) = found(refused(0), connection(1), refused(2))
    assert again.measured["attempts"] == 1
    assert min(again.evidence.steps[0].frames) > refused(1).last_frame
    (other,) = found(connection(0), refused(1, **to(8443)))
    assert "nothing listens there" in other.title


def test_peers_that_connect_the_other_way_round_later_make_it_low() -> None:
    turned = {"client": Endpoint(SERVER, 40000), "server": Endpoint(CLIENT, refused(0).server.port)}
    (finding,) = found(refused(0), connection(1, **turned))
    assert finding.severity is Severity.LOW
    assert f"then it called {CLIENT} itself" in finding.title
    assert finding.act.startswith("Nobody has to act")
    other_port = turned | {"server": Endpoint(CLIENT, refused(0).server.port + 1)}
    assert [f.severity for f in found(refused(0), connection(1, **other_port))] == [Severity.HIGH]
    assert [f.severity for f in found(connection(0, **turned), refused(1))] == [Severity.HIGH]


def test_another_clients_or_ports_success_does_not_make_it_low() -> None:
    other_client = connection(1, client=Endpoint("192.0.2.99", 40000))
    assert [f.severity for f in found(refused(0), other_client)] == [Severity.HIGH]
    assert [f.severity for f in found(refused(0), connection(1, **to(80)))] == [Severity.HIGH]


def test_one_port_of_many_that_opens_later_does_not_make_the_others_low() -> None:
    attempts = [refused(n, **to(n + 1)) for n in range(MANY_PORTS + 3)]
    others, opened = found(*attempts, connection(90, **to(1)))
    assert others.severity is Severity.HIGH
    assert "a later attempt was accepted" not in others.title
    assert 1 not in others.scope.ports
    assert (opened.severity, opened.scope.ports) == (Severity.LOW, (1,))


def test_the_contrast_is_another_port_of_the_same_host() -> None:
    (finding,) = found(refused(0), connection(1, **to(80)))
    assert finding.evidence.steps[-1].frames == (first_frame(1) + 1,)
    assert "port 80" in finding.evidence.steps[-1].text


@pytest.mark.parametrize(("clients", "findings"), [(21, 1), (20, 20)])
def test_many_clients_that_are_refused_are_one_finding(clients: int, findings: int) -> None:
    attempts = [
        refused(stream, client=Endpoint(f"198.51.100.{stream + 1}", 40000), **to(80)) for stream in range(clients)
    ]
    told = found(*attempts)
    assert len(told) == findings
    assert (f"of {clients} clients to port 80" in told[0].title) is (findings == 1)
