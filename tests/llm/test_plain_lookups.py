"""What plain questions are told from the statistics alone: the rows are built by hand."""

from collections.abc import Sequence

import pytest
from brief import samples
from brief.samples import analysis, finding, ran, stat

from explainer.brief.question import parse
from explainer.llm import lookup, offline
from explainer.model import Analysis, Cell, Confidence, Scope, Severity, Stat

TALKS = ("a", "a_port", "b", "b_port", "stream", "packets_a_b", "bytes_a_b", "packets_b_a", "bytes_b_a", "packets",
         "bytes", "start_s", "duration_s")  # fmt: skip
SPOKEN = (
    "protocols", "transport", "port", "client", "server", "servers", "conversations", "packets", "first_frame",
)  # fmt: skip
DNS = ("name", "type", "client", "server", "rcode", "response_time_ms", "query_frame", "response_frame", "answers")
QUERIES = (*DNS[:-1], "interface")
ACCOUNTS = (
    "protocol", "user", "client", "server", "accepted", "clear_text", "user_frame", "secret_frame", "reply_frame",
)  # fmt: skip
ANSWERS = (
    "protocol", "kind", "client", "server", "request", "about", "code", "text", "ok", "request_frame", "frame",
)  # fmt: skip
LEASES = ("client", "addresses", "prefixes", "server", "name_servers", "valid_s", "frame")
CLIENT, SERVER = "10.0.0.9", "10.0.0.1"


def first(question: str, *stats: Stat) -> str:
    return lookup.claims(analysis(ran(), stats=stats), parse(question))[0].text


WEB_TALK = ("HTTP (web, in clear text)", "TCP", 80, CLIENT, SERVER, 1, 1, 18, 3)
LATE_TALK = ("an unknown protocol", "UDP", 9999, CLIENT, SERVER, 1, 1, 4, 40)


@pytest.mark.parametrize(
    ("question", "told"),
    [
        (
            "What changed after minute 2?",
            f"After 120 s this begins: {CLIENT} with {SERVER} (UDP port 9999); this is not heard any more: {CLIENT}"
            f" with {SERVER} (HTTP (web, in clear text), TCP port 80).",
        ),
        ("What changed after 30 seconds?", f"After 30 s this begins: {CLIENT} with {SERVER} (UDP port 9999); all that"),
        ("What began after second 150?", "After 150 s nothing new begins; this is not heard any more"),
        ("What changed after 1 hour?", "The capture ends before that: its last TCP or UDP packet comes 200.0 s after"),
    ],
)
def test_what_changes_at_a_moment(question: str, told: str) -> None:
    web = stat("conversations_tcp", TALKS, [(CLIENT, 40000, SERVER, 80, 0, 9, 900, 9, 900, 18, 1800, 1.0, 60.0)])
    late = stat("conversations_udp", TALKS, [(CLIENT, 40001, SERVER, 9999, 0, 2, 90, 2, 90, 4, 180, 140.0, 60.0)])
    assert first(question, web, late, stat("spoken", SPOKEN, [WEB_TALK, LATE_TALK])).startswith(told)


def database(layers: str) -> Analysis:
    talk = (CLIENT, 40000, SERVER, 5432, 0, 9, 900, 9, 900, 18, 1800, 0.0, 1.0)
    port = ("TCP", 5432, "postgresql", 1, 18, 1800, 1, layers)
    return analysis(ran(), stats=[stat("conversations_tcp", TALKS, [talk]), stat("ports", samples.PORTS, [port])])


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ("pgsql, tls", "Yes, once TLS has begun: PostgreSQL with 10.0.0.1 is in clear text at first and encrypted"),
        ("pgsql", "No: PostgreSQL with 10.0.0.1 is in clear text, which anybody"),
        ("tls, pgsql", "Yes: TLS with 10.0.0.1 is encrypted."),
        ("http, tls", "No: HTTP with 10.0.0.1 is in clear text, which anybody"),
    ],
)
def test_tls_may_begin_on_a_connection_in_clear(layers: str, words: str) -> None:
    assert offline.answer(database(layers), "Is the connection encrypted?").verdict.startswith(words)


