"""ICMP messages of both versions against tshark's fields, and in tunnels, damaged, and with an MTU."""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from factories import CLIENT, ICMP, ICMPV6, ODDITIES, SERVER, TCP, ethernet, ip, pcap, segment
from messages import shown

from explainer.facts import Facts
from explainer.protocols import icmp_names
from explainer.protocols.icmp import messages

FactsOf = Callable[..., Facts]
MessagesOf = Callable[..., list[tuple[Any, ...]]]
QUOTED = ip(CLIENT, SERVER, TCP, segment(40000, 443, 2))


@pytest.fixture
def messages_of(tmp_path: Path, facts_of: FactsOf) -> MessagesOf:
    def found(*packets: bytes, **options: Any) -> list[tuple[Any, ...]]:
        table = facts_of(pcap(tmp_path / "made.pcap", packets, **options), messages)[messages]
        return table.select("src", "dst", "version", "type", "code", "mtu").rows()

    return found


def test_messages_are_tsharks(sample: dict[str, Any], captures: Path, facts_of: FactsOf) -> None:
    table = facts_of(sample["name"], messages)[messages]
    expected = shown(captures / sample["file"], "icmp", "frame.number", "icmp.type", "icmp.code")
    assert [[str(cell) for cell in row] for row in table.select("frame", "type", "code").rows()] == expected


@pytest.mark.parametrize("oddity", ["icmp", "icmp_in_gre", "icmp_quotes_udp", "icmp_quotes_gre", "icmp_damaged"])
def test_an_error_counts_under_its_own_sender(oddity: str, messages_of: MessagesOf) -> None:
    ((sender, _, version, kind, _, mtu),) = messages_of(*ODDITIES[oddity])
    assert (sender, version, kind, mtu) == ("192.0.2.1", 4, 3, None)


def test_fragmentation_needed_and_packet_too_big_name_an_mtu(messages_of: MessagesOf) -> None:
    too_big = ip("2001:db8::20", "2001:db8::10", TCP, segment(443, 40000, 16))
    found = messages_of(
        ethernet(ip("192.0.2.1", CLIENT, ICMP, struct.pack("!BBHHH", 3, 4, 0, 0, 1400) + QUOTED)),
        ethernet(ip("192.0.2.1", CLIENT, ICMP, struct.pack("!BBHHH", 3, 4, 0, 0, 0) + QUOTED)),
        ethernet(ip("2001:db8::1", "2001:db8::20", ICMPV6, struct.pack("!BBHI", 2, 0, 0, 1280) + too_big)),
    )
    assert found == [
        ("192.0.2.1", CLIENT, 4, 3, 4, 1400), ("192.0.2.1", CLIENT, 4, 3, 4, None),
        ("2001:db8::1", "2001:db8::20", 6, 2, 0, 1280),
    ]  # fmt: skip


def test_what_is_no_icmp_is_no_message(messages_of: MessagesOf) -> None:
    assert messages_of(*ODDITIES["plain"], *ODDITIES["gre"]) == []


@pytest.mark.parametrize("snap", range(34, 60, 4))
def test_messages_that_are_cut_raise_nothing(snap: int, messages_of: MessagesOf) -> None:
    assert len(messages_of(*ODDITIES["icmp"], snap=snap)) <= 1


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ((4, 8, 0), "echo request"), ((6, 129, 0), "echo reply"),
        ((4, 3, 4), "destination unreachable: fragmentation needed"), ((6, 2, 0), "packet too big"),
        ((4, 3, 13), "destination unreachable: communication administratively prohibited"),
        ((6, 1, 1), "destination unreachable: administratively prohibited"), ((4, 11, 0), "time exceeded: hop limit"),
        ((4, 5, 1), "redirect: for the host"), ((4, 3, 99), "destination unreachable: code 99"),
        ((4, 3, None), "destination unreachable"), ((4, 8, 9), "echo request: code 9"), ((6, 250, 0), "type 250"),
    ],
)  # fmt: skip
def test_names(message: tuple[int, int, int | None], name: str) -> None:
    assert icmp_names.message(*message) == name
