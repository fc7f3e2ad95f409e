"""TLS facts of the lab's handshakes, whose truth is known."""

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
    alert,
    certificates,
    ethernet,
    failed_handshake,
    handshake,
    ip,
    pcap,
    rows,
    segment,
    segment_rows,
    tls_alert,
    tls_hello,
)

from explainer.facts import Facts
from explainer.protocols.tls import ClientHello, Handshake, handshakes

FactsOf = Callable[..., Facts]
TLS12, TLS13 = 0x0303, 0x0304

# Of each connection: the version chosen, the server's certificates in clear, its alerts as (from client, level, code),
# and whether it was established.
TRUTH: dict[str, list[tuple[int | None, int | None, list[tuple[bool, int, int]], bool]]] = {
    "bittorrent_among_web": [(TLS12, 1, [], True)],
    "ipv6_healthy": [(TLS12, 1, [], True)],
    "portmapper_probe": [(TLS12, 1, [], True)],
    "tls12_capture_cut": [(TLS12, 1, [(True, 2, 45)], False)],
    "tls12_expired": [(TLS12, 1, [(True, 2, 45)], False)],
    "tls12_expired_accepted": [(TLS12, 1, [], True)],
    "tls12_healthy": [(TLS12, 2, [], True)],
    "tls12_healthy_reset_after_close": [(TLS12, 2, [], True)],
    "tls12_hostile_names": [(TLS12, 1, [(True, 2, 48)], False)],
    "tls12_no_shared_cipher": [(None, None, [(False, 2, 40)], False)],
    "tls12_resumption_healthy": [(TLS12, 1, [], True), (TLS12, None, [], True)],
    "tls12_self_signed": [(TLS12, 1, [(True, 2, 48)], False)],
    "tls12_self_signed_accepted": [(TLS12, 1, [], True)],
    "tls12_split_hello_healthy": [(TLS12, 2, [], True)],
    "tls12_unknown_ca": [(TLS12, 2, [(True, 2, 48)], False)],
    "tls13_expired_openssl": [(TLS13, None, [(True, 2, 45)], False)],
    "tls13_healthy": [(TLS13, None, [], True)],
    "tls13_hello_retry_healthy": [(TLS13, None, [], True)],
    "tls13_resumption_healthy": [(TLS13, None, [], True), (TLS13, None, [], True)],
    "tls_no_common_version": [(None, None, [(False, 2, 70)], False)],
    "tls_warning_alert_healthy": [(TLS12, 1, [(False, 1, 112)], True)],
}


def of(handshake: Handshake) -> tuple[int | None, int | None, list[tuple[bool, int, int]], bool]:
    chosen, message = handshake.server_hello, handshake.server_certificates
    alerts = [(alert.from_client, alert.level, alert.code) for alert in handshake.alerts]
    presented = len(message.certificates) if message else None
    return chosen.version if chosen else None, presented, alerts, handshake.established


@pytest.fixture
def hello(facts_of: FactsOf) -> Callable[[str], ClientHello]:
    def first(name: str) -> ClientHello:
        found = facts_of(name, *EVERYTHING)[handshakes][0].client_hello
        assert found is not None
        return found

    return first


def test_each_handshake_of_the_lab_is_told_as_it_went(case: dict[str, Any], facts_of: FactsOf) -> None:
    if case["name"].startswith("tls"):
        assert case["name"] in TRUTH, "this capture's truth is not written down yet"
    assert [of(h) for h in facts_of(case["name"], *EVERYTHING)[handshakes]] == TRUTH.get(case["name"], [])


def test_hellos_and_certificates_stand_in_the_frames_where_tshark_sees_them(
    case: dict[str, Any], captures: Path, facts_of: FactsOf
) -> None:
    shown = segment_rows(captures / case["file"])

    def frames(kind: str, stream: int) -> list[int]:
        own = (row for row in shown if row["tcp.stream"] == str(stream))
        return [int(row["frame.number"]) for row in own if kind in row["tls.handshake.type"].split(",")]

    for found in facts_of(case["name"], *EVERYTHING)[handshakes]:
        assert found.client_hello is not None
        assert found.client_hello.frame == frames("1", found.stream)[0]
        assert [found.server_hello.frame] == frames("2", found.stream)[:1] if found.server_hello else True
        assert [m.frame for m in found.certificate_messages] == frames("11", found.stream)


def test_the_first_hello_counts_where_the_server_asks_for_another(
    captures: Path, facts_of: FactsOf, hello: Callable[[str], ClientHello]
) -> None:
    name = "tls13_hello_retry_healthy"
    shown = [row for row in rows(captures / f"{name}.pcapng") if "1" in row["tls.handshake.type"].split(",")]
    assert shown[0]["frame.number"] == str(hello(name).frame)
    assert len(shown) == 2


