"""The rules about mail."""

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from sessions import FactsOf, Said, asks, found, found_in, reply, says, session

from explainer.model import Analysis, Severity, Side
from explainer.protocols.applications import Kind

HELLO = (says("220 mail.example ESMTP"), asks("EHLO client.example"), says("250-mail.example\r\n250 AUTH PLAIN LOGIN"))
MAIL = (asks("MAIL FROM:<a@example.org>"), says("250 2.1.0 Ok"))


def test_a_refused_recipient_is_told_in_the_server_s_words(tmp_path: Path, facts_of: FactsOf) -> None:
    refused = (asks("RCPT TO:<b@example.net>"), says("550 5.1.1 <b@example.net>: User unknown"))
    capture = session(tmp_path / "c.pcap", 25, *HELLO, *MAIL, *refused)
    (finding,) = found_in("mail_refused", facts_of, capture)
    assert (finding.severity, finding.side) == (Severity.HIGH, Side.CLIENT)
    assert "does not accept the recipient b@example.net: it knows no such mailbox" in finding.title
    assert '"550 5.1.1 <b@example.net>: User unknown"' in finding.title
    assert finding.evidence.frames == (9, 10)
    assert finding.evidence.display_filter == "tcp.stream == 0 && smtp"


def test_a_mail_that_is_taken_later_was_only_delayed(tmp_path: Path, facts_of: FactsOf) -> None:
    recipient = asks("RCPT TO:<b@example.net>")
    twice = (recipient, says("450 4.7.1 Greylisted"), recipient, says("250 Ok"))
    capture = session(tmp_path / "c.pcap", 25, *HELLO, *MAIL, *twice)
    (finding,) = found_in("mail_refused", facts_of, capture)
    assert finding.severity is Severity.INFO
    assert "a later attempt succeeded" in finding.title
    assert finding.evidence.frames == (9, 10, 12)


def test_the_text_of_the_mail_is_not_read_and_its_answer_is(tmp_path: Path, facts_of: FactsOf) -> None:
    text = (asks("DATA"), says("354 go on"), (True, b"Subject: x\r\n\r\nQUIT\r\n.\r\n"), says("554 5.7.1 No"))
    capture = session(tmp_path / "c.pcap", 25, *HELLO, *MAIL, *text)
    (finding,) = found_in("mail_refused", facts_of, capture)
    assert "does not accept the mail: it refuses the mail itself" in finding.title


def test_a_healthy_mail_is_silent(tmp_path: Path, facts_of: FactsOf) -> None:
    rest = (asks("RCPT TO:<b@example.net>"), says("250 Ok"), asks("QUIT"), says("221 Bye"))
    capture = session(tmp_path / "c.pcap", 25, *HELLO, *MAIL, *rest)
    assert found_in("mail_refused", facts_of, capture) == []


@pytest.mark.parametrize(
    ("code", "text", "request_", "words"),
    [
        ("553", "5.7.1 not logged in", "RCPT", "has not logged in"),
        ("554", "Relay access denied", "RCPT", "has not logged in"),
        ("530", "Must issue a STARTTLS command first", "MAIL", "it wants TLS first"),
        ("550", "listed at zen.example", "RCPT", "a block list"),
        ("554", "5.7.1 Client host [192.0.2.1] blocked using bl.example", "RCPT", "a block list"),
        ("554", "5.7.1 attachment blocked by policy", "the mail", "what the mail holds"),
        ("552", "5.3.4 Error: message file too big", "the mail", "larger than the server takes"),
        ("552", "too big", "the mail", "too large"),
        ("451", "later", "the mail", "cannot take the mail now"),
        ("421", "4.4.2 Error: timeout exceeded", "the mail", "waited in vain for the client"),
        ("421", "4.3.2 closing", "the mail", "not available"),
        ("571", "No", "the mail", "refuses for good"),
        ("521", "5.5.4 Syntax: BDAT count [LAST]", "the mail", "cannot make sense of the command"),
    ],
)
def test_what_each_answer_means(code: str, text: str, request_: str, words: str) -> None:
    (finding,) = found("mail_refused", reply("SMTP", code, kind=Kind.MAIL, request=request_, text=text))
    assert words in finding.title


@pytest.mark.parametrize(
    ("code", "words"),
    [("535", "user name and password"), ("454", "cannot check"), ("538", "over TLS only"), ("504", "this way")],
)
def test_refused_logins(code: str, words: str) -> None:
    (finding,) = found("mail_refused", reply("SMTP", code, request="AUTH", about="anna"))
    assert "refuses the login of anna" in finding.title
    assert words in finding.title


def test_an_unknown_command_is_no_failure() -> None:
    assert found("mail_refused", reply("SMTP", "502", kind=Kind.SESSION, request="EHLO")) == []
    assert found("mail_refused", reply("SMTP", "500", kind=Kind.OTHER, request="XCLIENT")) == []
    assert len(found("mail_refused", reply("SMTP", "550", kind=Kind.SESSION, request="EHLO"))) == 1


