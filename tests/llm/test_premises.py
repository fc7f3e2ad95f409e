"""What questions take for granted and captures do not hold: it is said, and hides no fault."""

import pytest
from brief.samples import DESTINATIONS, PORTS, RTT, analysis, finding, ran, stat

from explainer.brief import question
from explainer.llm import offline, premises
from explainer.model import Analysis, Cell, Scope, Severity

TLS = (
    "client", "server", "server_name", "outcome", "version", "warnings", "client_hello_frame", "server_hello_frame",
    "outcome_frame",
)  # fmt: skip
HTTP = ("method", "path", "host", "status", "client", "server", "request_frame", "response_frame")
FAULT = "tls_alert happened."
CONNECTION: tuple[Cell, ...] = (0, "10.0.0.1:4000", "10.0.0.2:443", 1, 2, 3, 0.1, 0.2)


def known(*, fault: bool = True, version: str = "TLS 1.2") -> Analysis:
    found = finding("tls_alert", scope=Scope(addresses=("10.0.0.2",), names=("shop.example",)))
    return analysis(
        ran(*([found] if fault else []), rule="tls_alert"),
        stats=[
            stat("destinations", DESTINATIONS, [("10.0.0.2", "TCP", 443, 9, 1.0), ("10.0.0.1", "TCP", 4000, 9, 1.0)]),
            stat("tls", TLS, [("10.0.0.1:4000", "10.0.0.2:443", "shop.example", "alert", version, None, 4, 5, 6)]),
            stat("rtt", RTT, [CONNECTION]),
            stat("http", HTTP, [("GET", "/", "shop.example", 200, "10.0.0.1:4001", "10.0.0.2:80", 8, 9)]),
        ],
    )


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("Our users complain.\nerror: upstream 198.51.100.7 failed", "Of 198.51.100.7 this capture holds nothing."),
        ("It fails:\nwww.other.com is down", "Of www.other.com this capture holds nothing."),
        ("It fails:\nshop.example and 10.0.0.2 are down", FAULT),
        ("It fails:\nc.e.app.Client says ERROR 503", FAULT),
        ("Why is TLS 1.3 failing?", "No server chose TLS 1.3 in this capture, only TLS 1.2."),
        ("Why is TLS 1.2 failing?", FAULT),
        ("Why is IPv6 broken?", "No packet is sent over IPv6 in this capture."),
        ("Why is IPv4 broken?", FAULT),
    ],
)
def test_the_fault_leads_and_what_is_absent_is_said(text: str, ends: str) -> None:
    verdict = offline.answer(known(), text).verdict
    assert verdict.startswith(FAULT)
    assert verdict.endswith(ends)


def test_a_host_that_is_asked_about_alone_must_be_there() -> None:
    verdict = offline.answer(known(), "Why can't 198.51.100.7 connect?").verdict
    assert verdict == "This capture cannot tell: it holds no packet of 198.51.100.7."


@pytest.mark.parametrize(("server", "stuck"), [("224.0.0.251", True), ("10.0.0.7", False)])
def test_who_gets_no_further_than_the_gateway_reads_that(server: str, stuck: bool) -> None:
    found = finding("address_arp_unanswered", severity=Severity.MEDIUM, scope=Scope(addresses=("10.0.0.1", "10.0.0.9")))
    known = analysis(
        ran(found, rule="address_arp_unanswered"),
        stats=[
            stat("spoken", ("client", "server"), [("10.0.0.1", server)]),
            stat("arp", ("asker", "target"), [("10.0.0.1", "10.0.0.9")]),
        ],
    )
    asked = question.parse("Why can't I reach 198.51.100.7?")
    assert (premises.kept(known, asked).addresses == frozenset()) is stuck
    assert premises.kept(known, question.parse("Who is 198.51.100.7?")).addresses


@pytest.mark.parametrize(
    "text",
    [
        "Which host is affected?", "Is the connection secure?", "Can the client connect to the server?",
        "page doesnt load", "How to resolve this?", "Status?", "What is in this capture and is anything broken?",
    ],
)  # fmt: skip
def test_what_asks_for_the_fault(text: str) -> None:
    assert offline.answer(known(), text).verdict.startswith(FAULT)


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("Can the client reach the server?", "Yes, 10.0.0.2 was reached: 1 connection was accepted."),
        ("Can 10.0.0.2 be reached?", "Yes, 10.0.0.2 was reached"),
        ("Why can't I reach the server?", "No fault was found: 10.0.0.2 was reached"),
        ("Can 10.0.0.1 reach the server?", "Yes, 10.0.0.2 was reached"),
        ("Can 10.0.0.1 reach 10.0.0.9?", "This capture cannot tell: it holds no packet of 10.0.0.9."),
        ("Can 10.0.0.1 be reached?", "No fault was found"),
        ("Is the server reachable on port 443?", "Yes, 10.0.0.2 was reached"),
        ("Does the client connect over IPv6?", "No fault was found"),
        ("Can the client connect to the database?", "No fault was found"),
        ("Which ports were reached?", "No fault was found in this capture"),
    ],
)
def test_who_was_reached(text: str, begins: str) -> None:
    assert offline.answer(known(fault=False), text).verdict.startswith(begins)


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("The login doesn't work", FAULT),
        ("Der Login geht nicht", FAULT),
        ("Does the login work?", "Yes: the FTP login"),
    ],
)
def test_who_says_that_a_login_does_not_work_wants_the_fault(text: str, begins: str) -> None:
    names = ("user", "protocol", "client", "server", "accepted", "user_frame", "secret_frame", "reply_frame")
    login: tuple[Cell, ...] = ("ada", "FTP", "10.0.0.1:4000", "10.0.0.2:21", True, 7, 8, 9)
    stats = [stat("accounts", names, [login])]
    assert offline.answer(analysis(ran(finding("tls_alert")), stats=stats), text).verdict.startswith(begins)


def test_a_port_that_nobody_answers_on_is_not_reachable() -> None:
    silent = finding("quic_unanswered", severity=Severity.MEDIUM, scope=Scope(ports=(443,)))
    stats = [stat("ports", PORTS, [("UDP", 443, "https", 1, 5, 6210, 3, "quic")])]
    verdict = offline.answer(analysis(ran(silent), stats=stats), "Is port 443 reachable?").verdict
    assert verdict == silent.title


def test_nobody_is_called_reached_beside_a_fault() -> None:
    small = finding("tls_alert", severity=Severity.LOW, scope=Scope(names=("shop.example",)))
    assert "was reached" not in offline.answer(analysis(ran(small)), "Can the client reach the server?").verdict
