from pathlib import Path

import pytest
from factories import CLIENT, ICMP, SERVER, UDP, datagram, ethernet, icmp_error, ip, pcap
from flow import FactsOf, Flow, applies, found, ipv4
from talk import Wire

from explainer.model import Severity, Side

ROUTER = "192.0.2.1"
LARGE, SMALL = b"x" * 1400, b"y" * 400
RULES = ("path_mtu", "path_mtu_blackhole", "path_udp_unreachable", "path_loop", "path_redirect")


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


def denied(sport: int, dport: int, *, code: int = 3, asked_by_client: bool = True) -> Wire:
    question = ip(CLIENT, SERVER, UDP, datagram(sport, dport, b"question"))
    answer = ip(SERVER, CLIENT, UDP, datagram(dport, sport, b"answer"))
    wire = Wire()
    wire.put(question)
    if asked_by_client:
        wire.put(ip(SERVER, CLIENT, ICMP, icmp_error(3, code, question)))
    else:
        wire.put(answer)
        wire.put(ip(CLIENT, SERVER, ICMP, icmp_error(3, code, answer)))
    return wire


def traced(port: int) -> Wire:
    """The end of a route that is traced on some port: a router on the way has answered before."""
    wire = denied(40000, port)
    wire.put(ip(ROUTER, CLIENT, ICMP, icmp_error(11, 0, ip(CLIENT, SERVER, UDP, datagram(40000, port - 1)))))
    return wire


@pytest.mark.parametrize(
    ("wire", "severity"),
    [
        (denied(40000, 53), Severity.MEDIUM),
        (denied(40000, 53, code=1), Severity.MEDIUM),
        (denied(40000, 33440), Severity.INFO),
        (denied(40000, 44446), Severity.INFO),
        (traced(45000), Severity.INFO),
        (denied(40000, 53, asked_by_client=False), Severity.INFO),
        (denied(53, 33000), Severity.INFO),
        (denied(5355, 52272), Severity.INFO),
        (denied(5355, 45001), Severity.MEDIUM),
        (denied(52272, 52273), Severity.MEDIUM),
    ],
    ids=[
        "port",
        "host",
        "traceroute",
        "tracepath",
        "a traced route",
        "the client left",
        "to a client of Linux",
        "to another client",
        "to a port that may be either's",
        "between clients",
    ],
)
def test_udp_that_is_denied(wire: Wire, severity: Severity, tmp_path: Path, facts_of: FactsOf) -> None:
    (finding,) = found("path_udp_unreachable", wire.save(tmp_path / "udp.pcap"), facts_of)
    assert finding.severity is severity


@pytest.mark.parametrize(("ttl", "fires"), [(32, True), (31, False), (1, False)])
def test_a_routing_loop(ttl: int, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    wire.put(ipv4(CLIENT, SERVER, datagram(40000, 53), ttl=ttl, number=77, protocol=UDP))
    quoted = ipv4(CLIENT, SERVER, datagram(40000, 53), ttl=1, number=77, protocol=UDP)
    wire.put(ip(ROUTER, CLIENT, ICMP, icmp_error(11, 0, quoted)))
    findings = found("path_loop", wire.save(tmp_path / f"{ttl}.pcap"), facts_of)
    assert bool(findings) is fires
    assert all(f.severity is Severity.HIGH and "go in circles" in f.title for f in findings)


def test_a_redirect(tmp_path: Path, facts_of: FactsOf) -> None:
    quoted = ip(CLIENT, SERVER, UDP, datagram(40000, 53))
    wire = Wire()
    wire.put(ip(ROUTER, CLIENT, ICMP, bytes([5, 1, 0, 0, 192, 0, 2, 254]) + quoted))
    (finding,) = found("path_redirect", wire.save(tmp_path / "redirect.pcap"), facts_of)
    assert "192.0.2.254" in finding.title


@pytest.mark.parametrize("rule", RULES)
def test_they_do_not_apply_without_icmp_and_tcp(rule: str, tmp_path: Path, facts_of: FactsOf) -> None:
    capture = pcap(tmp_path / "udp.pcap", [ethernet(ip(CLIENT, SERVER, UDP, datagram(5000, 6000, b"x")))] * 3)
    assert not applies(rule, capture, facts_of)


@pytest.mark.parametrize(("code", "fires"), [(1, True), (0, False)])
def test_fragments_that_do_not_come(code: int, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    wire.put(ip(SERVER, CLIENT, ICMP, icmp_error(11, code, ip(CLIENT, SERVER, UDP, datagram(40000, 6000)))))
    findings = found("path_fragments_lost", wire.save(tmp_path / f"{code}.pcap"), facts_of)
    assert [f.severity for f in findings] == [Severity.HIGH] * fires
    assert all("UDP port 6000" in f.title and "do not arrive whole" in f.title for f in findings)
