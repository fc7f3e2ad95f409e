"""Questions about one host among others, about names, and about what TLS hides."""

from collections.abc import Callable

import pytest
from brief.samples import analysis, finding, ran, stat

from explainer import ask
from explainer.llm import offline
from explainer.model import Analysis, Cell, Finding, Scope, Severity

AnalysisOf = Callable[[str], Analysis]
HTTP = ("method", "path", "host", "status", "client", "server", "request_frame", "response_frame", "stream")
TLS = ("client", "server", "server_name", "outcome", "version", "warnings", "client_hello_frame", "server_hello_frame")
DNS = ("name", "server", "client", "rcode", "answers", "query_frame", "response_frame", "type", "interface")


def page(host: str, status: int | None, path: str = "/") -> tuple[Cell, ...]:
    return ("GET", path, host, status, "10.0.0.1:4000", "10.0.0.2:80", 3, 4, 0)


def handshake(name: str, outcome: str = "established") -> tuple[Cell, ...]:
    return ("10.0.0.1:4001", "10.0.0.2:443", name, outcome, "TLS 1.3", None, 5, 6)


@pytest.mark.parametrize("question", ["Does shop.example work?", "Why does shop.example fail?"])
def test_a_host_that_is_asked_about_is_not_told_by_anothers_fault(question: str) -> None:
    fault = finding("tls_alert", scope=Scope(names=("api.example",)))
    stats = [stat("http", HTTP, [page("shop.example:8080", 200)]), stat("tls", TLS, [handshake("shop.example")])]
    verdict = offline.answer(analysis(ran(fault), stats=stats), question).verdict
    assert verdict.startswith("No fault was found with shop.example: 1 HTTP request was answered without an error")
    assert "1 TLS handshake was completed" in verdict


@pytest.mark.parametrize(
    ("pages", "handshakes"),
    [
        ([page("shop.example", 404)], []),
        ([page("shop.example", 200), page("shop.example", None)], []),
        ([], [handshake("shop.example"), handshake("shop.example", "reset after ClientHello")]),
        ([page("other.example", 200)], [handshake("api.example")]),
    ],
)
def test_a_host_with_any_failure_is_not_called_well(
    pages: list[tuple[Cell, ...]], handshakes: list[tuple[Cell, ...]]
) -> None:
    known = analysis(ran(), stats=[stat("http", HTTP, pages), stat("tls", TLS, handshakes)])
    assert "No fault was found with" not in offline.answer(known, "Does shop.example work?").verdict


def test_what_browsers_ask_for_unbidden_is_no_page_that_is_missing() -> None:
    stats = [stat("http", HTTP, [page("a.example", 200), page("a.example", 404, "/favicon.ico")])]
    assert "GET / succeeded" in offline.answer(analysis(ran(), stats=stats), "Does the page load?").verdict


def test_names_are_resolved_whatever_was_tried_beside_them() -> None:
    rows: list[tuple[Cell, ...]] = [
        ("a.example.corp", "10.0.0.3:53", "10.0.0.1:5000", "NXDOMAIN", "", 1, 2, "A", ""),
        ("a.example", "10.0.0.3:53", "10.0.0.1:5000", "NOERROR", "10.0.0.2", 3, 4, "A", ""),
    ]
    stats, question = [stat("dns", DNS, rows)], "Does name resolution work?"
    verdict = offline.answer(analysis(ran(), stats=stats), question).verdict
    assert verdict.startswith("Yes, names are resolved: a.example got an answer")
    fault = finding("dns_nxdomain", severity=Severity.MEDIUM)
    assert "Yes" not in offline.answer(analysis(ran(fault), stats=stats), question).verdict


def test_who_asks_why_is_told_that_tls_may_hide_it(analysis_of: AnalysisOf) -> None:
    hidden = "What was said inside TLS is encrypted"
    assert hidden in ask(analysis_of("tls13_healthy"), "Why does the page not work?").verdict
    assert hidden not in ask(analysis_of("tls13_healthy"), "Is something wrong?").verdict
    assert hidden not in ask(analysis_of("dns_and_http_healthy"), "Why does the page not work?").verdict


def test_what_happened_is_what_failed_where_something_did(analysis_of: AnalysisOf) -> None:
    assert "before its answer" in ask(analysis_of("http_cut_response"), "What happened?").verdict
    assert "talks to" in ask(analysis_of("dns_and_http_healthy"), "What happened?").verdict


def test_a_part_of_an_address_is_no_status_code() -> None:
    fault = finding("tcp_syn_unanswered", scope=Scope(addresses=("192.0.2.177",)))
    known = analysis(ran(fault), stats=[stat("http", HTTP, [page("a.example", 200)])])
    for question in ("Why can 192.0.2.177 not open the site?", "Why is it that 192.0.2.177 answers nothing?"):
        assert offline.answer(known, question).verdict == fault.title


