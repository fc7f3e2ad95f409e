"""Captures rewritten in place: lengths stay, what is not known becomes zeros, and what is mended is right."""

import struct
from pathlib import Path

import pytest
from factories import (
    CLIENT,
    ICMP,
    SERVER,
    SYN,
    TCP,
    UDP,
    datagram,
    ethernet,
    icmp_error,
    ip,
    pcap,
    segment,
    tls_hello,
    vxlan,
)  # fmt: skip
from hypothesis import example, given, settings
from hypothesis import strategies as st
from issued import issue

from explainer import pcapng
from explainer.capture import cutting, tshark
from explainer.pcapng import Link, Packet, Section
from explainer.privacy.mapping import Mapping
from explainer.privacy.names import FittedWords
from explainer.privacy.restoring import restored
from explainer.redaction import applications, dns, keys, text
from explainer.redaction.capture import redacted
from explainer.redaction.certificates import Authority
from explainer.redaction.checksums import Sum, mend
from explainer.redaction.stand_ins import StandIns
from explainer.redaction.tls import Records
from explainer.redaction.tls_messages import Messages

KEY = bytes(32)


@pytest.fixture
def stand_ins() -> StandIns:
    return StandIns(Mapping(KEY, words=FittedWords), KEY)


def rewritten(*frames: bytes) -> list[bytes]:
    section = Section((Link(1, 65535),), tuple(Packet(0, n, frame, len(frame)) for n, frame in enumerate(frames)))
    made = redacted(section, StandIns(Mapping(KEY, words=FittedWords), KEY))
    return [packet.data for packet in made.packets]


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_frame_keeps_its_length(data: bytes) -> None:
    assert [len(made) for made in rewritten(data, ethernet(ip(CLIENT, SERVER, TCP, data)) if data else b"")] == [
        len(data), len(ethernet(ip(CLIENT, SERVER, TCP, data))) if data else 0,
    ]  # fmt: skip


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=200), st.sampled_from([53, 67, 22, 9999, 5060, *applications._BY_PORT]))
def test_any_payload_keeps_its_length(data: bytes, port: int) -> None:
    made = StandIns(Mapping(KEY, words=FittedWords), KEY)
    records = Records(Messages(made, lambda der: bytes(len(der))))
    assert len(applications.stream(data, {port, 40000}, records, made, fresh=True)) == len(data)
    assert len(applications.datagram(data, {port}, made)) == len(data)
    assert len(dns.message(data, made)) == len(data)
    assert len(dns.dhcp(data.ljust(241, b"\0"), made)) == max(len(data), 241)


def test_what_nobody_knows_becomes_zeros() -> None:
    (made,) = rewritten(ethernet(ip(CLIENT, SERVER, UDP, datagram(9000, 9001, b"\x01secret of nobody's business"))))
    assert made[42:] == bytes(len(made) - 42)
    (made,) = rewritten(bytes(12) + b"\x88\xb5" + b"some private protocol")
    assert made[14:] == bytes(21)


def test_addresses_are_replaced_alike_wherever_they_stand() -> None:
    syn = ip(CLIENT, SERVER, TCP, segment(40000, 443, SYN))
    plain, error, tunnel = rewritten(
        ethernet(syn), ethernet(ip("192.0.2.1", CLIENT, ICMP, icmp_error(3, 13, syn))),
        ethernet(ip("192.0.2.1", "192.0.2.2", UDP, vxlan(ethernet(syn)))),
    )  # fmt: skip
    client, server = plain[26:30], plain[30:34]
    assert client != bytes([192, 0, 2, 10])
    assert error[30:34] == client
    assert error[42 + 12 : 42 + 20] == client + server
    assert tunnel.endswith(plain[12:])


@pytest.mark.parametrize("right", [True, False])
@settings(deadline=None)
@given(old=st.binary(min_size=20, max_size=60), new=st.binary(min_size=60, max_size=60))
def test_a_checksum_is_as_right_or_wrong_as_it_was(right: bool, old: bytes, new: bytes) -> None:
    before = bytearray(old)
    before[10:12] = b"\0\0"
    before[10:12] = (internet_sum(before) ^ (0 if right else 0x0101)).to_bytes(2, "big")
    after = bytearray(new[: len(old)])
    mend(bytes(before), after, [Sum(10, 0, len(old))])
    found, after[10:12] = int.from_bytes(after[10:12], "big"), b"\0\0"
    assert (found % 0xFFFF == internet_sum(after) % 0xFFFF) is right


