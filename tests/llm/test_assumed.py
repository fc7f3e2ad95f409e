"""What questions take for granted: it is put right, or borne out, only where the finding leaves no doubt."""

from collections.abc import Callable

import pytest
from brief.samples import analysis, finding, ran

from explainer import ask
from explainer.llm import offline
from explainer.model import Analysis, Severity, Side

AnalysisOf = Callable[[str], Analysis]
SLOW = "The web server is slow."


def told(question: str, rule: str, title: str, side: Side = Side.SERVER, **changes: object) -> str:
    known = analysis(ran(finding(rule, side=side, title=title, **changes)))  # type: ignore[arg-type]
    return offline.answer(known, question).verdict


@pytest.mark.parametrize(
    ("question", "begins"),
    [
        ("The firewall blocks us, right?", "No: "),
        ("Is it the network?", "No: "),
        ("It's the DNS, isn't it?", "No: "),
        ("Is it the server?", "Yes: "),
        ("Is the server down?", "No: "),
        ("Why is the server down?", "It is not down: "),
        ("Is it the network or the server?", ""),
        ("Can I ignore this?", "No: "),
        ("Is that serious?", "Yes: "),
        ("When did it start?", "First seen in frame 4: "),
        ("Whom should I call?", "The server must act. "),
        ("What do I have to change on my side?", "The server must act. "),
        ("What does the customer have to do?", "The server must act. "),
        ("The server closes the connection, right?", ""),
        ("The client resets the connection, right?", ""),
        ("Is it DNS?", ""),
        ("Why is it slow?", ""),
        ("The server is fine, right?", ""),
        ("It is not the server, right?", ""),
        ("Is the server's answer correct?", ""),
    ],
)
def test_a_server_that_was_reached_and_is_slow(question: str, begins: str) -> None:
    assert told(question, "http_slow", SLOW) == f"{begins}{SLOW}"


@pytest.mark.parametrize(
    ("question", "rule", "side", "measured", "begins"),
    [
        ("Is it the firewall?", "tcp_syn_unanswered", Side.EITHER, {}, ""),
        ("Is the server down?", "tcp_syn_unanswered", Side.EITHER, {}, ""),
        ("Is it the firewall?", "http_error", Side.EITHER, {"status": 403}, ""),
        ("Is the site down?", "http_error", Side.SERVER, {"status": 502}, ""),
        ("Is it the network?", "tcp_loss", Side.NETWORK, {}, "Yes: "),
        ("Is it the DNS?", "dns_servfail", Side.SERVER, {}, "Yes: "),
        ("Is it the server?", "dns_servfail", Side.SERVER, {}, ""),
        ("Is it the server?", "tcp_zero_window", Side.CLIENT, {}, "No: "),
        ("Is it the client?", "tcp_zero_window", Side.CLIENT, {}, "Yes: "),
    ],
)
def test_doubts_are_kept(question: str, rule: str, side: Side, measured: dict[str, int], begins: str) -> None:
    assert told(question, rule, "It happened.", side, measured=measured) == f"{begins}It happened."


def test_another_fault_of_the_culprit_leaves_it_open() -> None:
    lookups = finding("dns_servfail", severity=Severity.MEDIUM, title="A name fails.", id="dns_servfail:1")
    known = analysis(ran(finding("http_slow", title=SLOW)), ran(lookups, rule="dns_servfail"))
    assert not offline.answer(known, "Is it a problem of the DNS, isn't it?").verdict.startswith("No: ")


def test_the_act_is_not_told_twice() -> None:
    answer = offline.answer(analysis(ran(finding("http_slow", title=SLOW))), "Who has to fix it?")
    assert answer.verdict == f"The server must act. {SLOW}"
    assert answer.act == ""


def test_what_is_only_worth_knowing_asks_nobody_to_act(analysis_of: AnalysisOf) -> None:
    told = ask(analysis_of("postgres_login_retried_healthy"), "Whom should I call?").verdict
    assert told.startswith("No fault was found.")


def test_two_questions_at_once_get_two_answers(analysis_of: AnalysisOf) -> None:
    told = ask(analysis_of("tls13_healthy"), "Is it slow and is it encrypted?").verdict
    assert told.startswith("No, it is not slow")
    assert "TLS with 10.20.2.20 is encrypted" in told


@pytest.mark.parametrize(
    ("capture", "question", "words"),
    [
        ("postgres_database_missing", "Is the password wrong?", "No: The database 10.20.2.20 (PostgreSQL)"),
        ("ldap_wrong_password", "Is it my password?", "The directory 10.20.2.20 (LDAP) answers invalidCredentials"),
        ("ssh_host_key_changed", "Am I being attacked?", "The SSH client 10.20.1.10 leaves"),
        ("quic_dropped", "Does it use HTTP/3?", "No: 10.20.1.10:54176 offers HTTP/3"),
        ("dns_and_http_healthy", "Why does it not use IPv6?", "files.example has no IPv6 address"),
        ("mysql_healthy", "Is the database slow?", "No, it is not slow (10.20.1.10:60424 to 10.20.2.20:3306)"),
        ("dns_and_http_healthy", "Is it the DNS?", "No fault was found."),
        ("ldap_wrong_password", "Who has to act?", "The client's side must correct the user's name"),
    ],
)
def test_recordings_are_answered(capture: str, question: str, words: str, analysis_of: AnalysisOf) -> None:
    assert ask(analysis_of(capture), question).verdict.startswith(words)


@pytest.mark.parametrize(
    ("capture", "question", "words"),
    [
        ("ipv6_healthy", "Why is IPv6 not used?", "IPv6 is used: "),
        ("tunnel_gre_healthy", "Is there a VPN?", "No VPN is seen in this capture"),
        ("tcp_slow_sender", "Is it the network?", "No fault was found. The server 10.20.2.20:5432 sends its data"),
        ("tls13_healthy", "Is it TLS 1.3?", "TLS between 10.20.1.10 and 10.20.2.20:443"),
        ("dns_and_http_healthy", "Is this an IPv6 capture?", "The capture holds IPv4 in"),
        ("postgres_not_allowed", "What must the DBA do?", "The client must switch TLS on"),
        ("ssh_keep_alive_unanswered", "Who closed the connection?", "The server 10.20.2.20 ended the connection"),
        ("ntp_time_healthy", "Is the time server reachable?", "Yes: the time server 10.20.2.20 answers"),
        ("imap_password_in_clear", "Which folder is opened?", "No mailbox is opened"),
        ("tls12_expired", "Was muss ich tun?", "The server's side must act"),
    ],
)
def test_what_looks_alike_is_told_apart(capture: str, question: str, words: str, analysis_of: AnalysisOf) -> None:
    assert ask(analysis_of(capture), question).verdict.startswith(words)


def test_of_two_questions_one_may_ask_for_health(analysis_of: AnalysisOf) -> None:
    answer = ask(analysis_of("tls13_on_odd_port_healthy"), "What runs on port 9999, and is it in order?")
    assert any("No fault was found" in claim.text for claim in answer.claims)


def test_a_site_whose_health_checks_fail_may_well_be_down() -> None:
    assert told("Why is the site down?", "http_error", "404.", measured={"status": 404}) == "It is not down: 404."
    checks = {"status": 404, "health_check": "/healthz"}
    assert told("Why is the site down?", "http_error", "404.", measured=checks) == "404."
