from pathlib import Path

import pytest
from factories import ACK, CLIENT, FIN, RST, SERVER, UDP, datagram, ethernet, ip, pcap
from flow import FactsOf, Flow, applies, found

from explainer.model import Severity, Side

DATA = b"x" * 400
FULL = b"x" * 1400


def asked() -> Flow:
    return Flow().open().send(True, DATA).ack(False)


@pytest.mark.parametrize(("wait_s", "fires"), [(2.0, True), (1.5, False)])
def test_an_answer_lost_on_its_way(wait_s: float, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    flow = asked().lose(False, FULL).wait(wait_s).segment(True, FIN | ACK, behind=len(FULL)).ack(False)
    findings = found("tcp_answer_lost", flow.wire.save(tmp_path / "lost.pcap"), facts_of)
    assert [(f.severity, f.side) for f in findings] == [(Severity.HIGH, Side.NETWORK)] * fires
    assert all("sent 1,400 bytes or more that never arrive here" in f.title for f in findings)


def test_what_the_client_acknowledges_has_come(tmp_path: Path, facts_of: FactsOf) -> None:
    flow = asked().lose(False, FULL).ack(True).wait(5).segment(True, FIN | ACK).ack(False)
    assert found("tcp_answer_lost", flow.wire.save(tmp_path / "unrecorded.pcap"), facts_of) == []


@pytest.mark.parametrize(
    ("flow", "expected"),
    [
        (asked().wait(3.1).segment(True, FIN | ACK).ack(False), [Severity.MEDIUM]),
        (asked().wait(2.5).segment(True, FIN | ACK).ack(False), []),
        (asked().wait(11).ack(True), [Severity.LOW]),
        (asked().wait(5).ack(True), []),
        (asked().send(False, DATA).ack(True).wait(12).segment(True, FIN | ACK).ack(False), []),
        (Flow().open().send(True, DATA).wait(4).segment(True, FIN | ACK), []),
    ],
    ids=["given up", "soon given up", "open to the end", "soon the end", "answered", "not acknowledged"],
)
def test_a_request_without_an_answer(flow: Flow, expected: list[Severity], tmp_path: Path, facts_of: FactsOf) -> None:
    findings = found("tcp_no_answer", flow.wire.save(tmp_path / "silent.pcap"), facts_of)
    assert [f.severity for f in findings] == expected


@pytest.mark.parametrize(
    ("port", "more", "wait_s", "fires"),
    [(3306, 0, 3.1, True), (3306, 0, 2.5, False), (3306, 1, 3.1, False), (8000, 0, 3.1, False)],
    ids=["greeted only", "soon given up", "answered before", "no greeting is due"],
)
def test_a_server_that_only_greets(
    port: int, more: int, wait_s: float, fires: bool, tmp_path: Path, facts_of: FactsOf
) -> None:
    flow = Flow(dport=port).open().send(False, b"greeting").ack(True)
    for _ in range(more):
        flow.send(True, b"hello").ack(False).send(False, b"welcome").ack(True)
    flow.send(True, DATA).ack(False).wait(wait_s).segment(True, FIN | ACK).segment(True, RST | ACK)
    findings = found("tcp_no_answer", flow.wire.save(tmp_path / "greeted.pcap"), facts_of)
    assert [f.severity for f in findings] == [Severity.MEDIUM] * fires
    assert all("sends its greeting and takes the request" in f.title for f in findings)


def test_a_server_that_does_not_read_is_told_by_its_window(tmp_path: Path, facts_of: FactsOf) -> None:
    flow = Flow().open().send(True, DATA).ack(False, window=0)
    for _ in range(4):
        flow.wait(3).segment(True, ACK, back=1).ack(False, window=0)
    capture = flow.wire.save(tmp_path / "closed.pcap")
    assert found("tcp_no_answer", capture, facts_of) == []
    assert len(found("tcp_zero_window", capture, facts_of)) == 1


@pytest.mark.parametrize("rule", ["tcp_answer_lost", "tcp_no_answer"])
def test_they_do_not_apply_without_a_request(rule: str, tmp_path: Path, facts_of: FactsOf) -> None:
    capture = pcap(tmp_path / "udp.pcap", [ethernet(ip(CLIENT, SERVER, UDP, datagram(5000, 6000, b"x")))] * 3)
    assert not applies(rule, capture, facts_of)


@pytest.mark.parametrize("header", [True, False])
def test_a_header_of_a_load_balancer_that_is_not_expected(header: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    flow = Flow(dport=3306).open()
    if header:
        flow.send(True, b"PROXY TCP4 192.0.2.1 192.0.2.2 56324 3306\r\n").ack(False)
    flow.send(False, b"\x05\0\0\0\x0a5.7\0").ack(True).send(True, b"\x04\0\0\x01anna").ack(False)
    flow.wait(3.1).segment(True, FIN | ACK)
    (finding,) = found("tcp_no_answer", flow.wire.save(tmp_path / "a.pcap"), facts_of)
    assert ("with a PROXY header, as load balancers do" in finding.title) is header
    assert finding.side is (Side.EITHER if header else Side.SERVER)
    assert (4 in finding.evidence.frames) is header
