import struct
from ipaddress import ip_address
from pathlib import Path

import pytest
from factories import ACK, CLIENT, ICMP, SERVER, TCP, UDP, datagram, ethernet, icmp_error, ip, pcap, segment
from flow import FactsOf, Flow, applies, found
from talk import Wire

from explainer.model import Severity

ROUTER = "192.0.2.1"
REQUEST, REPLY = 8, 0


def echo(kind: int, number: int, size: int = 56) -> bytes:
    return struct.pack("!BBHHH", kind, 0, 0, 7, number) + bytes(size)


def ask(wire: Wire, number: int, *, size: int = 56, target: str = SERVER) -> None:
    wire.put(ip(CLIENT, target, ICMP, echo(REQUEST, number, size)))


def reply(wire: Wire, number: int, *, size: int = 56, target: str = SERVER) -> None:
    wire.put(ip(target, CLIENT, ICMP, echo(REPLY, number, size)))


def series(count: int, answered: set[int]) -> Wire:
    wire = Wire()
    for number in range(count):
        ask(wire, number)
        if number in answered:
            reply(wire, number)
        wire.wait(1.0)
    wire.put(ip(CLIENT, ROUTER, UDP, datagram(5000, 6000, b"the end")))
    return wire


@pytest.mark.parametrize(("count", "answered", "fires"), [(2, set(), True), (1, set(), False), (3, {2}, False)])
def test_no_reply(count: int, answered: set[int], fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    findings = found("path_ping_unanswered", series(count, answered).save(tmp_path / "ping.pcap"), facts_of)
    assert [f.severity for f in findings] == [Severity.MEDIUM] * fires
    assert all(f.title.startswith(f"{SERVER} does not answer the ping of {CLIENT}") for f in findings)


@pytest.mark.parametrize(("target", "fires"), [("0.0.0.0", False), ("198.51.100.9", True)])
def test_a_ping_to_no_host(target: str, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    for number in range(2):
        ask(wire, number, target=target)
        wire.wait(1.0)
    for number, moment in enumerate((-9, 20)):  # of two files, of which the later comes first
        ask(wire, number, target="198.51.100.10")
        wire.wait(moment)
    wire.put(ip(CLIENT, ROUTER, UDP, datagram(5000, 6000, b"the end")))
    assert bool(found("path_ping_unanswered", wire.save(tmp_path / "nobody.pcap"), facts_of)) is fires


def test_a_host_that_is_up_only_blocks_pings(tmp_path: Path, facts_of: FactsOf) -> None:
    capture = Flow(series(3, set())).open().wire.save(tmp_path / "up.pcap")
    (finding,) = found("path_ping_unanswered", capture, facts_of)
    assert finding.severity is Severity.LOW
    assert "only the ping is blocked" in finding.title


@pytest.mark.parametrize(("after", "severity"), [(2, Severity.MEDIUM), (3, Severity.LOW)])
def test_a_host_that_goes_on_sending_is_up(after: int, severity: Severity, tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    for number in range(4):
        ask(wire, number)
        if number + 1 == after:
            wire.put(ip(SERVER, "224.0.0.5", UDP, datagram(5000, 6000, b"hello")))
        wire.wait(1.0)
    (finding,) = found("path_ping_unanswered", wire.save(tmp_path / "sends.pcap"), facts_of)
    assert finding.severity is severity
    assert ("its replies are not recorded" in finding.title) is (severity is Severity.LOW)


@pytest.mark.parametrize(("segments", "fires"), [(2, True), (3, False)])
def test_replies_that_are_not_recorded_are_nobody_s_fault(
    segments: int, fires: bool, tmp_path: Path, facts_of: FactsOf
) -> None:
    wire = series(3, set())
    for number in range(segments):  # the client alone, acknowledging more each time
        wire.put(ip(CLIENT, SERVER, TCP, segment(40000, 22, ACK, 100, 1000 + 100 * number)))
    assert bool(found("path_ping_unanswered", wire.save(tmp_path / "one.pcap"), facts_of)) is fires


def dhcp_offer(server: str, address: str) -> bytes:
    head = struct.pack("!BBBBIHH", 2, 1, 6, 0, 7, 0, 0) + bytes(4) + ip_address(address).packed + bytes(8)
    named = bytes([53, 1, 2, 54, 4]) + ip_address(server).packed + b"\xff"
    body = head + bytes.fromhex("02000000000a") + bytes(10 + 192) + bytes.fromhex("63825363") + named
    return ip(server, "255.255.255.255", UDP, datagram(67, 68, body))


@pytest.mark.parametrize(("offered", "fires"), [(SERVER, False), ("192.0.2.77", True)])
def test_a_dhcp_server_tries_an_address_before_it_offers_it(
    offered: str, fires: bool, tmp_path: Path, facts_of: FactsOf
) -> None:
    wire = series(2, set())
    wire.put(ip(ROUTER, CLIENT, ICMP, icmp_error(3, 1, ip(CLIENT, SERVER, ICMP, echo(REQUEST, 0)))))
    wire.put(dhcp_offer(CLIENT, offered))
    assert bool(found("path_ping_unanswered", wire.save(tmp_path / "dhcp.pcap"), facts_of)) is fires


@pytest.mark.parametrize(("kind", "code", "fires"), [(3, 1, True), (11, 0, False)], ids=["unreachable", "traceroute"])
def test_what_icmp_says(kind: int, code: int, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    wire = series(2, set())
    wire.put(ip(ROUTER, CLIENT, ICMP, icmp_error(kind, code, ip(CLIENT, SERVER, ICMP, echo(REQUEST, 0)))))
    findings = found("path_ping_unanswered", wire.save(tmp_path / "icmp.pcap"), facts_of)
    assert bool(findings) is fires
    assert all(f"{ROUTER} says host unreachable" in f.title for f in findings)


@pytest.mark.parametrize(
    ("count", "answered", "expected"),
    [
        (10, set(range(8)), [Severity.MEDIUM]),
        (20, set(range(18)), [Severity.LOW]),
        (20, set(range(19)), []),
        (4, {0, 1}, []),
    ],
    ids=["much", "a little", "one", "few"],
)
def test_a_part_is_lost(
    count: int, answered: set[int], expected: list[Severity], tmp_path: Path, facts_of: FactsOf
) -> None:
    findings = found("path_ping_lost", series(count, answered).save(tmp_path / "lost.pcap"), facts_of)
    assert [f.severity for f in findings] == expected


@pytest.mark.parametrize(("small", "fires"), [(1400, True), (1401, False)])
def test_the_size_decides_which_are_lost(small: int, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    for number in range(6):
        ask(wire, number, size=(small, 1401)[number % 2])
        if not number % 2:
            reply(wire, number, size=small)
        wire.wait(1.0)
    wire.put(ip(CLIENT, ROUTER, UDP, datagram(5000, 6000, b"the end")))
    (finding,) = found("path_ping_lost", wire.save(tmp_path / "large.pcap"), facts_of)
    assert finding.title.startswith(f"Large pings of {CLIENT} to {SERVER} get no reply (3 of 6)") is fires


@pytest.mark.parametrize(("hosts", "fires"), [(15, True), (14, False)])
def test_a_search(hosts: int, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    for number in range(hosts):
        ask(wire, 0, target=f"203.0.113.{number + 1}")
    wire.wait(2)
    ask(wire, 0, target="203.0.113.1")
    capture = wire.save(tmp_path / "search.pcap")
    assert bool(found("scan_pings", capture, facts_of)) is fires
    assert not fires or found("path_ping_unanswered", capture, facts_of) == []


@pytest.mark.parametrize(("strange", "fires"), [(5, True), (4, False)])
def test_replies_that_repeat_nothing(strange: int, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    for number in range(10):
        ask(wire, number)
        reply(wire, number, size=900 + number if number < strange else 56)
    findings = found("icmp_tunnel", wire.save(tmp_path / "tunnel.pcap"), facts_of)
    assert [f.severity for f in findings] == [Severity.HIGH] * fires


def test_replies_that_are_all_longer_by_the_same(tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    for number in range(10):
        ask(wire, number, size=100 + number)
        reply(wire, number, size=104 + number)
    assert found("icmp_tunnel", wire.save(tmp_path / "mpls.pcap"), facts_of) == []


@pytest.mark.parametrize("rule", ["path_ping_unanswered", "path_ping_lost", "scan_pings", "icmp_tunnel"])
def test_they_do_not_apply_without_pings(rule: str, tmp_path: Path, facts_of: FactsOf) -> None:
    capture = pcap(tmp_path / "udp.pcap", [ethernet(ip(CLIENT, SERVER, UDP, datagram(5000, 6000, b"x")))] * 3)
    assert not applies(rule, capture, facts_of)
