"""The rules about what files, directories, databases, terminals and smaller services refuse."""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from factories import connection
from sessions import FactsOf, Said, asks, datagrams, found, found_in, reply, says, session

from explainer.model import Analysis, Severity, Side
from explainer.protocols.applications import Kind, Reply, replies
from explainer.protocols.tcp import Endpoint

LOGIN = (says("220 ready"), asks("USER anna"), says("331 go on"), asks("PASS secret"))
REFUSING = ("ftp_refused", "smb_refused", "ldap_refused", "kerberos_refused", "database_refused", "ntp_refused")


def test_ftp_login_and_file(tmp_path: Path, facts_of: FactsOf) -> None:
    wrong = session(tmp_path / "wrong.pcap", 21, *LOGIN, says("530 Login incorrect."))
    (finding,) = found_in("ftp_refused", facts_of, wrong)
    assert "refuses the login of anna" in finding.title
    assert (finding.severity, finding.side) == (Severity.HIGH, Side.CLIENT)
    missing = (says("230 in"), asks("RETR a.txt"), says("550 No such file"))
    (finding,) = found_in("ftp_refused", facts_of, session(tmp_path / "missing.pcap", 21, *LOGIN, *missing))
    assert "refuses RETR a.txt: there is no such file" in finding.title
    later = (*missing, asks("RETR a.txt"), says("150 here it comes"), says("226 done"))
    (finding,) = found_in("ftp_refused", facts_of, session(tmp_path / "later.pcap", 21, *LOGIN, *later))
    assert finding.severity is Severity.INFO


def test_a_transfer_that_the_client_breaks_off_is_not_refused(tmp_path: Path, facts_of: FactsOf) -> None:
    cut = (says("230 in"), asks("RETR a.txt"), says("150 here"), says("426 Connection closed"))
    stopped = (asks("RETR b.txt"), says("150 here"), asks("ABOR"), says("426 Closed"), says("226 Abort successful"))
    (finding,) = found_in("ftp_refused", facts_of, session(tmp_path / "stopped.pcap", 21, *LOGIN, *cut, *stopped))
    assert "refuses RETR a.txt: the data connection broke off" in finding.title
    assert finding.measured["refusals"] == 1


def test_ftp_trials_are_no_failures(tmp_path: Path, facts_of: FactsOf) -> None:
    trials = (says("230 in"), asks("CWD /x"), says("550 no"), asks("SIZE a"), says("550 no"), asks("FEAT"), says("502"))
    (gives_up,) = found_in("ftp_refused", facts_of, session(tmp_path / "given_up.pcap", 21, *LOGIN, *trials))
    assert "refuses SIZE a" in gives_up.title
    stored = (asks("STOR a"), says("226 done"))
    assert found_in("ftp_refused", facts_of, session(tmp_path / "stored.pcap", 21, *LOGIN, *trials, *stored)) == []


def test_tftp_errors(tmp_path: Path, facts_of: FactsOf) -> None:
    asked, error = b"\0\x01boot.cfg\0octet\0", b"\0\x05\0\x01File not found\0"
    (finding,) = found_in("ftp_refused", facts_of, datagrams(tmp_path / "c.pcap", 69, (True, asked), (False, error)))
    assert "The TFTP server" in finding.title
    assert "boot.cfg" in finding.title


