"""SNMP version 3, byte by byte (RFC 3412, RFC 3414)."""

from pathlib import Path

import pytest
from sessions import FactsOf, Said, datagrams, found_in

from explainer.model import Severity

ENGINE = bytes.fromhex("80001f8804")
DISCOVERY, REPORT, GET, RESPONSE = 4, 0xA8, 0xA0, 0xA2
USM = bytes.fromhex("2b060106030f0101")
"""usmStats, 1.3.6.1.6.3.15.1.1, as an object identifier."""


def tlv(tag: int, *parts: bytes) -> bytes:
    data = b"".join(parts)
    return bytes([tag, 0x81, len(data)]) + data


def integer(value: int) -> bytes:
    return tlv(2, value.to_bytes(2, "big"))


def message(number: int, user: bytes, kind: int, name: bytes) -> bytes:
    """Return a message without authentication about one value."""
    security = tlv(0x30, tlv(4, ENGINE), integer(1), integer(1), tlv(4, user), tlv(4), tlv(4))
    values = tlv(0x30, tlv(0x30, tlv(6, name), tlv(5)))
    pdu = tlv(kind, integer(number), integer(0), integer(0), values)
    head = tlv(0x30, integer(number), integer(1500), tlv(4, b"\4"), integer(3))
    return tlv(0x30, tlv(2, b"\3"), head, tlv(4, security), tlv(0x30, tlv(4, ENGINE), tlv(4), pdu))


VALUE = bytes.fromhex("2b06010201010100")


def exchange(number: int, user: bytes, counter: int | None) -> tuple[Said, Said]:
    answer = (RESPONSE, VALUE) if counter is None else (REPORT, USM + bytes([counter, 0]))
    return (True, message(number, user, GET, VALUE)), (False, message(number, user, *answer))


@pytest.mark.parametrize(
    ("counter", "words"),
    [
        (1, "does not offer the encryption"),
        (3, "it knows no such user"),
        (5, "the password (authentication key)"),
        (6, "the password for encryption"),
    ],
)
def test_a_user_who_is_not_let_in(counter: int, words: str, tmp_path: Path, facts_of: FactsOf) -> None:
    said = (*exchange(1, b"", DISCOVERY), *exchange(2, b"anna", counter))
    (finding,) = found_in("service_error", facts_of, datagrams(tmp_path / "a.pcap", 161, *said))
    assert "does not let anna at 192.0.2.10 in" in finding.title
    assert words in finding.title
    assert finding.severity is Severity.HIGH
    assert finding.evidence.frames == (3, 4)


@pytest.mark.parametrize("counters", [(DISCOVERY, None), (2, None), (DISCOVERY,)])
def test_discovery_and_clocks_are_steps_on_the_way(
    counters: tuple[int | None, ...], tmp_path: Path, facts_of: FactsOf
) -> None:
    said = [each for number, counter in enumerate(counters) for each in exchange(number, b"anna", counter)]
    assert found_in("service_error", facts_of, datagrams(tmp_path / "a.pcap", 161, *said)) == []
