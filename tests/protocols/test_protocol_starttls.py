from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from talk import Talk, Wire, client_hello, server_hello

from explainer.facts import Facts
from explainer.protocols.starttls import Reply, Upgrade, upgrades

FactsOf = Callable[..., Facts]
EHLO, OFFER, PLAIN_OFFER = b"EHLO client.example\r\n", b"250-mail\r\n250 STARTTLS\r\n", b"250-mail\r\n250 SIZE 1000\r\n"
GREETING = b"220 mail.example ESMTP\r\n"
SSL_REQUEST, STARTUP = b"\0\0\0\x08\x04\xd2\x16\x2f", b"\0\0\0\x10\0\x03\0\0user\0me\0\0"
LDAP_REQUEST = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037"
LDAP_BIND = b"\x30\x0c\x02\x01\x02\x60\x07\x02\x01\x03\x04\0\x80\0"
RDP_WITHOUT, RDP_CONFIRM = b"\x03\0\0\x0b\x06\xe0\0\0\0\0\0", b"\x03\0\0\x0b\x06\xd0\0\0\0\0\0"
RDP_END = b"\x03\0\0\x09\x02\xf0\x80\x21\x80"
XMPP_DEMANDS = (
    b"<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>"
)
RDP_REQUEST = b"\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x03\0\0\0"
XMPP_REQUEST = b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"


def ldap_answer(code: int) -> bytes:
    return b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01" + bytes([code]) + b"\x04\0\x04\0"


def rdp_answer(kind: int, value: int) -> bytes:
    return b"\x03\0\0\x13\x0e\xd0\0\0\x12\x34\0" + bytes([kind]) + b"\0\x08\0" + bytes([value]) + b"\0\0\0"


def mysql_greeting(capabilities: int) -> bytes:
    body = b"\x0a10.11.2-MariaDB\0" + bytes(4) + b"aaaaaaaa\0" + capabilities.to_bytes(2, "little") + bytes(24)
    return len(body).to_bytes(3, "little") + b"\0" + body


@dataclass(frozen=True)
class Said:
    """A conversation, client and server in turn (an empty word is not said), and what it must be read as."""

    port: int
    words: tuple[bytes, ...]
    protocol: str
    reply: Reply
    text: str = ""
    goes_on: bool = False
    server_first: bool = False


SAID = [
    Said(25, (GREETING, EHLO, OFFER, b"STARTTLS\r\n", b"454 4.7.0 not now\r\n", b"QUIT\r\n"), "SMTP", Reply.REFUSED,
         "454 4.7.0 not now", server_first=True),
    Said(25, (GREETING, EHLO, OFFER, b"STARTTLS\r\n", b"502 what?\r\n", b"MAIL FROM:<a@b.example>\r\n", b"250 ok\r\n"),
         "SMTP", Reply.REFUSED, "502 what?", goes_on=True, server_first=True),
    Said(2525, (GREETING, EHLO, OFFER, b"starttls\r\n", b"454 no\r\n"), "SMTP", Reply.REFUSED, "454 no",
         server_first=True),
    Said(25, (GREETING, EHLO, OFFER, b"STARTTLS\r\n", b"220 go\r\n", client_hello()), "SMTP", Reply.ACCEPTED, "220 go",
         server_first=True),
    Said(25, (GREETING, EHLO, PLAIN_OFFER, b"QUIT\r\n"), "SMTP", Reply.NOT_OFFERED, server_first=True),
    Said(143, (b"* OK hi\r\n", b"a1 STARTTLS\r\n", b"* BYE soon\r\na1 NO later\r\n", b"a2 LOGIN me x\r\n"), "IMAP",
         Reply.REFUSED, "a1 NO later", goes_on=True, server_first=True),
    Said(143, (b"* OK hi\r\n", b"a1 STARTTLS\r\n", b"a1 OK begin\r\n", client_hello()), "IMAP", Reply.ACCEPTED,
         "a1 OK begin", server_first=True),
    Said(110, (b"+OK hi\r\n", b"STLS\r\n", b"-ERR no\r\n", b"USER me\r\n"), "POP3", Reply.REFUSED, "-ERR no",
         goes_on=True, server_first=True),
    Said(21, (b"220 FTP\r\n", b"AUTH TLS\r\n", b"502 no\r\n", b"AUTH SSL\r\n", b"500 no\r\n", b"QUIT\r\n"), "FTP",
         Reply.REFUSED, "500 no", server_first=True),
    Said(21, (b"220 FTP\r\n", b"AUTH TLS\r\n", b"502 no\r\n", b"AUTH SSL\r\n", b"234 ok\r\n", client_hello()), "FTP",
         Reply.ACCEPTED, "234 ok", server_first=True),
    Said(389, (LDAP_REQUEST, ldap_answer(2), LDAP_BIND), "LDAP", Reply.REFUSED, "result code 2", goes_on=True),
    Said(389, (LDAP_REQUEST, ldap_answer(0), client_hello()), "LDAP", Reply.ACCEPTED, "result code 0"),
    Said(5432, (SSL_REQUEST, b"N", STARTUP), "PostgreSQL", Reply.REFUSED, "N", goes_on=True),
    Said(5432, (SSL_REQUEST, b"S", client_hello()), "PostgreSQL", Reply.ACCEPTED, "S"),
    Said(3389, (RDP_REQUEST, rdp_answer(3, 2)), "RDP", Reply.REFUSED, "SSL_NOT_ALLOWED_BY_SERVER (2)"),
    Said(3389, (RDP_REQUEST, rdp_answer(3, 5)), "RDP", Reply.REQUIRED, "HYBRID_REQUIRED_BY_SERVER (5)"),
    Said(3389, (RDP_REQUEST, rdp_answer(2, 0)), "RDP", Reply.NOT_OFFERED),
    Said(3389, (RDP_REQUEST, rdp_answer(2, 0), b"\x03\0\0\x08\x02\xf0\x80\x7f"), "RDP", Reply.NOT_WANTED),
    Said(3389, (RDP_WITHOUT, RDP_CONFIRM, b"\x03\0\0\x08\x02\xf0\x80\x7f", RDP_END), "RDP", Reply.DEMANDED),
    Said(5222, (b"<stream:stream to='a.example'>", XMPP_DEMANDS), "XMPP", Reply.DEMANDED),
    Said(5222, (b"<stream:stream>", b"<stream:features/>", XMPP_REQUEST, b"<failure/></stream:stream>"), "XMPP",
         Reply.REFUSED, "<failure/></stream:stream>"),
    Said(3306, (mysql_greeting(0xF7FF),), "MySQL", Reply.NOT_OFFERED, server_first=True),
]  # fmt: skip
OTHERS = {
    "TLS follows on both sides": (
        25, True, (GREETING, EHLO, OFFER, b"STARTTLS\r\n", b"220 go\r\n", client_hello(), server_hello()),
    ),
    "offered, not asked for": (25, True, (GREETING, EHLO, OFFER, b"QUIT\r\n")),
    "not offered, not missed": (25, True, (GREETING, EHLO, PLAIN_OFFER, b"MAIL FROM:<a@b.example>\r\n", b"250 ok\r\n")),
    "pipelined with another command": (25, True, (GREETING, EHLO + b"STARTTLS\r\n", b"502 what?\r\n")),
    "talk of it in a mail": (25, True, (GREETING, b"DATA\r\n", b"354 go\r\n", b"Hi\r\nSTARTTLS\r\n", b"550 no\r\n")),
    "GSSAPI, not TLS": (5432, False, (b"\0\0\0\x08\x04\xd2\x16\x30", b"N", STARTUP)),
    "other FTP security": (21, True, (b"220 FTP\r\n", b"AUTH GSSAPI\r\n", b"502 no\r\n")),
    "XMPP with logins": (5222, False, (b"<stream:stream to='a.example'>", XMPP_DEMANDS + b"<mechanism>PLAIN")),
    "RDP that goes on": (3389, False, (RDP_WITHOUT, RDP_CONFIRM, b"\x03\0\0\x08\x02\xf0\x80\x7f", RDP_CONFIRM)),
    "RDP with TLS": (3389, False, (RDP_REQUEST, rdp_answer(2, 1))),
    "MySQL with TLS": (3306, True, (mysql_greeting(0xFFFF),)),
}  # fmt: skip


