"""HTTP errors: what each means, who made it, when it is silent; errors in the text of a good status."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from exchanges import exchange, found
from factories import SERVER, connection, matching

from explainer.model import Analysis, Confidence, RuleStatus, Severity, Side
from explainer.protocols.http import Exchange
from explainer.protocols.http_challenges import challenge
from explainer.protocols.tcp import Endpoint

AnalysisOf = Callable[[str], Analysis]
LAB = {
    "http_404": ("http_error", "http.response.code == 404"),
    "http_500": ("http_error", "http.response.code == 500"),
    "http_502_from_proxy": ("http_error", "http.response.code == 502"),
    "http_redirect_loop": ("http_redirect_loop", "http.response.code == 302"),
    "http_cut_response": ("http_incomplete", "tcp.flags.fin == 1 && tcp.srcport == 80"),
    "http_no_response": ("http_no_response", "tcp.flags.fin == 1 && tcp.srcport == 80"),
    "http_slow_server": ("http_slow", "http.request"),
    "http_error_in_text": ("http_error_in_text", "json"),
}
RULES = sorted({rule for rule, _ in LAB.values()})


@pytest.mark.parametrize("name", LAB)
def test_the_lab_case_is_found_in_the_frames_that_its_filter_finds(
    name: str, captures: Path, analysis_of: AnalysisOf
) -> None:
    rule, decisive = LAB[name]
    (finding,) = (f for f in analysis_of(name).findings if f.rule.startswith("http_"))
    capture = captures / f"{name}.pcapng"
    assert finding.rule == rule
    assert finding.scope.names
    assert set(finding.evidence.frames) <= matching(capture, finding.evidence.display_filter)
    assert set(finding.evidence.frames) & matching(capture, decisive)


@pytest.mark.parametrize(
    "name", ["http_download_healthy", "dns_and_http_healthy", "http_secrets_healthy", "http_sign_in_healthy"]
)
def test_a_healthy_capture_is_silent(name: str, analysis_of: AnalysisOf) -> None:
    analysis = analysis_of(name)
    assert [f.id for f in analysis.findings if f.rule.startswith("http_")] == []
    assert {o.status for o in analysis.outcomes if o.rule in RULES} == {RuleStatus.RAN}


@pytest.mark.parametrize("rule", RULES)
def test_no_rule_applies_without_http(rule: str, analysis_of: AnalysisOf) -> None:
    statuses = {o.rule: o.status for o in analysis_of("tls12_healthy").outcomes}
    assert statuses[rule] is RuleStatus.NOT_APPLICABLE


def severities(*exchanges: Exchange) -> list[Severity]:
    return [f.severity for f in found("http_error", *exchanges)]


@pytest.mark.parametrize(
    ("status", "expected"),
    [(399, []), (400, [Severity.MEDIUM]), (499, [Severity.MEDIUM]), (500, [Severity.HIGH]), (600, [])],
)
def test_errors_are_400_to_599(status: int, expected: list[Severity]) -> None:
    assert severities(exchange(0), exchange(1, status=status, path="/other")) == expected


def test_a_client_that_gets_nothing_but_errors_has_a_worse_problem() -> None:
    assert severities(exchange(0, status=404)) == [Severity.HIGH]
    assert severities(exchange(0, status=404), exchange(1, path="/other", host="other.example")) == [Severity.HIGH]


def test_errors_of_one_status_are_one_finding_and_list_their_first_paths() -> None:
    (finding,) = found("http_error", *(exchange(n, status=404, reason="Not Found", path=f"/{n}") for n in range(5)))
    assert finding.title == (
        'The web server www.example.org answers the requests for /0, /1, /2 and 2 more with "404 Not Found": '
        "it has no such page."
    )
    assert finding.measured == {"status": 404, "requests": 5}


@pytest.mark.parametrize(
    ("statuses", "severity", "words"),
    [
        ((200, 502, 200, 502, 200), Severity.MEDIUM, ", 2 times; others, before and after, were served"),
        ((200, 502, 200), Severity.LOW, ", once; others, before and after, were served"),
        ((502, 502, 200), Severity.LOW, ", at first; a later request was served"),
        ((200, 404, 200, 404, 200), Severity.LOW, ", 2 times; others"),
    ],
)
def test_an_error_now_and_then(statuses: tuple[int, ...], severity: Severity, words: str) -> None:
    (finding,) = found("http_error", *(exchange(n, status=status) for n, status in enumerate(statuses)))
    assert finding.severity is severity
    assert words in finding.title


def test_an_error_that_a_later_request_overcomes_is_small() -> None:
    assert severities(exchange(0, status=503), exchange(1)) == [Severity.LOW]
    assert severities(exchange(0), exchange(1, status=503)) == [Severity.HIGH]
    assert severities(exchange(0, status=503), exchange(1, method="HEAD")) == [Severity.HIGH]
    assert severities(exchange(0, status=503), exchange(1, path="/other")) == [Severity.HIGH]


@pytest.mark.parametrize(
    ("paths", "fires"),
    [
        (("/healthz", "/healthz"), True),
        (("/actuator/health/readiness", "/app/health-check?full=1"), True),
        (("/healthz",), False),
        (("/healthz", "/orders"), False),
        (("/healthcare", "/healthcare"), False),
    ],
)
def test_the_page_of_a_health_check(paths: tuple[str, ...], fires: bool) -> None:
    (finding,) = found("http_error", *(exchange(n, status=404, path=path) for n, path in enumerate(paths)))
    assert ("sends this server nobody while it fails" in finding.title) is fires
    assert ("health_check" in finding.measured) is fires


@pytest.mark.parametrize("status", [425, 429])
def test_a_client_that_is_asked_to_come_back_and_does_so_is_at_no_fault(status: int) -> None:
    assert severities(exchange(0, status=status), exchange(1)) == [Severity.INFO]
    assert severities(exchange(0, status=status), exchange(1, path="/other")) == [Severity.MEDIUM]


@pytest.mark.parametrize("status", [401, 407])
def test_a_challenge_that_the_client_meets_is_no_error(status: int) -> None:
    challenges = exchange(0, status=status), exchange(1, status=status)
    assert found("http_error", *challenges, exchange(2)) == []
    assert len(found("http_error", *challenges)) == 1
    assert len(found("http_error", exchange(0), exchange(1, status=status))) == 1
    assert len(found("http_error", *challenges, exchange(2, path="/other"))) == 1


@pytest.mark.parametrize(
    ("challenge", "path", "credentials", "findings"),
    [
        ("Bearer", "/v2/app/manifests/1", True, 1),
        ("Bearer", "/v2/app/manifests/1", False, 2),
        ("Bearer", "/v3/app", True, 2),
        ("Basic", "/v2/app/manifests/1", True, 2),
    ],
)
def test_a_question_for_the_token_of_a_registry_is_no_error(
    challenge: str, path: str, credentials: bool, findings: int
) -> None:
    asked = exchange(0, status=401, path="/v2/", challenge=challenge)
    missing = exchange(1, status=404, path=path, credentials=credentials, error_name="MANIFEST_UNKNOWN")
    assert len(found("http_error", asked, missing)) == findings


def test_a_question_for_a_token_that_comes_later_is_one() -> None:
    asked = exchange(1, status=401, path="/v2/", challenge="Bearer")
    assert len(found("http_error", exchange(0, status=404, path="/v2/app", credentials=True), asked)) == 2


def test_a_step_of_a_sign_in_is_no_error_of_its_own_where_it_ends_in_a_refusal() -> None:
    step = exchange(0, status=401, credentials=True, challenge="NTLM …")
    refused = exchange(1, status=401, credentials=True, challenge="NTLM")
    (finding,) = found("http_error", step, refused)
    assert step.response_frame not in finding.evidence.frames
    assert "does not accept the credentials" in finding.title
    assert len(found("http_error", step)) == 1


def test_a_challenge_whose_end_is_not_in_the_capture_is_no_error() -> None:
    assert found("http_error", exchange(0, status=401), exchange(1, status=None, response_frame=None)) == []


@pytest.mark.parametrize(
    ("offered", "fires"),
    [("Negotiate", True), ("Negotiate, NTLM", True), ("Negotiate, Basic", False), ("Bearer", False), ("", False)],
)
def test_a_sign_in_that_the_server_does_not_offer(offered: str, *, fires: bool) -> None:
    refused = exchange(status=401, credentials=True, scheme="basic", challenge=offered)
    (finding,) = found("http_error", refused)
    assert ("and the client sent Basic" in finding.title) is fires


@pytest.mark.parametrize(
    ("lines", "schemes"),
    [
        (["Negotiate", 'Basic realm="a, Digest b"'], "Negotiate, Basic"),
        (['Negotiate, Basic realm="x"'], "Negotiate, Basic"),
        (['Digest realm="x", qop="auth", basic="no"'], "Digest"),
    ],
    ids=["two lines", "one line", "parameters"],
)
def test_every_scheme_of_a_challenge_is_read(lines: list[str], schemes: str) -> None:
    assert challenge({"www-authenticate": lines}) == schemes


@pytest.mark.parametrize(
    ("said", "side", "words"),
    [
        ({"error_name": "JSON-RPC: Method not found", "complaint": "error"}, Side.EITHER, "no method of that name"),
        ({"complaint": "status: red"}, Side.SERVER, "a part of the cluster's data (a primary shard) cannot be reached"),
        ({"complaint": "SOAP Fault (Client)"}, Side.CLIENT, 'its text says "SOAP Fault (Client)".'),
        ({"complaint": "SOAP Fault"}, Side.EITHER, 'its text says "SOAP Fault".'),
    ],
)
def test_what_a_good_answer_says_is_wrong_has_a_meaning(said: dict[str, Any], side: Side, words: str) -> None:
    (finding,) = found("http_error_in_text", exchange(**said))
    assert words in finding.title
    assert finding.side is side


def test_a_soap_fault_of_the_sender_is_the_clients() -> None:
    (senders,) = found("http_error", exchange(status=500, complaint="SOAP Fault (Client)"))
    (servers,) = found("http_error", exchange(status=500, complaint="SOAP Fault"))
    assert (senders.side, servers.side) == (Side.CLIENT, Side.SERVER)


@pytest.mark.parametrize(
    ("credentials", "challenge", "version", "words"),
    [
        (False, "Basic", "HTTP/1.1", "it sent no credentials"),
        (True, "Basic", "HTTP/1.1", "were refused"),
        (True, "NTLM …", "HTTP/1.1", "must sign in."),
        (True, "NTLM", "HTTP/1.1", "were refused"),
        (True, "Negotiate …, NTLM", "HTTP/1.1", "must sign in."),
        (False, "Negotiate", "HTTP/1.1", "Kerberos ticket"),
        (False, "Basic", "HTTP/2", "must sign in."),
    ],
)
def test_the_client_is_told_whether_it_sent_credentials(
    credentials: bool, challenge: str, version: str, words: str
) -> None:
    (finding,) = found(
        "http_error", exchange(status=401, credentials=credentials, challenge=challenge, version=version)
    )
    assert finding.side is Side.CLIENT
    assert words in finding.act


@pytest.mark.parametrize(
    ("overrides", "side", "words"),
    [
        ({"status": 403, "error_name": "RequestTimeTooSkewed"}, Side.CLIENT, "clock differs"),
        ({"status": 301, "error_name": "PermanentRedirect"}, Side.CLIENT, "another region"),
        ({"status": 403, "error_name": "cluster_block_exception"}, Side.SERVER, "is blocked"),
        ({"status": 401, "error_name": "invalid_client"}, Side.CLIENT, "client id and secret"),
        ({"status": 500, "error_name": "too many connections"}, Side.SERVER, "no connection to something it needs"),
        ({"status": 429, "error_name": "too many connections"}, Side.CLIENT, "asks too often"),
        (
            {"status": 401, "server": Endpoint("169.254.169.254", 80), "path": "/latest/meta-data/"},
            Side.CLIENT,
            "IMDSv2",
        ),
        ({"status": 401, "path": "/latest/meta-data/"}, Side.CLIENT, "has not signed in"),
    ],
)
def test_what_the_text_calls_the_error_tells_more(overrides: dict[str, Any], side: Side, words: str) -> None:
    (finding,) = found("http_error", exchange(**overrides))
    assert finding.side is side
    assert words in finding.title


@pytest.mark.parametrize(
    ("method", "status", "later", "expected"),
    [
        ("HEAD", 404, "PUT", Severity.INFO),
        ("GET", 404, "PUT", Severity.MEDIUM),
        ("HEAD", 500, "PUT", Severity.HIGH),
        ("HEAD", 404, "", Severity.HIGH),
    ],
    ids=["asks and makes it", "wants it", "a failure", "asks alone"],
)
def test_who_asks_whether_a_page_is_there_may_make_it(method: str, status: int, later: str, expected: Severity) -> None:
    made = [exchange(1, method=later)] if later else []
    assert severities(exchange(0, method=method, status=status), *made) == [expected]


@pytest.mark.parametrize(("first", "expected"), [("DELETE", Severity.INFO), ("GET", Severity.MEDIUM)])
def test_what_the_client_deleted_is_gone(first: str, expected: Severity) -> None:
    assert severities(exchange(0, method=first), exchange(1, status=404, method="HEAD")) == [expected]


@pytest.mark.parametrize(
    ("path", "read", "expected"),
    [
        ("/debian/dists/stable/InRelease", "/debian/dists/stable/Release", Severity.INFO),
        ("/debian/dists/stable/Release.gpg", "/debian/dists/stable/Release", Severity.INFO),
        ("/debian/dists/stable/InRelease", "/debian/dists/old/Release", Severity.MEDIUM),
        ("/debian/dists/stable/Packages", "/debian/dists/stable/Release", Severity.MEDIUM),
    ],
)
def test_apt_does_without_signed_lists(path: str, read: str, expected: Severity) -> None:
    assert severities(exchange(0, path=path, status=404), exchange(1, path=read)) == [expected]


def test_a_device_that_waits_to_be_allowed_is_at_no_fault() -> None:
    waits = exchange(0, status=400, error_name="authorization_pending", method="POST")
    assert severities(waits, exchange(1, method="POST")) == [Severity.INFO]
    assert severities(waits) == [Severity.HIGH]


def test_errors_of_two_names_are_two_findings() -> None:
    names = ("SlowDown", "NoSuchKey", "SlowDown")
    every = [exchange(n, status=503, error_name=name, path=f"/{n}") for n, name in enumerate(names)]
    assert [f.measured["requests"] for f in found("http_error", *every)] == [2, 1]


def test_of_refused_credentials_the_demand_for_them_is_no_part() -> None:
    demand = exchange(0, status=401, challenge="Digest")
    (finding,) = found("http_error", demand, exchange(1, status=401, credentials=True, challenge="Digest"))
    assert "were refused" in finding.act
    assert finding.measured["requests"] == 1


@pytest.mark.parametrize(
    ("method", "path", "words"),
    [
        ("POST", "/api/login", "does not accept the sign-in"),
        ("GET", "/api/login", "does not know who asks"),
        ("POST", "/orders", "does not know who asks"),
    ],
)
def test_an_application_that_challenges_nobody_takes_credentials_elsewhere(method: str, path: str, words: str) -> None:
    (finding,) = found("http_error", exchange(status=401, method=method, path=path))
    assert words in finding.title


def test_an_idle_timeout_is_no_error() -> None:
    assert found("http_error", exchange(status=408, request_frame=None)) == []
    assert len(found("http_error", exchange(status=408))) == 1


@pytest.mark.parametrize("began", [True, False])
def test_a_request_that_never_was_whole_is_an_error(began: bool) -> None:
    late = exchange(status=408, request_frame=None)
    below = connection(0, client_payload=25 if began else 0)
    assert len(found("http_error", late, below=[below])) == began
    # What was asked before on the same connection was answered: that it is idle now is nobody's fault.
    assert found("http_error", exchange(), late, below=[below]) == []


@pytest.mark.parametrize(
    ("path", "status", "expected"),
    [
        ("/favicon.ico", 404, Severity.INFO), ("/robots.txt", 410, Severity.INFO), ("/favicon.ico", 500, Severity.HIGH),
        ("/x/favicon.ico", 404, Severity.MEDIUM),
    ],
)  # fmt: skip
def test_what_nobody_asked_for_is_for_information(path: str, status: int, expected: Severity) -> None:
    assert severities(exchange(0, path=path, status=status), exchange(1)) == [expected]


@pytest.mark.parametrize(
    ("overrides", "who"),
    [
        ({"status": 502}, "The gateway (proxy) for www.example.org"),
        ({"status": 504}, "The gateway (proxy) for www.example.org"),
        ({"status": 503}, "The web server www.example.org"),
        ({"status": 407}, f"The proxy {SERVER}"),
        ({"status": 403, "method": "CONNECT"}, f"The proxy {SERVER}"),
        ({"status": 500, "method": "CONNECT"}, f"The proxy {SERVER}"),
        ({"status": 405, "method": "CONNECT"}, f"The server {SERVER}"),
        ({"status": 502, "to_proxy": True}, f"The proxy {SERVER}"),
        ({"status": 404, "to_proxy": True}, f"The proxy {SERVER}, asked for www.example.org,"),
        ({"status": 403, "software": "squid/6.1"}, f"The proxy {SERVER}"),
        ({"status": 403, "proxies": ("x-squid-error: ERR_ACCESS_DENIED 0",)}, f"The proxy {SERVER}"),
        ({"status": 403, "software": "nginx", "host": ""}, f"The web server {SERVER}"),
    ],
)
def test_who_made_the_answer_is_named(overrides: dict[str, Any], who: str) -> None:
    (finding,) = found("http_error", exchange(**overrides))
    assert finding.title.startswith(f"{who} answers ")


def test_the_doubt_about_a_proxy_is_told() -> None:
    (passed_on,) = found("http_error", exchange(status=403, proxies=("via: 1.1 cache",)))
    assert "via: 1.1 cache" in passed_on.limitations[-1]
    (by_proxy,) = found("http_error", exchange(status=403, to_proxy=True))
    assert "a proxy, made this answer" in by_proxy.limitations[-1]
    (direct,) = found("http_error", exchange(status=403))
    assert not any("proxy" in limit for limit in direct.limitations)


@pytest.mark.parametrize(
    ("complaint", "expected"),
    [
        ("plain HTTP request was sent to HTTPS port", 0), ("No required SSL certificate was sent", 0),
        ("API key is invalid", 1),
    ],
)  # fmt: skip
def test_what_the_server_says_of_tls_is_no_matter_of_http(complaint: str, expected: int) -> None:
    assert len(found("http_error", exchange(status=400, complaint=complaint))) == expected


def test_a_request_that_cannot_be_read_is_told_so_unless_it_may_be_tls() -> None:
    unread: dict[str, Any] = {"request_frame": None, "path": "", "method": "", "host": ""}
    assert found("http_error", exchange(0, status=400, **unread)) == []
    (finding,) = found("http_error", exchange(0, status=403, **unread))
    assert "a request that cannot be read here" in finding.title
    assert finding.evidence.frames == (6,)


def test_many_streams_are_found_by_address_and_port() -> None:
    (finding,) = found("http_error", *(exchange(n, status=500) for n in range(21)))
    assert finding.evidence.display_filter == f"ip.addr == {SERVER} && tcp.port == 80 && http"
    (few,) = found("http_error", *(exchange(n, status=500, version="HTTP/2") for n in range(2)))
    assert few.evidence.display_filter == "tcp.stream in {0, 1} && http2"


def test_a_good_status_with_a_complaint_is_probably_an_error() -> None:
    (finding,) = found("http_error_in_text", exchange(complaint="Password is wrong"))
    assert (finding.severity, finding.confidence) == (Severity.MEDIUM, Confidence.PROBABLE)
    assert '"200 OK", but its text says "Password is wrong"' in finding.title


def test_without_a_complaint_or_with_a_later_answer_or_an_error_the_text_is_silent() -> None:
    complaining = exchange(0, complaint="Password is wrong")
    assert found("http_error_in_text", exchange()) == []
    assert found("http_error_in_text", complaining, exchange(1)) == []
    assert found("http_error_in_text", exchange(status=403, complaint="Access denied")) == []
    assert len(found("http_error_in_text", complaining, exchange(1, path="/other"))) == 1
