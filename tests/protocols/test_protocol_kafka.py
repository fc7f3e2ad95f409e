"""Kafka's errors, byte by byte."""

import struct
from pathlib import Path

import pytest
from sessions import FactsOf, Said, found_in, session

from explainer.model import Severity

PORT = 9092
METADATA, HANDSHAKE, AUTHENTICATE, VERSIONS = 3, 17, 36, 18


def text(words: str) -> bytes:
    return struct.pack("!h", len(words)) + words.encode()


def request(key: int, number: int, body: bytes, version: int = 0) -> Said:
    data = struct.pack("!hhi", key, version, number) + text("shop") + body
    return True, struct.pack("!i", len(data)) + data


def answer(number: int, body: bytes) -> Said:
    return False, struct.pack("!ii", 4 + len(body), number) + body


def topic(number: int, error: int) -> tuple[Said, Said]:
    """Return a request for a topic's place, and its answer."""
    broker = struct.pack("!ii", 1, 1) + text("192.0.2.20") + struct.pack("!i", PORT)
    told = broker + struct.pack("!ih", 1, error) + text("orders") + struct.pack("!i", 0)
    return request(METADATA, number, struct.pack("!i", 1) + text("orders")), answer(number, told)


def login(number: int, error: int, words: str = "") -> tuple[Said, ...]:
    token = b"\0anna\0sun-and-rain"
    return (
        request(HANDSHAKE, number, text("PLAIN"), version=1),
        answer(number, struct.pack("!hi", 0, 1) + text("PLAIN")),
        request(AUTHENTICATE, number + 1, struct.pack("!i", len(token)) + token),
        answer(number + 1, struct.pack("!h", error) + text(words) + struct.pack("!i", 0)),
    )


@pytest.mark.parametrize(
    ("said", "words", "severity"),
    [
        (topic(1, 29), "Metadata orders: it does not permit it", Severity.HIGH),
        (topic(1, 3), "it has nothing of that name", Severity.HIGH),
        (topic(1, 5), "no leader", Severity.MEDIUM),
        ((*topic(1, 5), *topic(2, 0)), "a later attempt succeeded", Severity.INFO),
        (login(1, 58, "Authentication failed"), "does not let 192.0.2.10 in", Severity.HIGH),
        ((*login(1, 58, "no"), *login(3, 58, "no")), "does not let 192.0.2.10 in", Severity.HIGH),
    ],
    ids=["forbidden", "unknown", "no_leader", "overcome", "login", "a_new_handshake_is_no_success"],
)
def test_errors(said: tuple[Said, ...], words: str, severity: Severity, tmp_path: Path, facts_of: FactsOf) -> None:
    (finding,) = found_in("service_error", facts_of, session(tmp_path / "a.pcap", PORT, *said))
    assert words in finding.title
    assert finding.severity is severity


@pytest.mark.parametrize(
    "said",
    [
        topic(1, 0),
        topic(1, 15),
        login(1, 0),
        (request(VERSIONS, 1, b""), answer(1, struct.pack("!hi", 35, 0))),
        topic(1, 29)[1:],
    ],
    ids=["good", "loading", "let_in", "versions_tried", "without_a_request"],
)
def test_what_is_no_error(said: tuple[Said, ...], tmp_path: Path, facts_of: FactsOf) -> None:
    assert found_in("service_error", facts_of, session(tmp_path / "a.pcap", PORT, *said)) == []