@pytest.mark.parametrize(
    ("asked", "words"),
    [(None, "The name server 10.0.0.1 answers 1 question; the questions themselves are not recorded."),
     (1, "The name server asked is 10.0.0.1 (1 question), by 10.0.0.9.")],
)  # fmt: skip
def test_a_name_server_of_which_only_the_answers_are_recorded(asked: int | None, words: str) -> None:
    row = ("www.example", "A", f"{CLIENT}:40000", f"{SERVER}:53", "NOERROR", None, asked, 2, "192.0.2.1")
    assert first("Does the name server answer?", stat("dns", DNS, [row])) == words


@pytest.mark.parametrize(
    ("user", "words"),
    [("anonymous", "No password that is a secret is visible: 10.0.0.9 signs in to 10.0.0.1:21 as anonymous"),
     ("ann", "No password is visible: no login in clear text")],
)  # fmt: skip
def test_an_anonymous_login_holds_no_secret(user: str, words: str) -> None:
    row = ("FTP", user, f"{CLIENT}:40000", f"{SERVER}:21", True, False, 4, 6, 7)
    assert first("Is a password visible?", stat("accounts", ACCOUNTS, [row])).startswith(words)


@pytest.mark.parametrize(
    ("protocols", "words"),
    [("HTTP (web, in clear text)", "HTTP is spoken by 10.0.0.9 with 10.0.0.1; which site is asked for was not read"),
     ("DNS (name lookups)", "No web site is named in this capture")],
)  # fmt: skip
def test_http_that_is_not_read_is_not_denied(protocols: str, words: str) -> None:
    row = (protocols, "", None, CLIENT, SERVER, 1, 1, 9, 3)
    assert first("Which web sites were visited?", stat("spoken", SPOKEN, [row])).startswith(words)


@pytest.mark.parametrize(
    ("question", "told"),
    [("Is BitTorrent in use here?", True), ("Is there any bittorrent here?", True), ("Is Tor in use here?", False)],
)
def test_whether_a_protocol_is_in_use(question: str, told: bool) -> None:
    row = ("BitTorrent DHT and STUN (finding the way through NAT)", "UDP", 6881, CLIENT, SERVER, 1, 1, 9, 3)
    verdict = offline.answer(analysis(ran(), stats=[stat("spoken", SPOKEN, [row])]), question).verdict
    assert verdict.startswith("Yes: BitTorrent DHT and STUN") is told


def test_the_mail_itself_comes_before_its_recipients() -> None:
    rows: Sequence[tuple[Cell, ...]] = [
        ("SMTP", "mail", f"{CLIENT}:4", f"{SERVER}:25", request, about, "250", "Ok", True, frame, frame + 1)
        for request, about, frame in (("RCPT", "a@b.example", 4), ("the mail", "", 8), ("QUIT", "", 12))
    ]
    told = lookup.claims(analysis(ran(), stats=[stat("answers", ANSWERS, rows)]), parse("Was the mail delivered?"))
    assert [claim.text for claim in told] == [
        "SMTP: 10.0.0.1:25 accepts the mail (it answers 250).",
        "SMTP: 10.0.0.1:25 accepts RCPT a@b.example.",
    ]


def test_an_agreement_on_keys_is_no_login() -> None:
    row = ("SSH", "session", f"{CLIENT}:4", f"{SERVER}:22", "key exchange", "", "", "", True, 8, 14)
    answered = stat("answers", ANSWERS, [row])
    assert first("Did the SSH login succeed?", answered).startswith("No login is seen")
    assert "key exchange" in first("Did the SSH connection succeed?", answered)


@pytest.mark.parametrize(
    ("question", "words"),
    [("What is carried in the GRE tunnel?", "Packets are carried in GRE"), ("Which VLANs are there?", "1 VLAN: 7")],
)
def test_what_carries_comes_first_unless_numbers_are_asked_for(question: str, words: str) -> None:
    tags = stat("tags", ("kind", "number", "frames", "hosts", "first_frame"), [("VLAN", 7, 4, "", 2)])
    gre = stat("carriers", ("carrier", "packets", "first_frame"), [("GRE", 4, 2)])
    assert first(question, tags, gre).startswith(words)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (("fe80::9", "2001:db8::9", "", "fe80::1", "2001:db8::53", 3600, 4),
         "The DHCPv6 server fe80::1 gives fe80::9 the address 2001:db8::9, with the name server 2001:db8::53, for 1"),
        (("fe80::9", "", "2001:db8:9::", "fe80::1", "", None, 4),
         "The DHCPv6 server fe80::1 gives fe80::9 the prefix 2001:db8:9::, with no name server."),
    ],
)  # fmt: skip
def test_what_dhcpv6_gave(row: tuple[Cell, ...], words: str) -> None:
    for question in ("Does the client get an IPv6 address?", "Does DHCP work?"):
        assert first(question, stat("dhcpv6", LEASES, [row])).startswith(words)
    nothing = first("Which address does DHCP give?", stat("dhcpv6", LEASES))
    assert nothing.startswith("This capture cannot tell")


