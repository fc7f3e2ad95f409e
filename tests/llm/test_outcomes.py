"""Questions whether something worked: the service that they name answers, whatever else is in the capture."""

from collections.abc import Callable

import pytest
from brief.samples import analysis, finding, info, ran, stat

from explainer import ask
from explainer.llm import offline, tls_outcomes
from explainer.model import Analysis, Cell, Interface, Severity

AnalysisOf = Callable[[str], Analysis]
ANSWERS = ("protocol", "kind", "client", "server", "request", "about", "code", "text", "ok", "request_frame", "frame")
TALKS = ("a", "a_port", "b", "b_port", "stream", "packets", "bytes")
PORTS = ("transport", "port", "service", "spoken", "conversations", "packets", "bytes", "first_frame")


@pytest.mark.parametrize(
    ("capture", "question", "words"),
    [
        ("quic_healthy", "Did the QUIC connection succeed?", "The QUIC connection of "),
        ("tls12_healthy", "Does the TLS handshake complete?", "Yes, the TLS handshake of 10.20.1.10:37106"),
        ("dns_and_http_healthy", "Does the web page load?", "No fault was found: GET "),
        ("dns_and_http_healthy", "Does the name resolution work?", "DNS questions were answered"),
        ("smtp_greylisted_healthy", "Was the mail accepted?", "accepts the mail (it answers 250)."),
        ("ssh_login_healthy", "Does the SSH connection work?", "SSH: "),
        ("smb_file_healthy", "Which SMB version is used?", " agree on SMB 3.1.1."),
    ],
)
def test_the_service_that_is_named_answers(capture: str, question: str, words: str, analysis_of: AnalysisOf) -> None:
    assert words in ask(analysis_of(capture), question).verdict


@pytest.mark.parametrize(
    ("capture", "question", "words"),
    [
        ("dns_slow_healthy", "How long does the DNS lookup take?", "answers the question of 10.20.1.10"),
        ("path_redirect", "Why does the router send redirects?", "its route is a detour"),
        ("http_redirect_loop", "Why is there a redirect?", "redirects in a circle"),
        ("tcp_healthy_one_lost_syn", "Which packet was sent twice?", "1 was sent again (retransmissions)."),
        ("postgres_database_missing", "Which database does the client want?", "there is no such database"),
        ("tls10_works", "Is the encryption up to date?", "TLS 1.0, which is obsolete"),
        ("ssh_login_healthy", "Which SSH version is used?", "OpenSSH"),
    ],
)
def test_what_is_asked_for_is_told(capture: str, question: str, words: str, analysis_of: AnalysisOf) -> None:
    assert words in ask(analysis_of(capture), question).verdict


def test_a_failure_is_told_before_what_works(analysis_of: AnalysisOf) -> None:
    assert "expired" in ask(analysis_of("tls12_expired"), "Does the TLS connection work?").verdict


def reply(protocol: str, request: str, about: str, server: str = "10.0.0.2:21") -> tuple[Cell, ...]:
    return (protocol, "login", "10.0.0.1:4000", server, request, about, "230", "", True, 3, 4)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (reply("FTP", "PASS", "ada"), "FTP: 10.0.0.2:21 accepts the login of ada."),
        (reply("FTP", "PASS", ""), "FTP: 10.0.0.2:21 accepts the login."),
        (reply("PPP", "PAP login", "ada", ""), "PPP: the access server accepts PAP login ada."),
    ],
)
def test_a_user_is_not_told_as_the_password(row: tuple[Cell, ...], words: str) -> None:
    known = analysis(ran(), stats=[stat("answers", ANSWERS, [row])])
    assert offline.answer(known, "Was that accepted?").verdict == f"No fault was found. {words}"


def test_uploads_are_not_told_by_downloads() -> None:
    columns = ("method", "path", "host", "status", "client", "server", "request_frame", "response_frame")
    row = ("GET", "/form", "a.example", 200, "10.0.0.1:4000", "10.0.0.2:80", 3, 4)
    known = analysis(ran(), stats=[stat("http", columns, [row])])
    assert "GET" in offline.answer(known, "Did the page load?").verdict
    assert "succeeded" not in offline.answer(known, "Did the upload succeed?").verdict
    assert offline.answer(known, "Did the upload work?").verdict.startswith("No upload over HTTP (POST, PUT)")


