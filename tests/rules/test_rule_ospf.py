"""OSPF routers on one link that do not become neighbors."""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import pytest
from factories import ethernet, findings_of, ip, pcap

from explainer import analyse, ask, registry
from explainer.facts import Facts
from explainer.model import Confidence, Finding, Severity
from explainer.protocols.ospf import routers

FactsOf = Callable[..., Facts]
ONE, OTHER, THIRD = "10.0.0.1", "10.0.0.2", "10.9.0.3"
_OSPF = 89


@dataclass(frozen=True)
class Speaker:
    address: str
    hears: tuple[str, ...] = ()
    hello_s: int = 10
    area: str = "0.0.0.0"
    mask: str = "255.255.255.0"
    authentication: int = 0
    mtu: int = 1500

    def packet(self, kind: int, body: bytes) -> bytes:
        router, area = ip_address(self.address).packed, ip_address(self.area).packed
        header = struct.pack("!BBH", 2, kind, 24 + len(body)) + router + area
        return ethernet(
            ip(self.address, "224.0.0.5", _OSPF, header + struct.pack("!HHQ", 0, self.authentication, 0) + body)
        )

    def hello(self) -> bytes:
        timers = struct.pack("!HBBI", self.hello_s, 2, 1, 4 * self.hello_s)
        heard = b"".join(ip_address(router).packed for router in self.hears)
        return self.packet(1, ip_address(self.mask).packed + timers + bytes(8) + heard)

    def description(self) -> bytes:
        return self.packet(2, struct.pack("!HBBI", self.mtu, 2, 7, 1))

    def request(self) -> bytes:
        return self.packet(3, struct.pack("!I", 1) + bytes(8))


def told(path: Path, packets: list[bytes], facts_of: FactsOf) -> list[Finding]:
    entry = registry.rules.get("ospf_neighbors")
    assert entry is not None
    return findings_of("ospf_neighbors", facts_of(pcap(path, packets), *entry.needs))


def greet(one: Speaker, other: Speaker, times: int = 3) -> list[bytes]:
    return [one.hello(), other.hello()] * times


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (Speaker(OTHER, hello_s=30), "the hello interval (10 s at 10.0.0.1, 30 s at 10.0.0.2) and the dead interval"),
        (Speaker(OTHER, area="0.0.0.1"), "the area (0.0.0.0 at 10.0.0.1, 0.0.0.1 at 10.0.0.2) differs"),
        (Speaker(OTHER, authentication=2), "the authentication (none at 10.0.0.1, a keyed digest at 10.0.0.2) differs"),
        (Speaker(OTHER, mask="255.255.255.128"), "the network mask"),
    ],
)
def test_hellos_that_differ(other: Speaker, words: str, tmp_path: Path, facts_of: FactsOf) -> None:
    (finding,) = told(tmp_path / "a.pcap", greet(Speaker(ONE), other), facts_of)
    assert (finding.severity, finding.confidence) == (Severity.HIGH, Confidence.CERTAIN)
    assert words in finding.title
    assert finding.evidence.frames == (1, 2, 3, 4, 5, 6)


def test_hellos_that_agree_and_name_nobody_are_a_guess(tmp_path: Path, facts_of: FactsOf) -> None:
    (finding,) = told(tmp_path / "a.pcap", greet(Speaker(ONE), Speaker(OTHER)), facts_of)
    assert (finding.severity, finding.confidence) == (Severity.MEDIUM, Confidence.POSSIBLE)


@pytest.mark.parametrize(
    "packets",
    [
        greet(Speaker(ONE), Speaker(OTHER, hello_s=30), 2),
        greet(Speaker(ONE, (OTHER,)), Speaker(OTHER, (ONE,))),
        greet(Speaker(ONE), Speaker(THIRD, hello_s=30)),
        [Speaker(ONE).hello()] * 3 + [Speaker(OTHER, hello_s=30).hello()] * 3,
    ],
    ids=["too few hellos", "neighbors", "another link", "one after the other"],
)
def test_it_stays_silent(packets: list[bytes], tmp_path: Path, facts_of: FactsOf) -> None:
    assert told(tmp_path / "a.pcap", packets, facts_of) == []


@pytest.mark.parametrize(
    ("mtu", "descriptions", "asks", "fires"),
    [(1400, 3, False, True), (1400, 2, False, False), (1500, 3, False, False), (1400, 3, True, False)],
    ids=["stuck", "too few", "same MTU", "goes on"],
)
def test_another_mtu(mtu: int, descriptions: int, asks: bool, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    one, other = Speaker(ONE, (OTHER,)), Speaker(OTHER, (ONE,), mtu=mtu)
    packets = [*greet(one, other), *[one.description(), other.description()] * descriptions]
    findings = told(tmp_path / "a.pcap", packets + [one.request()] * asks, facts_of)
    assert [f.severity for f in findings] == [Severity.HIGH] * fires
    assert all("different MTUs (1500 at 10.0.0.1, 1400 at 10.0.0.2)" in f.title for f in findings)


def test_it_does_not_apply_without_ospf(facts_of: FactsOf) -> None:
    assert facts_of("dns_and_http_healthy", routers)[routers] == ()


def test_neighbors_are_told_to_who_asks(tmp_path: Path) -> None:
    path = pcap(tmp_path / "a.pcap", greet(Speaker(ONE, (OTHER,)), Speaker(OTHER, (ONE,))))
    answer = ask(analyse(path, strict=True), "Is the OSPF adjacency healthy?")
    assert answer.verdict == "The OSPF routers 10.0.0.1 and 10.0.0.2 name each other as neighbors (area 0.0.0.0)."
    assert answer.claims[0].frames == (1, 2)
