"""ARP requests and replies against tshark's own flags, and probes, announcements, conflicts and damage."""

import ipaddress
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from factories import ODDITIES, matching, pcap

from explainer.facts import Facts
from explainer.protocols.arp import Resolution, resolutions

FactsOf = Callable[..., Facts]
ResolutionsOf = Callable[..., tuple[Resolution, ...]]
A, B, C = "02:00:00:00:00:0a", "02:00:00:00:00:0b", "02:00:00:00:00:0c"
NOBODY, EVERYBODY = "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"


def arp(operation: int, mac: str, address: str, target: str, target_mac: str = NOBODY) -> bytes:
    def bare(text: str) -> bytes:
        return bytes.fromhex(text.replace(":", "")) if ":" in text else ipaddress.ip_address(text).packed

    frame = bare(EVERYBODY if target_mac == NOBODY else target_mac) + bare(mac) + b"\x08\x06"
    header = struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation)
    return frame + header + bare(mac) + bare(address) + bare(target_mac) + bare(target)


ASK, ANSWER = arp(1, A, "192.0.2.1", "192.0.2.2"), arp(2, B, "192.0.2.2", "192.0.2.1", A)


@pytest.fixture
def resolutions_of(tmp_path: Path, facts_of: FactsOf) -> ResolutionsOf:
    def found(*packets: bytes, **options: Any) -> tuple[Resolution, ...]:
        return facts_of(pcap(tmp_path / "made.pcap", packets, **options), resolutions)[resolutions]

    return found


def test_requests_of_one_asker_for_one_address_and_their_replies_are_one_record(resolutions_of: ResolutionsOf) -> None:
    (found,) = resolutions_of(ASK, ASK, ANSWER, ASK, ANSWER)
    assert (found.asker_mac, found.asker, found.target) == (A, "192.0.2.1", "192.0.2.2")
    assert (found.request_frames, found.reply_frames, found.reply_macs) == ((1, 2, 4), (3, 5), (B,))
    assert (found.answered, found.probe, found.gratuitous) == (True, False, False)
    assert found.first_reply_ns == found.first_ns + 2_000_000


def test_a_request_that_nobody_answers(resolutions_of: ResolutionsOf) -> None:
    (found,) = resolutions_of(ASK, ASK)
    assert (found.answered, found.first_reply_ns, found.reply_macs) == (False, None, ())


def test_an_address_that_two_claim_names_both(resolutions_of: ResolutionsOf) -> None:
    (found,) = resolutions_of(ASK, ANSWER, arp(2, C, "192.0.2.2", "192.0.2.1", A))
    assert found.reply_macs == (B, C)


def test_a_reply_without_request_stands_alone(resolutions_of: ResolutionsOf) -> None:
    (found,) = resolutions_of(ANSWER)
    assert (found.request_frames, found.reply_frames, found.first_frame) == ((), (1,), 1)


def test_another_asker_is_another_record(resolutions_of: ResolutionsOf) -> None:
    assert len(resolutions_of(ASK, arp(1, C, "192.0.2.3", "192.0.2.2"))) == 2


def test_probes_and_announcements_are_told_as_tshark_tells_them(tmp_path: Path, facts_of: FactsOf) -> None:
    packets = [
        arp(1, A, "0.0.0.0", "192.0.2.1"), arp(1, A, "192.0.2.1", "192.0.2.1"),
        arp(2, A, "192.0.2.1", "192.0.2.1", EVERYBODY), ASK,
    ]  # fmt: skip
    capture = pcap(tmp_path / "made.pcap", packets)
    probe, announcement, request = facts_of(capture, resolutions)[resolutions]
    assert probe.probe
    assert set(probe.request_frames) == matching(capture, "arp.isprobe == 1")
    assert announcement.gratuitous
    assert not announcement.answered
    assert set(announcement.request_frames) == matching(capture, "arp.isgratuitous == 1")
    assert not request.probe
    assert not request.gratuitous


def test_a_probe_that_is_answered_finds_its_address_taken(resolutions_of: ResolutionsOf) -> None:
    (found,) = resolutions_of(arp(1, A, "0.0.0.0", "192.0.2.2"), arp(2, B, "192.0.2.2", "0.0.0.0", A))
    assert (found.probe, found.answered, found.reply_macs) == (True, True, (B,))


@pytest.mark.parametrize("snap", range(14, 42, 3))
def test_messages_that_are_cut_raise_nothing(snap: int, resolutions_of: ResolutionsOf) -> None:
    assert resolutions_of(ASK, ANSWER, snap=snap) == ()


def test_other_operations_and_other_protocols_are_none(resolutions_of: ResolutionsOf) -> None:
    assert resolutions_of(arp(3, A, "192.0.2.1", "192.0.2.2"), *ODDITIES["plain"]) == ()
