"""Whether a login was accepted: yes, no, or that it cannot be seen."""

from collections.abc import Callable

import pytest
from brief.samples import analysis, finding, ran, stat

from explainer import ask
from explainer.llm import offline
from explainer.model import Analysis, Cell, Severity

AnalysisOf = Callable[[str], Analysis]
ACCOUNTS = (
    "protocol", "user", "client", "server", "accepted", "clear_text", "user_frame", "secret_frame", "reply_frame",
)  # fmt: skip
TALKS = ("a", "a_port", "b", "b_port", "stream", "packets", "bytes")
PORTS = ("transport", "port", "service", "spoken", "conversations", "packets", "bytes", "first_frame")


def login(user: str, accepted: bool | None, reply: int | None = 8, protocol: str = "FTP") -> tuple[Cell, ...]:
    return (protocol, user, "10.0.0.1:4000", "10.0.0.2:21", accepted, True, 4, 6, reply)


def first(question: str, *rows: tuple[Cell, ...]) -> str:
    return offline.answer(analysis(ran(), stats=[stat("accounts", ACCOUNTS, rows)]), question).verdict


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Was the login successful?", "Yes: the FTP login of ada from 10.0.0.1 to 10.0.0.2:21 was accepted."),
        ("Did the sign-in work?", "Yes: "),
        ("Does the database login succeed?", "Yes: "),
        ("Did bob login?", "No login of bob in this capture"),
        ("Can ada log in?", "Yes: "),
        ("Was the password right?", "Yes: "),
        ("Is my password wrong?", "No: the FTP login of ada from 10.0.0.1 to 10.0.0.2:21 was accepted."),
        ("Did the login fail?", "No: "),
        ("Do we have a login problem?", "No: "),
        ("Is the login broken?", "No: "),
        ("Does the login work without any problems?", "Yes: "),
        ("Can users log in without trouble?", "Yes: "),
    ],
)
def test_an_accepted_login_is_told_with_yes_or_no(question: str, words: str) -> None:
    assert first(question, login("ada", accepted=True)).startswith(words)


def test_the_last_attempt_counts() -> None:
    told = first("Was the login successful?", login("ada", False, 5), login("ada", True, 8))
    assert told == "Yes: the FTP login of ada from 10.0.0.1 to 10.0.0.2:21 was accepted, after 1 refused attempt."


def test_several_logins_are_counted() -> None:
    told = first("Was the login successful?", login("ada", accepted=True), login("bob", accepted=False))
    assert told.startswith("In part: 1 login was accepted and 1 login was refused; the FTP login of ada")
    assert first("Did bob log in?", login("ada", accepted=True), login("bob", accepted=False)).startswith("No: ")


@pytest.mark.parametrize(
    ("reply", "words"),
    [(8, "is answered, but the answer does not tell"), (None, "is not answered in this capture")],
)
def test_what_no_answer_tells_cannot_be_seen(reply: int | None, words: str) -> None:
    told = first("Was the login successful?", login("ada", None, reply))
    assert told.startswith("That cannot be seen here: ")
    assert words in told


def test_a_community_is_no_login() -> None:
    assert first("Was the login successful?", login("", None, None, "SNMP")).startswith("No login is seen")


def test_a_refusal_is_told_by_its_finding() -> None:
    refused = finding("ftp_refused", title="The FTP server refuses the login of ada.", frames=(8,))
    known = analysis(ran(refused), stats=[stat("accounts", ACCOUNTS, [login("ada", accepted=False)])])
    assert offline.answer(known, "Was the login successful?").verdict == f"No: {refused.title}"
    assert offline.answer(known, "Did the login fail?").verdict == f"Yes: {refused.title}"


def test_another_fault_does_not_hide_an_accepted_login() -> None:
    missing = finding("ftp_refused", title="The FTP server has no such file.", frames=(20,))
    known = analysis(ran(missing), stats=[stat("accounts", ACCOUNTS, [login("ada", accepted=True)])])
    assert offline.answer(known, "Was the login successful?").verdict.startswith("Yes: ")


def test_what_failed_before_a_login_is_told_in_its_place() -> None:
    closed = finding("tcp_refused", severity=Severity.HIGH, title="It refused the connection.")
    assert offline.answer(analysis(ran(closed)), "Was the login successful?").verdict == closed.title


def test_encryption_hides_logins() -> None:
    stats = [
        stat("conversations_tcp", TALKS, [("10.0.0.1", 4000, "10.0.0.2", 443, 0, 9, 900)]),
        stat("ports", PORTS, [("TCP", 443, "https", "tls", 1, 9, 900, 1)]),
    ]
    told = offline.answer(analysis(ran(), stats=stats), "Was the login successful?")
    assert told.verdict.startswith("That cannot be seen here: what was said in TLS with 10.0.0.2 is encrypted")


@pytest.mark.parametrize(
    ("capture", "question", "words"),
    [
        ("ssh_login_healthy", "Was the login successful?", "Yes: The SSH login of 10.20.1.10"),
        ("ssh_login_healthy", "Is my password wrong?", "No: The SSH login of 10.20.1.10"),
        ("postgres_login_retried_healthy", "Did he get in?", "Yes: the PostgreSQL login of anna"),
        ("kerberos_unknown_user", "Was the sign-in successful?", "No: The KDC"),
        ("http_sign_in_healthy", "Did the sign-in work?", "Yes: the HTTP login of alice"),
        ("http_cookie_lost", "Did the login work?", "No: The sign-in at intranet.example does not last"),
        ("http_cookie_lost", "Was the login refused?", "The sign-in at intranet.example does not last"),
        ("imap_login_healthy", "Which account was used?", "The account anna (IMAP"),
        ("telnet_without_login", "Did the login work?", "No login is seen in this capture"),
        ("mqtt_session_healthy", "Which account was used?", "No user's name can be read in this capture: what logs"),
    ],
)
def test_recordings_are_answered(capture: str, question: str, words: str, analysis_of: AnalysisOf) -> None:
    assert ask(analysis_of(capture), question).verdict.startswith(words)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("How many login attempts were there?", "2 login attempts: 1 accepted, 1 refused."),
        (
            "Who failed to log in?",
            "The account bob (FTP, server 10.0.0.2:21) is used by 10.0.0.1: the login is refused.",
        ),
    ],
)
def test_attempts_are_counted_and_told_apart(question: str, words: str) -> None:
    assert first(question, login("ada", accepted=True), login("bob", accepted=False)) == words


def test_nobody_was_refused() -> None:
    assert first("Who failed to log in?", login("ada", accepted=True)) == "Nobody: no login that is seen was refused."


def test_a_client_without_an_address_is_the_dialling_side() -> None:
    told = first("Was the login successful?", ("PPP PAP", "ada", ":0", ":0", True, True, 4, 4, 8))
    assert told == "Yes: the PPP PAP login of ada from the dialling side to the access server was accepted."
