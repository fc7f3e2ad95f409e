"""TLS records that secrets open: by the example of RFC 8448, and by what OpenSSL says, as tshark then reads it."""

import ssl
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from factories import CLIENT, SERVER, TCP, ethernet, ip, segment, tshark
from hypothesis import given
from hypothesis import strategies as st
from issued import issue

from explainer import pcapng
from explainer.pcapng import Link, Packet, Section
from explainer.privacy.mapping import Mapping
from explainer.privacy.names import FittedWords
from explainer.redaction.capture import redacted
from explainer.redaction.ciphers import TLS_1_3, aead, nonce
from explainer.redaction.key_derivation import expand_label
from explainer.redaction.sessions import Secrets
from explainer.redaction.stand_ins import StandIns
from explainer.redaction.tls import Records
from explainer.redaction.tls_messages import Messages
from explainer.redaction.tls_protection import HANDSHAKE, Tls13

KEY = bytes(32)
ASKED = b"GET /wages/anna.html HTTP/1.1\r\nHost: payroll.example\r\nCookie: id=hunter2\r\n\r\n"
ANSWERED = b"HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\nX-User: annabelle\r\n\r\nwages"
STARTTLS = (b"220 ready\r\n", b"EHLO anna\r\n", b"250 STARTTLS\r\n", b"STARTTLS\r\n", b"220 go ahead\r\n")
WEB, MAIL = 443, 25
_MAC_FIRST = 0x80000
"""OpenSSL's SSL_OP_NO_ENCRYPT_THEN_MAC, which Python does not name."""
SUITES = (
    "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA384",
)  # fmt: skip
FIELDS = (
    "tls.handshake.type",
    "tls.alert_message.desc",
    "http.request.method",
    "http.response.code",
    "x509sat.uTF8String",
)


def test_a_record_of_rfc_8448_is_opened_and_sealed_again() -> None:
    secret = bytes.fromhex("b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21")
    record = bytes.fromhex(
        "170303003575ec4dc238cce60b298044a71e219c56cc77b0517fe9b93c7a4bfc44d87f38f80338ac98fc46deb384bd1caeacab6867d726c40546"
    )
    found = Tls13(TLS_1_3[0x1301], [(secret, secret)]).opened(record[:5], record[5:])
    assert found is not None
    finished = "14000020a8ec436d677634ae525ac1fcebe11a039ec17694fac6e98527b642f2edd5ce61"
    assert (found.kind, found.content.hex()) == (HANDSHAKE, finished)
    assert found.seal(found.content) == record[5:]


def sealed(secret: bytes, number: int, inner: bytes) -> tuple[bytes, bytes]:
    """Return header and content of a record of TLS 1.3, without the code under test but for its keys."""
    header = b"\x17\3\3" + (len(inner) + 16).to_bytes(2, "big")
    key, iv = (expand_label(secret, label, size, "sha256") for label, size in (("key", 16), ("iv", 12)))
    return header, aead(TLS_1_3[0x1301], key).encrypt(nonce(iv, number), inner, header)


def test_keys_change_with_key_update_and_finished_and_refused_early_data_is_left_out() -> None:
    early, handshake, traffic = bytes(32), b"\1" * 32, b"\2" * 32
    updated = expand_label(traffic, "traffic upd", 32, "sha256")
    protection = Tls13(TLS_1_3[0x1301], [(early, early), (handshake, handshake), (traffic, traffic)])
    said = [
        sealed(early, 0, b"early\x17"), sealed(bytes(31) + b"\1", 0, b"?\x17"), sealed(handshake, 0, b"\x14\0\0\1"),
        sealed(handshake, 1, b"\x14\0\0\0\x16"), sealed(traffic, 0, b"\x18\0\0\1\0\x16\0\0"),
        sealed(updated, 0, b"later\x17"), sealed(updated, 1, b"\0\0"),
    ]  # fmt: skip
    found = [protection.opened(*one) for one in said]
    assert [one and one.content for one in found] == [
        b"early", None, b"\x14\0\0", b"\x14\0\0\0", b"\x18\0\0\1\0", b"later", b"",
    ]  # fmt: skip
    assert [one.seal(one.content) for one in found if one] == [one for place, (_, one) in enumerate(said) if place != 1]


@given(st.lists(st.tuples(st.sampled_from([20, 21, 22, 23, 99]), st.binary(max_size=60)), max_size=6))
def test_whatever_is_inside_keeps_its_length(inner: list[tuple[int, bytes]]) -> None:
    secret, noise = bytes(32), StandIns(Mapping(KEY, words=FittedWords), KEY)
    data = b"".join(b"".join(sealed(secret, n, said + bytes([kind]))) for n, (kind, said) in enumerate(inner))
    records = Records(Messages(noise, lambda der: bytes(len(der))), Tls13(TLS_1_3[0x1301], [(secret, b"\1" * 32)]))
    out = bytearray(len(data))
    assert records.stream(data, out, 0) == len(out) == len(data)


