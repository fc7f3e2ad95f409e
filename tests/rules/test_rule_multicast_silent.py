"""Multicast groups that are joined, and nothing comes."""

import struct
from pathlib import Path

import pytest
from factories import CLIENT, SERVER, UDP, datagram, ip
from flow import FactsOf, found
from talk import Wire

from explainer.model import Finding, Severity

IGMP, GROUP, ROUTER = 2, "239.1.2.3", "198.51.100.1"
QUERY, REPORT, LEAVE = 0x11, 0x16, 0x17


def octets(address: str) -> bytes:
    return bytes(map(int, address.split(".")))


def igmp(kind: int, group: str) -> bytes:
    words = struct.unpack("!4H", struct.pack("!BBH4s", kind, 0, 0, octets(group)))
    total = sum(words)
    return struct.pack("!BBH4s", kind, 0, ~(total + (total >> 16)) & 0xFFFF, octets(group))


def told(
    tmp_path: Path, facts_of: FactsOf, *said: tuple[str, int], waited_s: float = 5.1, sent: str = ""
) -> list[Finding]:
    wire = Wire()
    for host, kind in said:
        wire.wait(waited_s if kind == LEAVE else 0)
        wire.put(ip(host, GROUP, IGMP, igmp(kind, GROUP)))
    wire.wait(waited_s)
    wire.put(ip(SERVER, sent or CLIENT, UDP, datagram(5000, 5004, b"something")))
    return found("multicast_silent", wire.save(tmp_path / f"{len(said)}.pcap"), facts_of)


def test_a_group_that_is_joined_and_silent(tmp_path: Path, facts_of: FactsOf) -> None:
    (finding,) = told(tmp_path, facts_of, (CLIENT, REPORT))
    assert finding.severity is Severity.LOW
    assert finding.title.startswith(f"Nothing is sent to the multicast group {GROUP}, which {CLIENT} joins")
    assert "No router asks" in finding.evidence.steps[-1].text
    assert len(told(tmp_path, facts_of, (CLIENT, REPORT), (CLIENT, LEAVE))) == 1


def test_its_members_are_one_finding_and_a_querier_is_named(tmp_path: Path, facts_of: FactsOf) -> None:
    (finding,) = told(tmp_path, facts_of, (ROUTER, QUERY), (CLIENT, REPORT), (SERVER, REPORT))
    assert f"{CLIENT} and {SERVER} join" in finding.title
    assert "A router asks" in finding.evidence.steps[-1].text


@pytest.mark.parametrize(
    ("kinds", "waited_s", "sent"),
    [((REPORT,), 4.9, ""), ((REPORT,), 9, GROUP), ((REPORT, LEAVE), 4.9, ""), ((QUERY,), 9, "")],
    ids=["soon over", "a stream", "soon left", "only asked"],
)
def test_otherwise_nothing_is_told(
    kinds: tuple[int, ...], waited_s: float, sent: str, tmp_path: Path, facts_of: FactsOf
) -> None:
    assert told(tmp_path, facts_of, *((CLIENT, kind) for kind in kinds), waited_s=waited_s, sent=sent) == []


def test_no_master_clock(tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    wire.put(ip(CLIENT, "224.0.1.129", IGMP, igmp(REPORT, "224.0.1.129")))
    wire.wait(9)
    wire.put(ip(SERVER, CLIENT, UDP, datagram(5000, 5004, b"the end")))
    (finding,) = found("multicast_silent", wire.save(tmp_path / "ptp.pcap"), facts_of)
    assert finding.title.endswith("no packet to it in 9 s, so no master clock announces itself here.")


@pytest.mark.parametrize("group", ["224.0.0.251", "224.0.1.130", "239.255.255.250"])
def test_groups_of_protocols_and_of_one_site_are_quiet(group: str, tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    wire.put(ip(CLIENT, group, IGMP, igmp(REPORT, group)))
    wire.wait(9)
    wire.put(ip(SERVER, CLIENT, UDP, datagram(5000, 5004, b"the end")))
    assert found("multicast_silent", wire.save(tmp_path / "quiet.pcap"), facts_of) == []
