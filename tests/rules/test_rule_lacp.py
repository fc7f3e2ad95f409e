"""Ports of link bundles, and whether they hear a partner."""

import struct
from pathlib import Path

import pytest
from factories import SECOND, KnownFacts, findings_of, pcap
from flow import FactsOf

from explainer.model import Finding, Severity
from explainer.protocols.lacp import Port, Said, ports

ONE, OTHER = "02:00:00:00:00:01", "02:00:00:00:00:02"
GOOD, ALONE, LATE = 0x3F, 0x47, 0x8F


def octets(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))


def says(system: str, state: int, partner: str) -> bytes:
    def party(kind: int, mac: bytes, bits: int) -> bytes:
        return struct.pack("!BBH6sHHHB3x", kind, 20, 1, mac, 17, 1, 4, bits)

    heard = octets(partner) if partner else bytes(6)
    body = party(1, octets(system), state) + party(2, heard, GOOD) + struct.pack("!BBH12x", 3, 16, 0) + bytes(52)
    return octets("01:80:c2:00:00:02") + octets(system) + b"\x88\x09\x01\x01" + body


def told(*states: tuple[int, str], others: tuple[Port, ...] = ()) -> list[Finding]:
    said = tuple(Said(n + 1, n * SECOND, *each) for n, each in enumerate(states))
    return findings_of("lacp_alone", KnownFacts({ports: (Port(ONE, 4, said), *others)}))


def test_what_is_said(tmp_path: Path, facts_of: FactsOf) -> None:
    (one, other) = facts_of(
        pcap(tmp_path / "lacp.pcap", [says(ONE, GOOD, OTHER), says(OTHER, ALONE, ""), says(ONE, LATE, OTHER)]), ports
    )[ports]
    assert (one.system, one.number) == (ONE, 4)
    assert [(s.frame, s.state, s.partner, s.alone) for s in one.said] == [
        (1, GOOD, OTHER, False),
        (3, LATE, OTHER, True),
    ]
    assert [(s.state, s.partner, s.alone) for s in other.said] == [(ALONE, "", True)]


def test_nobody_at_the_other_end() -> None:
    (finding,) = told(*[(ALONE, "")] * 3)
    assert finding.severity is Severity.MEDIUM
    assert finding.title.startswith(f"The link bundle does not come up: {ONE} (port 4) speaks LACP, and hears nobody")
    assert finding.evidence.frames == (1, 2, 3)
    deaf = Port(OTHER, 1, (Said(9, 0, GOOD, ONE),))
    assert "does not hear it" in told(*[(ALONE, "")] * 3, others=(deaf,))[0].evidence.steps[1].text


def test_a_partner_that_is_gone() -> None:
    (finding,) = told((GOOD, OTHER), (LATE, OTHER), (ALONE, ""), (ALONE, ""))
    assert f"{ONE} (port 4) hears {OTHER} no more" in finding.title
    assert finding.evidence.frames == (1, 2, 3, 4)


@pytest.mark.parametrize(
    "states",
    [[(GOOD, OTHER)] * 9, [(ALONE, "")] * 2, [*[(ALONE, "")] * 9, (GOOD, OTHER)], []],
    ids=["in order", "two", "in the end", "none"],
)
def test_what_is_in_order(states: list[tuple[int, str]]) -> None:
    assert told(*states) == []


def test_it_does_not_apply_without_lacp(tmp_path: Path, facts_of: FactsOf) -> None:
    arp = b"\xff" * 6 + octets(ONE) + b"\x08\x06" + bytes(28)
    assert facts_of(pcap(tmp_path / "none.pcap", [arp]), ports)[ports] == ()