@pytest.mark.parametrize(
    ("rule", "record", "words"),
    [
        ("smb_refused", {"protocol": "SMB", "code": "0xc000006d"}, "STATUS_LOGON_FAILURE"),
        ("smb_refused", {"protocol": "SMB", "code": "0xc00000cc", "kind": Kind.CALL}, "no such share"),
        ("ldap_refused", {"protocol": "LDAP", "code": "49", "text": "AcceptSecurityContext, data 775, v1"}, "locked"),
        ("ldap_refused", {"protocol": "LDAP", "code": "49", "text": "data 52e, v1"}, "password is wrong"),
        ("ldap_refused", {"protocol": "LDAP", "code": "32", "kind": Kind.QUERY, "request": "search"}, "no such entry"),
        ("kerberos_refused", {"protocol": "Kerberos", "code": "37", "kind": Kind.TICKET}, "clocks"),
        ("kerberos_refused", {"protocol": "Kerberos", "code": "1", "kind": Kind.TICKET}, "account has expired"),
        ("kerberos_refused", {"protocol": "Kerberos", "code": "7", "kind": Kind.TICKET}, "no such service"),
        ("kerberos_refused", {"protocol": "Kerberos", "code": "60", "kind": Kind.TICKET}, "a reason of its own"),
        ("kerberos_refused", {"protocol": "Kerberos", "code": "99", "kind": Kind.TICKET}, "with error 99: it refuses"),
        (
            "smb_refused",
            {"protocol": "SMB", "code": "0xc000007f", "kind": Kind.OTHER, "about": "a"},
            "writing the file a",
        ),
        ("smb_refused", {"protocol": "SMB", "code": "0xc0000044", "kind": Kind.OTHER}, "quota is used up"),
        ("smb_refused", {"protocol": "SMB", "code": "0xc0000022", "request": "session setup"}, "wants the session enc"),
        (
            "smb_refused",
            {"protocol": "SMB", "code": "0x81", "kind": Kind.SESSION, "request": "session"},
            "turns 192.0.2.10 away: it ends the session before the first word of SMB",
        ),
        ("ftp_refused", {"protocol": "TFTP", "code": "0", "text": "Permission denied"}, "the user may not do this"),
        ("database_refused", {"protocol": "PostgreSQL", "code": "28P01"}, "password is wrong"),
        ("database_refused", {"protocol": "PostgreSQL", "code": "99999"}, "it refuses the login"),
        (
            "database_refused",
            {"protocol": "PostgreSQL", "code": "28000", "text": 'no entry for host "10.0.0.1", no encryption'},
            "without encryption",
        ),
        (
            "database_refused",
            {"protocol": "PostgreSQL", "code": "25P03", "kind": Kind.QUERY},
            "ends the session of 192.0.2.10: the session was idle for longer",
        ),
        ("database_refused", {"protocol": "PostgreSQL", "code": "25006", "kind": Kind.QUERY}, "takes no writes"),
        ("database_refused", {"protocol": "MySQL", "code": "1153", "kind": Kind.QUERY}, "larger than it takes"),
        ("database_refused", {"protocol": "MySQL", "code": "1045"}, "password is wrong"),
        ("database_refused", {"protocol": "MySQL", "code": "1158"}, "the client went away before the login"),
        (
            "service_error",
            {"protocol": "RDP", "code": "2", "text": "TLS not allowed by the server", "kind": Kind.SESSION},
            "it does not permit TLS",
        ),
        ("database_refused", {"protocol": "SQL Server", "code": "4060"}, "no such database"),
        ("database_refused", {"protocol": "Redis", "code": "NOAUTH"}, "wants a password"),
        ("ntp_refused", {"protocol": "NTP", "code": "RATE", "kind": Kind.TIME}, "too often"),
        ("ntp_refused", {"protocol": "NTP", "code": "", "kind": Kind.TIME}, "not synchronised itself"),
        (
            "radius_refused",
            {"protocol": "RADIUS", "code": "Access-Reject", "about": "anna"},
            "does not let the user anna",
        ),
        ("sip_refused", {"protocol": "SIP", "code": "503", "kind": Kind.CALL, "request": "INVITE"}, "cannot serve now"),
        ("sip_refused", {"protocol": "SIP", "code": "404", "kind": Kind.CALL, "request": "INVITE"}, "no such number"),
        ("sip_refused", {"protocol": "SIP", "code": "500", "request": "REGISTER"}, "fails itself"),
        ("ssh_refused", {"protocol": "SSH", "code": "no common algorithm", "kind": Kind.SESSION}, "in common"),
    ],
)
def test_what_each_code_means(rule: str, record: dict[str, Any], words: str) -> None:
    (finding,) = found(rule, reply(**record))
    assert words in finding.title
    assert finding.severity in (Severity.HIGH, Severity.MEDIUM)
    good = reply(**record | {"ok": True, "code": "", "frame": 20})
    (overcome,) = found(rule, reply(**record), good)
    assert overcome.severity is Severity.INFO
    assert overcome.act.startswith("Nobody now, as a later attempt succeeded.")
    assert overcome.evidence.frames[-1] == 20


