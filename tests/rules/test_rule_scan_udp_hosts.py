"""One UDP port of very many hosts: worms and searches."""

from pathlib import Path

import pytest
from factories import CLIENT, SERVER, UDP, datagram, ip
from flow import FactsOf, found
from talk import Wire

from explainer.model import Severity

SLAMMER, OTHER = 1434, 5555


def sweep(hosts: int, *, port: int = OTHER, each: int = 1, answers: int = 0, pause_s: float = 0.1) -> Wire:
    wire = Wire()
    for number in range(hosts):
        target = f"198.51.{number // 200}.{1 + number % 200}"
        for _ in range(each):
            wire.put(ip(CLIENT, target, UDP, datagram(1041, port, bytes(64))))
        if number < answers:
            wire.put(ip(target, CLIENT, UDP, datagram(port, 1041, b"here")))
        wire.wait(pause_s)
    wire.put(ip(SERVER, CLIENT, UDP, datagram(53, 5000, b"the end")))
    return wire


@pytest.mark.parametrize(("port", "severity"), [(OTHER, Severity.MEDIUM), (SLAMMER, Severity.HIGH)])
def test_a_sweep(port: int, severity: Severity, tmp_path: Path, facts_of: FactsOf) -> None:
    (finding,) = found("scan_udp_hosts", sweep(30, port=port).save(tmp_path / "sweep.pcap"), facts_of)
    assert finding.severity is severity
    assert f"{CLIENT} sends to UDP port {port} of 30 hosts" in finding.title
    assert ("Slammer" in finding.title) is (port == SLAMMER)


@pytest.mark.parametrize(
    "wire",
    [sweep(29), sweep(30, answers=1), sweep(30, each=3), sweep(40, pause_s=2.1)],
    ids=["fewer", "one answers", "more each", "slowly"],
)
def test_programs_that_talk_to_many(wire: Wire, tmp_path: Path, facts_of: FactsOf) -> None:
    assert found("scan_udp_hosts", wire.save(tmp_path / "many.pcap"), facts_of) == []


def test_groups_are_no_hosts(tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    for number in range(40):
        wire.put(ip(CLIENT, f"239.1.2.{number}", UDP, datagram(1041, OTHER, bytes(64))))
    assert found("scan_udp_hosts", wire.save(tmp_path / "groups.pcap"), facts_of) == []
