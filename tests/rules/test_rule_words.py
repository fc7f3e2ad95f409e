"""What the words of databases, mail and file servers say beyond their numbers."""

import pytest
from sessions import found, reply

from explainer.model import Severity, Side
from explainer.protocols.applications import Kind


@pytest.mark.parametrize(
    ("protocol", "code", "text", "words"),
    [
        ("PostgreSQL", "28000", 'role "anna" does not exist', "there is no such user"),
        ("PostgreSQL", "28000", 'role "anna" is not permitted to log in', "NOLOGIN"),
        ("PostgreSQL", "28000", 'Peer authentication failed for user "anna"', "peer, ident"),
        ("PostgreSQL", "28000", 'no pg_hba.conf entry for host "10.0.0.1"', "does not let this client or user in"),
        ("PostgreSQL", "55000", 'database "a" is not currently accepting connections', "take no connections"),
        ("PostgreSQL", "08P01", "no such database: shop", "no such database"),
        ("PostgreSQL", "08P01", "query_wait_timeout", "the pool before the database"),
        ("PostgreSQL", "08P01", "no more connections allowed (max_client_conn)", "no connection left"),
        ("Redis", "ERR", "AUTH <password> called without any password configured", "has no password set"),
        ("Redis", "ERR", "max number of clients reached", "no connection left"),
        ("Redis", "ERR", "DB index is out of range", "no such database"),
        ("MySQL", "4151", "Access denied, this account is locked", "account is locked"),
    ],
)
def test_databases(protocol: str, code: str, text: str, words: str) -> None:
    (finding,) = found("database_refused", reply(protocol=protocol, code=code, text=text))
    assert words in finding.title


@pytest.mark.parametrize(
    ("code", "words"),
    [("42601", "the statement is wrong"), ("53200", "no memory left"), ("58030", "ends a statement with an error")],
)
def test_only_some_errors_are_the_statement_s(code: str, words: str) -> None:
    (finding,) = found("database_refused", reply(protocol="PostgreSQL", code=code, kind=Kind.QUERY))
    assert words in finding.title


@pytest.mark.parametrize("code", ["NOSCRIPT", "BUSYGROUP"])
def test_what_redis_clients_count_on(code: str) -> None:
    (finding,) = found("database_refused", reply(protocol="Redis", code=code, kind=Kind.QUERY))
    assert finding.severity is Severity.INFO


@pytest.mark.parametrize(
    ("request_", "said", "words"),
    [
        ("RCPT", "504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname", "(HELO)"),
        ("RCPT", "450 4.7.25 Client host rejected: cannot find your hostname", "(reverse lookup, PTR)"),
        ("RCPT", "450 4.2.0 Recipient address rejected: Greylisted", "try again later"),
        ("RCPT", "554 5.7.1 <b@c.example>: Recipient address rejected: Access denied", "rule of its own"),
        ("MAIL", "550 5.7.23 rejected because of Sender Policy Framework violation", "SPF, DKIM, DMARC"),
        ("RCPT", "452 4.2.2 The account is over quota", "mailbox is full"),
        ("RCPT", "450 4.7.1 Error: too much mail from 192.0.2.1", "too much in a short time"),
        ("RCPT", "550 5.2.1 The email account is disabled", "switched off"),
        ("RCPT", "550 5.2.1 No", "switched off"),
        ("the mail", "550 5.2.1 No", "refuses for good"),
        ("the mail", "521 5.2.1 Solve the captcha at www.example before sending", "a challenge against spam"),
        ("RCPT", "452 4.5.3 Too many recipients", "too many recipients"),
        ("RCPT", "450 4.1.2 Recipient address rejected: Domain not found", "no such domain"),
        ("the mail", "554 5.7.1 virus found", "(a virus)"),
        ("the mail", "552 5.7.0 blocked because its content presents a security issue", "what the mail holds"),
        ("the mail", "552 5.3.4 Message too big", "larger than the server takes"),
        ("RCPT", "451 4.3.0 Temporary lookup failure", "trouble of its own"),
    ],
)
def test_mail(request_: str, said: str, words: str) -> None:
    code, _, text = said.partition(" ")
    (finding,) = found("mail_refused", reply(protocol="SMTP", code=code, text=text, kind=Kind.MAIL, request=request_))
    assert words in finding.title


@pytest.mark.parametrize(
    ("text", "words", "side"),
    [
        ("[UNAVAILABLE] Temporary authentication failure", "cannot serve now", Side.SERVER),
        ("[EXPIRED] Password expired", "has expired", Side.CLIENT),
        ("[ALERT] Application-specific password required", "app password", Side.CLIENT),
        ("[LIMIT] Maximum number of connections from user+IP exceeded", "too many connections", Side.EITHER),
        ("[CONTACTADMIN] Account locked", "account is locked", Side.SERVER),
        ("[AUTHENTICATIONFAILED] Authentication failed.", "user name and password", Side.CLIENT),
        ("[IN-USE] maildrop already locked", "in use by another session", Side.CLIENT),
    ],
)
def test_mailboxes(text: str, words: str, side: Side) -> None:
    (finding,) = found("mailbox_refused", reply(protocol="IMAP", code="NO", text=text))
    assert words in finding.title
    assert finding.side is side


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        ("530 Non-anonymous sessions must use encryption.", Kind.LOGIN, "over TLS only"),
        ("530 Login incorrect.", Kind.LOGIN, "user name and password"),
        ("500 OOPS: vsftpd: refusing to run with writable root inside chroot()", Kind.LOGIN, "own settings"),
        ("550 Permission denied.", Kind.FILE, "may not do this"),
        ("550 No such file or directory.", Kind.FILE, "no such file"),
        ("553 Could not create file.", Kind.FILE, "of that name there"),
    ],
)
def test_ftp(said: str, kind: Kind, words: str) -> None:
    code, _, text = said.partition(" ")
    (finding,) = found("ftp_refused", reply(protocol="FTP", code=code, text=text, kind=kind, request="STOR"))
    assert words in finding.title


def test_an_ftp_server_that_does_not_know_a_command_refuses_no_login() -> None:
    told = reply(protocol="FTP", code="502", text="Unknown command 'utf8'.", kind=Kind.LOGIN, request="PASS")
    assert found("ftp_refused", told) == []


def test_an_ftp_server_that_is_full_turns_clients_away() -> None:
    told = reply(protocol="FTP", code="421", text="Too many users", kind=Kind.SESSION, request="greeting")
    (finding,) = found("ftp_refused", told)
    assert "turns 192.0.2.10 away at once" in finding.title


@pytest.mark.parametrize(
    ("code", "text", "words"),
    [
        ("2", "unsupported extended operation", "does not offer that operation"),
        ("53", "unauthenticated bind (DN with no password) disallowed", "empty password"),
        ("53", "", "will not do this"),
    ],
)
def test_ldap(code: str, text: str, words: str) -> None:
    (finding,) = found("ldap_refused", reply(protocol="LDAP", code=code, text=text))
    assert words in finding.title
