from pathlib import Path

import pytest
from factories import CLIENT, ICMP, SERVER, ip
from flow import FactsOf, Flow, applies, found, ipv4

from explainer.model import Severity, Side

ROUTER = "192.0.2.1"
LARGE, SMALL = b"x" * 1400, b"y" * 400


def too_big(flow: Flow, mtu: int) -> Flow:
    quoted = ipv4(flow.client, flow.server, b"\x9c\x40\x00\x50" + bytes(16))
    flow.wire.put(ip(ROUTER, flow.client, ICMP, bytes([3, 4, 0, 0, 0, 0, mtu >> 8, mtu & 255]) + quoted))
    return flow


def test_a_router_names_its_mtu(tmp_path: Path, facts_of: FactsOf) -> None:
    flow = too_big(Flow().open().send(True, LARGE), 1300).repeat(True, LARGE).ack(False)
    capture = flow.wire.save(tmp_path / "mtu.pcap")
    (finding,) = found("path_mtu", capture, facts_of)
    assert (finding.severity, finding.side) == (Severity.LOW, Side.NETWORK)
    assert finding.title.startswith(
        f"The path from {CLIENT} to {SERVER} takes 1,300 bytes at most (MTU), says the router"
    )
    assert found("tcp_loss", capture, facts_of) == []


def test_a_sender_that_does_not_heed_it(tmp_path: Path, facts_of: FactsOf) -> None:
    flow = too_big(Flow().open().send(True, LARGE), 1300).wait(0.3).repeat(True, LARGE)
    (finding,) = found("path_mtu", flow.wire.save(tmp_path / "deaf.pcap"), facts_of)
    assert finding.severity is Severity.HIGH
    assert "does not heed" in finding.title


def blackhole(size: int, repetitions: int, *, lively: bool) -> Flow:
    flow = Flow().open().send(True, SMALL).ack(False).send(True, b"x" * size)
    for _ in range(repetitions):
        flow.wait(0.3).repeat(True, b"x" * size)
    if lively:
        flow.segment(False, 0x18, SMALL, behind=size)
    return flow


@pytest.mark.parametrize(
    ("size", "repetitions", "lively", "fires"),
    [(1400, 3, True, True), (1400, 2, True, False), (900, 3, True, False), (1400, 3, False, False)],
    ids=["large", "too few", "small", "peer silent too"],
)
def test_large_packets_vanish(
    size: int, repetitions: int, lively: bool, fires: bool, tmp_path: Path, facts_of: FactsOf
) -> None:
    capture = blackhole(size, repetitions, lively=lively).wire.save(tmp_path / "hole.pcap")
    findings = found("path_mtu_blackhole", capture, facts_of)
    assert bool(findings) is fires
    assert all(f.severity is Severity.HIGH and "1,400 bytes" in f.title for f in findings)


@pytest.mark.parametrize("name", ["path_mtu", "path_mtu_blackhole"])
def test_they_do_not_apply_without_lost_data_or_icmp(name: str, tmp_path: Path, facts_of: FactsOf) -> None:
    capture = Flow().open().send(True, SMALL).ack(False).wire.save(tmp_path / "fine.pcap")
    assert not applies(name, capture, facts_of)
