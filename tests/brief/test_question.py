import pytest
from hypothesis import given
from hypothesis import strategies as st

from brief import samples
from explainer.brief.question import Topic, parse
from explainer.model import Scope


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("Why can 10.20.1.10 not reach 192.168.0.1?", {"10.20.1.10", "192.168.0.1"}),
        ("Is 10.0.0.1:443 open?", {"10.0.0.1"}),
        ("What about 10.0.0.1.", {"10.0.0.1"}),
        ("What about (10.0.0.1)?", {"10.0.0.1"}),
        ("Why does 2001:db8::1 not answer?", {"2001:db8::1"}),
        ("Why does 2001:0DB8:0:0::0001 not answer?", {"2001:db8::1"}),
        ("Why does [2001:db8::1]:443 fail?", {"2001:db8::1"}),
        ("and ::1, then", {"::1"}),
        ("What about fe80::1.", {"fe80::1"}),
        ("at 10:30:15 it failed", set()),
        ("999.1.1.1 and 1.2.3", set()),
        ("nothing here", set()),
    ],
)
def test_addresses(text: str, addresses: set[str]) -> None:
    assert parse(text).addresses == addresses


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        ("What is on port 443?", {443}),
        ("What is on Port 443, 80 and 8080?", {443, 80, 8080}),
        ("ports 22 or 23", {22, 23}),
        ("TCP port 5432", {5432}),
        ("Why is 10.0.0.1:5432 closed?", {5432}),
        ("Why is [2001:db8::1]:8443 closed?", {8443}),
        ("port 70000", set()),
        ("10 ports are open", set()),
        ("at 10:30", set()),
    ],
)
def test_ports(text: str, ports: set[int]) -> None:
    assert parse(text).ports == ports


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Why does www.Example.com fail?", {"www.example.com"}),
        ("https://payroll.example/login", {"payroll.example"}),
        ("Is payroll.example.", {"payroll.example"}),
        ("_sip._tcp.example.org", {"_sip._tcp.example.org"}),
        ("TLS 1.2 and e.g. this", {"e.g"}),
        ("mail me@example.com", set()),
        ("10.0.0.1", set()),
    ],
)
def test_names(text: str, names: set[str]) -> None:
    assert parse(text).names - {"e.g"} == names - {"e.g"}


@pytest.mark.parametrize(
    ("text", "frames"),
    [
        ("What is in frame 7?", {7}),
        ("packet #12", {12}),
        ("Frames 3", {3}),
        ("7 frames", set()),
        ("framework 3", set()),
    ],
)
def test_frames(text: str, frames: set[int]) -> None:
    assert parse(text).frames == frames


@pytest.mark.parametrize(
    ("text", "topics"),
    [
        ("Why does my TLS handshake fail?", {Topic.TLS}),
        ("Is the certificate valid?", {Topic.TLS, Topic.TLS_STEPS}),
        ("no shared cipher suites?", {Topic.TLS, Topic.TLS_DETAILS}),
        ("What is the round-trip time?", {Topic.RTT}),
        ("How high is the latency?", {Topic.RTT}),
        ("Which ports are used?", {Topic.PORTS}),
        ("Which protocols are in here?", {Topic.PROTOCOLS}),
        ("Who are the top talkers?", {Topic.DESTINATIONS, Topic.HOSTS}),
        ("My report is late", set()),
        ("What fails?", set()),
    ],
)
def test_topics(text: str, topics: set[Topic]) -> None:
    assert parse(text).topics == topics


@given(st.text())
def test_any_text_is_a_question(text: str) -> None:
    found = parse(text)
    assert found.asked == text
    assert all(0 <= port <= 65535 for port in found.ports)


@given(st.ip_addresses())
def test_any_address_is_found(address: object) -> None:
    assert parse(f"Why does {address} not answer?").addresses == {str(address)}


