"""Data whose hops run out on the way."""

from pathlib import Path

import pytest
from factories import CLIENT, ICMP, SERVER, UDP, datagram, icmp_error, ip, segment
from flow import FactsOf, applies, found, ipv4
from talk import Wire

from explainer.model import Severity

ROUTER = "192.0.2.1"
TCP, SYN, SYN_ACK, ACK, PUSH = 6, 2, 18, 16, 24


def answers_die(times: int, *, ttl: int = 1) -> Wire:
    """An open connection; what the server answers, and repeats, dies at the router."""
    wire = Wire()
    wire.put(ipv4(CLIENT, SERVER, segment(40000, 80, SYN, 0), ttl=64, number=1, protocol=TCP))
    wire.put(ipv4(SERVER, CLIENT, segment(80, 40000, SYN_ACK, 0, 1), ttl=64, number=2, protocol=TCP))
    wire.put(ipv4(CLIENT, SERVER, segment(40000, 80, PUSH, 1, 1, b"question"), ttl=64, number=3, protocol=TCP))
    for number in range(4, 4 + times):
        answer = segment(80, 40000, PUSH, 1, 9, b"answer")
        wire.put(ipv4(SERVER, CLIENT, answer, ttl=ttl, number=number, protocol=TCP))
        quoted = ipv4(SERVER, CLIENT, answer, ttl=1, number=number, protocol=TCP)
        wire.put(ip(ROUTER, SERVER, ICMP, icmp_error(11, 0, quoted)))
    return wire


@pytest.mark.parametrize(("times", "ttl", "fires"), [(2, 1, True), (1, 1, False), (2, 31, True), (2, 32, False)])
def test_answers_that_die_on_the_way(times: int, ttl: int, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    findings = found("path_ttl_short", answers_die(times, ttl=ttl).save(tmp_path / "a.pcap"), facts_of)
    assert bool(findings) is fires
    words = f"What {SERVER} sends does not reach {CLIENT}"
    assert all(f.severity is Severity.HIGH and words in f.title for f in findings)


def test_it_does_not_apply_without_icmp(tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    wire.put(ip(CLIENT, SERVER, UDP, datagram(5000, 6000, b"x")))
    assert not applies("path_ttl_short", wire.save(tmp_path / "a.pcap"), facts_of)
