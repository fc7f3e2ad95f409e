from brief import samples
from brief.samples import analysis, ran, stat

from explainer.brief.question import parse
from explainer.llm import lookup, offline
from explainer.model import Analysis, Claim

RTT = stat(
    "rtt",
    samples.RTT,
    [
        (0, "10.0.0.9:40000", "10.0.0.1:80", 1, 2, 3, 1.5, 2.25),
        (1, "10.0.0.9:40001", "10.0.0.2:443", 4, 5, None, 1250.0, None),
        (2, "[2001:db8::9]:40002", "[2001:db8::2]:443", 7, 8, 9, 0.25, 0.5),
        (3, "10.0.0.9:40003", "10.0.0.3:80", None, 10, 11, None, None),
    ],
)
PORTS = stat(
    "ports", samples.PORTS, [("TCP", 443, "https", 2, 1200, 65000, 4, "tls"), ("UDP", 443, "https", 1, 1, 60, 30, None)]
)
KNOWN = analysis(ran(), stats=[RTT, PORTS])


def claims(question: str, known: Analysis = KNOWN) -> list[Claim]:
    return lookup.claims(known, parse(question))


class TestRoundTrip:
    def test_of_the_named_host(self) -> None:
        (claim,) = claims("What is the round-trip time to 10.0.0.1?")
        assert claim.text == (
            "The round-trip time between 10.0.0.9:40000 and 10.0.0.1:80 is 1.5 ms (SYN to SYN/ACK);"
            " the handshake was complete after 2.2 ms."
        )
        assert (claim.frames, claim.sources) == ((1, 2, 3), ("rtt",))

    def test_without_the_last_packet_of_the_handshake(self) -> None:
        (claim,) = claims("RTT to 10.0.0.2?")
        assert "1.25 s (SYN to SYN/ACK)." in claim.text
        assert claim.frames == (4, 5)

    def test_over_ipv6(self) -> None:
        (claim,) = claims("How high is the latency to 2001:db8::2?")
        assert "0.250 ms" in claim.text

    def test_of_nobody_in_particular(self) -> None:
        assert len(claims("What is the RTT?")) == 3

    def test_without_any_connection(self) -> None:
        assert claims("What is the RTT?", analysis(ran(), stats=[stat("rtt", samples.RTT)])) == []
        assert claims("What is the RTT?", analysis(ran())) == []

    def test_it_is_the_answer(self) -> None:
        answer = offline.answer(KNOWN, "What is the round-trip time to 10.0.0.1?")
        assert answer.verdict.startswith("The round-trip time between 10.0.0.9:40000 and 10.0.0.1:80 is 1.5 ms")
        assert answer.next_steps == ()


class TestPorts:
    def test_each_transport_of_the_named_port(self) -> None:
        tcp, udp = claims("What happens on port 443?")
        assert tcp.text == (
            "TCP port 443 (https): 2 conversations, 1,200 packets, 65,000 bytes; what is said there is TLS (encrypted)."
        )
        assert udp.text.startswith(
            "UDP port 443 (https): 1 conversation, 1 packet, 60 bytes; what is said there is an unknown protocol"
        )
        assert (tcp.frames, udp.frames) == ((4,), (30,))

    def test_a_port_that_is_not_there(self) -> None:
        assert claims("What happens on port 22?") == []


def test_protocols_largest_first_and_each_once() -> None:
    rows = [
        ("eth", "eth", 0, 9, 900, 100.0, 100.0),
        ("eth/ip", "ip", 1, 6, 600, 66.67, 66.67),
        ("eth/ip/gre/ip", "ip", 3, 3, 300, 33.33, 33.33),
    ]
    (claim,) = claims("Which protocols?", analysis(ran(), stats=[stat("protocol_hierarchy", samples.HIERARCHY, rows)]))
    assert claim.text == "The protocols in this capture are eth (100 % of the frames) and ip (66.67 % of the frames)."


def test_a_question_for_no_number_gets_none() -> None:
    assert claims("Why does it fail?") == []


def test_addresses_of_connections_and_destinations() -> None:
    found = lookup.addresses(KNOWN)
    assert {"10.0.0.9", "10.0.0.3", "2001:db8::2"} <= found
    assert not [address for address in found if "[" in address]
