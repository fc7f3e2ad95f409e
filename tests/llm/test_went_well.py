"""Why something fails that did not fail here: what was answered of it, or that the capture does not hold it."""

import pytest
from brief.samples import analysis, finding, ran, stat

from explainer.brief.question import parse
from explainer.llm import call_lookup, offline
from explainer.model import Cell, Scope, Severity, Stat
from llm.test_outcomes import ANSWERS, PORTS
from llm.test_told import HTTP, TIMING, timing

TLS = (
    "client", "server", "server_name", "version", "outcome", "warnings", "client_hello_frame", "server_hello_frame",
)  # fmt: skip
CLOSINGS = ("client", "server", "ended_by", "how", "frame", "lasted_s", "client_bytes", "server_bytes", "reset_by")
HEALTH = ("segments", "retransmissions", "lost_segments", "client", "server", "client_mss", "server_mss", "stream")
DNS = ("name", "type", "query_frame", "response_frame", "rcode", "answers")
SPOKEN = ("protocols", "client", "server", "transport", "port", "packets", "first_frame")
CLIENT, SERVER = "10.0.0.9:40000", "10.0.0.1:80"
WEB = stat("http", HTTP, [("GET", "/file", 200, 4, 9, "www.example.org", CLIENT, SERVER)])
HANDSHAKE = stat("tls", TLS, [(CLIENT, "10.0.0.1:443", "www.example.org", "TLS 1.3", "established", None, 4, 5)])
LOGIN = stat(
    "answers", ANSWERS, [("PostgreSQL", "login", CLIENT, "10.0.0.1:5432", "login", "anna", "", "", True, 3, 4)]
)
CLOSED = (CLIENT, SERVER, "server", "FIN", 12, 3.0, 5, 6, None)


def verdict(question: str, *stats: Stat) -> str:
    return offline.answer(analysis(ran(), stats=stats), question).verdict


@pytest.mark.parametrize(
    ("question", "stats", "words"),
    [
        ("Why is my site down?", (WEB,), "failure. GET /file succeeded: it was answered with HTTP 200."),
        ("Why do users get errors?", (WEB,), "failure. GET /file succeeded"),
        ("Is the database down?", (LOGIN,), "accepts login anna."),
        ("Is the server resetting connections?", (stat("closings", CLOSINGS, [CLOSED]),), "No reset (RST) is seen: 1"),
    ],
)
def test_what_was_answered_is_told_where_nothing_failed(question: str, stats: tuple[Stat, ...], words: str) -> None:
    assert words in verdict(question, *stats)
    assert words not in verdict("Why does 10.0.0.7 fail?", *stats)


@pytest.mark.parametrize("row", [(*CLOSED[:3], "RST", *CLOSED[4:]), (*CLOSED[:8], "client")])
def test_a_reset_is_not_denied(row: tuple[Cell, ...]) -> None:
    assert "No reset" not in verdict("Is the server resetting connections?", stat("closings", CLOSINGS, [row]))


def test_what_tells_nothing_of_the_kind_is_something_else() -> None:
    note = finding("some_rule", severity=Severity.LOW)
    refused = finding("database_refused", scope=Scope(), severity=Severity.MEDIUM).model_copy(
        update={"title": "The database 10.0.0.1 (PostgreSQL) refuses a statement of 10.0.0.9: a key exists."}
    )
    known = analysis(ran(refused, note), stats=[LOGIN])
    answer = offline.answer(known, "Why does the application not connect to the database?")
    assert "some_rule happened" in answer.verdict
    alone = offline.answer(
        analysis(ran(refused), stats=[LOGIN]), "Why can the application not connect to the database?"
    )
    assert alone.verdict.startswith("No failure of that kind was found; something else was (below). PostgreSQL: ")
    assert "refuses a statement" in offline.answer(known, "Why does the order fail?").verdict


