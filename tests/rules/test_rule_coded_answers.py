"""Refusals by number: of machines, mobile networks, calls, storage, remote calls and tunnels."""

import struct
from pathlib import Path
from typing import Any

import pytest
from sessions import FactsOf, found, found_in, reply, session
from sessions import datagrams as over_udp

from explainer import analyse, ask
from explainer.model import Severity, Side
from explainer.protocols.applications import Kind, replies

RULE = "coded_refusal"
READ = bytes.fromhex("00 44 01 0c 0c 00000001 19 55")
ACK = bytes.fromhex("30 01 0c 0c 00000001 19 55 3e 44 00000000 3f")


def bacnet(apdu: bytes) -> bytes:
    """Return BACnet/IP's datagram (ASHRAE 135, annex J)."""
    return b"\x81\x0a" + struct.pack("!H", 6 + len(apdu)) + b"\x01\x04" + apdu


def error(code: int, *, invoke: int = 1, service: int = 12) -> bytes:
    return bacnet(bytes((0x50, invoke, service, 0x91, 2, 0x91, code)))


@pytest.mark.parametrize(
    ("answer", "words", "severity"),
    [
        (error(31), "has nothing of that name", Severity.MEDIUM),
        (error(26), "does not accept the password", Severity.HIGH),
        (error(32), "does not offer that", Severity.LOW),
        (bacnet(b"\x60\x01\x09"), "does not offer that", Severity.LOW),
        (bacnet(b"\x71\x01\x09"), "no room", Severity.HIGH),
        (bacnet(ACK), "", Severity.INFO),
        (error(31, invoke=2), "", Severity.INFO),  # the answer to another request
        (bacnet(b"\x10\x08"), "", Severity.INFO),
    ],
)
def test_what_a_bacnet_device_refuses(
    answer: bytes, words: str, severity: Severity, tmp_path: Path, facts_of: FactsOf
) -> None:
    capture = over_udp(tmp_path / "a.pcap", 47808, (True, bacnet(READ)), (False, answer))
    findings = found_in(RULE, facts_of, capture)
    assert len(findings) == bool(words)
    for finding in findings:
        assert words in finding.title
        assert "refuses the service readProperty" in finding.title
        assert (finding.severity, finding.evidence.frames) == (severity, (1, 2))


@pytest.mark.parametrize(("code", "stands_out"), [(26, True), (32, False)])
def test_who_asks_what_goes_on_is_told_of_what_fails(code: int, stands_out: bool, tmp_path: Path) -> None:
    capture = over_udp(tmp_path / "a.pcap", 47808, (True, bacnet(READ)), (False, error(code)))
    answer = ask(analyse(capture, strict=True), "What is going on here?")
    assert "BACnet (building control), UDP port 47808" in answer.verdict
    assert ("What stands out: the BACnet device" in answer.verdict) is stands_out
    assert (answer.claims[0].frames == (1, 2)) is stands_out


def s7(kind: int, parameters: bytes, data: bytes = b"", failed: bytes = b"") -> bytes:
    pdu = b"\x32" + bytes((kind,)) + b"\0\0\0\1" + struct.pack("!HH", len(parameters), len(data)) + failed
    body = b"\x02\xf0\x80" + pdu + parameters + data
    return b"\x03\0" + struct.pack("!H", 4 + len(body)) + body


S7_READ = s7(1, bytes.fromhex("0401120a100200010001840000 00"))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (s7(3, b"\x04\x01", b"\x0a\0\0\0", b"\0\0"), "has nothing of that name"),
        (s7(3, b"\x04\x01", b"\x03\0\0\0", b"\0\0"), "does not permit it"),
        (s7(3, b"\x04\x01", b"\xff\x04\0\x08\x07", b"\0\0"), ""),
        (s7(3, b"\x04\x01", b"\x77\0\0\0", b"\0\0"), ""),
        (s7(3, b"\x04\x00", b"", b"\x83\x01"), "refuses it"),
    ],
)
def test_what_a_plc_refuses(answer: bytes, words: str, tmp_path: Path, facts_of: FactsOf) -> None:
    capture = session(tmp_path / "a.pcap", 102, (True, S7_READ), (False, answer))
    findings = found_in(RULE, facts_of, capture)
    assert [words in finding.title for finding in findings] == [True] * bool(words)


def pptp(kind: int, *, result: int = 0) -> bytes:
    if kind in (1, 2):
        rest = b"\1\0" + bytes((result, 0)) + struct.pack("!IIHH", 1, 1, 0, 1) + bytes(128)
    else:
        rest = struct.pack("!HHBBHIHHI", 1, 1, result, 0, 0, 100000, 64, 0, 0)
    return struct.pack("!HHIHH", 12 + len(rest), 1, 0x1A2B3C4D, kind, 0) + rest