class TestCloseness:
    SCOPE = Scope(addresses=("10.0.0.1", "10.0.0.2"), ports=(443,), names=("Payroll.example.",))
    FINDING = samples.finding("tls_certificate_expired", frames=(4, 6), scope=SCOPE)

    @pytest.mark.parametrize("text", ["10.0.0.1?", "port 443?", "payroll.EXAMPLE?", "frame 6?", "Why does TLS fail?"])
    def test_each_thing_named_brings_it_closer(self, text: str) -> None:
        assert parse(text).closeness(self.FINDING) > 0

    @pytest.mark.parametrize("text", ["10.0.0.9?", "port 80?", "www.example?", "frame 5?", "Why?"])
    def test_other_things_do_not(self, text: str) -> None:
        assert parse(text).closeness(self.FINDING) == 0

    @pytest.mark.parametrize(
        ("text", "rule", "title"),
        [
            ("Why do our calls drop?", "sip_refused", "The SIP server 10.0.0.5 refuses the call"),
            ("Why does no mail arrive?", "mail_refused", "The mail server 10.0.0.5 does not accept the sender"),
            ("Why can't I print?", "service_error", "The printer 10.0.0.5 answers with an error"),
        ],
    )
    def test_of_two_services_the_one_that_is_asked_about_is_closer(self, text: str, rule: str, title: str) -> None:
        told = samples.finding(rule, title=title)
        other = samples.finding("ftp_refused", title="The FTP server 10.0.0.5 refuses STOR a")
        assert parse(text).closeness(told) > parse(text).closeness(other)

    def test_an_address_counts_for_more_than_a_topic(self) -> None:
        other = samples.finding("tcp_refused", scope=Scope(addresses=("10.0.0.9",)))
        question = parse("Why does TLS to 10.0.0.9 fail?")
        assert question.closeness(other) > question.closeness(self.FINDING)


@pytest.mark.parametrize(
    ("text", "topics"),
    [
        ("what is this traffic?", {Topic.OVERVIEW}),
        ("what services are used?", {Topic.OVERVIEW}),
        ("what is running here?", {Topic.OVERVIEW}),
        ("what devices are here?", {Topic.DEVICES, Topic.HOSTS}),
        ("is it the network or the server?", {Topic.BLAME}),
        ("why does every page take 5 seconds?", {Topic.SLOWNESS}),
        ("the ping is lost", {Topic.PINGS, Topic.LOSS}),
        ("no IPv6 address", {Topic.ADDRESSES}),
        ("the VPN", {Topic.TUNNELS}),
        ("is TLS okay?", {Topic.OUTCOME}),
        ("what is the route to the server?", {Topic.PINGS}),
        ("which routers are on the way?", {Topic.PINGS}),
    ],
)
def test_topics_of_plain_questions(text: str, topics: set[Topic]) -> None:
    assert topics <= parse(text).topics


@pytest.mark.parametrize(("known", "count"), [("www.partner.test", 1), ("partner.test.", 1), ("otherpartner.test", 0)])
def test_a_domain_stands_for_its_names(known: str, count: int) -> None:
    assert parse("names under partner.test fail").named([known]) == count


@pytest.mark.parametrize(
    "text",
    ["connect times out to port 2222", "it is stuck", "the connection timed out", "What happened to the connection?"],
)
def test_more_words_for_a_fault(text: str) -> None:
    assert parse(text).about_a_fault


def test_whether_a_password_was_guessed_is_no_question_about_clear_text() -> None:
    assert Topic.SOFTWARE not in parse("is the app okay?").topics
    assert Topic.SOFTWARE in parse("which app makes these connections?").topics
    assert Topic.PASSWORDS not in parse("was a password guessed?").topics
    assert Topic.SUSPICION in parse("was a password guessed?").topics
    assert Topic.PASSWORDS in parse("was my password sent in clear?").topics


@pytest.mark.parametrize(
    ("text", "of_pages"),
    [
        ("Why does the shop show an error?", True),
        ("Why do I get 502?", True),
        ("Why is the download broken?", True),
        ("Why do I get a connection error?", False),
        ("Why a certificate error?", False),
        ("Why does the page not load?", False),
    ],
)
def test_what_a_page_shows_is_of_web_servers(text: str, *, of_pages: bool) -> None:
    error = samples.finding("http_error")
    assert parse(text).asks_of_page(error) is of_pages
    assert not parse(text).asks_of_page(samples.finding("tcp_refused"))


@pytest.mark.parametrize(("measured", "more"), [({}, True), ({"searched_hosts": 5}, False)])
def test_a_portmapper_is_no_attack_but_a_search_for_its_programs_is(measured: dict[str, int], *, more: bool) -> None:
    portmapper = samples.finding("unwanted_portmapper").model_copy(update={"measured": measured})
    assert parse("Is this an attack?").asks_more_of(portmapper) is more
    assert not parse("What is this?").asks_more_of(portmapper)
