"""Protocols on ports where tshark does not look for them."""

import struct
from pathlib import Path

import pytest
from sessions import FactsOf, asks, found_in, says, session

from explainer.protocols.applications import logins, replies
from explainer.protocols.banners import LAYERS, spoken
from explainer.protocols.first_words import unusual_ports

STARTUP = struct.pack("!II", 30, 196608) + b"user\0anna\0database\0shop\0\0"
START_UP = struct.pack("!I", len(STARTUP)) + STARTUP[4:]
ERROR = b"SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed\0\0"
REFUSED = b"E" + struct.pack("!I", len(ERROR) + 4) + ERROR


def test_a_database_on_another_port_is_read(tmp_path: Path, facts_of: FactsOf) -> None:
    capture = session(tmp_path / "a.pcap", 6432, (True, START_UP), (False, REFUSED))
    (reply,) = facts_of(capture, replies)[replies]
    assert (reply.protocol, reply.code, reply.about, reply.unusual) == ("PostgreSQL", "28P01", "anna", True)
    (finding,) = found_in("database_refused", facts_of, capture)
    assert finding.evidence.display_filter == "tcp.stream == 0"
    assert found_in("capture_unread", facts_of, capture) == []


def test_on_its_own_port_it_is_not_unusual(tmp_path: Path, facts_of: FactsOf) -> None:
    capture = session(tmp_path / "a.pcap", 5432, (True, START_UP), (False, REFUSED))
    facts = facts_of(capture, unusual_ports, replies)
    assert facts[unusual_ports] == ()
    assert [reply.unusual for reply in facts[replies]] == [False]


FTP = (says("220 ready"), asks("USER anna"), says("331 go on"), asks("PASS secret"), says("530 Login incorrect."))
MAIL = (says("220 ready"), asks("EHLO a"), says("250 a"), asks("MAIL FROM:<a@b.example>"), says("550 5.1.8 no"))


@pytest.mark.parametrize(("said", "layer"), [(FTP, "ftp"), (MAIL, "smtp")], ids=["FTP", "SMTP"])
def test_a_greeting_of_220_is_told_by_the_client_s_words(
    said: tuple[tuple[bool, bytes], ...], layer: str, tmp_path: Path, facts_of: FactsOf
) -> None:
    capture = session(tmp_path / "a.pcap", 9025, *said)
    (found,) = facts_of(capture, unusual_ports)[unusual_ports]
    assert (found.layer, found.decode_as) == (layer, f"tcp.port==9025,{layer}")
    assert not facts_of(capture, replies)[replies][-1].ok


@pytest.mark.parametrize(
    ("port", "words", "protocol"),
    [
        (25, "421 4.7.0 mail.a.example Error: too many connections", "SMTP"),
        (2525, "421 4.7.0 Error: too many connections", "SMTP"),
        (2525, "554 mail.a.example ESMTP not accepting messages", "SMTP"),
        (2121, "421 There are too many connected users", "FTP"),
    ],
)
def test_a_server_that_turns_clients_away_before_their_first_word(
    port: int, words: str, protocol: str, tmp_path: Path, facts_of: FactsOf
) -> None:
    capture = session(tmp_path / "a.pcap", port, says(words))
    (reply,) = facts_of(capture, replies)[replies]
    assert (reply.protocol, reply.ok) == (protocol, False)


def test_a_password_in_clear_is_seen_on_another_port(tmp_path: Path, facts_of: FactsOf) -> None:
    capture = session(tmp_path / "a.pcap", 2121, *FTP)
    (login,) = facts_of(capture, logins)[logins]
    assert (login.user, login.unusual) == ("anna", True)


@pytest.mark.parametrize(
    "said",
    [
        ((True, b"GET / HTTP/1.1\r\n\r\n"), (False, b"220 mail.example ESMTP\r\n")),
        ((True, b"\x01\x02\x03"), (False, b"\x04\x05")),
        ((True, b"HELLO THERE\r\n"), (False, b"GOOD DAY TO YOU\r\n")),
    ],
    ids=["two protocols", "nothing known", "plain text"],
)
def test_what_is_not_named(said: tuple[tuple[bool, bytes], ...], tmp_path: Path, facts_of: FactsOf) -> None:
    assert facts_of(session(tmp_path / "a.pcap", 9000, *said), unusual_ports)[unusual_ports] == ()


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (START_UP, "PostgreSQL"),
        (struct.pack("!II", 8, 80877103), "PostgreSQL"),
        (b"*1\r\n$4\r\nPING\r\n", "Redis"),
        (b"\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01a", "MQTT"),
        (bytes.fromhex("300c020101600702010304008000"), "LDAP"),
        (b"\x12\x01\0\x2f\0\0\0\0\0", "SQL Server"),
        (bytes.fromhex("030000130ee000000000000100080003000000"), "RDP"),
        (bytes.fromhex("040000000500000000"), "Cassandra"),
        (bytes.fromhex("00000014001200000000000100046b636174"), "Kafka"),
        (bytes.fromhex("000100000006010300000001"), "Modbus"),
        (bytes.fromhex("00010000000601030000000100"), ""),
        (b"@RSYNCD: 31.0\n", "rsync"),
        (b"0032git-upload-pack /x.git\0host=a\0", "git"),
        (b"get basket\r\n", "memcached"),
        (b'INFO {"server_id":"a"}\r\n', "NATS"),
        (b"get the milk please\r\n", "plain text"),
    ],
)
def test_first_words(data: bytes, name: str) -> None:
    assert spoken(data) == name
    assert name in LAYERS or name in ("", "plain text")


@pytest.mark.parametrize(
    ("port", "said", "layers"),
    [(6379, "+OK", []), (6379, "+OK done", []), (9110, "+OK", []), (9110, "+OK done", ["pop"])],
)
def test_redis_in_plain_lines_is_no_mailbox(
    port: int, said: str, layers: list[str], tmp_path: Path, facts_of: FactsOf
) -> None:
    capture = session(tmp_path / "a.pcap", port, asks("SET a b"), says(said))
    assert [each.layer for each in facts_of(capture, unusual_ports)[unusual_ports]] == layers
