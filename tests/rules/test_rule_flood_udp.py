"""Floods without TCP: reflected answers, datagrams to a closed port, pings."""

from pathlib import Path

import pytest
from factories import CLIENT, ICMP, SERVER, UDP, datagram, ethernet, icmp_error, ip, pcap
from flow import FactsOf, applies, found
from talk import Wire

from explainer.model import Severity

ANSWER = bytes.fromhex("000181800001000000000000") + b"\x03www\x07example\x00\x00\x01\x00\x01"


def answers(
    number: int, *, servers: int = 20, ports: int = 1, asked: bool = False, speaks: bool = True, port: int = 53
) -> Wire:
    wire = Wire()
    if speaks:
        wire.put(ip(CLIENT, "203.0.113.9", UDP, datagram(40000, 9999, b"hello")))
    for n in range(number):
        own, server = 50000 + n % ports, f"198.51.100.{n % servers + 1}"
        if asked:
            wire.put(ip(CLIENT, server, UDP, datagram(own, port, ANSWER)))
        wire.put(ip(server, CLIENT, UDP, datagram(port, own, ANSWER)))
        wire.wait(0.01)
    return wire


@pytest.mark.parametrize(
    ("wire", "fires"),
    [
        (answers(200), True),
        (answers(199), False),
        (answers(200, servers=4), False),
        (answers(200, asked=True), False),
        (answers(200, ports=150), True),
        (answers(200, ports=150, speaks=False), False),
        (answers(200, speaks=False), True),
        (answers(200, port=5353), False),
    ],
    ids=["reflected", "too few", "few servers", "asked", "many ports", "one direction", "silent victim", "other port"],
)
def test_answers_that_nobody_asked_for(wire: Wire, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    findings = found("scan_reflected", wire.save(tmp_path / "reflected.pcap"), facts_of)
    assert [f.severity for f in findings] == [Severity.HIGH] * fires
    assert all("a reflection attack by DNS" in f.title and f.measured["servers"] == 20 for f in findings)


def flood(number: int, *, pause_s: float = 0.001, closed: bool = True) -> Wire:
    wire = Wire()
    sent = ip(CLIENT, SERVER, UDP, datagram(40000, 80, bytes(50)))
    for _ in range(number):
        wire.put(sent)
        wire.wait(pause_s)
    if closed:
        wire.put(ip(SERVER, CLIENT, ICMP, icmp_error(3, 3, sent)))
    return wire


@pytest.mark.parametrize(
    ("wire", "fires"),
    [(flood(1000), True), (flood(999), False), (flood(1000, pause_s=0.01), False), (flood(1000, closed=False), False)],
    ids=["flood", "too few", "too slow", "an open port"],
)
def test_datagrams_to_a_closed_port(wire: Wire, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    findings = found("scan_udp_flood", wire.save(tmp_path / "flood.pcap"), facts_of)
    assert [f.severity for f in findings] == [Severity.MEDIUM] * fires


def echo(number: int, *, reply: bool = False) -> bytes:
    return bytes([0 if reply else 8, 0, 0, 0, 0, 1]) + number.to_bytes(2, "big")


@pytest.mark.parametrize(("number", "pause_s", "fires"), [(500, 0.005, True), (499, 0.005, False), (500, 0.02, False)])
def test_pings_without_a_pause(number: int, pause_s: float, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    for n in range(number):
        wire.put(ip(CLIENT, SERVER, ICMP, echo(n)))
        wire.put(ip(SERVER, CLIENT, ICMP, echo(n, reply=True)))
        wire.wait(pause_s)
    findings = found("scan_ping_flood", wire.save(tmp_path / "pings.pcap"), facts_of)
    assert [f.severity for f in findings] == [Severity.LOW] * fires


@pytest.mark.parametrize("rule", ["scan_reflected", "scan_udp_flood", "scan_ping_flood"])
def test_they_do_not_apply_to_other_traffic(rule: str, tmp_path: Path, facts_of: FactsOf) -> None:
    capture = pcap(tmp_path / "arp.pcap", [ethernet(ip(CLIENT, SERVER, 47, bytes(8)))] * 3)
    assert not applies(rule, capture, facts_of)
