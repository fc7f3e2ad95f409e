"""Which host passes packets on, and how fast data moved, as answers to plain questions."""

from collections.abc import Sequence

import pytest
from brief.samples import analysis, ran, stat

from explainer.brief.question import Topic, parse
from explainer.llm import lookup, offline
from explainer.model import Analysis, Cell

HOSTS = ("address", "macs", "ttl", "packets", "first_frame")
ARP = (
    "asker_mac", "asker", "target", "kind", "requests", "answered", "replies", "reply_mac", "first_frame",
    "reply_frame",
)  # fmt: skip
TALKS = ("a", "a_port", "b", "b_port", "stream", "packets_a_b", "bytes_a_b", "packets_b_a", "bytes_b_a", "packets",
         "bytes", "start_s", "duration_s")  # fmt: skip
ROUTER, CLIENT = "02:00:00:00:00:01", "02:00:00:00:00:10"
ASKED = (CLIENT, "10.0.0.10", "10.0.0.1", "request", 1, True, 1, ROUTER, 1, 2)


def gateway(*, hosts: Sequence[tuple[Cell, ...]], arp: Sequence[tuple[Cell, ...]]) -> str:
    known = analysis(ran(), stats=[stat("hosts", HOSTS, hosts), stat("arp", ARP, arp)])
    return offline.answer(known, "what is the default gateway?").verdict


def test_the_card_that_passes_on_what_others_send() -> None:
    hosts = [("10.0.0.10", CLIENT, 64, 9, 3), ("203.0.113.5", ROUTER, 60, 9, 4), ("10.0.0.1", ROUTER, 64, 2, 5)]
    told = gateway(hosts=hosts, arp=[ASKED])
    assert told.startswith("The gateway is 10.0.0.1, most likely: packets of 203.0.113.5 come from its network card")


@pytest.mark.parametrize(
    ("hosts", "arp"),
    [
        ([("10.0.0.10", CLIENT, 64, 9, 3), ("10.0.0.1", ROUTER, 64, 2, 5)], [ASKED]),
        ([("203.0.113.5", ROUTER, 60, 9, 4)], []),
        ([], []),
    ],
    ids=["nothing is passed on", "its address is not told", "no packets"],
)
def test_no_router_is_made_up(hosts: Sequence[tuple[Cell, ...]], arp: Sequence[tuple[Cell, ...]]) -> None:
    assert gateway(hosts=hosts, arp=arp).startswith("This capture cannot tell which host is the default gateway")


def carried(received: int, seconds: float) -> Analysis:
    row = ("10.0.0.10", 40000, "10.0.0.2", 80, 0, 9, 900, 9, received, 18, 900 + received, 0.0, seconds)
    return analysis(ran(), stats=[stat("conversations_tcp", TALKS, [row])])


@pytest.mark.parametrize(
    ("received", "seconds", "words"),
    [
        (1_000_000, 4.0, "10.0.0.10 gets 1,000,000 bytes from 10.0.0.2 (TCP, ports 40000 and 80) in 4 s: 2 Mbit/s"),
        (250_000_000, 2.0, "1,000 Mbit/s"),
        (9_999, 1.0, "This capture cannot tell how fast"),
    ],
)
def test_how_fast(received: int, seconds: float, words: str) -> None:
    assert words in offline.answer(carried(received, seconds), "How fast is the download?").verdict


@pytest.mark.parametrize(
    ("question", "topic", "asked"),
    [
        ("what is the IP of the router?", Topic.GATEWAY, True),
        ("which router is used?", Topic.GATEWAY, True),
        ("why does the router drop my packets?", Topic.GATEWAY, False),
        ("what is the throughput?", Topic.RATE, True),
        ("how many Mbps do we get?", Topic.RATE, True),
        ("who uses the most bandwidth?", Topic.RATE, False),
        ("how fast is the TCP connection?", Topic.RATE, False),
    ],
)
def test_what_asks_for_them(question: str, topic: Topic, asked: bool) -> None:
    assert (topic in parse(question).topics) is asked


def test_the_statistics_that_they_read() -> None:
    assert {"hosts", "arp"} <= set(lookup.statistics("what is the default gateway?"))
    assert {"conversations_tcp", "conversations_udp"} <= set(lookup.statistics("how fast is the download?"))
