from pathlib import Path

import pytest
from factories import ACK, CLIENT, SERVER, UDP, datagram, ethernet, ip, pcap
from flow import FactsOf, Flow, applies, found

from explainer import analyse, ask
from explainer.model import Severity, Side

DATA = b"x" * 400
FULL = b"x" * 1400
RULES = ("tcp_slow_sender", "tcp_slow_link", "tcp_slow_rounds")


def rules(flow: Flow, tmp_path: Path, facts_of: FactsOf) -> list[str]:
    capture = flow.wire.save(tmp_path / "pace.pcap")
    findings = [f for rule in RULES for f in found(rule, capture, facts_of)]
    assert all(f.severity is Severity.INFO for f in findings)
    return [f.rule for f in findings]


def halting(pauses: int, pause_s: float, *, piece: bytes = DATA) -> Flow:
    flow = Flow().open(0.01).send(True, DATA).ack(False)
    for _ in range(pauses + 1):
        for _ in range(12 // pauses):
            flow.send(False, FULL)
        flow.send(False, piece).ack(True).wait(pause_s)
    return flow


@pytest.mark.parametrize(
    ("flow", "expected"),
    [
        (halting(3, 0.6), ["tcp_slow_sender"]),
        (halting(2, 0.9), []),
        (halting(3, 0.4), []),
        (halting(3, 0.6, piece=FULL), []),
    ],
    ids=["pauses", "two pauses", "not long", "no end of a message before the pause"],
)
def test_a_sender_that_pauses(flow: Flow, expected: list[str], tmp_path: Path, facts_of: FactsOf) -> None:
    assert rules(flow, tmp_path, facts_of) == expected


def even(segments: int, apart_s: float) -> Flow:
    flow = Flow().open(0.005).send(True, DATA).ack(False)
    for _ in range(segments):
        flow.send(False, FULL).ack(True).wait(apart_s)
    return flow


@pytest.mark.parametrize(
    ("segments", "apart_s", "expected"),
    [(60, 0.03, ["tcp_slow_link"]), (29, 0.06, []), (60, 0.01, [])],
    ids=["even", "few", "quick"],
)
def test_a_line_that_is_slow(
    segments: int, apart_s: float, expected: list[str], tmp_path: Path, facts_of: FactsOf
) -> None:
    assert rules(even(segments, apart_s), tmp_path, facts_of) == expected


@pytest.mark.parametrize(("trip_s", "waits"), [(0.05, True), (0.035, False)])
def test_data_that_waits_in_a_queue(trip_s: float, waits: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    flow = Flow().open(0.01).send(True, DATA).ack(False)
    for _ in range(60):
        flow.send(False, FULL).wait(trip_s).ack(True)
    (finding,) = found("tcp_slow_link", flow.wire.save(tmp_path / "queue.pcap"), facts_of)
    assert ("waits in a queue before that line (bufferbloat)" in finding.title) is waits
    assert ("round_trip_ms" in finding.measured) is waits


def rounds(count: int, rtt_s: float, burst: int = 4) -> Flow:
    flow = Flow().open(rtt_s).send(True, DATA).wait(rtt_s).ack(False)
    for _ in range(count):
        for _ in range(burst):
            flow.send(False, FULL)
        flow.ack(True).wait(rtt_s)
    return flow


@pytest.mark.parametrize(
    ("count", "rtt_s", "expected"), [(20, 0.1, ["tcp_slow_rounds"]), (10, 0.1, []), (100, 0.02, [])],
    ids=["little in each round trip", "soon over", "short way"],
)  # fmt: skip
def test_little_on_its_way(count: int, rtt_s: float, expected: list[str], tmp_path: Path, facts_of: FactsOf) -> None:
    assert rules(rounds(count, rtt_s), tmp_path, facts_of) == expected


def test_bursts_are_no_even_line(tmp_path: Path, facts_of: FactsOf) -> None:
    assert rules(rounds(20, 0.1, burst=20), tmp_path, facts_of) == ["tcp_slow_rounds"]


def clogged(times: int, wait_s: float) -> Flow:
    flow = Flow().open(0.005).send(True, DATA).ack(False)
    flow.segment(True, ACK, window=2800)
    for _ in range(times):
        flow.send(False, FULL).send(False, FULL).wait(wait_s).ack(True, window=2800)
    return flow.send(False, FULL)


@pytest.mark.parametrize(
    ("times", "wait_s", "fires"), [(6, 0.4, True), (4, 0.6, False), (150, 0.01, False)],
    ids=["slow reader", "seldom", "no longer than the way"],
)  # fmt: skip
def test_a_receiver_that_reads_slowly(
    times: int, wait_s: float, fires: bool, tmp_path: Path, facts_of: FactsOf
) -> None:
    findings = found("tcp_slow_receiver", clogged(times, wait_s).wire.save(tmp_path / "slow.pcap"), facts_of)
    assert [(f.severity, f.side) for f in findings] == [(Severity.INFO, Side.CLIENT)] * fires


def chatty(requests: int, rtt_s: float) -> Flow:
    flow = Flow().open(rtt_s)
    for _ in range(requests):
        flow.send(True, DATA).wait(rtt_s).send(False, DATA).ack(True)
    return flow


@pytest.mark.parametrize(
    ("requests", "rtt_s", "fires"), [(10, 0.2, True), (7, 0.3, False), (40, 0.035, False), (8, 0.15, False)],
    ids=["many", "few", "short way", "soon over"],
)  # fmt: skip
def test_many_round_trips(requests: int, rtt_s: float, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    findings = found("tcp_many_round_trips", chatty(requests, rtt_s).wire.save(tmp_path / "trips.pcap"), facts_of)
    assert bool(findings) is fires
    assert all(f.severity is Severity.INFO for f in findings)


@pytest.mark.parametrize("rule", [*RULES, "tcp_many_round_trips"])
def test_they_do_not_apply_without_a_transfer(rule: str, tmp_path: Path, facts_of: FactsOf) -> None:
    capture = pcap(tmp_path / "udp.pcap", [ethernet(ip(CLIENT, SERVER, UDP, datagram(5000, 6000, b"x")))] * 3)
    assert not applies(rule, capture, facts_of)


@pytest.mark.parametrize("question", ["Why is it so slow?", "Is it the network or the server?"])
def test_who_asks_is_told(question: str, tmp_path: Path) -> None:
    analysis = analyse(halting(3, 0.6).wire.save(tmp_path / "asked.pcap"), strict=True)
    answer = ask(analysis, question)
    assert f"The server {SERVER}:80 sends its data slowly" in answer.verdict
    assert not any("it is not slow" in claim.text for claim in answer.claims)
    assert ask(analysis, "Is anything wrong?").verdict.startswith("No fault was found")


def test_the_side_is_the_senders(tmp_path: Path, facts_of: FactsOf) -> None:
    (finding,) = found("tcp_slow_sender", halting(3, 0.6).wire.save(tmp_path / "side.pcap"), facts_of)
    assert finding.side is Side.SERVER
