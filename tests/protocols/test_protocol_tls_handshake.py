"""Certificates, alerts and records, as they are read from a connection."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from factories import (
    ACK,
    CLIENT,
    EVERYTHING,
    PSH,
    SERVER,
    SYN,
    TCP,
    ethernet,
    ip,
    pcap,
    segment,
    tls_alert,
    tls_hello,
    tshark,
)
from tls_records import (
    ALERT,
    CHANGE_CIPHER,
    CLIENT_CIPHER,
    CLIENT_DATA,
    DATA,
    PRESENTED,
    SERVER_CIPHER,
    SERVER_DATA,
    TLS12,
    TLS13,
    alert,
    at,
    certificate,
    certificates,
    client_hello,
    handshake,
    message,
    record,
    server_hello,
)

from explainer.facts import Facts
from explainer.protocols.tls import Handshake, handshakes

FactsOf = Callable[..., Facts]
FATAL, WARNING = 2, 1
X25519, P256 = 29, 23


@pytest.fixture
def of_lab(facts_of: FactsOf) -> Callable[[str], Handshake]:
    def first(name: str) -> Handshake:
        found: Handshake = facts_of(name, *EVERYTHING)[handshakes][0]
        return found

    return first


OfLab = Callable[[str], Handshake]


def tcp_from(source: str, flags: int, seq: int, ack: int, payload: bytes = b"") -> bytes:
    ports = (40000, 443) if source == CLIENT else (443, 40000)
    other = SERVER if source == CLIENT else CLIENT
    return ethernet(ip(source, other, TCP, segment(*ports, flags, seq, ack, payload)))


def spoken(tmp_path: Path, facts_of: FactsOf, *said: tuple[str, bytes], opened: bool = True) -> tuple[Handshake, ...]:
    """Return the handshakes of a connection in which the sides say this, in turn."""
    next_byte = {CLIENT: 101, SERVER: 501}
    packets = [
        tcp_from(CLIENT, SYN, 100, 0), tcp_from(SERVER, SYN | ACK, 500, 101), tcp_from(CLIENT, ACK, 101, 501),
    ] if opened else []  # fmt: skip
    for who, payload in said:
        other = SERVER if who == CLIENT else CLIENT
        packets.append(tcp_from(who, PSH | ACK, next_byte[who], next_byte[other], payload))
        next_byte[who] += len(payload)
    found: tuple[Handshake, ...] = facts_of(pcap(tmp_path / "said.pcap", packets), handshakes)[handshakes]
    return found


class TestOddities:
    def test_grease_is_no_offer(self, tmp_path: Path, facts_of: FactsOf) -> None:
        (found,) = spoken(tmp_path, facts_of, (CLIENT, tls_hello()))
        (hello,) = found.client_hellos
        assert (hello.frame, hello.versions, hello.cipher_suites) == (4, (TLS13, TLS12), (0x1301, 0xC02F))
        assert (hello.server_name, hello.groups, hello.alpn) == ("", (), ())

    def test_two_alerts_in_one_frame_keep_their_levels(self, tmp_path: Path, facts_of: FactsOf) -> None:
        both = tls_alert(WARNING, 112) + tls_alert(FATAL, 40)
        (found,) = spoken(tmp_path, facts_of, (CLIENT, tls_hello()), (SERVER, both))
        said = [(a.frame, a.from_client, a.level, a.code) for a in found.alerts]
        assert said == [(5, False, 1, 112), (5, False, 2, 40)]
        assert [a.code for a in found.fatal_alerts] == [40]
        assert [(r.type, r.length) for r in found.records if not r.from_client] == [(ALERT, 2), (ALERT, 2)]

    def test_who_says_hello_is_the_client_though_the_capture_began_late(
        self, tmp_path: Path, facts_of: FactsOf
    ) -> None:
        # The server's port is the higher one, so TCP alone guesses wrongly.
        def late(source: str, sport: int, dport: int, seq: int, ack: int, payload: bytes) -> bytes:
            other = SERVER if source == CLIENT else CLIENT
            return ethernet(ip(source, other, TCP, segment(sport, dport, PSH | ACK, seq, ack, payload)))

        packets = [
            late(CLIENT, 3000, 8443, 101, 501, tls_hello()),
            late(SERVER, 8443, 3000, 501, 101 + len(tls_hello()), tls_alert(FATAL, 40)),
        ]
        (found,) = facts_of(pcap(tmp_path / "late.pcap", packets), handshakes)[handshakes]
        assert (found.client.address, found.server.address) == (CLIENT, SERVER)
        assert [a.from_client for a in found.alerts] == [False]
        assert [r.from_client for r in found.records] == [True, False]

    def test_without_a_hello_the_alert_is_still_told(self, tmp_path: Path, facts_of: FactsOf) -> None:
        (found,) = spoken(tmp_path, facts_of, (SERVER, tls_alert(FATAL, 40)), opened=False)
        assert (found.client_hello, found.server_name, found.version) == (None, "", None)
        assert [a.code for a in found.fatal_alerts] == [40]

    def test_a_garbage_certificate_is_none_and_the_handshake_stays(self, tmp_path: Path, facts_of: FactsOf) -> None:
        garbage = b"\x30\x03\x02\x01\x01"
        entries = len(garbage).to_bytes(3) + garbage
        body = len(entries).to_bytes(3) + entries
        said = b"\x0b" + len(body).to_bytes(3) + body
        in_record = b"\x16\x03\x03" + len(said).to_bytes(2) + said
        (found,) = spoken(tmp_path, facts_of, (CLIENT, tls_hello()), (SERVER, in_record))
        assert found.server_certificates is not None
        assert found.server_certificates.certificates == (None,)
        assert found.server_certificates.leaf is None


def test_the_lengths_of_hidden_records_are_tsharks(captures: Path, of_lab: OfLab) -> None:
    name = "tls13_self_signed_gnutls"
    fields = ("-T", "fields", "-e", "frame.number", "-e", "tls.record.length")
    printed = (line.split("\t") for line in tshark(captures / f"{name}.pcapng", "-Y", "tls", *fields).splitlines())
    shown = [(int(number), int(length)) for number, lengths in printed for length in lengths.split(",")]
    found = of_lab(name)
    assert [(r.frame, r.length) for r in found.records] == shown
    assert {r.encrypted for r in found.records} == {True, False}


@pytest.mark.parametrize(
    ("code", "level", "fatal", "warning"),
    [
        (40, 2, True, False), (40, 1, False, True), (0, 2, False, False), (0, 1, False, False), (90, 2, True, False),
        (90, 1, False, False), (112, 1, False, True), (100, 1, False, True),
    ],
)  # fmt: skip
def test_a_fatal_alert_is_of_level_two_and_a_warning_no_farewell(
    code: int, level: int, fatal: bool, warning: bool
) -> None:
    said = alert(code=code, level=level)
    assert (said.fatal, said.warning) == (fatal, warning)


def test_frames_by_sender_and_type() -> None:
    twice = (
        record(0, CLIENT_DATA, DATA, from_client=True),
        record(0, CLIENT_DATA, DATA, from_client=True),
        record(0, SERVER_DATA, DATA, from_client=False),
        record(0, CLIENT_CIPHER, CHANGE_CIPHER, from_client=True),
        record(0, SERVER_CIPHER, CHANGE_CIPHER, from_client=False),
    )
    found = handshake(records=twice)
    assert (found.client_data, found.server_data) == ((at(0, CLIENT_DATA),), (at(0, SERVER_DATA),))
    assert found.client_change_cipher == (at(0, CLIENT_CIPHER),)
    assert found.server_change_cipher == (at(0, SERVER_CIPHER),)


class TestCertificates:
    def test_each_side_has_its_own(self) -> None:
        servers, clients = certificates(0, certificate()), certificates(0, certificate(), from_client=True)
        found = handshake(certificate_messages=(clients, servers))
        assert (found.server_certificates, found.client_certificates) == (servers, clients)
        assert found.empty_client_certificate is None

    def test_a_client_that_has_none_says_so_with_an_empty_message(self) -> None:
        empty = certificates(0, from_client=True)
        found = handshake(certificate_messages=(certificates(0, None), empty))
        assert found.empty_client_certificate == found.client_certificates == empty
        unreadable = handshake(certificate_messages=(certificates(0, None, from_client=True),))
        assert unreadable.empty_client_certificate is None

    def test_of_fragments_the_one_that_holds_them_counts(self) -> None:
        empty, whole = certificates(0), certificates(0, certificate(), frame=at(0, PRESENTED + 1))
        assert handshake(certificate_messages=(empty, whole)).server_certificates == whole

    def test_the_servers_request(self) -> None:
        asked = message(0, PRESENTED, 13)
        assert handshake(messages=(asked,)).certificate_request == asked.frame
        assert handshake(messages=(message(0, PRESENTED, 13, from_client=True),)).certificate_request is None


@pytest.mark.parametrize(("level", "hidden"), [(None, 1), (2, 0)])
def test_an_alert_that_cannot_be_read_is_encrypted(level: int | None, hidden: int) -> None:
    said = record(0, CLIENT_DATA, ALERT, from_client=True)
    read = (alert(level=level, frame=said.frame),) if level else ()
    assert len(handshake(records=(said,), alerts=read).encrypted_alerts) == hidden


@pytest.mark.parametrize(
    ("hello", "chosen", "resumed"),
    [
        ({"session_id": "aa"}, {"session_id": "aa"}, True),
        ({"session_id": "aa"}, {"session_id": "bb"}, False),
        ({}, {}, False),
        ({"session_id": "aa"}, {"session_id": "aa", "version": TLS13}, False),
        ({}, {"version": TLS13, "pre_shared_key": True}, True),
    ],
    ids=["same session", "another session", "none", "what TLS 1.3 only echoes", "pre-shared key"],
)
def test_a_session_goes_on(hello: dict[str, Any], chosen: dict[str, Any], resumed: bool) -> None:
    found = handshake(client_hellos=(client_hello(**hello),), server_hello=server_hello(**chosen))
    assert found.resumed is resumed


def test_the_labs_resumed_sessions(facts_of: FactsOf) -> None:
    for name in ("tls12_resumption_healthy", "tls13_resumption_healthy"):
        assert [h.resumed for h in facts_of(name, *EVERYTHING)[handshakes]] == [False, True]
