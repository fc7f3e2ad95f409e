"""What smaller protocols answer in a field or a word: one table, and HTTP/2's and gRPC's own."""

import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from factories import KnownFacts, findings_of
from sessions import FactsOf, asks, datagrams, found, found_in, reply, says, session, talk
from talk import Wire

from explainer.model import Analysis, Finding, RuleStatus, Severity
from explainer.protocols.applications import Kind
from explainer.protocols.http2_errors import http2_replies
from explainer.protocols.tcp import Endpoint

AnalysisOf = Callable[[str], Analysis]


def modbus(function: int, data: bytes) -> bytes:
    return struct.pack("!HHHBB", 1, 0, 2 + len(data), 1, function) + data


def test_modbus(tmp_path: Path, facts_of: FactsOf) -> None:
    asked = (True, modbus(3, struct.pack("!HH", 400, 1)))
    refused = session(tmp_path / "a.pcap", 502, asked, (False, modbus(0x83, b"\2")))
    (finding,) = found_in("service_error", facts_of, refused)
    assert "no register at that address" in finding.title
    assert '("2 illegal data address")' in finding.title
    served = session(tmp_path / "b.pcap", 502, asked, (False, modbus(3, b"\2\0\7")))
    assert found_in("service_error", facts_of, served) == []


def ipp(code: int, start: str) -> bytes:
    """Return a message of IPP's without attributes (RFC 8010 section 3.1.1), in HTTP."""
    body = struct.pack("!HHIB", 0x0200, code, 1, 3)
    return f"{start}\r\nContent-Type: application/ipp\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def test_ipp(tmp_path: Path, facts_of: FactsOf) -> None:
    def printed(name: str, operation: int, status: int) -> Sequence[Finding]:
        asked = True, ipp(operation, "POST /printers/office HTTP/1.1\r\nHost: printer.example")
        capture = session(tmp_path / name, 631, asked, (False, ipp(status, "HTTP/1.1 200 OK")))
        return found_in("service_error", facts_of, capture)

    (finding,) = printed("a.pcap", 5, 0x0506)
    assert "asked for Create-Job /printers/office: it takes no jobs now" in finding.title
    (finding,) = printed("b.pcap", 0x0B, 0x0406)
    assert "no printer (or job) of that name" in finding.title
    assert printed("c.pcap", 5, 0) == []
    assert printed("d.pcap", 0x4001, 0x0406) == []  # CUPS-Get-Default: none is set


TELNET = (says("switch login: "), asks("anna"), says("Password: "), asks("secret"))


