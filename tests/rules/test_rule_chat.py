"""What chat servers (IRC, XMPP) and NATS refuse."""

from pathlib import Path

import pytest
from sessions import FactsOf, Said, asks, found, found_in, reply, says, session

from explainer.model import Severity, Side
from explainer.protocols.applications import Kind

HELLO = (asks("NICK anna"), asks("USER anna 0 * :Anna"))
OPEN = (True, b"<stream:stream to='a.example' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>")
OPENED = (
    False,
    b"<stream:stream from='a.example' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>",
)
AUTH = (True, b"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGEAYg==</auth>")
SASL = b"<%s xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>%s</%s>"
UNKNOWN_HOST = b"<stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ((*HELLO, says("ERROR :Access denied: Bad password?")), "server's password is wrong or missing"),
        ((*HELLO, says(":irc.example 433 * anna :Nickname already in use")), "nickname is in use already"),
        ((*HELLO, says(":irc.example 001 anna :Welcome"), asks("JOIN #a"), says(":irc.example 475 anna #a :No key")),
         "channel's key"),
    ],
    ids=["password", "nickname", "channel"],
)  # fmt: skip
def test_irc(said: tuple[Said, ...], words: str, tmp_path: Path, facts_of: FactsOf) -> None:
    (finding,) = found_in("chat_refused", facts_of, session(tmp_path / "a.pcap", 6667, *said))
    assert words in finding.title
    assert finding.severity in (Severity.HIGH, Severity.MEDIUM)


@pytest.mark.parametrize(
    "said",
    [
        (*HELLO, says(":irc.example 001 anna :Welcome"), asks("QUIT :bye"), says("ERROR :Closing Link")),
        (*HELLO, says(":irc.example 001 anna :Welcome"), says(":irc.example 422 anna :No message of the day")),
    ],
    ids=["a goodbye that was asked for", "routine"],
)
def test_healthy_irc(said: tuple[Said, ...], tmp_path: Path, facts_of: FactsOf) -> None:
    assert found_in("chat_refused", facts_of, session(tmp_path / "a.pcap", 6667, *said)) == []


def test_xmpp(tmp_path: Path, facts_of: FactsOf) -> None:
    wrong = session(
        tmp_path / "a.pcap", 5222, OPEN, OPENED, AUTH, (False, SASL % (b"failure", b"<not-authorized/>", b"failure"))
    )
    (finding,) = found_in("chat_refused", facts_of, wrong)
    assert "does not accept the user name and password" in finding.title
    unknown = session(tmp_path / "b.pcap", 5222, OPEN, (False, OPENED[1] + UNKNOWN_HOST))
    (finding,) = found_in("chat_refused", facts_of, unknown)
    assert "does not serve the domain" in finding.title
    right = session(tmp_path / "c.pcap", 5222, OPEN, OPENED, AUTH, (False, SASL % (b"success", b"", b"success")))
    assert found_in("chat_refused", facts_of, right) == []


@pytest.mark.parametrize(
    ("code", "kind", "severity", "side"),
    [
        ("credentials-expired", Kind.LOGIN, Severity.HIGH, Side.CLIENT),
        ("conflict", Kind.SESSION, Severity.MEDIUM, Side.CLIENT),
        ("connection-timeout", Kind.SESSION, Severity.INFO, Side.NOBODY),
        ("something-new", Kind.SESSION, Severity.HIGH, Side.EITHER),
    ],
)
def test_what_xmpp_s_conditions_mean(code: str, kind: Kind, severity: Severity, side: Side) -> None:
    (finding,) = found("chat_refused", reply(protocol="XMPP", code=code, kind=kind))
    assert (finding.severity, finding.side) == (severity, side)


INFO = (False, b'INFO {"server_id":"a","auth_required":true}\r\n')
CONNECT = (True, b'CONNECT {"user":"anna","pass":"x"}\r\n'), (True, b"PING\r\n")


def test_nats(tmp_path: Path, facts_of: FactsOf) -> None:
    refused = session(tmp_path / "a.pcap", 4222, INFO, *CONNECT, says("-ERR 'Authorization Violation'"))
    (finding,) = found_in("broker_refused", facts_of, refused)
    assert "(NATS) refuses the login" in finding.title
    assert "does not accept the user name and password" in finding.title
    let_in = (INFO, *CONNECT, says("PONG"))
    assert found_in("broker_refused", facts_of, session(tmp_path / "b.pcap", 4222, *let_in)) == []
    assert found_in("capture_unread", facts_of, session(tmp_path / "c.pcap", 4222, *let_in)) == []
    later = session(tmp_path / "d.pcap", 4222, *let_in, says("-ERR 'Permissions Violation for Publish to \"a\"'"))
    (finding,) = found_in("broker_refused", facts_of, later)
    assert "the user may not do this" in finding.title
