from pathlib import Path

import pytest
from factories import ACK, CLIENT, SERVER, SYN, TCP, UDP, datagram, ethernet, ip, pcap, segment
from flow import FactsOf, applies, found
from talk import Wire
from test_rule_address import ROUTER, SECOND, reply, request

from explainer.model import Severity


def flooded(count: int, *, repeated: bool = False, pause: float = 0.0, completed: int = 0) -> Wire:
    wire = Wire()
    for number in range(count):
        source, port = f"203.0.{number // 200}.{number % 200 + 1}", 40000 + number
        for _ in range(1 + repeated):
            wire.put(ip(source, SERVER, TCP, segment(port, 80, SYN, 1000)))
        if number < completed:
            wire.put(ip(SERVER, source, TCP, segment(80, port, SYN | ACK, 5000, 1001)))
            wire.put(ip(source, SERVER, TCP, segment(port, 80, ACK, 1001, 5001)))
        wire.wait(pause)
    return wire


@pytest.mark.parametrize(
    ("wire", "fires"),
    [
        (flooded(100), True),
        (flooded(99), False),
        (flooded(100, repeated=True), False),
        (flooded(100, pause=0.2), False),
        (flooded(130, completed=30), False),
    ],
    ids=["many", "fewer", "asked again", "slowly", "many completed"],
)
def test_a_flood(wire: Wire, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    findings = found("scan_syn_flood", wire.save(tmp_path / "flood.pcap"), facts_of)
    assert [f.severity for f in findings] == [Severity.HIGH] * fires
    assert all("probably forged" in f.title for f in findings)


@pytest.mark.parametrize(
    ("hosts", "step_ns", "fires"), [(30, SECOND, True), (29, SECOND, False), (30, 3 * SECOND, False)]
)
def test_a_search_by_arp(hosts: int, step_ns: int, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    packets = [request(ROUTER), reply(1, ROUTER), *(request(f"192.0.2.{n}") for n in range(100, 99 + hosts))]
    findings = found("scan_arp", pcap(tmp_path / "arp.pcap", packets, step_ns=step_ns), facts_of)
    assert [f.severity for f in findings] == [Severity.MEDIUM] * fires


@pytest.mark.parametrize("rule", ["scan_syn_flood", "scan_arp"])
def test_they_do_not_apply_to_other_traffic(rule: str, tmp_path: Path, facts_of: FactsOf) -> None:
    capture = pcap(tmp_path / "udp.pcap", [ethernet(ip(CLIENT, SERVER, UDP, datagram(5000, 6000, b"x")))] * 3)
    assert not applies(rule, capture, facts_of)
