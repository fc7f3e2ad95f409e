"""SNMP version 3, byte by byte (RFC 3412, RFC 3414)."""

from pathlib import Path

import pytest
from factories import CLIENT, SERVER, UDP, datagram, ethernet, ip, pcap
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


def encrypted(number: int) -> bytes:
    """Return an encrypted request of anna (RFC 3412, section 6.4: privFlag)."""
    security = tlv(0x30, tlv(4, ENGINE), integer(1), integer(1), tlv(4, b"anna"), tlv(4, bytes(12)), tlv(4, bytes(8)))
    head = tlv(0x30, integer(number), integer(1500), tlv(4, b"\7"), integer(3))
    return tlv(0x30, tlv(2, b"\3"), head, tlv(4, security), tlv(4, bytes(40)))


def talk(folder: Path, *said: Said, step_ns: int = 500_000_000) -> Path:
    """Write the datagrams, a step apart."""
    packets = [
        ethernet(ip(*((CLIENT, SERVER) if asks else (SERVER, CLIENT)), UDP,
                    datagram(*((40000, 161) if asks else (161, 40000)), payload)))
        for asks, payload in said
    ]  # fmt: skip
    return pcap(folder / "a.pcap", packets, step_ns=step_ns)


def test_an_agent_that_is_silent_to_what_is_encrypted(tmp_path: Path, facts_of: FactsOf) -> None:
    asked = [(True, encrypted(number)) for number in (2, 3, 4)]
    (finding,) = found_in("snmp_encryption_unanswered", facts_of, talk(tmp_path, *exchange(1, b"", DISCOVERY), *asked))
    assert "none of the 3 encrypted requests of anna at 192.0.2.10" in finding.title
    assert finding.evidence.frames == (3, 4, 5)
    assert finding.severity is Severity.MEDIUM


@pytest.mark.parametrize(
    "said",
    [
        (*exchange(1, b"", DISCOVERY), (True, encrypted(2))),
        (*exchange(1, b"", DISCOVERY), (True, encrypted(2)), (True, encrypted(3))),
        (*exchange(1, b"", DISCOVERY), (True, encrypted(2)), (False, encrypted(2)), (True, encrypted(3)),
         (True, encrypted(4)), (True, encrypted(5))),
        ((True, encrypted(2)), (True, encrypted(3)), (True, encrypted(4))),
    ],
)  # fmt: skip
def test_one_request_two_at_once_an_answer_and_an_agent_that_is_not_there_say_nothing(
    said: tuple[Said, ...], tmp_path: Path, facts_of: FactsOf
) -> None:
    assert found_in("snmp_encryption_unanswered", facts_of, talk(tmp_path, *said)) == []