@pytest.mark.parametrize(
    ("rule", "record"),
    [
        ("smb_refused", {"protocol": "SMB", "code": "0xc0000bad"}),
        ("smb_refused", {"protocol": "SMB", "code": "0xc0000022", "kind": Kind.FILE, "about": "x\\desktop.ini"}),
        ("ldap_refused", {"protocol": "LDAP", "code": "9"}),
        ("kerberos_refused", {"protocol": "Kerberos", "code": "34", "kind": Kind.TICKET}),
        ("database_refused", {"protocol": "SQL Server", "code": "5701", "kind": Kind.QUERY}),
        ("sip_refused", {"protocol": "SIP", "code": "481", "kind": Kind.CALL, "request": "BYE"}),
        ("ssh_refused", {"protocol": "SSH", "code": "11", "kind": Kind.SESSION}),
    ],
)
def test_what_is_no_failure(rule: str, record: dict[str, Any]) -> None:
    assert found(rule, reply(**record)) == []


def test_a_missing_file_of_windows_is_worth_knowing() -> None:
    missing = reply("SMB", "0xc0000034", kind=Kind.FILE, about="x")
    opened = reply("SMB", "0x00000000", frame=20, kind=Kind.FILE, about="y", ok=True)
    (finding,) = found("smb_refused", missing, opened)
    assert finding.severity is Severity.INFO
    (finding,) = found("smb_refused", missing, opened._replace(stream=1))
    assert finding.severity is Severity.LOW


def pg(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!I", 4 + len(body)) + body


def startup(user: str) -> Said:
    body = b"\0\x03\0\0" + f"user\0{user}\0database\0shop\0\0".encode()
    return True, struct.pack("!I", 4 + len(body)) + body


DENIED = (False, pg(b"E", b'SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed for user "anna"\0\0'))
LET_IN = (False, pg(b"R", b"\0\0\0\0") + pg(b"Z", b"I"))


def test_postgresql_login_and_password_in_clear(tmp_path: Path, facts_of: FactsOf) -> None:
    asked = (startup("anna"), (False, pg(b"R", b"\0\0\0\x03")), (True, pg(b"p", b"secret\0")))
    refused = session(tmp_path / "refused.pcap", 5432, *asked, DENIED)
    (finding,) = found_in("database_refused", facts_of, refused)
    assert "(PostgreSQL) refuses the login of anna" in finding.title
    (readable,) = found_in("cleartext_login", facts_of, refused)
    assert "of the user anna" in readable.title
    assert found_in("database_refused", facts_of, session(tmp_path / "in.pcap", 5432, *asked, LET_IN)) == []


def test_a_database_that_is_missing_is_told_after_the_password_was_right(tmp_path: Path, facts_of: FactsOf) -> None:
    missing = (False, pg(b"R", b"\0\0\0\0") + pg(b"E", b'SFATAL\0VFATAL\0C3D000\0Mdatabase "x" does not exist\0\0'))
    (finding,) = found_in("database_refused", facts_of, session(tmp_path / "c.pcap", 5432, startup("anna"), missing))
    assert "refuses the login of anna" in finding.title
    assert "there is no such database" in finding.title


def test_a_statement_that_fails_is_not_the_login(tmp_path: Path, facts_of: FactsOf) -> None:
    wrong = (False, pg(b"E", b"SERROR\0VERROR\0C42P01\0Mrelation does not exist\0\0") + pg(b"Z", b"I"))
    asked = (startup("anna"), LET_IN, (True, pg(b"Q", b"select 1 from x\0")), wrong)
    (finding,) = found_in("database_refused", facts_of, session(tmp_path / "c.pcap", 5432, *asked))
    assert "refuses a statement" in finding.title
    assert finding.severity is Severity.MEDIUM


def test_redis_wants_a_password(tmp_path: Path, facts_of: FactsOf) -> None:
    said = ((True, b"*1\r\n$4\r\nPING\r\n"), says("-NOAUTH Authentication required."))
    (finding,) = found_in("database_refused", facts_of, session(tmp_path / "c.pcap", 6379, *said))
    assert '("NOAUTH Authentication required.")' in finding.title


def ntp(first: int, stratum: int, reference: bytes) -> bytes:
    return bytes([first, stratum, 6, 0xEC]) + bytes(8) + reference + bytes(32)


def test_a_kiss_of_death(tmp_path: Path, facts_of: FactsOf) -> None:
    asked = (True, ntp(0x23, 0, b"\0\0\0\0"))
    kissed = datagrams(tmp_path / "kiss.pcap", 123, asked, (False, ntp(0xE4, 0, b"RATE")))
    (finding,) = found_in("ntp_refused", facts_of, kissed)
    assert finding.evidence.frames == (1, 2)
    served = datagrams(tmp_path / "served.pcap", 123, asked, (False, ntp(0x24, 2, b"\x0a\0\0\x01")))
    assert found_in("ntp_refused", facts_of, served) == []


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("unknown subcommand 'MAINT_NOTIFICATIONS'. Try CLIENT HELP.", Severity.INFO),
        ("unknown command 'HELLO', with args beginning with: '3'", Severity.INFO),
        ("unknown command 'JSON.GET', with args beginning with: 'a'", Severity.MEDIUM),
    ],
)
def test_what_a_redis_library_tries_on_its_own_is_no_fault(text: str, severity: Severity) -> None:
    (finding,) = found("database_refused", reply("Redis", "ERR", kind=Kind.QUERY, text=text))
    assert finding.severity is severity


