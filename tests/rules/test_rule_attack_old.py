"""Teardrop, the ping of death, Land: fragments and connection requests that no system sends by itself."""

import struct
from pathlib import Path

import pytest
from factories import CLIENT, SERVER, ip, segment
from flow import FactsOf, found
from talk import Wire

from explainer.model import Severity
from explainer.protocols.forged import forged_fragments

UDP, TCP, SYN = 17, 6, 0x02


def fragment(offset: int, size: int, *, more: bool, number: int = 7) -> bytes:
    """Return a fragment of CLIENT's packet to SERVER: from which byte on, and of how many."""
    source, target = (bytes(map(int, host.split("."))) for host in (CLIENT, SERVER))
    where = offset // 8 | (0x2000 if more else 0)
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + size, number, where, 64, UDP, 0, source, target)
    return header + bytes(size)


def wire(*packets: bytes) -> Wire:
    made = Wire()
    for packet in packets:
        made.put(packet)
    return made


WHOLE = (fragment(0, 1480, more=True), fragment(1480, 1480, more=True), fragment(2960, 40, more=False))
LONG = (fragment(62520, 1480, more=True), fragment(64000, 1480, more=True))


@pytest.mark.parametrize(
    ("packets", "told"),
    [
        (
            (fragment(0, 36, more=True), fragment(24, 4, more=False)),
            "as the Teardrop attack does, or somebody who hides",
        ),
        ((fragment(0, 1480, more=True), fragment(1472, 100, more=False)), "as the Teardrop attack does"),
        ((*LONG, fragment(65480, 480, more=False)), "as the ping of death does"),
        ((fragment(65480, 480, more=False),), ""),
        ((*LONG[1:], fragment(65480, 480, more=False)), ""),
        (WHOLE, ""),
        ((*WHOLE, *WHOLE), ""),
        ((WHOLE[1], WHOLE[0], WHOLE[2]), ""),
        ((*LONG, fragment(65480, 40, more=False)), ""),
        ((fragment(0, 36, more=True), fragment(24, 4, more=False, number=8)), ""),
    ],
    ids=["teardrop", "8 bytes", "too long", "alone", "two", "whole", "twice", "out of order", "longest", "two packets"],
)
def test_fragments(packets: tuple[bytes, ...], told: str, tmp_path: Path, facts_of: FactsOf) -> None:
    findings = found("attack_fragments", wire(*packets).save(tmp_path / "f.pcap"), facts_of)
    assert [f.severity for f in findings] == ([Severity.HIGH] if told else [])
    assert all(told in f.title for f in findings)


def test_without_fragments_there_is_nothing(tmp_path: Path, facts_of: FactsOf) -> None:
    capture = wire(ip(CLIENT, SERVER, TCP, segment(40000, 80, SYN))).save(tmp_path / "none.pcap")
    assert facts_of(capture, forged_fragments)[forged_fragments] == ()


@pytest.mark.parametrize(
    ("source", "sport", "fires"),
    [(SERVER, 139, True), (SERVER, 40000, False), (CLIENT, 139, False)],
    ids=["land", "another port", "another host"],
)
def test_requests_from_itself(source: str, sport: int, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    capture = wire(ip(source, SERVER, TCP, segment(sport, 139, SYN))).save(tmp_path / "land.pcap")
    findings = found("attack_land", capture, facts_of)
    assert len(findings) == fires
    assert all(f.severity is Severity.HIGH and "Land attack" in f.title for f in findings)


def test_on_loopback_a_program_may_connect_to_itself(tmp_path: Path, facts_of: FactsOf) -> None:
    capture = wire(ip("127.0.0.1", "127.0.0.1", TCP, segment(5000, 5000, SYN))).save(tmp_path / "lo.pcap")
    assert found("attack_land", capture, facts_of) == []