def test_a_refusal_that_was_overcome_answers_why_there_was_one() -> None:
    clear = finding("cleartext_password", severity=Severity.MEDIUM, frames=(3,))
    refused = finding("socks_refused", severity=Severity.INFO, confidence=Confidence.CERTAIN, frames=(6,))
    known = analysis(ran(clear, refused))
    assert "socks_refused happened" in offline.answer(known, "Why does the SOCKS proxy refuse the client?").verdict
    assert offline.answer(known, "Why is a password visible?").verdict == "cleartext_password happened."


def test_an_obsolete_version_is_not_secure() -> None:
    old = finding("tls_obsolete_version", severity=Severity.MEDIUM, frames=(4, 5))
    talk = (CLIENT, 40000, SERVER, 443, 0, 9, 900, 9, 900, 18, 1800, 0.0, 1.0)
    stats = [
        stat("conversations_tcp", TALKS, [talk]),
        stat("ports", samples.PORTS, [("TCP", 443, "", 1, 9, 9, 1, "tls")]),
    ]
    known = analysis(ran(old), stats=stats)
    assert offline.answer(known, "Is this session secure by current standards?").verdict.startswith("tls_obsolete")
    assert offline.answer(known, "Is this session encrypted?").verdict.startswith("Yes: TLS")


@pytest.mark.parametrize(
    ("back", "words"), [(8, "17 packets, 9 there and 8 back."), (0, "17 packets, none of them back.")]
)
def test_whether_a_tunnel_carries_packets_both_ways(back: int, words: str) -> None:
    talk = (CLIENT, 40000, SERVER, 51820, 0, 9, 900, back, 900, 17, 1800, 0.0, 1.0)
    row = ("WireGuard (encrypted)", "UDP", 51820, CLIENT, SERVER, 1, 1, 17, 3)
    told = first("Is there a VPN?", stat("conversations_udp", TALKS, [talk]), stat("spoken", SPOKEN, [row]))
    assert told == f"WireGuard (encrypted) is spoken by 10.0.0.9 with 10.0.0.1: {words}"


@pytest.mark.parametrize(("last", "early"), [(100, True), (99, False)])
def test_a_capture_that_ends_with_the_question(last: int, early: bool) -> None:
    row = ("www.example", "A", f"{CLIENT}:40000", f"{SERVER}:53", None, None, last, None, "")
    told = first("Why can the name not be resolved?", stat("dns", QUERIES, [row]))
    assert ("too early for an answer" in told) is early


@pytest.mark.parametrize(("question", "told"), [("Does the ping work?", 1), ("Does the ping to 10.0.0.7 work?", 0)])
def test_pings_that_are_answered(question: str, told: int) -> None:
    columns = ("source", "target", "requests", "replies", "min_ms", "mean_ms", "max_ms", "first_frame", "reply_frame")
    pings = stat("pings", columns, [(CLIENT, SERVER, 3, 3, 1.0, 1.5, 2.0, 1, 2)])
    claims = lookup.claims(analysis(ran(), stats=[pings]), parse(question))
    assert [claim.text for claim in claims] == [
        "10.0.0.1 sends 3 replies to 3 pings of 10.0.0.9, after 1.5 ms on average."
    ] * told


ARP = (
    "asker_mac",
    "asker",
    "target",
    "kind",
    "requests",
    "answered",
    "replies",
    "reply_mac",
    "first_frame",
    "reply_frame",
)
CARD, OTHER_CARD = "02:00:00:00:00:09", "02:00:00:00:00:01"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ((CARD, CLIENT, CLIENT, "gratuitous", 1, False, 0, None, 1, None), "announces its own address 10.0.0.9 to all"),
        ((CARD, "0.0.0.0", CLIENT, "probe", 1, False, 0, None, 1, None), "nobody does, so it is free"),
        ((CARD, "0.0.0.0", CLIENT, "probe", 1, True, 1, OTHER_CARD, 1, 2), f"already: {OTHER_CARD} has it"),
        (
            (CARD, CLIENT, SERVER, "request", 2, True, 1, OTHER_CARD, 1, 2),
            f"who has 10.0.0.1 (2 times): {OTHER_CARD} has",
        ),
        ((CARD, CLIENT, SERVER, "request", 1, False, 0, None, 1, None), "no answer is recorded"),
        ((CARD, CLIENT, SERVER, "request", 0, True, 1, OTHER_CARD, 2, 2), "the question is not recorded"),
    ],
)
def test_what_arp_says(row: tuple[Cell, ...], words: str) -> None:
    told = first("What does this ARP packet do?", stat("arp", ARP, [row]))
    assert words in told


