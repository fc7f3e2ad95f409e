from collections.abc import Callable
from pathlib import Path

import pytest
from factories import findings_of, tls_alert
from talk import Talk, Wire, client_hello, server_hello

from explainer import registry
from explainer.facts import Facts
from explainer.model import Analysis, Confidence, Finding, RuleStatus, Severity, Side

AnalysisOf = Callable[[str], Analysis]
FactsOf = Callable[..., Facts]
RULES = ("tls_plain_http", "tls_to_plain_port")
HELLO = client_hello("www.example.org")
GET = b"GET / HTTP/1.1\r\nHost: www.example.org\r\n\r\n"
PING = b"GET /v2/ HTTP/1.1\r\nHost: www.example.org\r\n\r\n"
BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s"
MYSQL_GREETING = b"\x2e\0\0\0\x0a8.0.30\0\x01\0\0\0aaaaaaaa\0\xff\xff\xff\x02\0\xff\xcf\x15" + bytes(10)


def every(capture: Path | str, facts_of: FactsOf) -> list[Finding]:
    return [
        finding
        for entry in registry.rules
        if entry.id in RULES
        for finding in findings_of(entry.id, facts_of(capture, *entry.needs))
    ]


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("tls_plain_http_to_nginx", "tls_plain_http"),
        ("tls_plain_http_to_openssl", "tls_plain_http"),
        ("tls_to_http_port", "tls_to_plain_port"),
        ("tls_to_smtp_port", "tls_to_plain_port"),
        ("tls_to_ssh_port", "tls_to_plain_port"),
    ],
)
def test_the_labs_mistakes_are_found_each_by_one_rule(name: str, rule: str, facts_of: FactsOf) -> None:
    (finding,) = every(name, facts_of)
    assert (finding.rule, finding.side) == (rule, Side.CLIENT)


@pytest.mark.parametrize(
    ("name", "rule", "status"),
    [
        ("dns_nxdomain", "tls_to_plain_port", RuleStatus.NOT_APPLICABLE),
        ("dns_and_http_healthy", "tls_plain_http", RuleStatus.RAN),
        ("tls13_on_odd_port_healthy", "tls_to_plain_port", RuleStatus.RAN),
        # A request that TLS had carried, and that its keys make readable, answered 400.
        ("tls12_client_certificate_missing_nginx", "tls_plain_http", RuleStatus.RAN),
    ],
)
def test_where_each_speaks_what_is_expected_nothing_is_found(
    name: str, rule: str, status: RuleStatus, analysis_of: AnalysisOf
) -> None:
    (outcome,) = (outcome for outcome in analysis_of(name).outcomes if outcome.rule == rule)
    assert (outcome.status, outcome.findings) == (status, ())


# Protocol, port, greeting, answer to the ClientHello; of ports that Wireshark knows and of others.
SERVERS = [
    ("HTTP", 8080, b"", BAD_REQUEST % (0, b"")),
    ("HTTP", 443, b"", BAD_REQUEST % (0, b"")),
    ("SMTP", 25, b"220 mail.example ESMTP\r\n", b"500 5.5.2 Error: bad syntax\r\n"),
    ("SMTP", 2525, b"220 mail.example ESMTP\r\n", b"500 5.5.2 Error: bad syntax\r\n"),
    ("SSH", 22, b"SSH-2.0-OpenSSH_9.2\r\n", b"Invalid SSH identification string.\r\n"),
    ("SSH", 443, b"SSH-2.0-OpenSSH_9.2\r\n", b"Invalid SSH identification string.\r\n"),
    ("FTP", 21, b"220 FTP server ready\r\n", b"500 Unknown command\r\n"),
    ("IMAP", 143, b"* OK IMAP4rev1 ready\r\n", b"* BAD Error in command\r\n"),
    ("POP3", 110, b"+OK POP3 ready\r\n", b"-ERR unknown command\r\n"),
    ("MySQL", 3306, MYSQL_GREETING, b""),
    ("Redis", 6379, b"", b"-ERR unknown command\r\n"),
    ("PostgreSQL", 5432, b"", b"E\0\0\0\x20SFATAL\0C0A000\0Munsupported\0\0"),
]


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
UPGRADE = b"HTTP/1.1 426 Upgrade Required\r\nUpgrade: TLS/1.2\r\nContent-Length: 0\r\n\r\n"
TO_HTTPS = b"HTTP/1.1 301 Moved\r\nLocation: https://www.example.org/\r\nContent-Length: 0\r\n\r\n"


