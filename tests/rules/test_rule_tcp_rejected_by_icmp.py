from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from factories import (
    SERVER,
    connection,
    facts,
    findings_of,
    first_frame,
    matching,
    refused,
    unanswered,
    unreachable,
)

from explainer.model import Analysis, Finding, Severity, Side
from explainer.protocols.icmp import Unreachable
from explainer.protocols.tcp import Connection, Endpoint
from explainer.rules.attempts import MANY_PORTS
from explainer.rules.tcp_rejected import MANY_HOSTS

AnalysisOf = Callable[[str], Analysis]


def found(attempts: Sequence[Connection], errors: Sequence[Unreachable] | None = None) -> list[Finding]:
    errors = [unreachable(attempt) for attempt in attempts] if errors is None else errors
    return findings_of("tcp_rejected_by_icmp", facts(attempts, errors=errors))


def to(stream: int, port: int = 443, address: str = SERVER) -> Connection:
    return unanswered(stream, syns=1, server=Endpoint(address, port))


def test_the_labs_evidence_is_the_syn_and_the_rejection(captures: Path, analysis_of: AnalysisOf) -> None:
    (finding,) = analysis_of("tcp_rejected_icmp").findings
    capture = captures / "tcp_rejected_icmp.pcapng"
    syn, error = (
        matching(capture, "tcp.dstport == 5432 && !icmp"),
        matching(capture, "icmp.type == 3 && icmp.code == 13"),
    )
    assert set(finding.evidence.frames) == syn | error
    assert finding.side is Side.NETWORK
    assert finding.title.startswith("10.20.1.1 ")


def test_one_syn_and_its_rejection_are_enough() -> None:
    (finding,) = found([to(0)])
    assert finding.evidence.frames == (first_frame(0), first_frame(0) + 50)
    assert finding.severity is Severity.HIGH
    assert finding.measured == {"attempts": 1, "hosts": 1, "icmp_code": 13}


@pytest.mark.parametrize("attempt", [connection(), refused(syn_frames=(), syn_ns=())], ids=["accepted", "no SYN"])
def test_a_connection_that_opened_or_was_not_seen_to_open_is_not_rejected(attempt: Connection) -> None:
    assert found([attempt]) == []


def test_an_error_about_another_connection_rejects_nothing() -> None:
    attempt = to(0)
    turned = unreachable(attempt, source=attempt.server, destination=attempt.client)
    assert found([attempt], [unreachable(to(1)), turned]) == []
    assert found([attempt], []) == []


def test_that_a_packet_was_too_large_is_no_rejection() -> None:
    assert found([to(0)], [unreachable(to(0), code=4)]) == []


def test_the_server_itself_says_that_nothing_listens() -> None:
    (finding,) = found([to(0)], [unreachable(to(0), code=3, sender=SERVER)])
    assert finding.side is Side.SERVER
    assert "itself" in finding.act


@pytest.mark.parametrize(("sender", "side"), [(SERVER, Side.SERVER), ("192.0.2.1", Side.NETWORK)])
def test_a_firewall_on_the_server_is_its_own_sides(sender: str, side: Side) -> None:
    (finding,) = found([to(0)], [unreachable(to(0), code=10, sender=sender)])
    assert finding.side is side
    assert ("server's side must act" in finding.act) is (side is Side.SERVER)


def test_a_router_that_does_not_find_the_host() -> None:
    (finding,) = found([to(0)], [unreachable(to(0), code=1)])
    assert finding.side is Side.EITHER
    assert "cannot reach the host: most likely it is off" in finding.title
    assert f"Check first whether {SERVER} is up" in finding.act


def test_ipv6_has_codes_of_its_own() -> None:
    attempt = to(0, address="2001:db8::20")
    (finding,) = found([attempt], [unreachable(attempt, code=4)])
    assert finding.side is Side.NETWORK
    assert "Kubernetes" in finding.title
    assert "icmpv6.type == 1" in finding.evidence.display_filter
    assert "ipv6.addr == 2001:db8::20" in finding.evidence.display_filter


def test_many_attempts_are_one_finding() -> None:
    (finding,) = found([to(n) for n in range(30)])
    assert finding.measured["attempts"] == 30
    assert finding.evidence.total == 60


def test_many_ports_are_one_finding_and_few_are_not() -> None:
    attempts = [to(n, port=n + 1) for n in range(MANY_PORTS + 1)]
    assert len(found(attempts)) == 1
    assert len(found(attempts[1:])) == MANY_PORTS


def test_many_hosts_are_one_finding_and_few_are_not() -> None:
    attempts = [to(n, address=f"198.51.100.{n + 1}") for n in range(MANY_HOSTS + 1)]
    (finding,) = found(attempts)
    assert finding.measured["hosts"] == MANY_HOSTS + 1
    assert len(found(attempts[1:])) == MANY_HOSTS


def test_different_reasons_are_different_findings() -> None:
    attempts = [to(0), to(1)]
    assert len(found(attempts, [unreachable(attempts[0], code=13), unreachable(attempts[1], code=1)])) == 2


def test_a_later_success_makes_it_low() -> None:
    attempts = [to(0), connection(1)]
    assert [f.severity for f in found(attempts, [unreachable(attempts[0], code=1)])] == [Severity.LOW]