def radius(code: int, attributes: bytes = b"") -> bytes:
    return struct.pack("!BBH", code, 7, 20 + len(attributes)) + bytes(16) + attributes


def test_a_radius_reject(tmp_path: Path, facts_of: FactsOf) -> None:
    asked, challenge = (True, radius(1, b"\x01\x06anna")), (False, radius(11))
    rejected = datagrams(tmp_path / "no.pcap", 1812, asked, challenge, asked, (False, radius(3)))
    (finding,) = found_in("radius_refused", facts_of, rejected)
    assert "does not let the user anna in" in finding.title
    accepted = datagrams(tmp_path / "yes.pcap", 1812, asked, challenge, asked, (False, radius(2)))
    assert found_in("radius_refused", facts_of, accepted) == []


def eap(code: int, data: bytes = b"", number: int = 7) -> bytes:
    """Return the attribute EAP-Message (RFC 3579, section 3.1)."""
    packet = struct.pack("!BBH", code, number, 4 + len(data)) + data
    return bytes((79, 2 + len(packet))) + packet


def eap_tls(code: int, alert: int) -> bytes:
    return eap(code, b"\x19\x80\0\0\0\x07" + b"\x15\x03\x03\x00\x02\x02" + bytes((alert,)), 9)


@pytest.mark.parametrize(
    ("by_client", "alert", "words"),
    [
        (True, 48, "device does not accept the RADIUS server's certificate"),
        (True, 45, "server's certificate has expired"),
        (True, 70, "no TLS version or cipher suite in common"),
        (True, 80, "user name, password or certificate is wrong"),
        (False, 48, "does not accept the certificate of the user"),
        (False, 45, "certificate of the user or device has expired"),
    ],
)
def test_an_alert_of_the_tls_inside_of_eap_says_why(
    by_client: bool, alert: int, words: str, tmp_path: Path, facts_of: FactsOf
) -> None:
    user = b"\x01\x06anna"
    asked = (True, radius(1, user + eap(2, b"\x01anna")))
    talk = [asked, (False, radius(11, eap(1, b"\x19\x20", 8)))]
    if by_client:
        talk += [(True, radius(1, user + eap_tls(2, alert)))]
    else:
        talk += [(True, radius(1, user + eap(2, b"\x19\x00", 8))), (False, radius(11, eap_tls(1, alert)))]
        talk += [(True, radius(1, user + eap(2, b"\x19\x00", 9)))]
    capture = datagrams(tmp_path / "c.pcap", 1812, *talk, (False, radius(3, eap(4, number=9))))
    (finding,) = found_in("radius_refused", facts_of, capture)
    assert words in finding.title


def test_who_shows_a_certificate_has_no_wrong_password(tmp_path: Path, facts_of: FactsOf) -> None:
    shown = (True, radius(1, b"\x01\x06anna" + eap(2, b"\x0d\x00")))
    (finding,) = found_in("radius_refused", facts_of, datagrams(tmp_path / "c.pcap", 1812, shown, (False, radius(3))))
    assert "does not accept the certificate of the user or device, or a policy" in finding.title


def test_eap_that_is_not_answered_lets_nobody_in(tmp_path: Path, facts_of: FactsOf) -> None:
    asked = (True, radius(1, b"\x01\x06anna" + eap(2, b"\x01anna")))
    silent = datagrams(tmp_path / "silent.pcap", 1812, asked, asked)
    assert [r for r in facts_of(silent, replies)[replies] if r.protocol == "EAP"] == []
    accepted = datagrams(tmp_path / "yes.pcap", 1812, asked, (False, radius(2, eap(3))))
    assert [r.ok for r in facts_of(accepted, replies)[replies] if r.protocol == "EAP"] == [True]