def secrecy(spoken: str, *answers: tuple[Cell, ...]) -> str:
    stats = [
        stat("conversations_tcp", TALKS, [("10.0.0.1", 4000, "10.0.0.2", 7000, 0, 9, 900)]),
        stat("ports", PORTS, [("TCP", 7000, "", spoken, 1, 9, 900, 1)]),
        stat("answers", ANSWERS, answers),
    ]
    return offline.answer(analysis(ran(), stats=stats), "Is the connection encrypted?").verdict


def test_what_is_not_known_is_not_called_clear_text() -> None:
    assert secrecy("data") == (
        "This capture cannot tell: TCP port 7000 with 10.0.0.2 is not recognised, so that nobody can tell here."
    )
    known = reply("PostgreSQL", "login", "ada", "10.0.0.2:7000")
    assert secrecy("data", known).startswith("No: PostgreSQL with 10.0.0.2 is in clear text")
    assert secrecy("rdp").startswith("This capture cannot tell: RDP with 10.0.0.2 is protected in a way of its own")


def test_a_named_kind_of_fault_comes_before_worse_ones() -> None:
    call = finding("sip_refused", title="The SIP server refuses the call.")
    login = finding(
        "sip_refused",
        severity=Severity.LOW,
        title="The SIP server refuses the registration of ada.",
        id="sip_refused:2",
    )
    known = analysis(ran(call), ran(login))
    assert offline.answer(known, "Why can the phone not register?").verdict == login.title
    assert offline.answer(known, "Why can the phone not call?").verdict == call.title


def test_an_unreachable_service_says_nothing_of_another_that_answered() -> None:
    columns = ("method", "path", "host", "status", "client", "server", "request_frame", "response_frame")
    row = ("GET", "/form", "a.example", 200, "10.0.0.1:4000", "10.0.0.2:80", 3, 4)
    unreachable = finding("path_udp_unreachable", severity=Severity.MEDIUM, title="10.0.0.9 is unreachable.")
    known = analysis(ran(unreachable), stats=[stat("http", columns, [row])])
    assert "succeeded" in offline.answer(known, "Does the download work?").verdict
    assert offline.answer(known, "Is 10.0.0.9 unreachable?").verdict == unreachable.title


def test_who_cannot_reach_a_host_hears_of_connections_as_of_pings() -> None:
    rejected = finding("tcp_rejected_by_icmp", title="10.0.0.1 has no route.")
    unreachable = finding("path_udp_unreachable", severity=Severity.MEDIUM, title="10.0.0.9 is unreachable.")
    known = analysis(ran(unreachable), ran(rejected))
    assert offline.answer(known, "Why can it not reach the internet?").verdict == rejected.title


@pytest.mark.parametrize("question", ["Which address did the client get in the end?", "What address was given to it?"])
def test_an_address_is_told_by_what_dhcp_gave(question: str) -> None:
    columns = ("mac", "address", "server", "gateways", "name_servers", "mask", "lease_s", "frame")
    row = ("02:00:00:00:00:10", "10.0.0.10", "10.0.0.2", "10.0.0.1", "10.0.0.2", "255.255.255.0", 600, 7)
    declined = finding("address_declined", title="The client gives back the address.")
    known = analysis(ran(declined), stats=[stat("dhcp_settings", columns, [row])])
    assert offline.answer(known, question).verdict.startswith("The DHCP server 10.0.0.2 gives 02:00:00:00:00:10")


TLS = ("client", "server", "server_name", "client_hello_frame", "server_hello_frame", "version", "cipher_suite",
       "group", "alpn", "resumed", "certificate", "certificate_expiry", "outcome", "ech", "warnings")  # fmt: skip


@pytest.mark.parametrize(("resumed", "ech"), [(True, False), (False, True)])
def test_what_a_tls_handshake_resumes_and_hides(resumed: bool, ech: bool) -> None:
    row = ("10.0.0.1:4000", "10.0.0.2:443", "front.example", 4, 6, "TLS 1.3", "AES", None, None, resumed, None, None,
           "established", ech, None)  # fmt: skip
    known = analysis(ran(rule="tls_alert"), stats=[stat("tls", TLS, [row])])
    assert ("resumes an earlier session" in offline.answer(known, "Is the session resumed?").verdict) is resumed
    told = offline.answer(known, "Which sites are visited?")
    assert told.verdict.startswith("Asked for are front.example")
    assert any("the site may be another one" in claim.text for claim in told.claims) is ech


