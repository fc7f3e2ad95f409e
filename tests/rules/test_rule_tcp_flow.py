from pathlib import Path

import pytest
from factories import ACK, CLIENT, SERVER, UDP, datagram, ethernet, ip, pcap
from flow import FactsOf, Flow, applies, found

from explainer.model import Severity, Side

DATA = b"x" * 400


def closed(*waits: float, reopened: bool) -> Flow:
    flow = Flow().open().send(False, DATA).ack(True, window=0)
    for wait in waits:
        flow.wait(wait).segment(False, ACK, back=1).ack(True, window=0)
    return flow.ack(True) if reopened else flow


@pytest.mark.parametrize(
    ("waits", "reopened", "severity"),
    [((1.0, 2.1), False, Severity.HIGH), ((1.0, 1.5), False, Severity.INFO), ((1.1,), True, Severity.MEDIUM),
     ((0.9,), True, Severity.INFO)],
    ids=["never", "not yet", "late", "briefly"],
)  # fmt: skip
def test_a_closed_window(
    waits: tuple[float, ...], reopened: bool, severity: Severity, tmp_path: Path, facts_of: FactsOf
) -> None:
    capture = closed(*waits, reopened=reopened).wire.save(tmp_path / "zero.pcap")
    (finding,) = found("tcp_zero_window", capture, facts_of)
    assert (finding.severity, finding.side) == (severity, Side.CLIENT)
    assert finding.title.startswith(f"{CLIENT} (the client) ")
    assert ("does not read its data" in finding.title) is (severity is not Severity.INFO)
    assert finding.act.startswith("Nobody has to act") is (severity is Severity.INFO)
    assert ("never reopens" in finding.title) is (severity is Severity.HIGH)


@pytest.mark.parametrize(
    ("port", "seconds", "severity"),
    [(9100, 29.0, Severity.INFO), (9100, 31.0, Severity.MEDIUM), (9101, 29.0, Severity.MEDIUM)],
    ids=["prints", "out of paper", "another service"],
)
def test_a_printer_may_hold_its_data_back(
    port: int, seconds: float, severity: Severity, tmp_path: Path, facts_of: FactsOf
) -> None:
    flow = Flow(dport=port).open().send(True, DATA).ack(False, window=0).wait(seconds).ack(False)
    (finding,) = found("tcp_zero_window", flow.wire.save(tmp_path / f"{port}-{seconds}.pcap"), facts_of)
    assert finding.severity is severity


def test_an_open_window_says_nothing(tmp_path: Path, facts_of: FactsOf) -> None:
    capture = Flow().open().send(False, DATA).ack(True, window=1).wire.save(tmp_path / "open.pcap")
    assert found("tcp_zero_window", capture, facts_of) == []


def filling(times: int, *, rtt_s: float, scaled: bool) -> Flow:
    flow = Flow().open(rtt_s, scaled=scaled)
    window = 2800 >> (7 if scaled else 0)
    flow.send(True, DATA)
    flow.segment(True, ACK, window=window)
    for _ in range(times):
        flow.send(False, b"x" * 1400).send(False, b"x" * (1400 if not scaled else (window << 7) - 1400))
        flow.wait(rtt_s).ack(True, window=window)
    return flow


@pytest.mark.parametrize(
    ("times", "rtt_s", "scaled", "fires"),
    [
        (5, 0.06, False, True),
        (4, 0.06, False, False),
        (5, 0.04, False, False),
        (5, 0.06, True, True),
        (4, 0.06, True, False),
    ],
    ids=["limited", "too seldom", "short path", "scaled", "scaled, too seldom"],
)
def test_a_small_window(times: int, rtt_s: float, scaled: bool, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    capture = filling(times, rtt_s=rtt_s, scaled=scaled).wire.save(tmp_path / "window.pcap")
    findings = found("tcp_window_limited", capture, facts_of)
    assert bool(findings) is fires
    assert all(f.severity is Severity.LOW for f in findings)


def held(times: int, wait_s: float) -> Flow:
    flow = Flow().open()
    for _ in range(times):
        flow.send(True, b"head").wait(wait_s).ack(False).send(True, b"body").send(False, b"answer").ack(True)
    return flow


@pytest.mark.parametrize(
    ("times", "wait_s", "fires"), [(5, 0.04, True), (4, 0.04, False), (5, 0.02, False), (5, 0.2, True), (5, 0.4, False)]
)
def test_delayed_acknowledgements(times: int, wait_s: float, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    findings = found("tcp_delayed_ack", held(times, wait_s).wire.save(tmp_path / "held.pcap"), facts_of)
    assert bool(findings) is fires
    assert all(f.title.startswith(f"{CLIENT} waits 5 times") for f in findings)


@pytest.mark.parametrize("rule", ["tcp_zero_window", "tcp_window_limited", "tcp_delayed_ack"])
def test_they_do_not_apply_without_tcp(rule: str, tmp_path: Path, facts_of: FactsOf) -> None:
    capture = pcap(tmp_path / "udp.pcap", [ethernet(ip(CLIENT, SERVER, UDP, datagram(5000, 6000, b"x")))] * 3)
    assert not applies(rule, capture, facts_of)


@pytest.mark.parametrize(("times", "told"), [(6, ["tcp_slow_receiver"]), (4, ["tcp_zero_window"])])
def test_a_slow_receiver_is_told_once(times: int, told: list[str], tmp_path: Path, facts_of: FactsOf) -> None:
    """Five waits for room are told as the pace of the transfer, fewer as closed windows."""
    flow = Flow().open().send(True, DATA).segment(False, ACK)
    for _ in range(times):
        for _ in range(12):
            flow.send(False, b"x" * 1400)
        flow.ack(True, window=0).wait(0.5).ack(True, window=16800)
    capture = flow.send(False, DATA).ack(True).wire.save(tmp_path / "slow.pcap")
    rules = ("tcp_slow_receiver", "tcp_zero_window")
    assert [rule for rule in rules if found(rule, capture, facts_of)] == told