def tries_tls(wire: Wire, sport: int = 40000) -> None:
    Talk(wire, sport=sport, dport=5000).open().exchange(HELLO, BAD_REQUEST % (0, b"")).part()


@pytest.mark.parametrize(("answer", "word"), [(OK, "a later attempt succeeded"), (NOT_FOUND, "goes on without TLS")])
@pytest.mark.parametrize("seconds", [0, 9.9])
def test_a_registrys_client_that_then_does_without_tls_has_found_out_what_the_port_speaks(
    seconds: float, answer: bytes, word: str, tmp_path: Path, facts_of: FactsOf
) -> None:
    wire = Wire()
    tries_tls(wire)
    tries_tls(wire, 40001)
    wire.wait(seconds)
    Talk(wire, sport=40002, dport=5000).open().exchange(PING, answer).part()
    (finding,) = every(wire.save(tmp_path / "fallback.pcap"), facts_of)
    assert (finding.rule, finding.severity, finding.measured["connections"]) == ("tls_to_plain_port", Severity.INFO, 2)
    assert word in finding.act
    asked, answered = finding.evidence.steps[-2:]
    assert {*asked.frames, *answered.frames} <= set(finding.evidence.frames)
    assert finding.evidence.display_filter == "tcp.stream in {0, 1, 2}"


def _much_later(wire: Wire) -> None:
    wire.wait(10)
    Talk(wire, sport=40001, dport=5000).open().exchange(PING, OK).part()


NOT_INSTEAD: dict[str, Callable[[Wire], object]] = {
    "nothing": lambda w: None,
    "too late, perhaps another program": _much_later,
    "a page, perhaps of another program": lambda w: Talk(w, sport=40001, dport=5000).open().exchange(GET, OK).part(),
    "another client": lambda w: Talk(w, client="192.0.2.77", sport=40001, dport=5000).open().exchange(PING, OK).part(),
    "another port": lambda w: Talk(w, sport=40001, dport=5001).open().exchange(PING, OK).part(),
    "an answer that asks for TLS": lambda w: Talk(w, sport=40001, dport=5000).open().exchange(PING, UPGRADE).part(),
    "another that does": lambda w: Talk(w, sport=40001, dport=5000).open().exchange(PING, TO_HTTPS).part(),
    "bad request": lambda w: Talk(w, sport=40001, dport=5000).open().exchange(PING, BAD_REQUEST % (0, b"")).part(),
    "no answer": lambda w: Talk(w, sport=40001, dport=5000).open().say(PING).close(from_client=True),
}