def internet_sum(data: bytes | bytearray) -> int:
    padded = bytes(data) + bytes(len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total


def test_a_name_that_two_segments_share_is_replaced_once_and_a_retransmission_stays_one(stand_ins: StandIns) -> None:
    hello = tls_hello()
    request = b"GET /secret/report.html HTTP/1.1\r\nHost: intranet.example\r\nCookie: id=4711\r\n\r\n"
    first, second = request[:45], request[45:]
    sent = [
        ethernet(ip(CLIENT, SERVER, TCP, segment(40000, 80, 0x18, 1, 1, part)))
        if part is first
        else ethernet(ip(CLIENT, SERVER, TCP, segment(40000, 80, 0x18, 1 + len(first), 1, part)))
        for part in (first, second, second)
    ]
    made = [frame[54:] for frame in rewritten(*sent)]
    whole = made[0] + made[1]
    assert made[1] == made[2]
    assert whole.startswith(b"GET /")
    assert b".html HTTP/1.1\r\nHost: " in whole
    assert not [word for word in (b"secret", b"report", b"intranet", b"4711") if word in whole]
    assert rewritten(ethernet(ip(CLIENT, SERVER, TCP, segment(40000, 443, 0x18, 1, 1, hello))))[0][54:60] == hello[:6]


@pytest.mark.parametrize(
    ("line", "left"),
    [
        (b"530 Login incorrect.\r\n", b"530 Login incorrect.\r\n"),
        (b"USER anna\r\n", b"USER xxxx\r\n"),
        (b"PASS hunter2\r\n", b"PASS xxxxxxx\r\n"),
        (b"550 5.1.1 <bob@corp.example>: Recipient address rejected\r\n", None),
        (b"No required SSL certificate was sent\r\n", b"No required SSL certificate was sent\r\n"),
        (b"-NOAUTH Authentication required.\r\n", b"-NOAUTH Authentication required.\r\n"),
        (b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", b"SSH-2.0-OpenSSH_9.2p1 xxxxxx-x\r\n"),
        (b"227 Entering Passive Mode (10,20,2,20,156,64).\r\n", b"227 Entering Passive Mode (00,00,0,00,000,00).\r\n"),
    ],
)
def test_of_a_line_the_protocol_s_own_words_stay(line: bytes, left: bytes | None, stand_ins: StandIns) -> None:
    made = text.line(line, stand_ins)
    assert len(made) == len(line)
    if left is not None:
        assert made == left
    else:
        assert made.startswith(b"550 5.1.1 <xxx@")
        assert made.endswith(b".example>: Recipient address rejected\r\n")
        assert b"corp" not in made


@given(st.sampled_from([1, 2, 4, 8, 11, 13, 15, 16, 20, 24, 99]), st.binary(max_size=120), st.booleans(), st.booleans())
def test_any_handshake_message_keeps_its_length(kind: int, body: bytes, datagram: bool, tls13: bool) -> None:
    messages = Messages(StandIns(Mapping(KEY, words=FittedWords), KEY), lambda der: bytes(len(der)))
    assert len(messages.body(kind, body, datagram=datagram, tls13=tls13)) == len(body)


def test_a_hello_that_announces_too_many_suites_shows_no_letters_as_such(stand_ins: StandIns) -> None:
    hello = b"\3\3" + bytes(33) + b"\0\x20\x13\1\x1a\x1a\x56\0" + b"payroll.example"
    made = Messages(stand_ins, lambda der: der).body(1, hello)
    assert made[35:] == b"\0\x20\x13\1\x1a\x1a\x56\0" + bytes(15)


def test_of_an_error_of_postgresql_severity_and_code_stay() -> None:
    body = b'SFATAL\0C28P01\0Mpassword authentication failed for user "anna"\0\0'
    data = b"E" + struct.pack("!I", len(body) + 4) + body
    out = bytearray(len(data))
    keep = applications.of_ports({5432})
    assert keep is not None
    keep(data, out)
    assert out.startswith(b"E" + data[1:5] + b"SFATAL\0C28P01\0Mxxx")
    assert b"anna" not in out


def test_a_chain_stays_a_chain_and_a_broken_signature_stays_broken(stand_ins: StandIns) -> None:
    from cryptography.x509 import load_der_x509_certificate as load

    root = issue("Acme Root", authority=True)
    leaf = issue("payroll.acme.example", root, names=["payroll.acme.example"])
    forged = leaf.der[:-4] + bytes(4)
    authority = Authority([leaf.der, root.der, forged], stand_ins)
    made = [authority.reissue(der) for der in (leaf.der, root.der, forged)]
    assert [len(der) for der in made] == [len(leaf.der), len(root.der), len(forged)]
    assert keys.signers(made) == {made[0]: made[1], made[1]: made[1]}
    old, new = load(leaf.der), load(made[0])
    assert (old.not_valid_before_utc, old.not_valid_after_utc) == (new.not_valid_before_utc, new.not_valid_after_utc)
    assert old.serial_number != new.serial_number
    assert old.public_key() != new.public_key()
    assert not [word for der in made for word in (b"Acme", b"payroll", b"acme") if word in der]
    again = Authority([leaf.der, root.der, forged], StandIns(Mapping(KEY, words=FittedWords), KEY))
    assert again.reissue(leaf.der) == made[0]


def test_of_a_policy_the_number_stays_and_the_address_of_its_statement_is_masked(stand_ins: StandIns) -> None:
    from cryptography import x509

    statement = x509.PolicyInformation(
        x509.ObjectIdentifier("2.16.840.1.114412.1.2"), ["http://certs.acme.example/cps"]
    )
    issued = issue("payroll.acme.example", extensions=[x509.CertificatePolicies([statement])])
    made = x509.load_der_x509_certificate(Authority([issued.der], stand_ins).reissue(issued.der))
    (policy,) = made.extensions.get_extension_for_class(x509.CertificatePolicies).value
    assert policy.policy_identifier == statement.policy_identifier
    assert policy.policy_qualifiers == ["http://xxxxx.xxxx.xxxxxxx/xxx"]


@given(st.text(min_size=1, max_size=70))
@example("Ⱥ")  # three bytes in lower case
def test_a_fitted_word_is_as_long_as_what_it_stands_for(word: str) -> None:
    made = FittedWords(KEY).word("h", word)
    assert len(made.encode()) == len(word.encode("utf-8", "replace"))


@pytest.mark.parametrize(("word", "alike"), [("qzvkmfhd", True), ("invent7d", False), ("intran", False)])
def test_a_long_word_of_letters_alone_stays_one(word: str, alike: bool) -> None:
    made = FittedWords(KEY).word("h", word)
    assert made.isalpha() is alike
    assert made != word


def test_a_reply_is_translated_back() -> None:
    table = {"10.1.2.3": "10.20.2.20", "h6hqc4w": "payroll", "4k": "db", "h2abcde": "h6hqc4w"}
    said = "10.1.2.3 is h6hqc4w.example (10.1.2.34 is not), 4k.example is, 4k alone is not; H2ABCDE"
    assert restored(said, table) == (
        "10.20.2.20 is payroll.example (10.1.2.34 is not), db.example is, 4k alone is not; payroll"
    )


def test_what_editcap_cuts_is_read_and_written_the_same(tmp_path: Path) -> None:
    frames = [ethernet(ip(CLIENT, SERVER, TCP, segment(40000, 443, SYN, n))) for n in range(9)]
    raw = cutting.cut(pcap(tmp_path / "some.pcap", frames), tshark.find(None), {2, 3, 7}, 60)
    section = pcapng.read(raw)
    assert [packet.data for packet in section.packets] == [frames[1], frames[2], frames[6]]
    again = pcapng.read(pcapng.write(section, "test", [("é",), (), ("two", "lines")]))
    assert [packet.data for packet in again.packets] == [packet.data for packet in section.packets]
    assert [packet.time for packet in again.packets] == [packet.time for packet in section.packets]
    assert again.packets[2].options[:2] == ((1, b"two"), (1, b"lines"))


def test_too_many_ranges_for_editcap_are_joined_at_their_narrowest_gaps() -> None:
    frames = [*range(1, 2000, 2), 9000]
    made = cutting.ranges(frames)
    assert len(made) == cutting.MOST_RANGES
    assert made[-1] == (9000, 9000)
    assert all(any(first <= frame <= last for first, last in made) for frame in frames)
