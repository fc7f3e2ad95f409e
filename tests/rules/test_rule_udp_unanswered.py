import struct
from pathlib import Path

import pytest
from factories import CLIENT, ICMP, SERVER, UDP, datagram, ethernet, icmp_error, ip, pcap
from flow import FactsOf, applies, found
from talk import Talk, Wire

from explainer.model import Severity

OTHER = "203.0.113.9"
NTP = bytes([0x23]) + bytes(47)  # a version 4 client's request (RFC 5905)
WIREGUARD = b"\x01\0\0\0" + bytes(144)  # a handshake initiation
WG_PORT = 51820


def asked(times: int, *, pause: float = 5.0, port: int = 123, data: bytes = NTP) -> Wire:
    wire = Wire()
    for _ in range(times):
        wire.put(ip(CLIENT, SERVER, UDP, datagram(40000, port, data)))
        wire.wait(pause)
    wire.put(ip(CLIENT, OTHER, UDP, datagram(5000, 6000, b"the end")))
    return wire


@pytest.mark.parametrize(("times", "pause", "fires"), [(2, 1.1, True), (1, 5.0, False), (2, 0.9, False)])
def test_a_time_server_without_an_answer(
    times: int, pause: float, fires: bool, tmp_path: Path, facts_of: FactsOf
) -> None:
    findings = found("udp_unanswered", asked(times, pause=pause).save(tmp_path / "ntp.pcap"), facts_of)
    assert [f.severity for f in findings] == [Severity.MEDIUM] * fires
    assert all(f.title.startswith(f"{SERVER} never answers NTP (UDP port 123)") for f in findings)


SIP_OK = b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n\r\n"
SIP_INVITE = SIP_OK.replace(b"SIP/2.0 200 OK", b"INVITE sip:a@example.org SIP/2.0", 1)


@pytest.mark.parametrize(
    ("port", "data", "fires"),
    [(123, NTP, True), (123, bytes([0x24, 2]) + bytes(46), False), (5060, SIP_INVITE, True), (5060, SIP_OK, False)],
    ids=["NTP asks", "NTP answers", "SIP asks", "SIP answers"],
)
def test_answers_of_which_the_requests_are_missing(
    port: int, data: bytes, fires: bool, tmp_path: Path, facts_of: FactsOf
) -> None:
    wire = Wire()
    for _ in range(3):
        wire.put(ip(CLIENT, SERVER, UDP, datagram(port, port, data)))
        wire.wait(2.0)
    wire.put(ip(CLIENT, OTHER, UDP, datagram(5000, 6000, b"the end")))
    assert bool(found("udp_unanswered", wire.save(tmp_path / "one_way.pcap"), facts_of)) is fires


def test_a_vpn_without_an_answer(tmp_path: Path, facts_of: FactsOf) -> None:
    capture = asked(3, port=WG_PORT, data=WIREGUARD).save(tmp_path / "wg.pcap")
    (finding,) = found("udp_unanswered", capture, facts_of)
    assert finding.severity is Severity.HIGH
    assert finding.title.startswith(f"The VPN does not come up: {SERVER} never answers WireGuard")
    assert any("public or preshared key" in step.text for step in finding.evidence.steps)