def hold(wire: Wire, number: int, port: int, words: tuple[bytes, ...], *, server_first: bool) -> None:
    talk = Talk(wire, server=f"198.51.100.{number}", dport=port).open()
    for turn, word in enumerate(words):
        (talk.answer if (turn % 2 == 0) is server_first else talk.say)(word)
    talk.part()


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, facts_of: FactsOf) -> dict[int, Upgrade]:
    wire = Wire()
    for number, said in enumerate(SAID):
        hold(wire, number, said.port, said.words, server_first=said.server_first)
    for number, (port, server_first, words) in enumerate(OTHERS.values(), len(SAID)):
        hold(wire, number, port, words, server_first=server_first)
    capture: Path = wire.save(tmp_path_factory.mktemp("starttls") / "all.pcap")
    return {upgrade.stream: upgrade for upgrade in facts_of(capture, upgrades)[upgrades]}


@pytest.mark.parametrize("number", range(len(SAID)), ids=[f"{s.protocol} {s.port} {s.text}" for s in SAID])
def test_each_protocol_is_read(number: int, told: dict[int, Upgrade]) -> None:
    said, upgrade = SAID[number], told[number]
    assert (upgrade.protocol, upgrade.reply, upgrade.text) == (said.protocol, said.reply, said.text)
    assert (upgrade.next_frame is not None) is said.goes_on
    assert upgrade.left_frame is not None
    assert upgrade.request_frame is None or upgrade.request_frame < upgrade.answer_frame


@pytest.mark.parametrize("number", range(len(SAID), len(SAID) + len(OTHERS)), ids=list(OTHERS))
def test_what_is_no_wish_for_tls_is_left_out(number: int, told: dict[int, Upgrade]) -> None:
    assert number not in told


def test_an_offer_that_is_written_over_is_seen(tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    hold(wire, 1, 25, (GREETING, EHLO, b"250-mail\r\n250 XXXXXXXA\r\n", b"QUIT\r\n"), server_first=True)
    (upgrade,) = facts_of(wire.save(tmp_path / "masked.pcap"), upgrades)[upgrades]
    assert upgrade.masked


@pytest.mark.parametrize("name", ["tls12_healthy", "dns_nxdomain", "tls12_starttls_smtp_healthy"])
def test_without_such_words_there_is_nothing(name: str, facts_of: FactsOf) -> None:
    assert facts_of(name, upgrades)[upgrades] == ()
