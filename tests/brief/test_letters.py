"""Questions as people write and paste them: spelling, signatures, logs."""

import pytest

from explainer.brief.letters import is_pasted, plain
from explainer.brief.question import Topic, parse

MAIL = "Hello,\nour shop does not work since Monday.\n\n{farewell}\njane.miller@corp.example www.corp.example\n10.9.9.9"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Page doesnt load", "Page doesn't load"),
        ("The page doesn\u2019t load", "The page doesn't load"),
        ("wy cant i connect", "why can't i connect"),
        ("I can not connect", "I cannot connect"),
        ("whats wrong", "what's wrong"),
        ("How to resolve this?", "How to fix this?"),
        ("How can the issue be resolved?", "How can the issue be fixed?"),
        ("Can the name be resolved?", "Can the name be resolved?"),
        ("Does it resolve the name?", "Does it resolve the name?"),
        ("Its certificate is what counts", "Its certificate is what counts"),
    ],
)
def test_spelling(written: str, meant: str) -> None:
    assert plain(written) == meant


@pytest.mark.parametrize(
    "farewell", ["Kind regards", "Mit freundlichen Gr\u00fc\u00dfen", "Thanks,", "-- ", "Cordialement", "Un saludo"]
)
def test_a_signature_asks_for_nothing(farewell: str) -> None:
    question = parse(MAIL.format(farewell=farewell))
    assert question.names | question.addresses == set()
    assert question.about_a_fault


def test_what_follows_thanks_at_the_beginning_is_asked() -> None:
    assert parse("Hi,\nthanks\nWhy does 10.0.0.1 fail?").addresses == {"10.0.0.1"}


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-20 09:14:24,120 ERROR [pool-3] giving up",
        "[2026-11-20T09:14:24.404Z] error: giving up",
        "Nov 20 09:14:22 web01 app: failed, retrying in 500 ms",
    ],
)
def test_the_digits_of_a_log_are_no_status(line: str) -> None:
    assert Topic.STATUS not in parse(line).topics


def test_a_status_in_a_log_is_one() -> None:
    assert Topic.STATUS in parse("2026-11-20 09:14:24,120 ERROR 503 from upstream").topics


@pytest.mark.parametrize(("text", "pasted"), [("Why?\n", False), ("a\nb", True), ("a" * 300, True)])
def test_what_is_pasted(text: str, pasted: bool) -> None:
    assert is_pasted(text) is pasted


@pytest.mark.parametrize("text", ["Why does app.exe fail?", "index.php is broken", "It fails.Please help"])
def test_files_and_full_stops_are_no_hosts(text: str) -> None:
    assert not parse(text).names