@pytest.mark.parametrize(
    ("said", "refused"),
    [
        ("\r\nLogin incorrect\r\nswitch login: ", True),
        ("\r\nLast failed login: Mon 10:00\r\nanna@switch:~$ ", False),
        ("\r\nswitch> ", False),
    ],
)
def test_telnet(said: str, refused: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    unended = [(from_client, data if from_client else data.rstrip()) for from_client, data in TELNET]
    capture = session(tmp_path / "a.pcap", 23, *unended, (False, said.encode()))
    findings = found_in("service_error", facts_of, capture)
    assert ["does not let anna at" in finding.title for finding in findings] == [True] * refused


def coap(code: int, path: bytes = b"", kind: int = 0x40) -> bytes:
    option = bytes([0xB0 | len(path)]) + path if path else b""
    return bytes([kind, code]) + b"\x12\x34" + option


def test_coap(tmp_path: Path, facts_of: FactsOf) -> None:
    asked = (True, coap(1, b"temp"))
    missing = datagrams(tmp_path / "a.pcap", 5683, asked, (False, coap(0x84, kind=0x60)))
    (finding,) = found_in("service_error", facts_of, missing)
    assert "the resource /temp: it has nothing of that name" in finding.title
    there = datagrams(tmp_path / "b.pcap", 5683, asked, (False, coap(0x45, kind=0x60)))
    assert found_in("service_error", facts_of, there) == []


@pytest.mark.parametrize(
    ("port", "said", "words"),
    [
        (11211, b"SERVER_ERROR out of memory storing object\r\n", "too large"),
        (11211, b"VALUE a 0 1\r\nx\r\nEND\r\n", ""),
        (873, b"\x1b\0\0\x0a\nERROR: module is read only\n", "(read only)"),
        (873, b"\x1b\0\0\x07ERROR: a line of a file\n", ""),
        (873, b"@ERROR: chdir failed\n", "folder behind that name"),
    ],
)
def test_words(port: int, said: bytes, words: str, tmp_path: Path, facts_of: FactsOf) -> None:
    capture = session(tmp_path / "c.pcap", port, (True, b"get a\r\n"), (False, said))
    findings = found_in("service_error", facts_of, capture)
    assert [words in finding.title for finding in findings] == ([True] if words else [])


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"protocol": "RDP", "code": "5", "kind": Kind.SESSION}, "network level authentication"),
        ({"protocol": "SNMP", "code": "2", "kind": Kind.QUERY}, "noSuchName"),
        ({"protocol": "NFS", "code": "13", "kind": Kind.FILE}, "access denied"),
        ({"protocol": "RPC", "code": "not registered", "kind": Kind.CALL}, "does not run"),
        ({"protocol": "MQTT", "code": "135", "kind": Kind.QUERY}, "may not use that topic"),
        ({"protocol": "Cassandra", "code": "99", "kind": Kind.QUERY}, "answers with an error"),
        ({"protocol": "rsync", "code": "ERROR", "text": "auth failed on module data"}, "login"),
        ({"protocol": "EAP", "code": "4"}, "not let in"),
        ({"protocol": "IPP", "code": "stopped", "kind": Kind.OTHER}, "cannot print it now: its state is stopped"),
    ],
)
def test_meanings(record: dict[str, Any], words: str) -> None:
    (finding,) = found("service_error", reply(**record))
    assert words in finding.title


def test_a_later_success_and_a_search_are_no_fault() -> None:
    good = reply("RTSP", frame=20, kind=Kind.QUERY, ok=True)
    (finding,) = found("service_error", reply("RTSP", "401", kind=Kind.QUERY), good)
    assert finding.severity is Severity.INFO
    servers = [reply("RPC", "not registered", 10 + 2 * n, kind=Kind.CALL) for n in range(4)]
    asked = [r._replace(server=Endpoint(f"10.0.0.{n}", 111)) for n, r in enumerate(servers)]
    assert found("service_error", *asked) == []
    assert len(found("service_error", *asked[:3])) == 3


def test_mqtt_logins_are_the_brokers_matter() -> None:
    assert found("service_error", reply("MQTT", "5")) == []
    assert found("broker_refused", reply("MQTT", "135", kind=Kind.QUERY)) == []


@pytest.mark.parametrize(
    ("capture", "rule", "words"),
    [
        ("rsync_unknown_module", "service_error", "Unknown module 'backup'"),
        ("grpc_unavailable", "http2_error", "answers the call /shop.Orders/Create of 10.20.1.10 with UNAVAILABLE"),
        ("smb_no_common_version", "smb_refused", "the two have no version of SMB in common"),
        ("http_preflight_refused", "http_preflight_refused", 'for /api/orders with "405 Not Allowed"'),
        ("http_websocket_refused", "http_websocket_refused", '"404 Not Found" in place of 101'),
        ("ssh_wrong_key", "ssh_login_refused", "was probably refused"),
        ("ftp_passive_blocked", "ftp_data_blocked", "the second connection, for the data (passive mode)"),
        ("radius_no_answer", "udp_unanswered", "10.20.2.20 never answers RADIUS"),
    ],
)
def test_recordings(capture: str, rule: str, words: str, analysis_of: AnalysisOf) -> None:
    (finding,) = (f for f in analysis_of(capture).findings if f.rule == rule)
    assert words in finding.title


