"""Routers that share an address, and which of them say that they have it."""

import struct
from ipaddress import ip_address
from pathlib import Path

import pytest
from factories import UDP, datagram, ethernet, findings_of, ip, pcap
from flow import FactsOf

from explainer import registry
from explainer.model import Finding, Severity
from explainer.protocols.vrrp import masters

ONE, OTHER, VIRTUAL = "10.0.0.2", "10.0.0.3", "10.0.0.1"
_VRRP = 112


def says(router: str, priority: int = 100, number: int = 51, virtual: str = VIRTUAL) -> bytes:
    body = struct.pack("!BBBBHH", 0x31, number, priority, 1, 100, 0) + ip_address(virtual).packed
    return ethernet(ip(router, "224.0.0.18", _VRRP, body))


def told(packets: list[bytes], tmp_path: Path, facts_of: FactsOf) -> list[Finding]:
    entry = registry.rules.get("vrrp_masters")
    assert entry is not None
    return findings_of("vrrp_masters", facts_of(pcap(tmp_path / "vrrp.pcap", packets), *entry.needs))


def test_two_that_do_not_hear_each_other(tmp_path: Path, facts_of: FactsOf) -> None:
    (finding,) = told([says(ONE, 150), says(OTHER)] * 3, tmp_path, facts_of)
    assert finding.severity is Severity.HIGH
    assert finding.title.startswith(f"{ONE} and {OTHER} both say, again and again, that they are the master")
    assert finding.evidence.frames == (1, 2, 3, 4, 5, 6)


@pytest.mark.parametrize(
    "packets",
    [
        [says(ONE)] * 5,
        [*[says(ONE)] * 3, says(ONE, 0), *[says(OTHER)] * 3],
        [says(ONE), says(OTHER), says(ONE), says(OTHER)],
        [says(ONE), says(OTHER, number=52)] * 4,
        [says(ONE), says(OTHER, virtual="10.0.0.9")] * 4,
        [says(ONE), says(OTHER, 0)] * 4,
    ],
    ids=["one", "a failover", "back and again", "other routers", "other addresses", "one that leaves"],
)
def test_what_is_in_order(packets: list[bytes], tmp_path: Path, facts_of: FactsOf) -> None:
    assert told(packets, tmp_path, facts_of) == []


def test_it_does_not_apply_without_vrrp(tmp_path: Path, facts_of: FactsOf) -> None:
    entry = registry.rules.get("vrrp_masters")
    assert entry is not None
    capture = pcap(tmp_path / "none.pcap", [ethernet(ip(ONE, OTHER, UDP, datagram(5000, 6000, b"x")))])
    assert facts_of(capture, *entry.needs)[masters] == ()
