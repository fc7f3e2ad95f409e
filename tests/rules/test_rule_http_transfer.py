"""Responses that are cut off, never come, or come late; the lab's cases are in test_rule_http_status."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from exchanges import exchange, found, health, late, unfinished
from factories import FIN, RST, SERVER, connection, findings_of, first_frame, pcap
from messages import get, response, talk

from explainer import registry
from explainer.facts import Facts
from explainer.model import Confidence, Finding, Severity, Side
from explainer.protocols.http import Exchange
from explainer.protocols.tcp import Endpoint

HERE, THERE = True, False
DISTURBED: list[dict[str, Any]] = [
    {"healths": [health(lost_segments=1)]},
    {"healths": [health(retransmissions=1)]},
    {"healths": [health(out_of_order=1)]},
    {"below": [connection(syn_ack_frame=None)]},
]


@pytest.fixture
def found_in(tmp_path: Path, facts_of: Callable[..., Facts]) -> Callable[..., list[str]]:
    """Return the rules that find something in a conversation, as tshark dissects it."""

    def rules(*said: tuple[bool, bytes | int]) -> list[str]:
        capture = pcap(tmp_path / "made.pcap", talk(*said))
        names = ("http_error", "http_error_in_text", "http_incomplete", "http_no_response", "http_slow")
        entries = [entry for name in names if (entry := registry.rules.get(name))]
        facts = facts_of(capture, *(need for entry in entries for need in entry.needs))
        return [f.rule for entry in entries for f in findings_of(entry.id, facts)]

    return rules


CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + b"a" * 80
CUT_IN_CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n50\r\n" + b"a" * 80 + b"\r\n"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([(THERE, CUT), (THERE, FIN)], ["http_incomplete"]),
        ([(THERE, CUT), (THERE, RST)], ["http_incomplete"]),
        ([(THERE, CUT), (HERE, FIN), (THERE, FIN)], []),
        ([(THERE, CUT)], []),
        ([(THERE, CUT_IN_CHUNKS), (THERE, FIN)], ["http_incomplete"]),
        ([(THERE, b"HTTP/1.0 200 OK\r\n\r\nabc"), (THERE, FIN)], []),
        ([(THERE, b"\x01\x02 no HTTP at all"), (THERE, FIN)], []),
        ([(THERE, b"<html>Bad request</html>\n"), (THERE, FIN)], []),
        ([(THERE, b"no HTTP, and no line's end"), (THERE, FIN)], []),
        ([(THERE, FIN)], ["http_no_response"]),
        ([(THERE, RST)], ["http_no_response"]),
        ([(HERE, FIN), (THERE, FIN)], []),
        ([(HERE, RST)], []),
        ([(THERE, response(200, "ok")), (THERE, FIN)], []),
        ([(THERE, response(200, "wrong password", "Content-Type: text/plain"))], ["http_error_in_text"]),
        ([(THERE, response(404, "", "Content-Type: text/plain"))], ["http_error"]),
    ],
)  # fmt: skip
def test_conversations(said: list[tuple[bool, bytes | int]], expected: list[str], found_in: Any) -> None:
    assert found_in((HERE, get("/")), *said) == expected


UPLOAD = b"POST /up HTTP/1.1\r\nHost: h\r\nContent-Length: 8\r\n\r\n"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([(HERE, UPLOAD), (THERE, response(413)), (HERE, b"aaaabbbb"), (THERE, FIN)], ["http_error"]),
        ([(THERE, response(408)), (HERE, UPLOAD + b"aaaabbbb"), (THERE, FIN)], ["http_no_response"]),
        ([(HERE, UPLOAD), (HERE, b"aaaabbbb"), (THERE, FIN)], ["http_no_response"]),
    ],
)
def test_an_upload_that_is_refused_while_it_is_being_sent_has_its_answer(
    said: list[tuple[bool, bytes | int]], expected: list[str], found_in: Any
) -> None:
    assert found_in(*said) == expected


def test_a_response_that_the_server_cuts_off_is_incomplete() -> None:
    (finding,) = found("http_incomplete", unfinished())
    assert (finding.severity, finding.side) == (Severity.HIGH, Side.SERVER)
    assert finding.measured == {"response_bytes": 600}
    assert finding.evidence.frames == (4, 6, 9)


@pytest.mark.parametrize(
    "overrides",
    [
        {"closed_frame": None}, {"closed_by_client": True}, {"response_bytes": 0}, {"version": "HTTP/2"},
        {"unreadable": True}, {"method": "HEAD"}, {"request_frame": None},
    ],
    ids=["the capture ends", "the client closed", "nothing came", "HTTP/2", "no HTTP", "HEAD", "no request"],
)  # fmt: skip
def test_another_end_is_not_incomplete(overrides: dict[str, Any]) -> None:
    assert found("http_incomplete", unfinished(**overrides)) == []


@pytest.mark.parametrize("rule", ["http_incomplete", "http_no_response", "http_slow"])
@pytest.mark.parametrize("disturbed", DISTURBED, ids=["lost", "sent again", "in disorder", "start not seen"])
def test_a_disturbed_connection_is_not_judged(rule: str, disturbed: dict[str, Any]) -> None:
    judged = {"http_incomplete": unfinished(), "http_no_response": silent(), "http_slow": late(2000)}[rule]
    assert len(found(rule, judged)) == 1
    assert found(rule, judged, **disturbed) == []


def test_less_than_headers_take_may_be_no_http() -> None:
    assert len(found("http_incomplete", unfinished(response_bytes=100))) == 1
    assert found("http_incomplete", unfinished(response_bytes=99)) == []


def test_where_packets_are_stored_cut_nothing_is_called_incomplete() -> None:
    assert len(found("http_incomplete", unfinished(), captured=60)) == 1
    assert found("http_incomplete", unfinished(), captured=59) == []


def silent(stream: int = 0, **overrides: Any) -> Exchange:
    """Return a request after which the server closes without a byte."""
    values: dict[str, Any] = {"response_bytes": 0, "first_byte_frame": None, "first_byte_ns": None}
    return unfinished(stream, **values | overrides)


def none_came(*exchanges: Exchange, **known: Any) -> list[Finding]:
    return found("http_no_response", *exchanges, **known)


@pytest.mark.parametrize(("reset", "word"), [(False, "closes"), (True, "resets")])
def test_a_request_after_which_the_server_ends_the_connection_has_no_response(reset: bool, word: str) -> None:
    (finding,) = none_came(silent(reset=reset))
    assert (finding.severity, finding.confidence) == (Severity.HIGH, Confidence.CERTAIN)
    assert f"www.example.org {word} the connection without any answer" in finding.title
    assert finding.evidence.frames == (4, 9)


def test_a_request_that_is_answered_later_is_small() -> None:
    assert [f.severity for f in none_came(silent(), exchange(1))] == [Severity.LOW]
    assert [f.severity for f in none_came(exchange(0), silent(1))] == [Severity.HIGH]
    assert [f.severity for f in none_came(silent(), exchange(1, path="/other"))] == [Severity.HIGH]


def test_a_connection_that_had_served_another_may_have_been_idle() -> None:
    (finding,) = none_came(exchange(path="/before", request_frame=2, response_frame=3), silent())
    assert (finding.severity, finding.confidence) == (Severity.LOW, Confidence.PROBABLE)
    assert finding.act.startswith("The client must ask again")
    assert "just when the next request is under way" in finding.title


@pytest.mark.parametrize(("method", "severity"), [("POST", Severity.MEDIUM), ("PUT", Severity.LOW)])
def test_what_no_program_repeats_by_itself_weighs_more(method: str, severity: Severity) -> None:
    before = exchange(path="/before", request_frame=2, response_frame=3)
    assert [f.severity for f in none_came(before, silent(method=method))] == [severity]


def test_where_nobody_was_answered_in_plain_http_it_may_be_https() -> None:
    (unknown,) = none_came(silent())
    assert unknown.side is Side.EITHER
    assert "https://" in unknown.act
    known = none_came(silent(), exchange(1, path="/other"))
    assert [(f.side, "https://" in f.act) for f in known] == [(Side.SERVER, False)]


def test_plain_http_on_a_port_of_tls_is_no_matter_of_http() -> None:
    def on(port: int, **overrides: Any) -> list[Finding]:
        return none_came(silent(server=Endpoint(SERVER, port), **overrides))

    assert on(443) == on(8443) == []
    assert len(on(8080)) == len(on(443, over_tls=True)) == 1


@pytest.mark.parametrize("side", ["client_ends", "server_ends", "client_resets", "server_resets"])
def test_a_request_on_a_connection_that_was_ending_is_not_judged(side: str) -> None:
    def ended_at(frame: int) -> list[Finding]:
        ends: dict[str, Any] = {side: (frame,)}
        return none_came(silent(), below=[connection(0, **ends)])

    assert ended_at(3) == []
    assert len(ended_at(5)) == 1


def test_a_request_on_a_connection_that_the_server_had_ended_is_lost() -> None:
    before = exchange(path="/before", request_frame=1, response_frame=2, first_byte_frame=2)
    asked = silent(method="POST", reset=True)

    def told(*exchanges: Exchange, **ends: Any) -> list[Finding]:
        return none_came(*exchanges, below=[connection(**{"server_ends": (3,)} | ends)])

    (finding,) = told(before, asked)
    assert (finding.severity, finding.confidence) == (Severity.MEDIUM, Confidence.PROBABLE)
    assert "it had ended the idle connection before that request came" in finding.title
    assert finding.evidence.frames == (3, 4, 9)
    assert told(asked) == []
    assert told(before, silent(method="POST")) == []
    assert told(before, asked, client_ends=(2,)) == []
    assert told(before, asked, server_resets=(3,)) == []


def test_a_server_behind_that_is_cut_off_first_is_named() -> None:
    cut = unfinished(0, closed_frame=first_frame(1) + 20)
    behind = unfinished(1, client=Endpoint(SERVER, 5000), server=Endpoint("198.51.100.9", 8080))
    titles = [f.title for f in found("http_incomplete", cut, behind)]
    assert titles[0].endswith("is complete, as 198.51.100.9:8080 behind it does first.")
    assert titles[1].endswith("is complete.")
    other = behind._replace(path="/other")
    assert found("http_incomplete", cut, other)[0].title.endswith("is complete.")
