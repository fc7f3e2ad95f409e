from pathlib import Path

import pytest
from factories import ACK, CLIENT, FIN, ICMP, PSH, RST, SERVER, SYN, UDP, datagram, ethernet, icmp_error, ip, pcap
from flow import FactsOf, Flow, applies, found
from sessions import asks, says, talk
from talk import Wire

from explainer.model import Severity

URG = 0x20


def syn_scan(ports: int, *, used: int = 0) -> Wire:
    wire = Wire()
    for port in range(1, ports + 1):
        Flow(wire, sport=40000 + port, dport=port).segment(True, SYN).segment(False, RST | ACK)
    for number in range(used):
        Flow(wire, sport=50000 + number).open().send(True, b"question").send(False, b"answer")
    return wire


@pytest.mark.parametrize(("ports", "used", "fires"), [(15, 0, True), (14, 0, False), (15, 3, True), (15, 4, False)])
def test_many_ports(ports: int, used: int, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    findings = found("scan_ports", syn_scan(ports, used=used).save(tmp_path / "scan.pcap"), facts_of)
    assert bool(findings) is fires
    assert all(f.severity is Severity.HIGH and f.measured["refused"] == 15 for f in findings)


@pytest.mark.parametrize(("ports", "severity"), [(14, Severity.HIGH), (15, Severity.INFO)])
def test_ports_that_a_scan_tried_need_not_be_open(
    ports: int, severity: Severity, tmp_path: Path, facts_of: FactsOf
) -> None:
    (finding,) = found("tcp_refused", syn_scan(ports).save(tmp_path / "scan.pcap"), facts_of)
    assert finding.severity is severity
    assert ("only tried by a port scan" in finding.act) is (severity is Severity.INFO)


@pytest.mark.parametrize(("flags", "name"), [(FIN, "FIN"), (0, "NULL"), (FIN | PSH | URG, "XMAS")])
def test_odd_flags(flags: int, name: str, tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    for count in (1, 2):
        Flow(wire, sport=40000 + count, dport=count).segment(True, flags)
        findings = found("scan_ports", wire.save(tmp_path / f"{name}{count}.pcap"), facts_of)
        assert bool(findings) is (count > 1)
    assert name in findings[0].title


def test_a_connection_that_goes_on_after_a_late_start_is_no_scan(tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    for port in range(1, 30):
        Flow(wire, sport=40000, dport=port).segment(True, FIN | ACK).segment(False, ACK)
    assert found("scan_ports", wire.save(tmp_path / "late.pcap"), facts_of) == []


@pytest.mark.parametrize(("hosts", "fires"), [(15, True), (14, False)])
def test_many_hosts(hosts: int, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    for host in range(1, hosts + 1):
        Flow(wire, dport=445, server=f"198.51.100.{host}").segment(True, SYN)
    assert bool(found("scan_hosts", wire.save(tmp_path / "sweep.pcap"), facts_of)) is fires


@pytest.mark.parametrize(("ports", "denied", "fires"), [(15, 5, True), (14, 5, False), (15, 4, False)])
def test_udp_ports(ports: int, denied: int, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    for port in range(1000, 1000 + ports):
        asked = ip(CLIENT, SERVER, UDP, datagram(40000, port))
        wire.put(asked)
        if port < 1000 + denied:
            wire.put(ip(SERVER, CLIENT, ICMP, icmp_error(3, 3, asked)))
    assert bool(found("scan_udp", wire.save(tmp_path / "udp.pcap"), facts_of)) is fires


def test_udp_ports_that_one_stream_takes_together(tmp_path: Path, facts_of: FactsOf) -> None:
    """Wireshark gives all datagrams of a port that once spoke TFTP to a host one stream number."""
    wire = Wire()
    for port in (69, *range(1000, 1016)):
        asked = ip(CLIENT, SERVER, UDP, datagram(40000, port, b"\0\1file\0octet\0"))
        wire.put(asked)
        wire.put(ip(SERVER, CLIENT, ICMP, icmp_error(3, 3, asked)))
    assert len(found("scan_udp", wire.save(tmp_path / "tftp.pcap"), facts_of)) == 1


@pytest.mark.parametrize(
    ("sessions", "port", "apart_s", "fires"),
    [(10, 22, 1, True), (9, 22, 1, False), (12, 8080, 1, False), (12, 3306, 1, False), (12, 22, 30, False)],
    ids=["guessing", "too few", "no login", "a database", "slow"],
)
def test_many_short_logins(
    sessions: int, port: int, apart_s: float, fires: bool, tmp_path: Path, facts_of: FactsOf
) -> None:
    wire = Wire()
    for number in range(sessions):
        flow = Flow(wire, sport=40000 + number, dport=port).open()
        flow.send(False, b"hello").send(True, b"password").send(False, b"no").segment(False, FIN | ACK).wait(apart_s)
    assert bool(found("scan_logins", wire.save(tmp_path / "logins.pcap"), facts_of)) is fires


@pytest.mark.parametrize("rule", ["scan_ports", "scan_hosts", "scan_logins", "scan_udp"])
def test_they_do_not_apply_to_other_traffic(rule: str, tmp_path: Path, facts_of: FactsOf) -> None:
    capture = pcap(tmp_path / "other.pcap", [ethernet(ip(CLIENT, SERVER, ICMP, bytes([8, 0, 0, 0, 0, 0, 0, 0])))] * 3)
    assert not applies(rule, capture, facts_of)


@pytest.mark.parametrize(("answer", "fires"), [("230 in", False), ("421 too many users", False), ("530 no", True)])
def test_sessions_that_are_let_in_are_no_guesses(answer: str, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    for number in range(14):
        login = (says("220 ready"), asks("USER anna"), says("331 go on"), asks("PASS x"), says(answer))
        talk(wire, 21, *login, sport=40000 + number)
    assert bool(found("scan_logins", wire.save(tmp_path / "logins.pcap"), facts_of)) is fires