def sip(first: str, method: str, *more: str) -> bytes:
    lines = (
        first, "Via: SIP/2.0/UDP 192.0.2.10:40000;branch=z9hG4bK1", "From: <sip:anna@example.org>;tag=1",
        "To: <sip:anna@example.org>", "Call-ID: 1", f"CSeq: 1 {method}", *more, "Content-Length: 0", "", "",
    )  # fmt: skip
    return "\r\n".join(lines).encode()


def test_sip_s_demand_to_sign_in_is_no_refusal_until_it_was_met(tmp_path: Path, facts_of: FactsOf) -> None:
    asked = (True, sip("REGISTER sip:example.org SIP/2.0", "REGISTER"))
    demand = (False, sip("SIP/2.0 401 Unauthorized", "REGISTER", 'WWW-Authenticate: Digest realm="x", nonce="y"'))
    credentials = 'Authorization: Digest username="anna", realm="x", nonce="y", uri="sip:x", response="0"'
    signed = (True, sip("REGISTER sip:example.org SIP/2.0", "REGISTER", credentials))
    assert found_in("sip_refused", facts_of, datagrams(tmp_path / "a.pcap", 5060, asked, demand)) == []
    good = (False, sip("SIP/2.0 200 OK", "REGISTER"))
    met = datagrams(tmp_path / "b.pcap", 5060, asked, demand, signed, good)
    assert found_in("sip_refused", facts_of, met) == []
    refused = datagrams(tmp_path / "c.pcap", 5060, asked, demand, signed, demand)
    (finding,) = found_in("sip_refused", facts_of, refused)
    assert "refuses the registration of sip:anna@example.org" in finding.title
    # A phone of IMS names its user before there is a challenge.
    named = sip("REGISTER sip:example.org SIP/2.0", "REGISTER", credentials.replace('"0"', '""').replace('"y"', '""'))
    assert found_in("sip_refused", facts_of, datagrams(tmp_path / "d.pcap", 5060, (True, named), demand)) == []


def test_without_such_servers_they_do_not_apply(analysis_of: Callable[[str], Analysis]) -> None:
    outcomes = [o for o in analysis_of("dns_nxdomain").outcomes if o.rule in REFUSING]
    assert {o.status for o in outcomes} == {"not applicable"}


@pytest.mark.parametrize(("code", "words"), [(0x81, "who may connect"), (0x82, "does not go by the name")])
def test_a_file_server_that_ends_the_session_before_smb(
    code: int, words: str, tmp_path: Path, facts_of: FactsOf
) -> None:
    hello = b"\0\0\0\x44\xfeSMB\x40" + bytes(63)
    refused = b"\x83\0\0\x01" + bytes([code])
    capture = session(tmp_path / "a.pcap", 445, (True, hello), (False, refused))
    (finding,) = found_in("smb_refused", facts_of, capture)
    assert finding.title.startswith("The file server 198.51.100.20 turns 192.0.2.10 away: it")
    assert words in finding.title


def test_an_ftp_session_that_is_ended_for_idleness(tmp_path: Path, facts_of: FactsOf) -> None:
    late = (says("230 in"), asks("PWD"), says('257 "/"'), says("421 Timeout."))
    (finding,) = found_in("ftp_refused", facts_of, session(tmp_path / "a.pcap", 21, *LOGIN, *late))
    assert "ends the session of 192.0.2.10: nothing was asked for longer than it waits" in finding.title
    assert finding.severity is Severity.MEDIUM


def moved(frame: int, to: str = "198.51.100.99:6379") -> Reply:
    return reply("Redis", "MOVED", frame, kind=Kind.QUERY, request="a statement", text=f"{frame} {to}")


@pytest.mark.parametrize(
    ("times", "asked", "severity"),
    [
        (2, "", Severity.HIGH),
        (1, "", Severity.INFO),
        (2, "198.51.100.99", Severity.INFO),
        (2, "198.51.100.98", Severity.HIGH),
    ],
    ids=["not followed", "once", "followed", "asks another"],
)
def test_a_client_that_is_sent_on_and_stays_knows_no_clusters(times: int, asked: str, severity: Severity) -> None:
    below = [connection(1, server=Endpoint(asked, 6379))] if asked else []
    (finding,) = found("database_refused", *(moved(10 + n) for n in range(times)), below=below)
    assert finding.severity is severity
    assert ("set to cluster mode (or use" in finding.act) is (severity is Severity.HIGH)
