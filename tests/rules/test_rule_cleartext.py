"""The rules about passwords in clear text."""

import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from factories import CLIENT, SERVER
from messages import get
from sessions import FactsOf, Said, asks, datagrams, found, found_in, says, session, talk
from talk import Wire

from explainer import analyse, ask
from explainer.model import Analysis, Severity
from explainer.protocols.applications import Login, Sign
from explainer.protocols.tcp import Endpoint

SECRET = "correct horse"  # it must show up nowhere


def coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


GREETING = (says("220 ready"), asks("EHLO x"), says("250 AUTH PLAIN LOGIN"))
LOGINS: dict[str, tuple[int, tuple[Said, ...]]] = {
    "FTP": (21, (says("220 ready"), asks("USER anna"), says("331 go on"), asks("PASS", SECRET), says("230 in"))),
    "POP3": (110, (says("+OK"), asks("USER anna"), says("+OK"), asks("PASS", SECRET), says("+OK"))),
    "IMAP": (143, (says("* OK ready"), asks(f'a LOGIN anna "{SECRET}"'), says("a OK in"))),
    "SMTP": (25, (*GREETING, asks("AUTH PLAIN", coded(f"\0anna\0{SECRET}")), says("235 in"))),
    "Telnet": (
        23,
        (
            (False, b"\xff\xfd\x18"), (True, b"\xff\xfb\x18"), (False, b"login: "), (True, b"ann"), (True, b"a\r\n"),
            (False, b"anna\r\nPassword: "), (True, f"{SECRET}\r\n".encode()), (False, b"\r\nLast login: today\r\n$ "),
        ),
    ),
    "Redis": (6379, ((True, f"*3\r\n$4\r\nAUTH\r\n$4\r\nanna\r\n$13\r\n{SECRET}\r\n".encode()), says("+OK"))),
}  # fmt: skip


