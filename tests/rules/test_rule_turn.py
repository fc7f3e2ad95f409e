"""What TURN servers refuse."""

import struct
from pathlib import Path

import pytest
from sessions import FactsOf, datagrams, found_in

from explainer.model import Severity, Side

RULE = "turn_refused"
USER = struct.pack("!HH", 6, 4) + b"anna"
ALLOCATE, PERMIT = 3, 8


def stun(kind: int, number: int, attributes: bytes = b"") -> bytes:
    return struct.pack("!HHI", kind, len(attributes), 0x2112A442) + bytes(11) + bytes([number]) + attributes


def error(code: int) -> bytes:
    return struct.pack("!HHHBB", 9, 4, 0, *divmod(code, 100))


def asks(number: int, user: bytes = USER, method: int = ALLOCATE) -> tuple[bool, bytes]:
    return True, stun(method, number, user)


def refuses(number: int, code: int, method: int = ALLOCATE) -> tuple[bool, bytes]:
    return False, stun(0x0110 | method, number, error(code))


def grants(number: int, method: int = ALLOCATE) -> tuple[bool, bytes]:
    return False, stun(0x0100 | method, number)


CHALLENGE = (asks(1, b""), refuses(1, 401))


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ((*CHALLENGE, asks(2), refuses(2, 401)), [(Severity.HIGH, Side.CLIENT)]),
        ((*CHALLENGE, asks(2), refuses(2, 508)), [(Severity.HIGH, Side.SERVER)]),
        ((*CHALLENGE, asks(2), refuses(2, 401), asks(3), grants(3)), [(Severity.INFO, Side.CLIENT)]),
        ((*CHALLENGE, asks(2), refuses(2, 438), asks(3), grants(3)), []),
        ((*CHALLENGE, asks(2), grants(2)), []),
        (CHALLENGE, []),
        ((asks(1, method=1), refuses(1, 401, method=1)), []),
    ],
    ids=["wrong password", "no room", "overcome", "stale nonce", "granted", "challenge alone", "a check of ICE"],
)
def test_what_a_relay_says(
    said: tuple[tuple[bool, bytes], ...], told: list[tuple[Severity, Side]], tmp_path: Path, facts_of: FactsOf
) -> None:
    findings = found_in(RULE, facts_of, datagrams(tmp_path / "a.pcap", 3478, *said))
    assert [(finding.severity, finding.side) for finding in findings] == told
    assert all("refuses a relay (Allocate) of anna to 192.0.2.10" in finding.title for finding in findings)