@pytest.mark.parametrize("capture", ["ftp_anonymous_healthy", "ntp_time_healthy", "dns_and_http_healthy"])
def test_what_works_is_silent(capture: str, analysis_of: AnalysisOf) -> None:
    assert analysis_of(capture).findings == ()


def test_an_ssh_login_that_works_is_worth_knowing(analysis_of: AnalysisOf) -> None:
    (finding,) = analysis_of("ssh_login_healthy").findings
    assert (finding.rule, finding.severity) == ("ssh_login_accepted", Severity.INFO)
    assert not [f for f in analysis_of("ssh_wrong_key").findings if f.rule == finding.rule]
    outcome = next(o for o in analysis_of("ntp_time_healthy").outcomes if o.rule == finding.rule)
    assert outcome.status is RuleStatus.NOT_APPLICABLE


def http2(kind: int, stream: int, payload: bytes, flags: int = 0) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + struct.pack("!I", stream) + payload


PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + http2(4, 0, b"")
# HPACK (RFC 7541): ":method: GET", ":scheme: http", ":path: /" by index.
ASKED = http2(1, 1, b"\x82\x86\x84", 5)


@pytest.mark.parametrize(
    ("ending", "words"),
    [
        (http2(7, 0, struct.pack("!II", 1, 11) + b"too_many_pings"), "ENHANCE_YOUR_CALM"),
        (http2(7, 0, struct.pack("!II", 1, 0)), ""),
        (http2(3, 1, struct.pack("!I", 7)), "ends the request / of"),
        (http2(3, 1, struct.pack("!I", 8)), ""),
    ],
    ids=["GOAWAY", "a clean end", "RST_STREAM", "a cancelled request"],
)
@pytest.mark.parametrize("port", [8080, 50051], ids=["a port of HTTP", "another port"])
def test_http2(port: int, ending: bytes, words: str, tmp_path: Path, facts_of: FactsOf) -> None:
    capture = session(
        tmp_path / "c.pcap", port, (True, PREFACE), (False, http2(4, 0, b"")), (True, ASKED), (False, ending)
    )
    findings = found_in("http2_error", facts_of, capture)
    assert [words in finding.title for finding in findings] == ([True] if words else [])


@pytest.mark.parametrize(
    ("ending", "words"),
    [
        (http2(3, 1, struct.pack("!I", 11)), "breaks off its request / to"),
        (http2(7, 0, struct.pack("!II", 0, 2)), "breaks off its connection to"),
        (http2(3, 1, struct.pack("!I", 7)), ""),
    ],
    ids=["more than it takes", "it fails itself", "a consequence"],
)
def test_http2_that_the_client_ends(ending: bytes, words: str, tmp_path: Path, facts_of: FactsOf) -> None:
    capture = session(
        tmp_path / "c.pcap", 8080, (True, PREFACE), (False, http2(4, 0, b"")), (True, ASKED), (True, ending)
    )
    findings = found_in("http2_error", facts_of, capture)
    assert [words in finding.title for finding in findings] == ([True] if words else [])
    assert not any("the client asks too much" in finding.title for finding in findings)


def test_a_message_that_is_too_large_is_no_quota(tmp_path: Path, facts_of: FactsOf) -> None:
    told = b"\0\x0cgrpc-message\x29Received message larger than max (9 vs 4)"
    status = b"\0\x0bgrpc-status\x018" + told
    capture = session(
        tmp_path / "c.pcap", 8080, (True, PREFACE), (False, http2(4, 0, b"")), (True, ASKED),
        (False, http2(1, 1, b"\x88" + status, 5)),
    )  # fmt: skip
    (finding,) = found_in("http2_error", facts_of, capture)
    assert "the message is larger than the side that receives it allows" in finding.title


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "etcdserver: authentication failed, invalid user ID or password",
            "does not accept the user name and password",
        ),
        ("etcdserver: user name is empty", "without a user, and the service wants one"),
        ("name must not be empty", "what the caller sends is not valid"),
    ],
)
def test_what_grpc_calls_invalid_may_be_a_login(text: str, words: str) -> None:
    said = reply("gRPC", "3", kind=Kind.CALL, text=text)
    (finding,) = findings_of("http2_error", KnownFacts({http2_replies: (said,)}))
    assert words in finding.title