class Talk:
    """What OpenSSL's client and server say to each other over one connection."""

    def __init__(
        self, folder: Path, ports: tuple[int, int], suite: str | None = None, *, mac_first: bool = False
    ) -> None:
        server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        server.load_cert_chain(folder / "chain.pem")
        server.set_ciphers("ALL")
        client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
        client.keylog_filename = str(folder / "keys.log")
        if suite:
            client.maximum_version = ssl.TLSVersion.TLSv1_2
            client.set_ciphers(suite)
        client.options |= _MAC_FIRST if mac_first else 0
        self._pipes = [ssl.MemoryBIO(), ssl.MemoryBIO()]  # to the client, to the server
        self._ends = {
            True: client.wrap_bio(self._pipes[0], self._pipes[1], server_hostname="payroll.example"),
            False: server.wrap_bio(self._pipes[1], self._pipes[0], server_side=True),
        }
        self._ports, self._sent = ports, {True: 1, False: 1}

    def frames(self) -> Iterator[bytes]:
        """Yield what is sent, a segment a flight."""
        for place, text in enumerate(STARTTLS if self._ports[1] == MAIL else ()):
            yield self._frame(place % 2 == 1, text)
        for asks in (True, False, True, False):
            with suppress(ssl.SSLWantReadError):
                self._ends[asks].do_handshake()
            yield from self._said(asks)
        for asks, text in ((True, ASKED), (False, ANSWERED)):
            self._ends[asks].write(text)
            yield from self._said(asks)
            self._ends[not asks].read()
        with pytest.raises(ssl.SSLWantReadError):
            self._ends[True].unwrap()
        yield from self._said(True)

    def _said(self, asks: bool) -> Iterator[bytes]:
        said = self._pipes[asks].read()
        if not said:
            return
        self._pipes[asks].write(said)
        yield self._frame(asks, said)

    def _frame(self, asks: bool, said: bytes) -> bytes:
        ends, ports = ((CLIENT, SERVER), self._ports) if asks else ((SERVER, CLIENT), self._ports[::-1])
        self._sent[asks] += len(said)
        sequence, acknowledged = self._sent[asks] - len(said), self._sent[not asks]
        return ethernet(ip(*ends, TCP, segment(*ports, 0x18, sequence, acknowledged, said)))


def test_what_tshark_reads_with_the_secrets_it_reads_with_other_ones_and_other_names(tmp_path: Path) -> None:
    root = issue("Wages Root", authority=True)
    leaf = issue("payroll.example", root, names=["payroll.example"])
    key = leaf.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "chain.pem").write_bytes(leaf.pem + root.pem + key)
    talks = [Talk(tmp_path, (40000 + place, WEB), suite) for place, suite in enumerate((None, *SUITES))]
    talks += [Talk(tmp_path, (41000, WEB), SUITES[3], mac_first=True), Talk(tmp_path, (42000, MAIL))]
    frames = [frame for talk in talks for frame in talk.frames()]
    section = Section((Link(1, 65535),), tuple(Packet(0, n, frame, len(frame)) for n, frame in enumerate(frames)))
    (tmp_path / "old.pcapng").write_bytes(pcapng.write(section, "test"))
    log = (tmp_path / "keys.log").read_bytes()
    made = redacted(section, StandIns(Mapping(KEY, words=FittedWords), KEY), log)
    (tmp_path / "new.pcapng").write_bytes(written := pcapng.write(made, "test"))
    asked = ("-T", "fields", *(word for field in FIELDS for word in ("-e", field)))
    old = tshark(tmp_path / "old.pcapng", "-o", f"tls.keylog_file:{tmp_path / 'keys.log'}", *asked)
    new = tshark(tmp_path / "new.pcapng", *asked)
    assert [line.split("\t")[:4] for line in new.splitlines()] == [line.split("\t")[:4] for line in old.splitlines()]
    assert (new.count("GET"), new.count("404"), "payroll" in old) == (len(talks) - 1, len(talks) - 1, True)
    whole = tshark(tmp_path / "new.pcapng", "-V", "-x").lower()
    assert not [word for word in ("payroll", "wages", "anna", "hunter2", "malformed") if word in whole]
    secrets = [word for line in log.decode().splitlines() if line[0] != "#" for word in line.split()[1:]]
    assert len(secrets) >= 2 * len(talks)
    assert not [word for word in secrets if word.encode() in written or bytes.fromhex(word) in written]


def test_a_key_log_with_anything_else_in_it_is_read_as_far_as_it_goes() -> None:
    line = b"CLIENT_RANDOM " + b"ab" * 32 + b" " + b"cd" * 48
    secrets = Secrets([b"# comment\r\n\xff\n" + line + b"\r\nCLIENT_RANDOM zz 11\n"], lambda data: bytes(len(data)))
    assert secrets.pair("CLIENT_RANDOM", b"\xab" * 32) == (b"\xcd" * 48, bytes(48))
    assert list(secrets.block([bytes(32)])) == []
    assert not Secrets([b""], lambda data: data)
