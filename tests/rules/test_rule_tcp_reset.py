from collections.abc import Callable
from pathlib import Path

import pytest
from factories import ACK, CLIENT, FIN, RST, SERVER, UDP, datagram, ethernet, ip, pcap
from flow import FactsOf, Flow, applies, found

from explainer import analyse
from explainer.model import Severity, Side

DATA = b"x" * 400
RULES = ("tcp_reset", "tcp_reset_harmless", "tcp_half_open", "tcp_idle_reset", "tcp_idle_silence", "tcp_refused")


def firing(flow: Flow, tmp_path: Path, facts_of: FactsOf) -> dict[str, Severity]:
    capture = flow.wire.save(tmp_path / "reset.pcap")
    return {rule: f.severity for rule in RULES for f in found(rule, capture, facts_of)}


def answered() -> Flow:
    return Flow().open().send(True, DATA).ack(False).send(False, DATA).ack(True)


@pytest.mark.parametrize(
    "end",
    [
        lambda flow: flow.segment(True, FIN | ACK).segment(False, RST | ACK),
        lambda flow: flow.segment(False, FIN | ACK).segment(True, RST | ACK),
        lambda flow: flow.wait(30).segment(False, RST | ACK),
        lambda flow: flow.wait(90).segment(True, RST | ACK),
        lambda flow: flow.segment(True, RST | ACK),
    ],
    ids=["after the client's FIN", "after the server's FIN", "idle, by server", "idle, by client", "done"],
)
def test_a_harmless_reset(end: Callable[[Flow], Flow], tmp_path: Path, facts_of: FactsOf) -> None:
    assert firing(end(answered()), tmp_path, facts_of) == {"tcp_reset_harmless": Severity.INFO}


def test_instead_of_an_answer(tmp_path: Path, facts_of: FactsOf) -> None:
    flow = answered().send(True, DATA).ack(False).wait(2).segment(False, RST | ACK)
    (finding,) = found("tcp_reset", flow.wire.save(tmp_path / "instead.pcap"), facts_of)
    assert (finding.severity, finding.side) == (Severity.HIGH, Side.SERVER)
    assert finding.title == f"{SERVER} reset the connection to port 80 instead of answering."


def test_of_a_host_that_no_longer_knows_it(tmp_path: Path, facts_of: FactsOf) -> None:
    flow = answered().send(True, DATA).segment(False, RST)
    (finding,) = found("tcp_reset", flow.wire.save(tmp_path / "unknown.pcap"), facts_of)
    assert (finding.severity, finding.side) == (Severity.HIGH, Side.EITHER)
    assert finding.title.startswith(f"{SERVER} no longer knows the connection to port 80 that {CLIENT} still uses")


@pytest.mark.parametrize(("talks", "expected"), [(True, Severity.LOW), (False, Severity.HIGH)])
def test_beside_a_connection_that_goes_on(talks: bool, expected: Severity, tmp_path: Path, facts_of: FactsOf) -> None:
    beside = answered()
    bulk = Flow(beside.wire, sport=40001).open().send(True, DATA).send(True, DATA)
    bulk.segment(False, RST | ACK)
    if talks:
        beside.send(True, DATA).send(False, DATA).ack(True)
    findings = found("tcp_reset", beside.wire.save(tmp_path / "bulk.pcap"), facts_of)
    assert [f.severity for f in findings] == [expected]


def test_at_once_after_accepting(tmp_path: Path, facts_of: FactsOf) -> None:
    assert firing(Flow().open().segment(False, RST | ACK), tmp_path, facts_of) == {"tcp_reset": Severity.HIGH}


def test_of_a_client_of_whom_nothing_is_recorded(tmp_path: Path, facts_of: FactsOf) -> None:
    flow = Flow().open().segment(False, RST | ACK)
    flow.wire.packets = [(at, data) for at, data in flow.wire.packets if data[26:30] == bytes((198, 51, 100, 20))]
    assert found("tcp_reset", flow.wire.save(tmp_path / "answers.pcap"), facts_of) == []


def test_of_a_spare_connection(tmp_path: Path, facts_of: FactsOf) -> None:
    spare = Flow().open().wait(6).segment(False, RST | ACK)
    assert firing(spare, tmp_path, facts_of) == {"tcp_reset_harmless": Severity.INFO}


def test_with_the_answer_on_its_way(tmp_path: Path, facts_of: FactsOf) -> None:
    flow = Flow().open().send(True, DATA).send(False, DATA).segment(False, RST | ACK)
    assert firing(flow, tmp_path, facts_of) == {"tcp_reset": Severity.LOW}


def test_a_request_after_the_servers_end(tmp_path: Path, facts_of: FactsOf) -> None:
    late = answered().segment(False, FIN | ACK).send(True, DATA).segment(False, RST)
    assert firing(late, tmp_path, facts_of) == {"tcp_reset": Severity.HIGH}


def test_a_good_bye_after_the_servers_end(tmp_path: Path, facts_of: FactsOf) -> None:
    good_bye = answered().segment(False, FIN | ACK).send(True, b"x" * 31).segment(False, RST)
    assert firing(good_bye, tmp_path, facts_of) == {"tcp_reset_harmless": Severity.INFO}


