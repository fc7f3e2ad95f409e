"""What message brokers and SOCKS proxies refuse."""

import struct
from pathlib import Path
from typing import Any

import pytest
from sessions import FactsOf, found, found_in, reply, session

from explainer.model import Severity, Side
from explainer.protocols.applications import Kind

BOTH = ("broker_refused", "socks_refused")


def connect(user: bytes, password: bytes) -> bytes:
    """Return MQTT 3.1.1's CONNECT (section 3.1)."""
    strings = b"".join(struct.pack("!H", len(text)) + text for text in (b"sensor", user, password))
    body = b"\0\x04MQTT\x04\xc2\0\x3c" + strings
    return bytes([0x10, len(body)]) + body


def test_mqtt(tmp_path: Path, facts_of: FactsOf) -> None:
    asked = (True, connect(b"anna", b"rain-and-sun"))
    refused = session(tmp_path / "refused.pcap", 1883, asked, (False, b"\x20\x02\0\x04"))
    (finding,) = found_in("broker_refused", facts_of, refused)
    assert "(MQTT) refuses the login of anna" in finding.title
    assert '("4 bad user name or password")' in finding.title
    (readable,) = found_in("cleartext_login", facts_of, refused)
    assert "of the user anna" in readable.title
    assert "rain-and-sun" not in readable.model_dump_json() + finding.model_dump_json()
    accepted = session(tmp_path / "accepted.pcap", 1883, asked, (False, b"\x20\x02\0\0"))
    assert found_in("broker_refused", facts_of, accepted) == []


def amqp(channel: int, kind: int, method: int, arguments: bytes) -> bytes:
    """Return a method frame of AMQP 0-9-1 (section 2.3.5)."""
    body = struct.pack("!HH", kind, method) + arguments
    return struct.pack("!BHI", 1, channel, len(body)) + body + b"\xce"


def closing(code: int, text: bytes) -> bytes:
    return struct.pack("!HB", code, len(text)) + text + struct.pack("!HH", 0, 0)


START = (
    (True, b"AMQP\0\0\x09\x01"),
    (False, amqp(0, 10, 10, b"\0\x09" + struct.pack("!I", 0) + b"\0\0\0\x05PLAIN" + b"\0\0\0\x05en_US")),
    (
        True,
        amqp(0, 10, 11, struct.pack("!I", 0) + b"\x05PLAIN" + struct.pack("!I", 12) + b"\0anna\0secret" + b"\x05en_US"),
    ),
)
OPENED = (*START, (False, amqp(0, 10, 41, b"\0")))


def amqp_1_0(kind: int, performative: int, *fields: bytes) -> bytes:
    """Return a frame of AMQP 1.0 (section 2.3) with a described list."""
    values = b"".join(fields)
    body = b"\0\x53" + bytes([performative, 0xC0, len(values) + 1, len(fields)]) + values
    return struct.pack("!IBBH", 8 + len(body), 2, kind, 0) + body


def symbol(text: bytes) -> bytes:
    return bytes([0xA3, len(text)]) + text


def ends_link(condition: bytes) -> bytes:
    error = b"\0\x53\x1d\xc0" + bytes([len(condition) + 3, 1]) + symbol(condition)
    return amqp_1_0(0, 0x16, b"\x43", b"\x41", error)


SASL = (True, b"AMQP\x03\x01\0\0"), (False, b"AMQP\x03\x01\0\0")
LINK = (True, b"AMQP\0\x01\0\0"), (False, b"AMQP\0\x01\0\0"), (False, amqp_1_0(0, 0x10, b"\xa1\x01s"))


@pytest.mark.parametrize(
    ("talk", "words", "severity"),
    [
        ((*SASL, (False, amqp_1_0(1, 0x44, b"\x50\x01"))), "refuses the login", Severity.HIGH),
        ((*LINK, (False, ends_link(b"amqp:not-found"))), '("amqp:not-found")', Severity.HIGH),
        ((*LINK, (False, ends_link(b"amqp:link:detach-forced"))), "detach-forced", Severity.LOW),
    ],
    ids=["login", "no such queue", "idle"],
)
def test_amqp_1_0(
    talk: tuple[tuple[bool, bytes], ...], words: str, severity: Severity, tmp_path: Path, facts_of: FactsOf
) -> None:
    capture = session(tmp_path / f"{len(words)}.pcap", 5672, *talk)
    (finding,) = found_in("broker_refused", facts_of, capture)
    assert words in finding.title
    assert finding.severity is severity


