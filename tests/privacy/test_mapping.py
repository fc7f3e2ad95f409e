import json
from collections.abc import Callable

import pytest
from brief import samples
from hypothesis import example, given
from hypothesis import strategies as st

from explainer.brief.build import build
from explainer.brief.tokens import ESTIMATE
from explainer.model import Analysis, Scope
from explainer.privacy.kinds import Kind, Original
from explainer.privacy.leaks import leaks
from explainer.privacy.mapping import Mapping

HTTP = ("method", "host", "path", "status")
TLS = ("server_name", "certificate", "client")
ANALYSIS = samples.analysis(
    samples.ran(samples.finding(scope=Scope(addresses=("10.20.2.20",), names=("payroll.acme.example", "FILESRV07")))),
    stats=[
        samples.stat("http", HTTP, [("GET", "shop.acme.co.uk", "/orders/77/export.csv", 200)]),
        samples.stat("tls", TLS, [("payroll.acme.example", "CN=Acme Root CA,O=Acme Ltd,C=UK", "10.20.1.10:4000")]),
    ],
    sha256="ab" * 32,
    file="acme-login.pcapng",
)


@pytest.fixture
def mapping() -> Mapping:
    return Mapping.of(ANALYSIS)


def test_each_kind_is_replaced_and_comes_back(mapping: Mapping) -> None:
    for text in (
        "10.20.2.20:443 and [2001:db8::5]:443",
        "payroll.acme.example, PAYROLL.ACME.EXAMPLE and *.acme.example",
        "shop.acme.co.uk answers /orders/77/export.csv",
        "CN=Acme Root CA,O=Acme Ltd,C=UK",
        "issued by CN=Acme Root CA. It is to be had at http://pki.acme.example/root.crt.",
        "mail to jane.doe@acme.example",
        "02:42:ac:11:00:02 is FILESRV07",
        "10.2.20.10.in-addr.arpa",
        "acme-login.pcapng",
        'http.host == "shop.acme.co.uk" && ip.addr == 10.20.1.0/24',
    ):
        sent = mapping.pseudonymise(text)
        assert "acme" not in sent.lower(), sent
        assert "10.20." not in sent, sent
        assert "FILESRV" not in sent, sent
        assert mapping.restore(sent).lower() == text.lower()


def test_structure_is_kept(mapping: Mapping) -> None:
    sent = mapping.pseudonymise("payroll.acme.example www.acme.example shop.acme.co.uk /orders/77/export.csv")
    first, second, third, path = sent.split()
    assert first.split(".")[1:] == second.split(".")[1:]
    assert first.endswith(".example")
    assert second.startswith("www.")
    assert third.endswith(".co.uk")
    assert path.count("/") == 3
    assert path.endswith(".csv")


def test_what_is_no_name_stays(mapping: Mapping) -> None:
    text = "tcp.stream == 1 && tls, TLS 1.2, HTTP/1.1, round trip 0.024 ms, e.g. this, SYN/ACK, 224.0.0.251, frame 4"
    assert mapping.pseudonymise(text) == text


def test_the_same_capture_gives_the_same_bytes_and_another_gives_others(mapping: Mapping) -> None:
    text = "10.20.2.20 payroll.acme.example"
    assert Mapping.of(ANALYSIS).pseudonymise(text) == mapping.pseudonymise(text)
    other = ANALYSIS.model_copy(update={"info": samples.info(sha256="cd" * 32)})
    assert Mapping.of(other).pseudonymise(text) != mapping.pseudonymise(text)


def test_what_is_replaced_already_stays(mapping: Mapping) -> None:
    once = mapping.pseudonymise("10.20.2.20 payroll.acme.example CN=Acme Root CA")
    assert mapping.pseudonymise(once) == once


def test_a_value_that_a_tool_brings_is_learned(mapping: Mapping) -> None:
    mapping.learn(Original(Kind.HOST, "MAILBOX-3"))
    assert "MAILBOX" not in mapping.pseudonymise("Name query NB MAILBOX-3<20>")
    assert leaks(b"about MAILBOX-3", mapping) == ("a host name of the capture",)