def rdp(kind: int, value: int) -> bytes:
    """Return X.224's connection confirm with RDP's answer to the negotiation (MS-RDPBCGR 2.2.1.2)."""
    return bytes.fromhex("030000130ed00000123400") + struct.pack("<BBHI", kind, 0, 8, value)


ASKS_RDP = bytes.fromhex("030000130ee00000000000") + struct.pack("<BBHI", 1, 0, 8, 3)


def test_rdp_clients_try_another_way(tmp_path: Path, facts_of: FactsOf) -> None:
    refused = session(tmp_path / "a.pcap", 3389, (True, ASKS_RDP), (False, rdp(3, 5)))
    (finding,) = found_in("service_error", facts_of, refused)
    assert "network level authentication" in finding.title
    assert finding.severity is Severity.HIGH
    wire = Wire()
    talk(wire, 3389, (True, ASKS_RDP), (False, rdp(3, 2)))
    talk(wire, 3389, (True, ASKS_RDP), (False, rdp(2, 0)), sport=40001)
    (finding,) = found_in("service_error", facts_of, wire.save(tmp_path / "b.pcap"))
    assert finding.severity is Severity.INFO


def rtsp(method: str, number: int, more: str = "") -> bytes:
    return f"{method} rtsp://192.0.2.80/cam RTSP/1.0\r\nCSeq: {number}\r\n{more}\r\n".encode()


def told(status: str, number: int) -> bytes:
    return f"RTSP/1.0 {status}\r\nCSeq: {number}\r\n\r\n".encode()


def test_an_rtsp_challenge_is_no_refusal(tmp_path: Path, facts_of: FactsOf) -> None:
    asked, signed = (True, rtsp("DESCRIBE", 1)), (True, rtsp("DESCRIBE", 2, "Authorization: Basic YTpi\r\n"))
    wants, done = (False, told("401 Unauthorized", 1)), (False, told("200 OK", 2))
    plays, busy = (True, rtsp("PLAY", 3)), (False, told("453 Not Enough Bandwidth", 3))
    ends = (True, rtsp("TEARDOWN", 4)), (False, told("200 OK", 4))
    wire = Wire()
    talk(wire, 554, asked, wants, signed, done, plays, (False, told("200 OK", 3)), sport=40000)
    talk(wire, 554, asked, wants, signed, (False, told("404 Not Found", 2)), server="198.51.100.1", sport=40001)
    talk(wire, 554, asked, wants, signed, (False, told("401 Unauthorized", 2)), server="198.51.100.2", sport=40002)
    talk(wire, 554, asked, wants, *ends, server="198.51.100.3", sport=40003)
    talk(wire, 554, asked, wants, signed, done, plays, busy, *ends, server="198.51.100.4", sport=40004)
    findings = found_in("service_error", facts_of, wire.save(tmp_path / "a.pcap"))
    said = {f.scope.addresses[1][-1]: f.title for f in findings if f.severity is not Severity.INFO}
    assert sorted(said) == ["1", "2", "3", "4"]
    assert "DESCRIBE with a login of rtsp://192.0.2.80/cam: it has nothing of that name" in said["1"]
    assert "it does not accept the user name and password" in said["2"]
    assert "DESCRIBE of rtsp://192.0.2.80/cam: it wants a login" in said["3"]
    assert 'PLAY of rtsp://192.0.2.80/cam: it is busy ("453 Not Enough Bandwidth")' in said["4"]