def test_a_login_refused_and_then_accepted_is_small(tmp_path: Path, facts_of: FactsOf) -> None:
    login = (asks("a1 LOGIN anna secret"), says("a1 NO [AUTHENTICATIONFAILED] Authentication failed."))
    again = (asks("a2 LOGIN anna better"), says("* CAPABILITY IMAP4rev1\r\na2 OK Logged in"))
    refused = session(tmp_path / "refused.pcap", 143, says("* OK ready"), *login)
    (finding,) = found_in("mailbox_refused", facts_of, refused)
    assert finding.severity is Severity.HIGH
    assert "refuses the login of anna" in finding.title
    overcome = session(tmp_path / "overcome.pcap", 143, says("* OK ready"), *login, *again)
    (finding,) = found_in("mailbox_refused", facts_of, overcome)
    assert finding.severity is Severity.INFO


def test_a_login_that_is_answered_before_it_goes_on_is_refused(tmp_path: Path, facts_of: FactsOf) -> None:
    early = (asks("a1 AUTHENTICATE PLAIN"), says("a1 NO not now"), asks("AGFubmEAc2VjcmV0"))
    (finding,) = found_in("mailbox_refused", facts_of, session(tmp_path / "c.pcap", 143, says("* OK ready"), *early))
    assert "(IMAP) refuses the login" in finding.title


def test_pop3_refusals(tmp_path: Path, facts_of: FactsOf) -> None:
    said = (says("+OK ready"), asks("USER anna"), says("+OK"), asks("PASS secret"), says("-ERR [AUTH] wrong"))
    (finding,) = found_in("mailbox_refused", facts_of, session(tmp_path / "c.pcap", 110, *said))
    assert "(POP3) refuses the login of anna" in finding.title
    assert "secret" not in finding.model_dump_json()


LET_IN = (says("* OK ready"), asks("a1 LOGIN anna secret"), says("a1 OK in"))


@pytest.mark.parametrize(
    ("port", "said", "words", "severity"),
    [
        (143, (says("* BYE Too many connections"),), "turns the client 192.0.2.10 away: too many", Severity.HIGH),
        (143, (*LET_IN, says("* BYE Internal error")), "ends the session of the client", Severity.HIGH),
        (143, (*LET_IN, says("* BYE Gone"), asks("a2 LOGOUT")), "ends the session of the client", Severity.HIGH),
        (143, (*LET_IN, says("* BYE Server shutting down")), "cannot serve now", Severity.HIGH),
        (143, (*LET_IN, says("* BYE Disconnected for inactivity.")), "asked for a long time", Severity.INFO),
        (110, (says("-ERR [SYS/TEMP] busy"),), "turns the client 192.0.2.10 away: it cannot serve", Severity.HIGH),
    ],
)
def test_sessions_that_the_server_ends(
    port: int, said: tuple[Said, ...], words: str, severity: Severity, tmp_path: Path, facts_of: FactsOf
) -> None:
    (finding,) = found_in("mailbox_refused", facts_of, session(tmp_path / "c.pcap", port, *said))
    assert words in finding.title
    assert finding.severity is severity


@pytest.mark.parametrize(
    "more",
    [
        (asks("a2 LOGOUT"), says("* BYE"), says("a2 OK")),
        (asks("a2 LOGOUT"), says("* BYE bye")),
        (asks("a2 FETCH 1 RFC822"), says("* 1 FETCH (RFC822 {9}"), says("* BYE all)"), says("a2 OK")),
    ],
)
def test_a_goodbye_that_was_asked_for_is_none(more: tuple[Said, ...], tmp_path: Path, facts_of: FactsOf) -> None:
    assert found_in("mailbox_refused", facts_of, session(tmp_path / "c.pcap", 143, *LET_IN, *more)) == []


def test_without_mail_they_do_not_apply(analysis_of: Callable[[str], Analysis]) -> None:
    outcomes = [o for o in analysis_of("tls12_healthy").outcomes if o.rule in ("mail_refused", "mailbox_refused")]
    assert [o.status for o in outcomes] == ["not applicable"] * 2


def test_a_mail_of_which_each_frame_is_stored_in_part(tmp_path: Path, facts_of: FactsOf) -> None:
    hello = b"250-mail.example.net\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250-STARTTLS\r\n250 CHUNKING\r\n"
    relay = (asks("RCPT TO:<c@example.org>"), says("454 4.7.1 <c@example.org>: Relay access denied"))
    said = (says("220 mail"), asks("EHLO a"), (False, hello), *MAIL, *relay, asks("QUIT"), says("221 Bye"))
    whole = session(tmp_path / "whole.pcap", 25, *said).read_bytes()
    place, cut = 24, bytearray(whole[:24])
    while place < len(whole):  # as editcap -s 96 does
        seconds, fraction, held, sent = struct.unpack_from("<IIII", whole, place)
        kept = min(held, 96)
        cut += struct.pack("<IIII", seconds, fraction, kept, sent) + whole[place + 16 : place + 16 + kept]
        place += 16 + held
    (tmp_path / "cut.pcap").write_bytes(cut)
    (finding,) = found_in("mail_refused", facts_of, tmp_path / "cut.pcap")
    assert "does not accept the recipient c@example.org" in finding.title
    assert "PIPEL" not in finding.title


def test_a_mailbox_in_use_is_told_without_its_login() -> None:
    text = "[IN-USE] Mailbox is locked by another POP3 session."
    record = reply(protocol="POP3", code="-ERR", text=text, kind=Kind.SESSION, request="greeting", request_frame=None)
    (finding,) = found("mailbox_refused", record)
    assert "the mailbox is in use by another session" in finding.title
