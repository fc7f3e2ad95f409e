"""Servers that do not expect the PROXY header of a load balancer."""

from pathlib import Path

import pytest
from factories import CLIENT
from sessions import FactsOf, found_in
from talk import Talk, Wire

from explainer import registry
from explainer.model import Confidence, Severity, Side
from explainer.protocols.proxy_header import proxy_headers

RULE = "proxy_header_refused"
V1 = b"PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n"
V2 = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes((192, 0, 2, 1, 192, 0, 2, 2, 0xDC, 4, 1, 0xBB))
ASKED = b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
BAD = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
PAGE = b"<html><head><title>Error response</title></head><p>Error code: 400</html>"


def behind(wire: Wire, answer: bytes, *, header: bytes = V1, asked: bytes = ASKED, port: int = 8000) -> Wire:
    talk = Talk(wire, sport=40000 + len(wire.packets), dport=port).open().say(header).say(asked)
    (talk.answer(answer) if answer else talk).close(from_client=False).close(from_client=True)
    return wire


@pytest.mark.parametrize(
    ("header", "answer", "how"),
    [
        (V1, BAD, "answers with an error"),
        (V2, BAD, "answers with an error"),
        (V1, PAGE, "answers with an error"),
        (V1, b"500 5.5.1 Error: command not recognized\r\n", "answers with an error"),
        (V1, b"", "ends the connection without a word"),
        (V1, OK, ""),
    ],
)
def test_what_a_server_says_to_the_header(
    header: bytes, answer: bytes, how: str, tmp_path: Path, facts_of: FactsOf
) -> None:
    findings = found_in(RULE, facts_of, behind(Wire(), answer, header=header).save(tmp_path / "a.pcap"))
    assert len(findings) == bool(how)
    for finding in findings:
        assert f"{CLIENT} begins its connection to" in finding.title
        assert finding.title.endswith(f"which the server does not expect: it {how}.")
        told = (finding.severity, finding.confidence, finding.side)
        assert told == (Severity.HIGH, Confidence.PROBABLE, Side.EITHER)


@pytest.mark.parametrize("port", [8000, 80])
def test_a_server_that_knows_the_header_has_another_reason(port: int, tmp_path: Path, facts_of: FactsOf) -> None:
    wire = behind(behind(Wire(), BAD, port=port), OK, port=port)
    assert found_in(RULE, facts_of, wire.save(tmp_path / "a.pcap")) == []
    assert found_in("http_error", facts_of, tmp_path / "a.pcap") != []


def test_on_the_port_of_another_protocol(tmp_path: Path, facts_of: FactsOf) -> None:
    wire = behind(behind(Wire(), BAD, port=80), OK, header=ASKED, port=80)
    assert len(found_in(RULE, facts_of, wire.save(tmp_path / "a.pcap"))) == 1


def test_the_400_to_the_header_is_no_error_of_the_request(tmp_path: Path, facts_of: FactsOf) -> None:
    capture = behind(Wire(), BAD).save(tmp_path / "a.pcap")
    assert found_in("http_error", facts_of, capture) == []
    without = behind(Wire(), BAD, header=ASKED, asked=ASKED).save(tmp_path / "b.pcap")
    assert found_in("http_error", facts_of, without) != []
    entry = registry.rules.get(RULE)
    assert entry is not None
    assert facts_of(without, *entry.needs)[proxy_headers] == ()


@pytest.mark.parametrize(
    ("header", "port", "wait_s", "told"),
    [
        (V1, 3306, 3.1, [RULE]),
        (V1, 3306, 2.5, []),
        (V1, 8000, 3.1, []),
        (b"\4\0\0\1abcd", 3306, 3.1, ["tcp_no_answer"]),
    ],
    ids=["MySQL", "soon given up", "no length", "no header"],
)
def test_a_server_that_takes_the_header_for_a_length(
    header: bytes, port: int, wait_s: float, told: list[str], tmp_path: Path, facts_of: FactsOf
) -> None:
    wire = Wire()
    talk = Talk(wire, dport=port).open().say(header).answer(b"\x0a\0\0\0\x0a5.7.30\0\1\0\0\0")
    talk.say(bytes(range(180))).wait(wait_s).close(from_client=True).ack(from_client=False)
    capture = wire.save(tmp_path / "a.pcap")
    both = [f for rule in (RULE, "tcp_no_answer") for f in found_in(rule, facts_of, capture)]
    assert [f.rule for f in both] == told
    assert all("answers nothing for 3.1 s" in f.title for f in both if f.rule == RULE)
