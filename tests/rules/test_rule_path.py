from pathlib import Path

import pytest
from factories import CLIENT, ICMP, SERVER, UDP, datagram, ethernet, icmp_error, ip, pcap
from flow import FactsOf, applies, found, ipv4
from talk import Wire

from explainer.model import Severity

ROUTER = "192.0.2.1"
RULES = ("path_udp_unreachable", "path_loop", "path_redirect")


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


def answering(port: int) -> Wire:
    """A program that opens its port a moment too late: what it sends from there comes all the same."""
    wire = denied(20000, 6970)
    wire.put(ip(SERVER, CLIENT, UDP, datagram(port, 20000, b"answer")))
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
        (answering(6970), Severity.LOW),
        (answering(6971), Severity.MEDIUM),
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
        "a port that speaks later",
        "another port that does",
    ],
)
def test_udp_that_is_denied(wire: Wire, severity: Severity, tmp_path: Path, facts_of: FactsOf) -> None:
    (finding,) = found("path_udp_unreachable", wire.save(tmp_path / "udp.pcap"), facts_of)
    assert finding.severity is severity


@pytest.mark.parametrize(("speaker", "late"), [(SERVER, True), (ROUTER, False)], ids=["the host", "another"])
def test_a_port_that_is_closed_at_first_only(speaker: str, late: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    wire = denied(49152, 3784)
    wire.put(ip(speaker, CLIENT, UDP, datagram(49153, 3784, b"here I am")))
    (finding,) = found("path_udp_unreachable", wire.save(tmp_path / "late.pcap"), facts_of)
    assert finding.severity is (Severity.LOW if late else Severity.MEDIUM)
    assert ("at first; later it is there" in finding.title) is late
    assert (3 in finding.evidence.frames) is late


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
