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


SETTINGS = ("mac", "address", "server", "gateways", "name_servers", "mask", "lease_s", "frame")
GIVEN = (CLIENT, "10.0.0.10", "10.0.0.2", "10.0.0.1", "10.0.0.2", "255.255.255.0", 600, 7)


def gateway(
    *, hosts: Sequence[tuple[Cell, ...]], arp: Sequence[tuple[Cell, ...]], given: Sequence[tuple[Cell, ...]] = ()
) -> str:
    stats = [stat("hosts", HOSTS, hosts), stat("arp", ARP, arp), stat("dhcp_settings", SETTINGS, given)]
    known = analysis(ran(), stats=stats)
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
        ([("0.0.0.0", CLIENT, 64, 2, 1), ("169.254.7.7", CLIENT, 64, 2, 1)], [ASKED]),
        ([], []),
    ],
    ids=["nothing is passed on", "its address is not told", "a client without an address", "no packets"],
)
def test_no_router_is_made_up(hosts: Sequence[tuple[Cell, ...]], arp: Sequence[tuple[Cell, ...]]) -> None:
    assert gateway(hosts=hosts, arp=arp).startswith("This capture cannot tell which host is the default gateway")


def test_what_dhcp_gave_is_the_gateway() -> None:
    told = gateway(hosts=[], arp=[ASKED], given=[GIVEN])
    assert told.startswith("The default gateway is 10.0.0.1, says DHCP (10.0.0.2 gives it to 10.0.0.10); its network")
    assert "nothing here tells of a card" in gateway(hosts=[], arp=[], given=[GIVEN])
    assert gateway(hosts=[], arp=[], given=[(*GIVEN[:3], "", *GIVEN[4:])]) == "DHCP gives 10.0.0.10 no gateway."


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("how long is the lease?", "for 10 minutes."),
        ("what is the subnet mask?", "the mask 255.255.255.0"),
        ("who gave the client its address?", "The DHCP server 10.0.0.2 gives"),
    ],
)
def test_what_dhcp_gave(question: str, words: str) -> None:
    known = analysis(ran(), stats=[stat("dhcp_settings", SETTINGS, [GIVEN])])
    assert words in offline.answer(known, question).verdict
    nothing = analysis(ran(), stats=[stat("dhcp_settings", SETTINGS, [])])
    assert offline.answer(nothing, question).verdict.startswith("This capture cannot tell")


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