@pytest.mark.parametrize(("ttl", "side"), [(61, Side.NETWORK), (62, Side.SERVER)])
def test_from_another_distance(ttl: int, side: Side, tmp_path: Path, facts_of: FactsOf) -> None:
    flow = answered().send(True, DATA).segment(False, RST | ACK, ttl=ttl)
    (finding,) = found("tcp_reset", flow.wire.save(tmp_path / f"{ttl}.pcap"), facts_of)
    assert finding.side is side
    assert ("A device between" in finding.title) is (side is Side.NETWORK)


@pytest.mark.parametrize(("ttl", "rule"), [(61, "tcp_reset"), (62, "http_no_response")])
def test_a_device_on_the_way_is_told_above_the_request_that_it_broke(
    ttl: int, rule: str, tmp_path: Path, facts_of: FactsOf
) -> None:
    request = b"GET / HTTP/1.1\r\nHost: www.example.org\r\n\r\n"
    broken = Flow().open().send(True, request).ack(False).segment(False, RST | ACK, ttl=ttl)
    seen = analyse(broken.wire.save(tmp_path / "broken.pcap"), strict=True)
    assert [f.rule for f in seen.findings if not f.explained_by and f.severity is Severity.HIGH] == [rule]


@pytest.mark.parametrize(("wait_s", "fires"), [(1.1, True), (0.9, False)])
def test_by_a_client_that_gave_up(wait_s: float, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    flow = answered().send(True, DATA).ack(False).wait(wait_s).segment(True, RST | ACK)
    assert firing(flow, tmp_path, facts_of) == ({"tcp_reset": Severity.MEDIUM} if fires else {})


def test_a_refused_connection_is_left_to_its_rule(tmp_path: Path, facts_of: FactsOf) -> None:
    flow = Flow().segment(True, 0x02).segment(False, RST | ACK)
    assert firing(flow, tmp_path, facts_of) == {"tcp_refused": Severity.HIGH}


def test_a_connection_that_the_peer_does_not_know(tmp_path: Path, facts_of: FactsOf) -> None:
    with_data = Flow().send(True, DATA).segment(False, RST)
    assert firing(with_data, tmp_path, facts_of) == {"tcp_half_open": Severity.LOW}


def test_a_probe_is_no_forgotten_connection(tmp_path: Path, facts_of: FactsOf) -> None:
    assert firing(Flow().ack(True).segment(False, RST), tmp_path, facts_of) == {}


@pytest.mark.parametrize(("pause_s", "rule"), [(61, "tcp_idle_reset"), (50, "tcp_reset")])
def test_data_after_a_pause_meets_a_reset(pause_s: float, rule: str, tmp_path: Path, facts_of: FactsOf) -> None:
    flow = answered().wait(pause_s).send(True, DATA).segment(False, RST)
    assert firing(flow, tmp_path, facts_of) == {rule: Severity.HIGH}


@pytest.mark.parametrize(("pause_s", "rules"), [(61, {"tcp_idle_silence"}), (50, set[str]())])
def test_data_after_a_pause_meets_silence(pause_s: float, rules: set[str], tmp_path: Path, facts_of: FactsOf) -> None:
    flow = answered().wait(pause_s).send(True, DATA)
    for wait in (0.3, 0.6, 1.2):
        flow.wait(wait).repeat(True, DATA)
    assert set(firing(flow, tmp_path, facts_of)) == rules


@pytest.mark.parametrize(("probes", "fires"), [(3, True), (2, False)])
def test_keep_alives_that_nobody_answers(probes: int, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    flow = answered()
    for _ in range(probes):
        flow.wait(1).segment(True, ACK, back=1)
    silent = flow.wire.save(tmp_path / "probes.pcap")
    assert bool(found("tcp_keep_alive_unanswered", silent, facts_of)) is fires
    lively = flow.ack(False).wire.save(tmp_path / "answered.pcap")
    assert found("tcp_keep_alive_unanswered", lively, facts_of) == []


@pytest.mark.parametrize("rule", [*RULES, "tcp_keep_alive_unanswered"])
def test_they_do_not_apply_without_tcp(rule: str, tmp_path: Path, facts_of: FactsOf) -> None:
    capture = pcap(tmp_path / "udp.pcap", [ethernet(ip(CLIENT, SERVER, UDP, datagram(5000, 6000, b"x")))] * 3)
    assert not applies(rule, capture, facts_of)


@pytest.mark.parametrize(("answered", "side"), [(True, Side.EITHER), (False, Side.SERVER)])
def test_a_request_on_a_connection_that_the_server_had_closed(
    answered: bool, side: Side, tmp_path: Path, facts_of: FactsOf
) -> None:
    flow = Flow().open().send(True, DATA).ack(False)
    if answered:
        flow.send(False, DATA).ack(True).wait(5)
    flow.segment(False, FIN | ACK).ack(True).wait(1).send(True, DATA).segment(False, RST)
    (finding,) = found("tcp_reset", flow.wire.save(tmp_path / "reused.pcap"), facts_of)
    assert finding.side is side
    assert "had already closed" in finding.title
    assert ("used a connection again" in finding.title) is answered
    assert finding.evidence.steps[0].text.endswith("ends the connection (FIN)")