@pytest.mark.parametrize(
    ("acknowledged", "words"), [(None, "1 DHCP exchange is not finished"), (4, "No fault was found")]
)
def test_a_lone_dhcp_question_cannot_tell(acknowledged: int | None, words: str) -> None:
    columns = ("mac", "given", "server", "requested", "request_frame", "ack_frame", "nak_frame", "decline_frame")
    row = ("02:00:00:00:00:10", "10.0.0.10", "10.0.0.2", "", 3, acknowledged, None, None)
    known = analysis(ran(), stats=[stat("dhcp", columns, [row])])
    assert words in offline.answer(known, "Is anything wrong here?").verdict


@pytest.mark.parametrize(
    ("source", "destination", "words"),
    [
        (6630, 57000, "10.0.0.1 talks to 10.0.0.2: an unknown protocol, TCP port 6630"),
        (25, 40000, "10.0.0.1 talks to 10.0.0.2: SMTP (mail), TCP port 25"),
        (40000, 40001, "10.0.0.2 talks to 10.0.0.1: an unknown protocol, TCP port 40001"),
    ],
)
def test_a_conversation_of_which_answers_come_first(source: int, destination: int, words: str) -> None:
    stats = [
        stat("conversations_tcp", TALKS, [("10.0.0.2", source, "10.0.0.1", destination, 0, 9, 900)]),
        stat("ports", PORTS, [("TCP", 25, "smtp", "smtp", 1, 9, 900, 1)]),
    ]
    assert words in offline.answer(analysis(ran(), stats=stats), "What is this traffic?").verdict


def test_a_weakness_is_no_attack() -> None:
    clear = finding("cleartext_login", severity=Severity.MEDIUM, title="The password can be read.")
    known = analysis(ran(clear))
    answer = offline.answer(known, "Is this an attack?")
    assert answer.verdict.startswith("Nothing suspicious was found: no scan")
    assert [claim.text for claim in answer.also] == [clear.title]
    assert offline.answer(known, "Can an attacker read the password?").verdict == clear.title
    scan = finding("scan_ports", title="10.0.0.1 scans 10.0.0.2.")
    assert offline.answer(analysis(ran(scan), ran(clear)), "Is this an attack?").verdict == scan.title


def test_interfaces_are_told_as_the_file_names_them() -> None:
    named = (Interface(number=0, name="eth0", frames=3), Interface(number=1, name="unknown", frames=2))
    known = analysis(ran()).model_copy(update={"info": info(interfaces=named)})
    assert offline.answer(known, "Which interfaces were recorded?").verdict == (
        "Packets were recorded on 2 interfaces: eth0 (3 frames) and one that is not named (2 frames)."
    )
    assert "only pcapng does" in offline.answer(analysis(ran()), "Which interface was recorded?").verdict


def test_who_asked_for_what_is_not_answered_by_a_name_that_hardly_matters() -> None:
    columns = ("name", "type", "client", "server", "rcode", "query_frame", "response_frame", "interface", "answers")
    row = ("a.example", "A", "10.0.0.1:4000", "10.0.0.53:53", "NXDOMAIN", 3, 4, None, None)
    missing = finding("dns_nxdomain", severity=Severity.INFO, title="The name a.example does not exist.")
    known = analysis(ran(missing), stats=[stat("dns", columns, [row])])
    assert "10.0.0.1 asks 10.0.0.53 for a.example" in offline.answer(known, "Who asked for what?").verdict
    assert missing.title in offline.answer(known, "Do all names resolve?").verdict


def test_a_tls_connection_behind_many_others_that_ended() -> None:
    ends = ("client", "server", "ended_by", "how", "frame", "lasted_s", "client_bytes", "server_bytes", "reset_by")
    other = ("10.0.0.9:1", "10.0.0.1:80", "client", "FIN", 5, 1.0, 1, 2, None)
    own = ("10.0.0.9:2", "10.0.0.1:443", "client", "FIN", 9, 1.0, 100, 2000, None)
    tls = stat("tls", ("client", "server", "outcome"), [("10.0.0.9:2", "10.0.0.1:443", "established")])
    (claim,) = tls_outcomes.transfers(analysis(ran(), stats=[tls, stat("closings", ends, [*[other] * 6, own])]))
    assert "the server sent 2,000 bytes, then the client closed it in order" in claim.text
    assert claim.frames == (9,)