def test_amqp_1_0_that_lets_in(tmp_path: Path, facts_of: FactsOf) -> None:
    accepted = session(tmp_path / "in.pcap", 5672, *SASL, (False, amqp_1_0(1, 0x44, b"\x50\0")))
    assert found_in("broker_refused", facts_of, accepted) == []


def test_amqp(tmp_path: Path, facts_of: FactsOf) -> None:
    refused = session(tmp_path / "a.pcap", 5672, *START, (False, amqp(0, 10, 50, closing(403, b"ACCESS_REFUSED"))))
    (finding,) = found_in("broker_refused", facts_of, refused)
    assert "(AMQP) refuses the login" in finding.title
    assert "does not accept the user name and password" in finding.title
    missing = session(
        tmp_path / "b.pcap", 5672, *OPENED, (False, amqp(1, 20, 40, closing(404, b"NOT_FOUND - no queue")))
    )
    (finding,) = found_in("broker_refused", facts_of, missing)
    assert "no such queue" in finding.title
    done = session(tmp_path / "c.pcap", 5672, *OPENED, (False, amqp(0, 10, 50, closing(200, b"Goodbye"))))
    assert found_in("broker_refused", facts_of, done) == []


TARGET = b"\x03\x0cshop.example\x01\xbb"


@pytest.mark.parametrize(
    ("said", "words", "side"),
    [
        (((True, b"\x05\x01\0" + TARGET), (False, b"\x05\x02\0" + TARGET)), "its rules forbid it", Side.EITHER),
        (((True, b"\x05\x01\0" + TARGET), (False, b"\x05\x05\0" + TARGET)), "refuses the connection", Side.SERVER),
        (((True, b"\x05\x01\0" + TARGET), (False, b"\x05\0\0" + TARGET)), None, None),
    ],
)
def test_socks(tmp_path: Path, facts_of: FactsOf, said: Any, words: str | None, side: Side | None) -> None:
    greeting = ((True, b"\x05\x01\0"), (False, b"\x05\0"))
    findings = found_in("socks_refused", facts_of, session(tmp_path / "c.pcap", 1080, *greeting, *said))
    assert [(words in f.title, f.side) for f in findings if words] == ([(True, side)] if words else [])
    assert all("shop.example:443" in finding.title for finding in findings)
    assert bool(findings) is bool(words)


@pytest.mark.parametrize(
    ("rule", "record", "words"),
    [
        ("broker_refused", {"protocol": "MQTT", "code": "5", "about": ""}, "does not let this client in"),
        ("broker_refused", {"protocol": "MQTT", "code": "5", "about": "anna"}, "does not accept the user name"),
        ("broker_refused", {"protocol": "MQTT", "code": "149"}, "larger than it takes"),
        ("broker_refused", {"protocol": "MQTT", "code": "148"}, "ends the session with an error"),
        ("broker_refused", {"protocol": "MQTT", "code": "141", "kind": Kind.SESSION}, "kept silent for longer"),
        ("broker_refused", {"protocol": "MQTT", "code": "142", "kind": Kind.SESSION}, "ends the session of"),
        ("broker_refused", {"protocol": "AMQP", "code": "530"}, "no such virtual host"),
        ("broker_refused", {"protocol": "AMQP", "code": "403", "kind": Kind.QUERY}, "may not do this"),
        ("socks_refused", {"protocol": "SOCKS", "code": "255"}, "the sign-in: it takes none of the ways"),
        ("socks_refused", {"protocol": "SOCKS", "code": "1", "kind": Kind.CALL}, "cannot connect to there"),
    ],
)
def test_what_each_code_means(rule: str, record: dict[str, Any], words: str) -> None:
    (finding,) = found(rule, reply(**record))
    assert words in finding.title
    assert finding.severity is Severity.HIGH
    (overcome,) = found(rule, reply(**record), reply(**record | {"ok": True, "code": "", "frame": 20}))
    assert overcome.severity is Severity.INFO


@pytest.mark.parametrize("rule", BOTH)
def test_another_protocol_does_not_count(rule: str) -> None:
    assert found(rule, reply(protocol="FTP", code="530")) == []
