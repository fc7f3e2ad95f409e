"""Refusals by number of protocols of plants, telephones, mobile networks and tunnels."""

import struct
from pathlib import Path

import pytest
from factories import CLIENT, SERVER
from sessions import FactsOf, datagrams, found, found_in, reply, session

from explainer.model import Severity
from explainer.protocols.applications import Kind, Reply
from explainer.protocols.applications.messages import Message
from explainer.protocols.applications.numbered import NUMBERED
from explainer.protocols.tcp import Endpoint


def bacnet(apdu: bytes) -> bytes:
    return b"\x81\x0a" + struct.pack("!H", 6 + len(apdu)) + b"\x01\x00" + apdu


def smpp(command: int, status: int) -> bytes:
    return struct.pack("!IIII", 16, command, status, 1)


def gtp(kind: int, cause: int) -> bytes:
    return struct.pack("!BBHIHH", 0x32, kind, 6, 1, 1, 0) + bytes([1, cause])


def s7(rosctr: int, code: int) -> bytes:
    """Return an answer to a read of one item (tpkt, COTP, S7)."""
    errors = b"\0\0" if rosctr == 3 else b""
    body = b"\x32" + bytes([rosctr]) + b"\0\0\0\1" + struct.pack("!HH", 2, 4) + errors + b"\x04\x01"
    body += bytes([code]) + b"\0\0\0"
    return b"\x03\0" + struct.pack("!H", 7 + len(body)) + b"\x02\xf0\x80" + body


@pytest.mark.parametrize(
    ("port", "refused", "granted", "words"),
    [
        (47808, bacnet(b"\x50\x01\x0c\x91\x01\x91\x1f"), bacnet(b"\x20\x01\x0f"), "unknown object"),
        (47808, bacnet(b"\x60\x01\x09"), bacnet(b"\x20\x01\x0f"), "unrecognized service"),
        (2123, gtp(17, 219), gtp(17, 128), "missing or unknown APN"),
    ],
    ids=["BACnet error", "BACnet reject", "GTP"],
)
def test_datagrams(port: int, refused: bytes, granted: bytes, words: str, tmp_path: Path, facts_of: FactsOf) -> None:
    def told(name: str, answer: bytes) -> list[str]:
        capture = datagrams(tmp_path / name, port, (False, answer))
        return [f.title for f in found_in("service_error", facts_of, capture)]

    (title,) = told("no.pcap", refused)
    assert words in title
    assert f"{SERVER} refuses {CLIENT}" in title
    assert told("yes.pcap", granted) == []


@pytest.mark.parametrize(
    ("port", "refused", "granted", "words"),
    [
        (2775, smpp(0x80000009, 14), smpp(0x80000009, 0), "invalid password"),
        (102, s7(3, 0x0A), s7(3, 0xFF), "object does not exist"),
    ],
    ids=["SMPP", "S7"],
)
def test_connections(port: int, refused: bytes, granted: bytes, words: str, tmp_path: Path, facts_of: FactsOf) -> None:
    def told(name: str, answer: bytes) -> list[str]:
        capture = session(tmp_path / name, port, (False, answer))
        return [f.title for f in found_in("service_error", facts_of, capture)]

    (title,) = told("no.pcap", refused)
    assert words in title
    assert told("yes.pcap", granted) == []


def said(layer: str, **values: str) -> list[Reply]:
    fields = {name.replace("__", "."): (value,) for name, value in values.items()}
    ends = Endpoint(SERVER, 1723), Endpoint(CLIENT, 40000)
    read = next(dialect.read for dialect in NUMBERED if dialect.layer == layer)
    return [r for r in read([Message(5, 5, 0, *ends, ("tcp", layer), fields)]) if isinstance(r, Reply)]


def test_a_number_that_no_table_holds_is_no_refusal() -> None:
    assert said("enip", enip__status="2881141438") == []
    assert [r.text for r in said("enip", enip__status="100")] == ["invalid session handle"]


def test_what_a_call_ends_with_normally_is_no_refusal() -> None:
    assert said("q931", q931__cause_value="16") == []
    assert [(r.text, r.ok) for r in said("q931", q931__cause_value="17")] == [("user busy", False)]


def test_a_tunnel_that_opens_later_overcomes_a_refusal() -> None:
    (no,), (yes,) = said("pptp", pptp__out_result="4"), said("pptp", pptp__out_result="1")
    assert [f.severity for f in found("service_error", no)] == [Severity.MEDIUM]
    assert [f.severity for f in found("service_error", no, yes._replace(frame=9))] == [Severity.INFO]


def test_faults_that_programs_provoke_weigh_little() -> None:
    fault = reply("DCE/RPC", str(0x1C010002), kind=Kind.QUERY, text="operation number out of range")
    assert [f.severity for f in found("service_error", fault)] == [Severity.LOW]
    optional = reply("BACnet", "32", kind=Kind.QUERY, text="unknown property")
    assert [f.severity for f in found("service_error", optional)] == [Severity.LOW]
    denied = reply("DCE/RPC", "5", kind=Kind.QUERY, text="access denied")
    assert [f.severity for f in found("service_error", denied)] == [Severity.MEDIUM]
