"""What OPC UA servers refuse, in messages as asyncua sends them."""

import struct
from pathlib import Path
from typing import Any

import pytest
from sessions import FactsOf, found, found_in, reply, session, talk
from talk import Wire

from explainer.model import Severity, Side
from explainer.protocols.applications import Kind, replies

RULE = "opc_ua_refused"
HEADER = bytes.fromhex("07000000 0d000000 04000000 04000000")
READ = bytes.fromhex(
    "01007702 0100ea03acecb77ae17ddd01 04000000 00000000 ffffffff a00f0000 000000"
    "0000000000000000000000 01000000 020200e7030000 0d000000 ffffffff 0000ffffffff"
)  # fmt: skip

WRITE = bytes.fromhex(
    "0100a102 0100ea03acecb77ae17ddd01 04000000 00000000 ffffffff a00f0000 000000"
    "01000000 020200e7030000 0d000000 ffffffff 010a 00004842"
)  # fmt: skip


def message(body: bytes) -> bytes:
    return b"MSGF" + struct.pack("<I", 8 + len(HEADER) + len(body)) + HEADER + body


def answer(*values: int, result: int = 0) -> bytes:
    """Return a ReadResponse with a status for each value."""
    head = bytes.fromhex("01007a02 3202b87ae17ddd01 04000000") + struct.pack("<I", result) + bytes(5)
    said = b"".join(b"\x02" + struct.pack("<I", status) for status in values)
    return message(head + bytes(3) + struct.pack("<i", len(values)) + said + struct.pack("<i", 0))


@pytest.mark.parametrize(
    ("values", "fires"), [((0x80340000,), True), ((0x80340000, 0), False), ((0x80350000,), False), ((0,), False)]
)
def test_every_value_has_to_be_bad(values: tuple[int, ...], fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    capture = session(tmp_path / "a.pcap", 4840, (True, message(READ)), (False, answer(*values)))
    findings = found_in(RULE, facts_of, capture)
    assert len(findings) == fires
    for finding in findings:
        assert "answers BadNodeIdUnknown to Read of 192.0.2.10: it has no such value (node)" in finding.title
        assert (finding.severity, finding.side) == (Severity.MEDIUM, Side.CLIENT)


def written(*values: int) -> bytes:
    """Return a WriteResponse with a result for each value."""
    head = bytes.fromhex("0100a402 3202b87ae17ddd01 04000000") + bytes(9)
    said = b"".join(struct.pack("<I", status) for status in values)
    return message(head + bytes(3) + struct.pack("<i", len(values)) + said + struct.pack("<i", 0))


def test_what_is_not_written_is_told_as_well(tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    for number, values in enumerate(((0x803B0000,), (0x803B0000, 0))):
        talk(wire, 4840, (True, message(WRITE)), (False, written(*values)), sport=40000 + number)
    (finding,) = found_in(RULE, facts_of, wire.save(tmp_path / "a.pcap"))
    assert "answers BadNotWritable to Write of 192.0.2.10: the value cannot be written" in finding.title
    assert finding.scope.streams == (0,)


@pytest.mark.parametrize(
    ("record", "words", "severity"),
    [
        ({"code": "0x80210000"}, "BadIdentityTokenRejected to the login", Severity.HIGH),
        ({"code": "0x80550000", "kind": Kind.QUERY}, "do not agree on the security", Severity.HIGH),
        ({"code": "0x80310000", "kind": Kind.QUERY, "text": "of a value"}, "no connection to the dev", Severity.MEDIUM),
        ({"code": "0x80ee0000", "kind": Kind.QUERY}, "an error", Severity.HIGH),
    ],
)  # fmt: skip
def test_what_the_codes_mean(record: dict[str, Any], words: str, severity: Severity) -> None:
    (finding,) = found(RULE, reply("OPC UA", **record))
    assert words in finding.title
    assert finding.severity is severity


def test_it_does_not_apply_without_answers_of_applications(tmp_path: Path, facts_of: FactsOf) -> None:
    capture = session(tmp_path / "a.pcap", 9999, (True, b"\x01\x02"), (False, b"\x03\x04"))
    assert facts_of(capture, replies)[replies] == ()
    assert found_in(RULE, facts_of, capture) == []
