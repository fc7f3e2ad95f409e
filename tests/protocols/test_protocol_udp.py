from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from factories import CLIENT, EVERYTHING, ODDITIES, SERVER, UDP, conversations, datagram, ethernet, ip, pcap, plainly

from explainer.facts import Facts
from explainer.protocols import udp_conversations
from explainer.protocols.tcp import Endpoint

FactsOf = Callable[..., Facts]


def between(found: tuple[udp_conversations.Conversation, ...]) -> Counter[tuple[frozenset[str], int]]:
    return Counter((frozenset((plainly(c.client), plainly(c.server))), c.frames) for c in found)


def test_conversations_equal_wiresharks(sample: dict[str, Any], captures: Path, facts_of: FactsOf) -> None:
    found = facts_of(sample["name"], *EVERYTHING)[udp_conversations.conversations]
    assert between(found) == Counter(conversations(captures / sample["file"], "udp"))


def test_the_sender_of_the_first_packet_is_the_client(tmp_path: Path, facts_of: FactsOf) -> None:
    there = ethernet(ip(CLIENT, SERVER, UDP, datagram(53, 5353, b"question")))
    back = ethernet(ip(SERVER, CLIENT, UDP, datagram(5353, 53, b"an answer")))
    capture = pcap(tmp_path / "pair.pcap", [there, back, there])
    (found,) = facts_of(capture, udp_conversations.conversations)[udp_conversations.conversations]
    assert (found.client, found.server) == (Endpoint(CLIENT, 53), Endpoint(SERVER, 5353))
    assert (found.frames, found.bytes, found.first_frame) == (3, 2 * len(there) + len(back), 1)


def test_a_datagram_that_an_icmp_error_quotes_is_none(tmp_path: Path, facts_of: FactsOf) -> None:
    capture = pcap(tmp_path / "quoted.pcap", ODDITIES["icmp_quotes_udp"])
    assert facts_of(capture, udp_conversations.conversations)[udp_conversations.conversations] == ()


@pytest.mark.parametrize("oddity", ["plain", "gre", "vxlan"])
def test_conversations_of_tunnels_equal_wiresharks(oddity: str, tmp_path: Path, facts_of: FactsOf) -> None:
    capture = pcap(tmp_path / "tunnel.pcap", ODDITIES[oddity])
    found = facts_of(capture, udp_conversations.conversations)[udp_conversations.conversations]
    assert between(found) == Counter(conversations(capture, "udp"))
