"""Plain HTTP to a server of TLS, before and behind a gateway; other cases are in test_rule_tls_wrong_protocol."""

from pathlib import Path

import pytest
from factories import CLIENT, SERVER
from sessions import FactsOf, found_in
from talk import Talk, Wire

from explainer.model import Side

GET = b"GET /cart HTTP/1.1\r\nHost: shop.example\r\n\r\n"
# Go's, which has neither a length nor a type.
BARE = b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"
PASSED_ON = BARE.replace(b"\r\n\r\n", b"\r\nServer: nginx\r\n\r\n")
SERVED = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
MQTT_CONNECT = b"\x10\x0f\x00\x04MQTT\x04\x02\x00<\x00\x03abc"
BACKEND = "198.51.100.99"


def answered(
    wire: Wire, port: int, answer: bytes, sport: int = 40000, client: str = CLIENT, server: str = SERVER
) -> None:
    Talk(wire, sport=sport, dport=port, client=client, server=server).open().exchange(GET, answer).close(
        from_client=False
    )


def test_an_answer_without_headers_is_read_and_is_no_other_error(tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    answered(wire, 8443, BARE)
    capture = wire.save(tmp_path / "c.pcap")
    (finding,) = found_in("tls_plain_http", facts_of, capture)
    assert finding.side is Side.CLIENT
    assert found_in("http_error", facts_of, capture) == []


@pytest.mark.parametrize(("port", "serves", "relays"), [(80, False, True), (8080, True, True), (8080, False, False)])
def test_a_gateway_passes_it_on(port: int, serves: bool, relays: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    answered(wire, port, PASSED_ON)
    if serves:
        answered(wire, port, SERVED, 40001)
    (finding,) = found_in("tls_plain_http", facts_of, wire.save(tmp_path / "c.pcap"))
    assert (finding.side, "gateway" in finding.title) == ((Side.SERVER, True) if relays else (Side.CLIENT, False))


def test_where_the_gateways_own_mistake_is_seen_it_is_the_one_that_is_told(tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    answered(wire, 8443, BARE, 50000, client=SERVER, server=BACKEND)
    answered(wire, 80, PASSED_ON)
    (finding,) = found_in("tls_plain_http", facts_of, wire.save(tmp_path / "c.pcap"))
    assert finding.scope.addresses == (SERVER, BACKEND)
    assert finding.scope.ports == (8443,)


@pytest.mark.parametrize(
    ("port", "said", "by_server", "answer", "found"),
    [
        (8883, MQTT_CONNECT, True, b"", 1),
        (8883, MQTT_CONNECT, False, b"", 0),
        (8883, MQTT_CONNECT, True, b"\x20\x02\x00\x05", 0),
        (1883, MQTT_CONNECT, True, b"", 0),
        (8883, b"\x01\x02\x03\x04\x05\x06", True, b"", 0),
    ],
    ids=["hung up", "left by the client", "answered", "a port without TLS", "nothing known"],
)
def test_another_protocol_to_a_port_that_is_registered_for_tls(
    port: int, said: bytes, by_server: bool, answer: bytes, found: int, tmp_path: Path, facts_of: FactsOf
) -> None:
    wire = Wire()
    talk = Talk(wire, sport=40000, dport=port).open().say(said)
    if answer:
        talk.answer(answer)
    talk.close(from_client=not by_server)
    findings = found_in("tls_plain_http", facts_of, wire.save(tmp_path / "c.pcap"))
    assert len(findings) == found
    assert all("plain MQTT to port 8883" in f.title and "probably" in f.title for f in findings)


@pytest.mark.parametrize(
    ("port", "said", "found"),
    [(465, b"QUIT\r\n", 1), (587, b"QUIT\r\n", 0), (465, b"QU", 0), (465, b"\x16\x03\x01QUIT\r\n", 0)],
)
def test_a_line_of_text_to_a_port_for_tls_after_a_greeting_was_waited_for(
    port: int, said: bytes, found: int, tmp_path: Path, facts_of: FactsOf
) -> None:
    wire = Wire()
    talk = Talk(wire, sport=40000, dport=port).open()
    wire.wait(30)
    talk.say(said).close(from_client=False)
    findings = found_in("tls_plain_http", facts_of, wire.save(tmp_path / "c.pcap"))
    assert len(findings) == found
    assert all("something that is not TLS to port 465" in f.title for f in findings)