@pytest.mark.parametrize(
    ("question", "transport", "words"),
    [
        ("Why is the web site slow?", "UDP", "it holds no connection to a web server"),
        ("Why is the web site slow?", "TCP", "No fault was found"),
        ("Why does the site's name not resolve?", "UDP", "No fault was found"),
        ("Why is there no audio?", "UDP", "it holds no voice packets (RTP)"),
    ],
)
def test_what_the_capture_does_not_hold(question: str, transport: str, words: str) -> None:
    ports = stat("ports", PORTS, [(transport, 53, "dns", "dns", 1, 2, 200, 1)])
    empty = [stat("rtp", ("source",), []), stat("quic", ("outcome",), [])]
    assert words in verdict(question, ports, *empty)


def test_a_request_that_waits_at_the_end_is_not_called_quick() -> None:
    row = (*timing(1.0, 2.0, 1.0), 17)
    timed = stat("timing", (*TIMING, "waiting_frame"), [row])  # type: ignore[list-item]  # cells of all kinds
    assert verdict("Why is the query slow?", timed).startswith("This capture cannot tell: what 10.0.0.9:40000 sent")
    hidden = stat("tls", TLS, [(CLIENT, SERVER, "", "TLS 1.3", "established", None, 4, 5)])
    assert verdict("Why is the query slow?", timed, hidden).startswith("No, it is not slow")


def test_losses_of_which_half_is_recorded() -> None:
    known = stat("tcp_health", HEALTH, [(55, 0, 0, CLIENT, SERVER, 1460, 1460, 0)])
    half = finding("capture_one_direction", severity=Severity.LOW)
    told = offline.answer(analysis(ran(half), stats=[known]), "Is there packet loss?").verdict
    assert told.startswith("This capture cannot tell what was lost: one direction is not in it; of the 55 TCP segments")
    asked = stat("dns", DNS, [("www.example.org", "A", 1, 2, 0, "10.0.0.1")])
    assert verdict("Is there packet loss?", asked).startswith("No packet loss is seen: 1 DNS question was asked")
    lost = stat("dns", DNS, [("www.example.org", "A", 1, None, None, "")])
    assert "No packet loss" not in verdict("Is there packet loss?", lost)


def test_packets_that_the_recording_host_joins_are_large() -> None:
    known = stat("tcp_health", HEALTH, [(55, 0, 0, CLIENT, SERVER, 1460, 1460, 0)])
    joined = ran(finding("capture_offloading", severity=Severity.INFO))
    question = "Why are the packets so large?"
    assert offline.answer(analysis(joined, stats=[known]), question).verdict == "capture_offloading happened."


def test_an_account_that_is_let_in_is_not_shut_out_by_a_page() -> None:
    columns = ("protocol", "client", "server", "user", "accepted", "user_frame", "secret_frame", "reply_frame")
    used = stat("accounts", columns, [("HTTP", CLIENT, SERVER, "anna", True, 1, 1, 2)])
    for status, about in ((405, "the login is accepted"), (403, "http_error happened")):
        error = finding("http_error", scope=Scope()).model_copy(update={"measured": {"status": status}})
        answer = offline.answer(analysis(ran(error), stats=[used]), "Why can anna not log in?")
        assert about in answer.verdict


@pytest.mark.parametrize(("closed", "told"), [([], True), ([CLOSED], False)])
def test_a_page_whose_answer_is_not_whole(closed: list[tuple[Cell, ...]], told: bool) -> None:
    asked = stat("http", HTTP, [("GET", "/file", None, 4, None, "www.example.org", CLIENT, SERVER)])
    ends = stat("closings", CLOSINGS, closed)
    assert ("1 HTTP request is not finished" in verdict("Why does the server not answer?", asked, ends)) is told


def test_a_tunnel_that_carries_both_ways() -> None:
    columns = (*SPOKEN, "servers", "conversations")
    spoken = stat("spoken", columns, [("WireGuard (VPN)", "10.0.0.9", "10.0.0.1", "UDP", 51820, 9, 1, 1, 1)])
    talks = ("a", "a_port", "b", "b_port", "packets_a_b", "packets_b_a")
    both = stat("conversations_udp", talks, [("10.0.0.9", 51820, "10.0.0.1", 51820, 5, 4)])
    assert "9 packets, 5 there and 4 back." in verdict("Does the VPN work?", spoken, both)


def test_who_called_where_nobody_called() -> None:
    (none,) = call_lookup.calls(analysis(ran()), parse("Who called whom?"))
    assert none.text.startswith("This capture cannot tell")
