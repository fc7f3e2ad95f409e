"""How the talk of application protocols is put together from frames."""

from pathlib import Path

import pytest
from sessions import FactsOf, Said, asks, says, session
from talk import Talk, Wire

from explainer.protocols.applications import logins, messages, replies, sasl, signs, transfers
from explainer.protocols.applications.lines import Line, exchanges


def said(*lines: tuple[bool, str]) -> list[Line]:
    return [Line(number, from_client, text) for number, (from_client, text) in enumerate(lines, 1)]


def test_a_reply_of_several_lines_is_one() -> None:
    (greeting, hello) = exchanges(
        said((False, "220-a"), (False, "220 b"), (True, "EHLO x"), (False, "250-c"), (False, "250 d"))
    )
    assert (greeting.request_frame, greeting.frame, greeting.text) == (None, 2, "a b")
    assert (hello.command, hello.argument, hello.frame, hello.code, hello.text) == ("EHLO", "x", 5, 250, "c d")


def test_requests_that_are_sent_at_once_get_their_own_replies() -> None:
    both = said((True, "MAIL FROM:<a>"), (True, "RCPT TO:<b>"), (False, "250 ok"), (False, "550 no"))
    assert [(e.command, e.request_frame, e.code) for e in exchanges(both)] == [("MAIL", 1, 250), ("RCPT", 2, 550)]


def test_a_preliminary_reply_is_not_the_last_word() -> None:
    (one,) = exchanges(said((True, "RETR a"), (False, "150 here"), (False, "226 done")))
    assert (one.frame, one.code) == (3, 226)


def test_a_request_without_a_reply_is_kept() -> None:
    (one,) = exchanges(said((True, "PASS secret")))
    assert (one.request_frame, one.frame, one.code) == (1, None, 0)


def test_a_line_may_come_in_pieces_and_twice(tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    talk = Talk(wire, dport=21).open()
    talk.answer(b"220 ready\r\n", acked=False).say(b"USER an", acked=False).say(b"na\r\n", acked=False)
    talk.answer(b"331 go on\r\n", acked=False).say(b"PASS secret\r\n", acked=False)
    talk.again(b"PASS secret\r\n")
    talk.answer(b"530 no\r\n", acked=False)
    capture = wire.save(tmp_path / "c.pcap")
    (login,) = facts_of(capture, logins)[logins]
    assert (login.user, login.frames, login.accepted, login.reply_frame) == ("anna", (6, 8), False, 10)
    assert [(r.request, r.code) for r in facts_of(capture, replies)[replies]] == [("greeting", "220"), ("PASS", "530")]


@pytest.mark.parametrize(
    ("text", "user"),
    [("AGFubmEAc2VjcmV0", "anna"), ("Ym9zcwBhbm5hAHNlY3JldA==", "anna"), ("####", ""), ("YW5uYQ==", "")],
)
def test_the_user_of_plain(text: str, user: str) -> None:
    assert sasl.user("PLAIN", (text,)) == user


@pytest.mark.parametrize(
    ("mechanism", "responses", "user"),
    [
        ("CRAM-MD5", ("YW5uYSAwODc5ZDNkZmVkMGRkMmIyMjY0Y2VlN2M1NThkZTgwNw==",), "anna"),
        ("CRAM-MD5", ("YW5uYQ==",), ""),
        ("LOGIN", ("", "YW5uYQ==", "c2VjcmV0"), "anna"),
        ("SCRAM-SHA-1", ("biwsbj1hbm5hLHI9YWJj",), "anna"),
        ("GSSAPI", ("YW5uYQ==",), ""),
    ],
)
def test_the_user_of_other_mechanisms(mechanism: str, responses: tuple[str, ...], user: str) -> None:
    assert sasl.user(mechanism, responses) == user


def test_what_is_no_base64_says_nothing() -> None:
    assert sasl.decoded("no base64!") == ""


def test_without_such_protocols_no_second_look_is_taken(facts_of: FactsOf) -> None:
    facts = facts_of("tls12_healthy", messages, replies, signs, transfers)
    assert (facts[messages], facts[replies], facts[signs], facts[transfers]) == ((), (), (), ())


def test_a_telnet_user_who_corrects_what_was_typed(tmp_path: Path, facts_of: FactsOf) -> None:
    typed: tuple[Said, ...] = (
        (False, b"login: "), (True, b"anm\x7fna\r\n"), (False, b"Password: "), (True, b"x\r\n"),
        says("Login incorrect"),
    )  # fmt: skip
    (login,) = facts_of(session(tmp_path / "c.pcap", 23, *typed), logins)[logins]
    assert (login.user, login.accepted, login.reply_frame) == ("anna", False, 8)


def test_a_file_that_is_stored_is_a_transfer(tmp_path: Path, facts_of: FactsOf) -> None:
    talk = (says("220 ready"), asks("STOR a b.txt"), says("150 go on"), says("226 done"))
    (transfer,) = facts_of(session(tmp_path / "c.pcap", 21, *talk), transfers)[transfers]
    assert (transfer.action, transfer.name, transfer.frame, transfer.ok, transfer.reply_frame) == (
        "uploads", "a b.txt", 5, True, 7,
    )  # fmt: skip