def test_secrets_are_masked_whether_or_not_there_are_pseudonyms(mapping: Mapping) -> None:
    for text in (
        "GET /login?password=hunter2&x=1",
        "Authorization: Basic dXNlcjpodW50ZXIy",
        "Request: PASS hunter2",
        "AUTH PLAIN AGphbmUAaHVudGVyMg==",
        '{"api_key": "hunter2hunter2"}',
        "Cookie: sid=hunter2",
        "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc",
    ):
        for either in (mapping, Mapping.off()):
            sent = either.pseudonymise(text)
            assert "hunter2" not in sent
            assert "dXNl" not in sent
            assert "AGph" not in sent
            assert "eyJh" not in sent
        assert "a secret" in leaks(json.dumps({"content": text}).encode(), Mapping.off())


def test_words_about_secrets_stay(mapping: Mapping) -> None:
    text = "HTTP Basic authentication in clear text: the password is wrong, the token expired"
    assert mapping.pseudonymise(text) == text


def test_what_a_server_lists_is_no_secret_and_a_mask_is_masked_once() -> None:
    listed = "250 AUTH LOGIN PLAIN XOAUTH2"
    assert Mapping.off().pseudonymise(listed) == listed
    assert leaks(b"<td>AUTH LOGIN [secret]</td><td>yes</td>", Mapping.off()) == ()


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Kind.NAME, "-"), (Kind.NAME, "CA"), (Kind.HOST, "t"), (Kind.HOST, "net"), (Kind.HOST, "localhost:9000"),
        (Kind.HOST, "xxxxxx.xxx"), (Kind.PATH, "/1"), (Kind.HOST, "1.0.0.127.in-addr.arpa"),
    ],
)  # fmt: skip
def test_what_tells_of_nobody_stops_nothing(kind: Kind, text: str) -> None:
    mapping = Mapping(b"k", [Original(kind, text)])
    assert mapping.originals == {}
    assert leaks(f"ab 87:ca:fc {text}".encode(), mapping) == ()


def test_a_path_that_is_called_like_a_protocol_is_not_told_by_it() -> None:
    mapping = Mapping(b"k", [Original(Kind.PATH, "/json"), Original(Kind.PATH, "/orders")])
    mapping.excuse("json")
    assert leaks(b"ip/tcp/http/json", mapping) == ()
    assert mapping.pseudonymise("GET /json") != "GET /json"
    assert leaks(b"GET /orders", mapping) == (Kind.PATH.of_capture,)


@pytest.mark.parametrize("text", ["the log of {}: it says why", "{}.", "[{}]:443", "from {}, to", "{}", "({}:)"])
@pytest.mark.parametrize("address", ["2001:db8:60::1", "fd00::a:b", "fe80::1234"])
def test_an_ipv6_address_is_found_before_any_mark(text: str, address: str) -> None:
    mapping = Mapping(b"k")
    sent = mapping.pseudonymise(text.format(address))
    assert address not in sent
    assert mapping.restore(sent) == text.format(address)


def test_an_object_identifier_is_no_address() -> None:
    assert Mapping(b"k").pseudonymise("2.5.4.17=12345") == "2.5.4.17=12345"


def test_two_letters_of_a_user_are_not_found_among_bytes() -> None:
    mapping = Mapping(b"k", [Original(Kind.USER, "ad")])
    assert leaks(b"00:ad:fc", mapping) == ()
    assert leaks(b"ad: who", mapping) == (Kind.USER.of_capture,)


