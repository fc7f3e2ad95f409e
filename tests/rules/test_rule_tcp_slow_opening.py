from pathlib import Path

import pytest
from factories import ACK, CLIENT, SERVER, SYN, UDP, datagram, ethernet, ip, pcap
from flow import FactsOf, Flow, applies, found

from explainer.model import Severity


def opened(flow: Flow, *waits_s: float) -> Flow:
    """Open a connection whose SYN is sent again after each wait, and then answered."""
    flow.segment(True, SYN)
    for wait_s in waits_s:
        flow.wait(wait_s).segment(True, SYN, back=1)
    return flow.segment(False, SYN | ACK).ack(True)


@pytest.mark.parametrize(
    ("waits_s", "expected"),
    [((1.0,), [Severity.INFO]), ((1.0, 1.0), [Severity.MEDIUM]), ((3.0,), [Severity.INFO]), ((0.5,), []), ((), [])],
    ids=["one", "two in a row", "one of an older system", "soon", "none"],
)
def test_a_request_that_is_sent_again(
    waits_s: tuple[float, ...], expected: list[Severity], tmp_path: Path, facts_of: FactsOf
) -> None:
    capture = opened(Flow(), *waits_s).wire.save(tmp_path / "late.pcap")
    findings = found("tcp_slow_opening", capture, facts_of)
    assert [f.severity for f in findings] == expected
    assert all(f.title.startswith(f"{SERVER} answers 1 of 1 connection request of {CLIENT}") for f in findings)


def test_several_connections_are_no_chance(tmp_path: Path, facts_of: FactsOf) -> None:
    flow = opened(Flow(), 1.0)
    opened(Flow(flow.wire, sport=40001), 1.0)
    opened(Flow(flow.wire, sport=40002))
    (finding,) = found("tcp_slow_opening", flow.wire.save(tmp_path / "several.pcap"), facts_of)
    assert finding.severity is Severity.LOW
    assert finding.measured["accepted"] == 3


ECN = SYN | 0xC0


def offering(flow: Flow, again: int) -> Flow:
    """Open a connection whose request offers ECN and is lost; the second one has these flags."""
    flow.segment(True, ECN).wait(1.0).segment(True, again, back=1)
    return flow.segment(False, SYN | ACK).ack(True)


@pytest.mark.parametrize(
    ("times", "again", "more", "told"), [(2, SYN, (), True), (1, SYN, (), False), (2, ECN, (), False),
                                         (2, SYN, (ECN,), False), (2, SYN, (SYN,), True)]
)  # fmt: skip
def test_requests_that_are_lost_for_their_offer_of_ecn(
    times: int, again: int, more: tuple[int, ...], told: bool, tmp_path: Path, facts_of: FactsOf
) -> None:
    flow = offering(Flow(), again)
    for n in range(1, times):
        offering(Flow(flow.wire, sport=40000 + n), again)
    for n, flags in enumerate(more):
        Flow(flow.wire, sport=41000 + n).segment(True, flags).segment(False, SYN | ACK).ack(True)
    (finding,) = found("tcp_slow_opening", flow.wire.save(tmp_path / "ecn.pcap"), facts_of)
    assert ("ECN" in finding.title) is told


def test_what_is_never_answered_is_told_elsewhere(tmp_path: Path, facts_of: FactsOf) -> None:
    flow = Flow().segment(True, SYN)
    for _ in range(3):
        flow.wait(1).segment(True, SYN, back=1)
    assert found("tcp_slow_opening", flow.wire.save(tmp_path / "never.pcap"), facts_of) == []


def test_it_does_not_apply_without_tcp(tmp_path: Path, facts_of: FactsOf) -> None:
    capture = pcap(tmp_path / "udp.pcap", [ethernet(ip(CLIENT, SERVER, UDP, datagram(5000, 6000, b"x")))] * 3)
    assert not applies("tcp_slow_opening", capture, facts_of)