@pytest.mark.parametrize(("result", "fires"), [(4, True), (1, False)])
def test_a_pptp_server_that_does_not_let_in(result: int, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    capture = session(tmp_path / "a.pcap", 1723, (True, pptp(1)), (False, pptp(2, result=result)))
    findings = found_in(RULE, facts_of, capture)
    assert len(findings) == fires
    for finding in findings:
        assert "The PPTP server 198.51.100.20 refuses the control connection" in finding.title
        assert '("4 requester is not authorized")' in finding.title
        assert finding.severity is Severity.HIGH


def gtpv2(kind: int, cause: int | None = None) -> bytes:
    body = b"" if cause is None else b"\x02\x00\x02\x00" + bytes((cause, 0))
    return struct.pack("!BBHI", 0x48, kind, 8 + len(body), 0) + b"\0\0\1\0" + body


@pytest.mark.parametrize(("cause", "fires"), [(78, True), (16, False), (63, False)])
def test_a_mobile_network_that_refuses_a_session(cause: int, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    capture = over_udp(tmp_path / "a.pcap", 2123, (True, gtpv2(32)), (False, gtpv2(33, cause)))
    findings = found_in(RULE, facts_of, capture)
    assert len(findings) == fires
    for finding in findings:
        assert "refuses Create Session to" in finding.title
        assert "no access point of that name (APN)" in finding.title


def tns(kind: int, body: bytes) -> bytes:
    return struct.pack("!HHBBH", 8 + len(body), 0, kind, 0, 0) + body


ORACLE = b"(CONNECT_DATA=(SERVICE_NAME=shop))"
CONNECT = tns(1, struct.pack("!HHHHHHHHHHIB", 314, 300, 0, 8192, 32767, 0, 0, 0, len(ORACLE), 34, 512, 0) + ORACLE)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (b"(DESCRIPTION=(TMP=)(VSNNUM=0)(ERR=12514)(ERROR_STACK=(ERROR=(CODE=12514)(EMFI=4))))", "ORA-12514"),
        (b"(DESCRIPTION=(ERR=12528))", "nobody to hand the connection to"),
        (b"no", '("refuse")'),
    ],
)
def test_a_listener_of_oracle_that_refuses(words: bytes, told: str, tmp_path: Path, facts_of: FactsOf) -> None:
    refused = tns(4, b"\x22\0" + struct.pack("!H", len(words)) + words)
    capture = session(tmp_path / "a.pcap", 1521, (True, CONNECT), (False, refused))
    (finding,) = found_in(RULE, facts_of, capture)
    assert told in finding.title
    assert finding.severity is Severity.HIGH


def rpc(kind: int, body: bytes) -> bytes:
    return struct.pack("<BBBBIHHI", 5, 0, kind, 3, 0x10, 16 + len(body), 0, 1) + body


BIND = rpc(11, struct.pack("<HHI", 4280, 4280, 0) + b"\1\0\0\0\0\0\1\0" + bytes(16) + b"\1\0\0\0" + bytes(20))


@pytest.mark.parametrize(
    ("answer", "severity"),
    [
        (rpc(13, struct.pack("<HB", 4, 0)), Severity.HIGH),
        (rpc(3, struct.pack("<IHBBII", 32, 0, 0, 0, 5, 0)), Severity.MEDIUM),
        (rpc(3, struct.pack("<IHBBII", 32, 0, 0, 0, 0x1C010002, 0)), Severity.LOW),
        (rpc(12, struct.pack("<HHIH", 4280, 4280, 1, 0) + b"\0\0\1\0\0\0\0\0\0\0" + bytes(20)), None),
        (rpc(12, struct.pack("<HHIH", 4280, 4280, 1, 0) + b"\0\0\1\0\0\0\2\0\1\0" + bytes(20)), Severity.LOW),
    ],
)
def test_remote_calls_that_fail(answer: bytes, severity: Severity | None, tmp_path: Path, facts_of: FactsOf) -> None:
    capture = session(tmp_path / "a.pcap", 135, (True, BIND), (False, answer))
    findings = found_in(RULE, facts_of, capture)
    assert [finding.severity for finding in findings] == [severity] * (severity is not None)


@pytest.mark.parametrize(
    ("record", "words", "severity"),
    [
        (reply("iSCSI", "513"), "user name or password", Severity.HIGH),
        (reply("ISUP", "17", kind=Kind.CALL, request="the call"), "is busy", Severity.LOW),
        (reply("Q.931", "1", kind=Kind.CALL, request="the call"), "number called is not in use", Severity.HIGH),
        (reply("LDP", "9", kind=Kind.SESSION, request="the session"), "heard nothing in time", Severity.HIGH),
        (reply("EPS", "11", about="attach"), "does not know, or does not let in, this subscriber", Severity.HIGH),
        (reply("GTP", "204", kind=Kind.QUERY), "refuses it", Severity.MEDIUM),
        (reply("L2TP", "2", kind=Kind.SESSION, request="the tunnel"), "refuses it", Severity.HIGH),
    ],
)
def test_what_the_numbers_mean(record: Any, words: str, severity: Severity) -> None:
    (finding,) = found(RULE, record)
    assert words in finding.title
    assert finding.severity is severity


def test_a_refusal_that_is_overcome() -> None:
    refused = reply("iSCSI", "513", request="the login")
    (finding,) = found(RULE, refused, reply("iSCSI", "", 20, ok=True, request="the login"))
    assert finding.severity is Severity.INFO
    assert finding.side is Side.CLIENT


def test_it_does_not_apply_without_answers(tmp_path: Path, facts_of: FactsOf) -> None:
    capture = session(tmp_path / "a.pcap", 9999, (True, b"\x01\x02"), (False, b"\x03\x04"))
    assert facts_of(capture, replies)[replies] == ()
    assert found_in(RULE, facts_of, capture) == []