def test_a_vpn_that_was_up_before_may_be_recorded_by_half(tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    for length in (60, 76, 60, 92):
        wire.put(ip(CLIENT, SERVER, UDP, datagram(WG_PORT, WG_PORT, b"\x04\0\0\0" + bytes(length))))
        wire.wait(2)
    (finding,) = found("udp_unanswered", wire.save(tmp_path / "half.pcap"), facts_of)
    assert finding.severity is Severity.LOW
    assert "only one direction is recorded" in finding.title


@pytest.mark.parametrize(("times", "fires"), [(5, True), (3, False)])
def test_a_vpn_that_falls_silent(times: int, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    wire.put(ip(CLIENT, SERVER, UDP, datagram(40000, WG_PORT, WIREGUARD)))
    wire.put(ip(SERVER, CLIENT, UDP, datagram(WG_PORT, 40000, b"\x02\0\0\0" + bytes(88))))
    for _ in range(times):
        wire.put(ip(CLIENT, SERVER, UDP, datagram(40000, WG_PORT, b"\x04\0\0\0" + bytes(60))))
        wire.wait(5)
    findings = found("udp_unanswered", wire.save(tmp_path / "silent.pcap"), facts_of)
    assert [f.title.startswith("The VPN has stopped working") for f in findings] == [True] * fires


def test_another_server_answers(tmp_path: Path, facts_of: FactsOf) -> None:
    wire = asked(2)
    wire.put(ip(CLIENT, OTHER, UDP, datagram(40001, 123, NTP)))
    wire.put(ip(OTHER, CLIENT, UDP, datagram(123, 40001, bytes([0x24, 2]) + bytes(46))))
    assert [f.severity for f in found("udp_unanswered", wire.save(tmp_path / "two.pcap"), facts_of)] == [Severity.LOW]


def test_what_is_answered_or_told_elsewhere(tmp_path: Path, facts_of: FactsOf) -> None:
    answered = asked(2)
    answered.put(ip(SERVER, CLIENT, UDP, datagram(123, 40000, bytes([0x24, 2]) + bytes(46))))
    assert found("udp_unanswered", answered.save(tmp_path / "answered.pcap"), facts_of) == []
    refused = asked(2)
    quoted = ip(CLIENT, SERVER, UDP, datagram(40000, 123, NTP))
    refused.put(ip(SERVER, CLIENT, ICMP, icmp_error(3, 3, quoted)))
    assert found("udp_unanswered", refused.save(tmp_path / "refused.pcap"), facts_of) == []


def test_elsewhere_it_may_be_something_else(tmp_path: Path, facts_of: FactsOf) -> None:
    assert found("udp_unanswered", asked(3, port=162).save(tmp_path / "odd.pcap"), facts_of) == []


def test_it_does_not_apply_to_what_wants_no_answer(tmp_path: Path, facts_of: FactsOf) -> None:
    syslog = datagram(40000, 514, b"<13>hello")
    capture = pcap(tmp_path / "log.pcap", [ethernet(ip(CLIENT, SERVER, UDP, syslog))] * 3, step_ns=5_000_000_000)
    assert not applies("udp_unanswered", capture, facts_of)
    group = [ethernet(ip(CLIENT, "224.0.1.1", UDP, datagram(123, 123, NTP)))] * 3
    assert not applies("udp_unanswered", pcap(tmp_path / "group.pcap", group, step_ns=5_000_000_000), facts_of)


def snmp(kind: int, community: bytes = b"monitor") -> bytes:
    name = b"\x06\x08" + bytes([0x2B, 6, 1, 2, 1, 1, 5, 0])
    value = b"\x04\x02vm" if kind == GET_RESPONSE else b"\x05\x00"
    bound = b"\x30" + bytes([len(name + value)]) + name + value
    data = b"\x02\x01\x07\x02\x01\x00\x02\x01\x00\x30" + bytes([len(bound)]) + bound
    pdu = b"\x02\x01\x01\x04" + bytes([len(community)]) + community + bytes([kind, len(data)]) + data
    return b"\x30" + bytes([len(pdu)]) + pdu


GET_REQUEST, GET_RESPONSE = 0xA0, 0xA2


def polled(wire: Wire, port: int, *, asks: int = 1, answered: bool = True, community: bytes = b"monitor") -> Wire:
    for _ in range(asks):
        wire.put(ip(CLIENT, SERVER, UDP, datagram(port, 161, snmp(GET_REQUEST, community))))
        wire.wait(1.5)
    if answered:
        wire.put(ip(SERVER, CLIENT, UDP, datagram(161, port, snmp(GET_RESPONSE, community))))
    return wire


def test_an_agent_that_answers_every_time(tmp_path: Path, facts_of: FactsOf) -> None:
    # tshark begins a new udp.stream at the first answer of SNMP.
    wire = polled(polled(polled(Wire(), 40000), 40001), 40002, asks=2)
    assert found("udp_unanswered", wire.save(tmp_path / "polled.pcap"), facts_of) == []


@pytest.mark.parametrize(("asks", "fires"), [(2, True), (1, False)])
def test_an_agent_that_does_not_know_one_community(asks: int, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    wire = polled(polled(Wire(), 40000, asks=asks, answered=False, community=b"public"), 40001)
    wire.wait(3)
    findings = found("udp_unanswered", polled(wire, 40002).save(tmp_path / "community.pcap"), facts_of)
    assert ["answers some SNMP requests" in f.title for f in findings] == [True] * fires


SPI = bytes(range(8))


def ike(exchange: int, payload: bytes, *, response: bool, number: int = 0, kind: int = 41) -> bytes:
    head = SPI + (SPI[::-1] if response else bytes(8)) + bytes([kind, 0x20, exchange, 0x20 if response else 0x08])
    body = head + struct.pack("!II", number, 28 + len(payload)) + payload
    ends = (SERVER, CLIENT) if response else (CLIENT, SERVER)
    return ethernet(ip(*ends, UDP, datagram(500, 500, body)))


def notify(number: int) -> bytes:
    return struct.pack("!BBHBBH", 0, 0, 8, 0, 0, number)


def encrypted(size: int) -> bytes:
    return struct.pack("!BBH", 0, 0, 4 + size) + bytes(size)


IKE_SA_INIT, IKE_AUTH, ENCRYPTED = 34, 35, 46


@pytest.mark.parametrize(("number", "name"), [(14, "NO_PROPOSAL_CHOSEN"), (17, ""), (16388, "")])
def test_ike_refuses(number: int, name: str, tmp_path: Path, facts_of: FactsOf) -> None:
    packets = [
        ike(IKE_SA_INIT, notify(16388), response=False), ike(IKE_SA_INIT, notify(number), response=True),
    ]  # fmt: skip
    findings = found("ike_refused", pcap(tmp_path / "ike.pcap", packets), facts_of)
    assert [name in f.title for f in findings] == ([True] if name else [])


@pytest.mark.parametrize(("size", "fires"), [(52, True), (300, False)])
def test_ike_turns_away_in_secret(size: int, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    packets = [
        ike(IKE_SA_INIT, notify(16388), response=False), ike(IKE_SA_INIT, notify(16388), response=True),
        ike(IKE_AUTH, encrypted(240), response=False, number=1, kind=ENCRYPTED),
        ike(IKE_AUTH, encrypted(size), response=True, number=1, kind=ENCRYPTED),
    ]  # fmt: skip
    findings = found("ike_refused", pcap(tmp_path / "auth.pcap", packets), facts_of)
    assert ["pre-shared key" in f.title for f in findings] == [True] * fires


def test_ike_does_not_apply_elsewhere(tmp_path: Path, facts_of: FactsOf) -> None:
    capture = pcap(tmp_path / "udp.pcap", [ethernet(ip(CLIENT, SERVER, UDP, datagram(5000, 6000, b"x")))] * 3)
    assert not applies("ike_refused", capture, facts_of)


TFTP_ASKS, TFTP_DATA, TFTP_TAKES = b"\0\x01boot.img\0octet\0", b"\0\x03\0\x01" + bytes(512), b"\0\x04\0\x01"


@pytest.mark.parametrize(
    ("answers", "takes", "words"),
    [(False, False, "never answers TFTP"), (True, False, "do not get through"), (True, True, "")],
    ids=["silent", "answers are lost", "a transfer"],
)
def test_tftp_answers_from_another_port(
    answers: bool, takes: bool, words: str, tmp_path: Path, facts_of: FactsOf
) -> None:
    wire = Wire()
    for _ in range(3):
        wire.put(ip(CLIENT, SERVER, UDP, datagram(40000, 69, TFTP_ASKS)))
        if answers:
            wire.put(ip(SERVER, CLIENT, UDP, datagram(50000, 40000, TFTP_DATA)))
        if takes:
            wire.put(ip(CLIENT, SERVER, UDP, datagram(40000, 50000, TFTP_TAKES)))
        wire.wait(2.0)
    wire.put(ip(CLIENT, OTHER, UDP, datagram(5000, 6000, b"the end")))
    findings = found("udp_unanswered", wire.save(tmp_path / "tftp.pcap"), facts_of)
    assert len(findings) == bool(words)
    assert all(words in finding.title for finding in findings)


def test_in_a_tunnel_the_service_s_own_header_counts(tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    for _ in range(3):
        for there, source, target in ((True, CLIENT, SERVER), (False, SERVER, CLIENT)):
            said = SIP_INVITE if there else SIP_OK
            inner = ethernet(ip(source, target, UDP, datagram(5060, 5060, said)))
            outer = datagram(50000 + there, 4789, b"\x08\0\0\0\0\0\x2a\0" + inner)
            wire.put(ip("203.0.113.1" if there else OTHER, OTHER if there else "203.0.113.1", UDP, outer))
        wire.wait(2.0)
    wire.put(ip(CLIENT, OTHER, UDP, datagram(5000, 6000, b"the end")))
    assert found("udp_unanswered", wire.save(tmp_path / "vxlan.pcap"), facts_of) == []


@pytest.mark.parametrize("heard", [True, False])
def test_where_nothing_that_the_client_hears_is_recorded(heard: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    wire = asked(3)
    talk = Talk(wire, sport=41000, dport=80).open()
    for _ in range(3):
        talk.exchange(b"a" * 10, b"b" * 10)
    if not heard:  # both bring their Ethernet header
        wire.packets = [(at, frame) for at, frame in wire.packets if frame[26:30] != bytes((198, 51, 100, 20))]
    assert bool(found("udp_unanswered", wire.save(tmp_path / "c.pcap"), facts_of)) is heard