class TestLeaks:
    @pytest.mark.parametrize(
        ("payload", "said"),
        [
            ('{"content": "10.20.2.20"}', "an address of the capture"),
            ('{"content": "8.8.4.4"}', "an address of the capture"),
            ('{"content": "2001:db8::77"}', "an address of the capture"),
            ('{"content": "see payroll.ACME.example"}', "a host name of the capture"),
            ('{"content": "see /orders/77/export.csv"}', "a path of the capture"),
            ('{"content": "acme-login.pcapng"}', "a file name of the capture"),
            ('{"tools": [{"arguments": "{\\"filter\\": \\"ip.addr==10.20.1.10\\"}"}]}', "an address of the capture"),
            ('{"10.20.2.20": 1}', "an address of the capture"),
            ('{"content": "\\u0031\\u0030.20.2.20"}', "an address of the capture"),
        ],
    )
    def test_each_is_found(self, mapping: Mapping, payload: str, said: str) -> None:
        assert said in leaks(payload.encode(), mapping)

    def test_of_a_pseudonym_that_is_cut_the_rest_is_no_leak(self, mapping: Mapping) -> None:
        assert leaks("to 9.8.7.6…".encode(), mapping) == ()
        assert leaks(b"to 9.8.7.6.", mapping) == (Kind.ADDRESS.of_capture,)

    def test_what_is_pseudonymised_is_no_leak(self, mapping: Mapping) -> None:
        text = mapping.pseudonymise("10.20.2.20, payroll.acme.example, /orders/77/export.csv, 127.0.0.1")
        assert leaks(text.encode(), mapping) == ()

    def test_an_address_written_backwards_is_one_too(self, mapping: Mapping) -> None:
        sent = mapping.pseudonymise("10.20.1.10 is 10.1.20.10.in-addr.arpa")
        assert leaks(sent.encode(), mapping) == ()
        assert leaks(b"10.1.20.10.in-addr.arpa", mapping) == ("an address of the capture",)

    def test_a_name_within_a_longer_word_is_none(self, mapping: Mapping) -> None:
        assert leaks(b"xpayroll.acme.examples", mapping) == ()

    def test_nothing_is_looked_for_where_pseudonyms_are_off(self) -> None:
        assert leaks(b"10.20.2.20", Mapping.off()) == ()


@given(st.text(max_size=80))
@example("S")  # as a unit is called
def test_any_name_is_replaced_and_no_text_is_a_crash(name: str) -> None:
    analysis = samples.analysis(samples.ran(samples.finding(scope=Scope(names=(name,)))), file="a.pcapng")
    mapping = Mapping.of(analysis)
    brief = build(analysis, f"Why does {name} fail?", budget=100_000, counter=ESTIMATE)
    sent = mapping.pseudonymise(brief.text)
    assert leaks(sent.encode("utf-8", "replace"), mapping) == ()


@pytest.mark.parametrize("name", ["tls12_hostile_names", "http_404", "ipv6_healthy", "bittorrent_among_web"])
def test_nothing_of_a_lab_capture_is_left(name: str, analysis_of: Callable[[str], Analysis]) -> None:
    analysis = analysis_of(name)
    mapping = Mapping.of(analysis)
    brief = build(analysis, "Why does it fail?", budget=1_000_000, counter=ESTIMATE)
    sent = mapping.pseudonymise(brief.text)
    assert leaks(sent.encode(), mapping) == ()
    for word in ("10.20.", "payroll", "intranet", "Ignore previous"):
        assert word not in sent
    assert mapping.restore(sent).lower() == brief.text.lower()


def test_a_host_that_is_called_like_a_word_of_the_prompts_does_not_stop_them() -> None:
    mapping = Mapping.of(samples.analysis(samples.ran(samples.finding(scope=Scope(names=("answer",))))))
    mapping.excuse("Give one answer.")
    assert leaks(b"Give one answer.", mapping) == ()


def test_interfaces_are_names(mapping: Mapping) -> None:
    mapping.learn(Original(Kind.NAME, "vpn-headquarters"))
    sent = mapping.pseudonymise("recorded at vpn-headquarters")
    assert "headquarters" not in sent
    assert mapping.restore(sent) == "recorded at vpn-headquarters"