@pytest.mark.parametrize("name", NOT_INSTEAD)
def test_without_an_answer_in_clear_soon_the_try_failed(name: str, tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    Talk(wire, sport=39999, dport=5000).open().exchange(PING, OK).part()  # before: not in its place
    tries_tls(wire)
    NOT_INSTEAD[name](wire)
    (finding,) = every(wire.save(tmp_path / "failed.pcap"), facts_of)
    assert (finding.rule, finding.severity, finding.scope.streams) == ("tls_to_plain_port", Severity.HIGH, (1,))


def test_another_protocol_than_http_is_not_made_up_for(tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    Talk(wire, dport=9000).open().exchange(HELLO, b"-ERR unknown command\r\n").part()
    Talk(wire, sport=40001, dport=9000).open().exchange(PING, OK).part()
    (finding,) = every(wire.save(tmp_path / "redis.pcap"), facts_of)
    assert (finding.severity, finding.measured["speaks"]) == (Severity.HIGH, "Redis")


def test_what_the_server_speaks_is_named(tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    for number, (_, port, greeting, answer) in enumerate(SERVERS):
        talk = Talk(wire, server=f"198.51.100.{number}", dport=port).open()
        if greeting:
            talk.answer(greeting)
        talk.say(HELLO)
        if answer:
            talk.answer(answer)
        talk.part()
    told = {finding.scope.streams[0]: finding for finding in every(wire.save(tmp_path / "plain.pcap"), facts_of)}
    for number, (language, port, _, _) in enumerate(SERVERS):
        finding = told.pop(number)
        assert finding.measured["speaks"] == language
        assert language in finding.title
        assert finding.side is (Side.SERVER if port == 443 else Side.CLIENT)
        assert ("STARTTLS" in finding.act) is (language in ("SMTP", "FTP", "IMAP", "POP3", "MySQL", "PostgreSQL"))
    assert told == {}


def test_what_is_no_known_protocol_is_only_probably_none(tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    Talk(wire, dport=9000).open().exchange(HELLO, b"What do you mean?\r\n").part()
    (finding,) = every(wire.save(tmp_path / "unknown.pcap"), facts_of)
    assert finding.confidence is Confidence.PROBABLE
    assert "something that is not TLS" in finding.title


def test_a_refused_starttls_is_not_told_twice(facts_of: FactsOf) -> None:
    assert every("tls_starttls_refused_502", facts_of) == []


HTTP_TO_TLS: dict[str, tuple[Confidence, Callable[[Wire], object]]] = {
    "alert": (Confidence.CERTAIN, lambda w: Talk(w, dport=9000).open().exchange(GET, tls_alert(2, 10))),
    "Go": (
        Confidence.CERTAIN,
        lambda w: (
            Talk(w, dport=9000)
            .open()
            .exchange(GET, b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")
            .close(from_client=False)
        ),
    ),
    "hung up, port for TLS": (
        Confidence.PROBABLE,
        lambda w: Talk(w, dport=8443).open().say(GET).close(from_client=False),
    ),
    "hung up, others speak TLS": (
        Confidence.PROBABLE,
        lambda w: (
            Talk(w, sport=40001, dport=9000).open().exchange(HELLO, server_hello()),
            Talk(w, dport=9000).open().say(GET).close(from_client=False),
        ),
    ),
    "bad request, others speak TLS": (
        Confidence.PROBABLE,
        lambda w: (
            Talk(w, sport=40001, dport=9000).open().exchange(HELLO, server_hello()),
            Talk(w, dport=9000).open().exchange(GET, BAD_REQUEST % (3, b"no\n")),
        ),
    ),
}


@pytest.mark.parametrize("name", HTTP_TO_TLS)
def test_plain_http_to_a_tls_port_is_found(name: str, tmp_path: Path, facts_of: FactsOf) -> None:
    confidence, said = HTTP_TO_TLS[name]
    wire = Wire()
    said(wire)
    (finding,) = every(wire.save(tmp_path / "http.pcap"), facts_of)
    assert (finding.rule, finding.confidence) == ("tls_plain_http", confidence)
    assert "plain HTTP" in finding.title


def test_other_words_than_tls_are_found_by_the_alert(tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    Talk(wire, dport=9000).open().exchange(b"\x10\x25\x00\x06OTHERS\x03\x02", tls_alert(2, 10))
    (finding,) = every(wire.save(tmp_path / "other.pcap"), facts_of)
    assert "something that is not TLS" in finding.title


QUIET: dict[str, Callable[[Talk], object]] = {
    "bad request to a plain port": lambda talk: talk.exchange(GET, BAD_REQUEST % (3, b"no\n")).part(),
    "hung up on a plain port": lambda talk: talk.say(GET).close(from_client=False),
    "TLS with an alert": lambda talk: talk.exchange(HELLO, tls_alert(2, 40)),
    "bytes that are no text": lambda talk: talk.exchange(HELLO, b"\x00\x01\x02\x03\x80\x90"),
    "TLS before the capture": lambda talk: talk.exchange(b"\x17\x03\x03\0\x05hello", tls_alert(1, 0)),
}


def test_bytes_that_are_neither_tls_nor_text_before_the_server_hangs_up(tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    Talk(wire, dport=9000).open().exchange(HELLO, b"\x00\x00\x00\x00\x02\x00\x28").part()
    (finding,) = every(wire.save(tmp_path / "bytes.pcap"), facts_of)
    assert (finding.rule, finding.confidence) == ("tls_to_plain_port", Confidence.PROBABLE)
    assert "with bytes that are no TLS, and hangs up" in finding.title


def test_other_failures_are_not_taken_for_these(tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    for number, said in enumerate(QUIET.values()):
        said(Talk(wire, server=f"198.51.100.{number}", dport=9000).open())
    told = [list(QUIET)[finding.scope.streams[0]] for finding in every(wire.save(tmp_path / "quiet.pcap"), facts_of)]
    assert told == []