@pytest.mark.parametrize(("word", "fires"), [("program@", False), (SECRET, True)])
def test_a_guest_of_whom_only_the_password_is_seen(word: str, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    capture = session(tmp_path / "guest.pcap", 21, asks("PASS", word), says("230 in"))
    assert bool(found_in("cleartext_login", facts_of, capture)) is fires


@pytest.mark.parametrize("protocol", LOGINS)
def test_a_login_in_clear_is_told_without_its_secret(protocol: str, tmp_path: Path, facts_of: FactsOf) -> None:
    port, said = LOGINS[protocol]
    capture = session(tmp_path / "c.pcap", port, *said)
    (finding,) = found_in("cleartext_login", facts_of, capture)
    assert finding.severity is Severity.MEDIUM
    assert "of the user anna can be read" in finding.title
    assert f"{protocol} from {CLIENT} to {SERVER}:{port}" in finding.title
    assert any(step.text.endswith("accepts the login") for step in finding.evidence.steps)
    assert SECRET not in finding.model_dump_json()


def test_auth_login_asks_for_the_two_parts(tmp_path: Path, facts_of: FactsOf) -> None:
    parts = (asks("AUTH LOGIN"), says("334 VXNlcm5hbWU6"), asks(coded("anna")), says("334 UGFzc3dvcmQ6"))
    capture = session(tmp_path / "c.pcap", 25, *GREETING, *parts, asks(coded(SECRET)), says("535 no"))
    (finding,) = found_in("cleartext_login", facts_of, capture)
    assert "of the user anna" in finding.title
    assert finding.evidence.frames == (7, 9, 11, 12)
    (refused,) = found_in("mail_refused", facts_of, capture)
    assert "refuses the login of anna" in refused.title


def test_a_web_form_with_a_password(tmp_path: Path, facts_of: FactsOf) -> None:
    def posted(body: str) -> Path:
        form = "Content-Type: application/x-www-form-urlencoded"
        request = get("/login", form, f"Content-Length: {len(body)}", method="POST") + body.encode()
        return session(tmp_path / f"{len(body)}.pcap", 80, (True, request))

    (finding,) = found_in("cleartext_login", facts_of, posted("user=anna&password=correct+horse"))
    assert "of the user anna" in finding.title
    assert found_in("cleartext_login", facts_of, posted("user=anna&passenger=2")) == []


def test_a_password_in_a_url(tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    urls = (f"/in?user=anna&PASSWORD={coded(SECRET)}", "/list?pass=2&q=pwd", "/reset?password=")
    for sport, url in enumerate(urls, 40000):
        talk(wire, 80, (True, get(url)), sport=sport)
    (finding,) = found_in("cleartext_login", facts_of, wire.save(tmp_path / "urls.pcap"))
    assert "of the user anna can be read" in finding.title
    assert "HTTP URL from" in finding.title
    assert finding.severity is Severity.INFO
    assert finding.measured["logins"] == 1
    assert coded(SECRET) not in finding.model_dump_json()


def test_basic_authentication_is_worth_knowing(tmp_path: Path, facts_of: FactsOf) -> None:
    asked = get("/", f"Authorization: Basic {coded(f'anna:{SECRET}')}")
    (finding,) = found_in("cleartext_http_basic", facts_of, session(tmp_path / "c.pcap", 80, (True, asked)))
    assert finding.severity is Severity.INFO
    assert "of the user anna" in finding.title
    bearer = get("/", "Authorization: Bearer abc")
    assert found_in("cleartext_http_basic", facts_of, session(tmp_path / "d.pcap", 80, (True, bearer))) == []


def login(**overrides: object) -> Login:
    values = {
        "protocol": "FTP", "stream": 0, "client": Endpoint(CLIENT, 40000), "server": Endpoint(SERVER, 21),
        "user": "anna", "secret": "password", "frames": (4, 5),
    }  # fmt: skip
    return Login(**values | overrides)  # type: ignore[arg-type]  # its own fields


def test_a_login_without_a_secret_is_none() -> None:
    assert found("cleartext_login", login(user="anonymous", secret="")) == []


def test_a_community_and_what_stays_on_one_machine_are_small() -> None:
    (community,) = found("cleartext_login", login(protocol="SNMP", secret="community", user="", stream=None))
    assert community.severity is Severity.LOW
    assert community.evidence.display_filter == "snmp"
    (own,) = found("cleartext_login", login(client=Endpoint(SERVER, 40000)))
    assert own.severity is Severity.LOW


def test_many_users_of_one_server_are_one_finding() -> None:
    (finding,) = found("cleartext_login", *(login(user=f"user{n}", frames=(n,)) for n in range(1, 6)))
    assert "of 5 users (user1, user2, user3 and 2 more)" in finding.title


def test_a_terminal_is_told_where_no_login_is_seen_in_it() -> None:
    terminal = Sign("terminal", "Telnet", 0, Endpoint(CLIENT, 40000), Endpoint(SERVER, 23), 4)
    (finding,) = found("cleartext_terminal", terminal)
    assert "Telnet is used between" in finding.title
    assert found("cleartext_terminal", terminal, login(protocol="Telnet")) == []


def test_an_anonymous_ftp_login_shows_no_password(tmp_path: Path, facts_of: FactsOf) -> None:
    said = (says("220 ready"), asks("USER anonymous"), says("331 go on"), asks("PASS me@"), says("230 in"))
    assert found_in("cleartext_login", facts_of, session(tmp_path / "c.pcap", 21, *said)) == []


def test_the_question_whether_a_password_is_visible_is_answered(tmp_path: Path) -> None:
    port, said = LOGINS["FTP"]
    seen = ask(analyse(session(tmp_path / "c.pcap", port, *said)), "Is a password visible?")
    assert "can be read by anybody" in seen.verdict
    unseen = analyse(session(tmp_path / "d.pcap", 21, says("220 ready"), asks("QUIT"), says("221 Bye")))
    assert ask(unseen, "Is a password visible?").verdict.startswith("No password is visible")


def test_an_snmp_community_is_read(tmp_path: Path, facts_of: FactsOf) -> None:
    get_request = bytes.fromhex(
        "302902010104067075626c6963a01c02046b8b45670201000201003010300e060a2b060102010101000500"
    )
    message = bytes([0x30, len(get_request) - 2]) + get_request[2:]
    (finding,) = found_in("cleartext_login", facts_of, datagrams(tmp_path / "c.pcap", 161, (True, message)))
    assert "The community can be read" in finding.title
    assert "public" not in finding.model_dump_json()


def test_without_logins_they_do_not_apply(analysis_of: Callable[[str], Analysis]) -> None:
    outcomes = {o.rule: o.status for o in analysis_of("dns_nxdomain").outcomes if o.rule.startswith("cleartext_")}
    assert outcomes["cleartext_login"] == outcomes["cleartext_terminal"] == "not applicable"


@pytest.mark.parametrize("word", ["", SECRET])
def test_a_bind_without_a_password_gives_nothing_away(word: str, tmp_path: Path, facts_of: FactsOf) -> None:
    def wrapped(tag: int, data: bytes) -> bytes:
        return bytes([tag, len(data)]) + data

    bind = b"\x02\x01\x03" + wrapped(0x04, b"cn=anna") + wrapped(0x80, word.encode())
    answer = wrapped(0x30, b"\x02\x01\x01" + wrapped(0x61, b"\x0a\x01\x00\x04\x00\x04\x00"))
    capture = session(
        tmp_path / "a.pcap", 389, (True, wrapped(0x30, b"\x02\x01\x01" + wrapped(0x60, bind))), (False, answer)
    )
    assert bool(found_in("cleartext_login", facts_of, capture)) is bool(word)