def test_arp_of_the_hosts_that_are_named() -> None:
    every = [(CARD, CLIENT, f"10.0.0.{n}", "request", 1, False, 0, None, n, None) for n in range(20, 30)]
    known = analysis(ran(), stats=[stat("arp", ARP, every)])
    assert [c.frames for c in lookup.claims(known, parse("Show the ARP for 10.0.0.25"))] == [(25,)]
    assert lookup.claims(known, parse("What does ARP say?"))[-1].text == "Besides: 4 other pairs in ARP."


def test_a_finding_of_arp_comes_before_what_arp_says() -> None:
    row = (CARD, CLIENT, SERVER, "request", 1, False, 0, None, 1, None)
    spoofed = finding("address_spoofed", severity=Severity.HIGH, frames=(9,))
    known = analysis(ran(spoofed), stats=[stat("arp", ARP, [row])])
    assert offline.answer(known, "What is the ARP traffic here?").verdict == "address_spoofed happened."


@pytest.mark.parametrize(
    ("question", "words"),
    [
        (
            "Is anything wrong with the connection on port 5432?",
            "Nothing in this capture explains a failure",
        ),
        ("Why can the client not reach port 5432?", "dns_unanswered happened."),
        ("What is wrong with the connections on port 53?", "dns_unanswered happened."),
    ],
)
def test_a_name_is_not_what_is_wrong_with_a_connection_that_took_place(question: str, words: str) -> None:
    names = finding("dns_unanswered", scope=Scope(addresses=(CLIENT,), ports=(53,)))
    talk = (CLIENT, 40000, SERVER, 5432, 0, 9, 900, 9, 900, 18, 1800, 0.0, 1.0)
    known = analysis(ran(names), stats=[stat("conversations_tcp", TALKS, [talk])])
    assert offline.answer(known, question).verdict.startswith(words)


DEVICES = ("protocol", "device", "device_port", "port_label", "platform", "vlan", "packets", "first_frame")


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (("CDP", "sw1", "Gi0/13", "", "cisco WS-1", 7, 4, 2),
         "The device sw1 sends from its port Gi0/13, says CDP; it is cisco WS-1 and the native VLAN is 7."),
        (("LLDP", "sw1", "13", "uplink", "", None, 4, 2),
         'The device sw1 sends from its port 13 (called "uplink"), says LLDP.'),
        (("LLDP", "", "", "", "", None, 4, 2), "A device that does not say its name announces itself, says LLDP."),
    ],
)  # fmt: skip
def test_which_devices_announce_themselves(row: tuple[Cell, ...], words: str) -> None:
    assert first("Which switch port is this?", stat("devices", DEVICES, [row])) == words
    assert first("Which switch?", stat("devices", DEVICES, [row] * 7)) == words


def test_a_proxy_is_not_called_by_what_is_asked_of_it() -> None:
    talk = (CLIENT, 40000, SERVER, 3128, 0, 9, 900, 9, 900, 18, 1800, 0.0, 1.0)
    http = ("method", "host", "path", "status", "server", "client", "request_frame", "response_frame")
    for method, named in (("CONNECT", False), ("GET", True)):
        page = (method, "shop.example", "/", 200, f"{SERVER}:3128", f"{CLIENT}:40000", 4, 5)
        text = first("What is this traffic?", stat("conversations_tcp", TALKS, [talk]), stat("http", http, [page]))
        assert ("shop.example" in text) is named


def test_who_asks_for_passwords_hears_of_one_that_is_only_information() -> None:
    readable = finding("cleartext_login", severity=Severity.INFO, frames=(3,))
    failed = finding("http_error", severity=Severity.HIGH, frames=(5,))
    known = analysis(ran(readable, failed))
    assert offline.answer(known, "Is a password visible?").verdict == "cleartext_login happened."
    assert "http_error" in offline.answer(known, "Why does the page not load?").verdict