def test_a_missing_page_makes_nothing_slow(analysis_of: AnalysisOf) -> None:
    assert ask(analysis_of("http_404"), "Is the network slow?").verdict.startswith("No, it is not slow")
    assert "404" in ask(analysis_of("http_404"), "Why does the page not open?").verdict


def test_who_asks_whether_it_works_now_is_told_how_it_ended() -> None:
    asked = "Does the page load now?"
    stats = [stat("http", HTTP, [page("a.example", 200)])]
    over = finding("tcp_refused", severity=Severity.LOW)
    assert "GET / succeeded" in offline.answer(analysis(ran(over), stats=stats), asked).verdict
    lasting = finding("tcp_refused")
    assert offline.answer(analysis(ran(lasting), stats=stats), asked).verdict == lasting.title


@pytest.mark.parametrize(
    ("capture", "words"),
    [
        ("tls12_healthy", "No fault was found with the certificate CN=payroll.example of "),
        ("tls13_healthy", "TLS 1.3 encrypts the certificates, so they cannot be read here"),
        ("tls12_expired", "expired 12 days before this capture"),
    ],
)
def test_whether_a_certificate_is_in_order(capture: str, words: str, analysis_of: AnalysisOf) -> None:
    answer = ask(analysis_of(capture), "Is the certificate in order?")
    assert words in answer.verdict
    assert answer.claims[0].frames


@pytest.mark.parametrize(
    ("question", "well"),
    [
        ("Is intranet ok?", True),
        ("Why is the intranet down?", True),
        ("Does our intranet work?", True),
        ("What is wrong with the intranet?", True),
        ("Is the api down?", False),
        ("Is the network ok?", False),
        ("Is something wrong?", False),
    ],
)
def test_a_site_that_is_called_by_the_first_part_of_its_name(question: str, well: bool) -> None:
    fault = finding("http_error", scope=Scope(names=("api.example",)))
    stats = [stat("http", HTTP, [page("intranet.corp.example", 200), page("api.example", 503)])]
    verdict = offline.answer(analysis(ran(fault), stats=stats), question).verdict
    assert verdict.startswith("No fault was found with intranet.corp.example") is well
    nobodys = finding("http_error", scope=Scope())
    verdict = offline.answer(analysis(ran(nobodys), stats=stats), question).verdict
    assert not verdict.startswith("No fault was found with")


def test_a_name_that_could_do_without_its_answer_did_not_keep_a_mail() -> None:
    answers = ("protocol", "kind", "request", "about", "code", "ok", "client", "server", "count", "frame")
    fault = finding("dns_refused", severity=Severity.LOW)
    known = analysis(ran(fault), stats=[stat("answers", answers, [])])
    assert "dns_refused" in offline.answer(known, "Was the mail delivered?").verdict


RTT = ("stream", "client", "server", "syn_frame", "syn_ack_frame", "syn_ack_rtt_ms")
OPENED = (0, "10.0.0.1:4000", "10.0.0.2:80", 1, 2, 0.1)
OTHER_PORT = finding("tcp_refused", scope=Scope(addresses=("10.0.0.2",), ports=(8080,)))


@pytest.mark.parametrize("question", ["Is port 80 okay?", "Is 10.0.0.2:80 fine?", "Does port 80 work?"])
@pytest.mark.parametrize("status", [200, None])
def test_a_port_is_not_told_by_the_fault_of_another(question: str, status: int | None) -> None:
    pages = [page("shop.example", 200), page("shop.example", status)]
    known = analysis(ran(OTHER_PORT), stats=[stat("http", HTTP, pages), stat("rtt", RTT, [OPENED])])
    answer = offline.answer(known, question)
    assert answer.verdict.startswith("No fault was found with 10.0.0.2:80: 1 connection was accepted")
    assert ("1 of 2 HTTP requests" in answer.verdict) is (status is None)
    assert answer.also


@pytest.mark.parametrize(
    ("question", "found", "status"),
    [
        ("Is port 80 okay?", finding("http_slow", scope=Scope(ports=(80,))), 200),
        ("Is port 80 okay?", finding("dns_unanswered", scope=Scope()), 200),
        ("Is port 80 okay?", OTHER_PORT, 404),
        ("Is port 443 okay?", OTHER_PORT, 200),
        ("Is port 80 of 10.0.0.3 okay?", OTHER_PORT, 200),
        ("Why can nobody reach port 80?", OTHER_PORT, 200),
    ],
)
def test_a_port_that_may_have_a_fault_is_not_called_well(question: str, found: Finding, status: int) -> None:
    stats = [stat("http", HTTP, [page("shop.example", status)]), stat("rtt", RTT, [OPENED])]
    assert "No fault was found with" not in offline.answer(analysis(ran(found), stats=stats), question).verdict