def test_offered_suites_are_tsharks_without_signals(captures: Path, hello: Callable[[str], ClientHello]) -> None:
    offered = hello("tls12_healthy")
    row = rows(captures / "tls12_healthy.pcapng")[offered.frame - 1]
    listed = [int(suite, 16) for suite in row["tls.handshake.ciphersuite"].split(",")]
    assert 0x00FF in listed
    assert offered.cipher_suites == tuple(suite for suite in listed if suite != 0x00FF)


def test_offered_versions_come_from_the_extension_where_there_is_one(hello: Callable[[str], ClientHello]) -> None:
    assert hello("tls12_healthy").versions == (TLS13, TLS12, 0x0302, 0x0301)
    assert hello("tls12_no_shared_cipher").versions == (TLS12,)


def test_the_server_name_is_what_the_client_asked_for(hello: Callable[[str], ClientHello]) -> None:
    assert hello("tls13_healthy").server_name == "payroll.example"


def test_hostile_names_pass_unchanged(facts_of: FactsOf, hello: Callable[[str], ClientHello]) -> None:
    asked_for = hello("tls12_hostile_names").server_name
    assert asked_for.startswith("\x1b[31mred\x1b[0m\x07")
    assert asked_for.endswith(
        "gnp.exe$(touch /tmp/owned)`id`;[red][/red][link=x]<script>alert(1)</script>.payroll.example"
    )
    (found,) = facts_of("tls12_hostile_names", *EVERYTHING)[handshakes]
    assert found.server_certificates is not None
    leaf = found.server_certificates.certificates[0]
    assert leaf is not None
    assert leaf.common_name == "\x1b[31mred\x1b[0m\x07\nSubject: payroll.example"


FATAL, WARNING = 2, 1


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
    return facts_of(pcap(tmp_path / "said.pcap", packets), handshakes)[handshakes]


def test_grease_is_no_offer(tmp_path: Path, facts_of: FactsOf) -> None:
    (found,) = spoken(tmp_path, facts_of, (CLIENT, tls_hello()))
    assert found.client_hello == ClientHello(4, (TLS13, TLS12), (0x1301, 0xC02F), "")


def test_two_alerts_in_one_frame_keep_their_levels(tmp_path: Path, facts_of: FactsOf) -> None:
    both = tls_alert(WARNING, 112) + tls_alert(FATAL, 40)
    (found,) = spoken(tmp_path, facts_of, (CLIENT, tls_hello()), (SERVER, both))
    assert [(a.frame, a.from_client, a.level, a.code) for a in found.alerts] == [(5, False, 1, 112), (5, False, 2, 40)]
    assert [a.code for a in found.fatal_alerts] == [40]


def test_who_says_hello_is_the_client_though_the_capture_began_late(tmp_path: Path, facts_of: FactsOf) -> None:
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


def test_without_a_hello_the_alert_is_still_told(tmp_path: Path, facts_of: FactsOf) -> None:
    (found,) = spoken(tmp_path, facts_of, (SERVER, tls_alert(FATAL, 40)), opened=False)
    assert found.client_hello is None
    assert found.server_name == ""
    assert [a.code for a in found.fatal_alerts] == [40]


def test_a_garbage_certificate_is_none_and_the_handshake_stays(tmp_path: Path, facts_of: FactsOf) -> None:
    garbage = b"\x30\x03\x02\x01\x01"
    entries = len(garbage).to_bytes(3) + garbage
    body = len(entries).to_bytes(3) + entries
    message = b"\x0b" + len(body).to_bytes(3) + body
    record = b"\x16\x03\x03" + len(message).to_bytes(2) + message
    (found,) = spoken(tmp_path, facts_of, (CLIENT, tls_hello()), (SERVER, record))
    assert found.server_certificates is not None
    assert found.server_certificates.certificates == (None,)


@pytest.mark.parametrize(
    ("code", "level", "fatal"), [(40, 2, True), (40, 1, False), (0, 2, False), (0, 1, False), (90, 2, True)]
)
def test_a_fatal_alert_is_of_level_two_and_no_farewell(code: int, level: int, fatal: bool) -> None:
    assert alert(0, code, level=level).fatal is fatal


def test_established_needs_encrypted_data_of_the_client_or_both_changes_and_no_fatal_alert() -> None:
    silent: dict[str, Any] = {"client_data": (), "server_data": ()}
    assert handshake().established
    assert handshake(**silent).established
    assert not handshake(**silent, server_change_cipher=()).established
    assert not handshake(**silent, client_change_cipher=()).established
    assert not handshake(alerts=(alert(),)).established
    assert handshake(alerts=(alert(level=1),)).established
    assert not failed_handshake(0).established


def test_the_client_who_has_no_certificate_says_so_with_an_empty_message() -> None:
    empty = certificates(0, from_client=True)
    found = handshake(certificate_messages=(certificates(0, None), empty))
    assert found.empty_client_certificate == empty
    assert found.server_certificates == certificates(0, None)
    assert handshake(certificate_messages=(certificates(0, None, from_client=True),)).empty_client_certificate is None
