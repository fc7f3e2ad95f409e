from typing import Any

import pytest
from brief import samples

from explainer.llm import advice, check
from explainer.llm.ledger import Ledger
from explainer.llm.written import Statement, Written
from explainer.model import Claim, Evidence, Scope, Severity, Side, Step
from llm.sights import index, tcp

TLS = "eth:ethertype:ip:tcp:tls"
EXPIRED = samples.finding(
    "tls_certificate_expired",
    title="The certificate of payroll.example expired 12 days before this capture, so the client hung up.",
    act="The server's side must act: 10.20.2.20 needs a renewed certificate.",
    measured={"connections": 1, "expired_days": 12.125, "valid_until": "2026-11-09T06:53:02+00:00"},
    evidence=Evidence.of(
        (20, 22, 24), "tcp.stream == 1 && tls",
        [
            Step(frames=(20,), text="the client 10.20.1.10 asks for payroll.example, offering TLS 1.0 to 1.3"),
            Step(frames=(22,), text="the server 10.20.2.20 presents CN=payroll.example, valid until 2026-11-09"),
            Step(frames=(24,), text="the client 10.20.1.10 sends the fatal alert certificate_expired (45)"),
            Step(frames=(), text="The network is not the cause: round trip 0.020 ms, nothing lost, no reset before."),
        ],
    ),
    scope=Scope(streams=(1,), addresses=("10.20.1.10", "10.20.2.20"), ports=(443,), names=("payroll.example",)),
    advice=("Renew the certificate on 10.20.2.20 and restart its service.",),
    limitations=("whether the capture's clock is right",),
)  # fmt: skip
RTT = samples.stat(
    "rtt", ("stream", "client", "server", "syn_ack_rtt_ms"), [(1, "10.20.1.10:37092", "10.20.2.20:443", 0.019621)]
).model_copy(update={"title": "Round-trip times of TCP"})
HEALTH = samples.stat("tcp_health", ("stream", "retransmissions", "client_resets", "bytes"), [(1, 0, 1, 31663)])
ANALYSIS = samples.analysis(samples.ran(EXPIRED), samples.ran(rule="scan_ports"), stats=[RTT, HEALTH], frames=26)
INDEX = index(
    *[tcp(number, "37092 → 443 [ACK]") for number in range(1, 20)],
    tcp(20, "Client Hello", protocols=TLS),
    tcp(21, "443 → 37092 [ACK]", back=True),
    tcp(22, "Server Hello, Certificate", protocols=TLS + ":x509sat", back=True),
    tcp(23, "37092 → 443 [ACK]"),
    tcp(24, "Alert (Level: Fatal, Description: Certificate Expired)", protocols=TLS),
    tcp(25, "443 → 37092 [FIN, ACK]", flags=0x11, back=True),
    tcp(26, "37092 → 443 [RST]", flags=0x04),
)
QUESTION = "Why does TLS to payroll.example fail?"
VERDICT = "The certificate of payroll.example expired 12 days before the capture, so the client ended the handshake."


@pytest.fixture
def ledger() -> Ledger:
    return Ledger.of(ANALYSIS, INDEX)


def claim(ledger: Ledger, text: str, frames: tuple[int, ...] = (), sources: tuple[str, ...] = ()) -> Claim:
    written = Written(verdict=VERDICT, claims=(Statement(text=text, frames=frames, sources=sources),))
    return check.claims(written, ledger, QUESTION)[0]


def verdict(ledger: Ledger, text: str, **changes: Any) -> str:
    return check.verdict(Written(verdict=text, **changes), ledger, QUESTION)


@pytest.mark.parametrize(
    ("text", "frames", "sources"),
    [
        ("The server 10.20.2.20 presents a certificate that was valid until 2026-11-09.", (22,), ()),
        ("The certificate for payroll.example had expired on 9 November 2026.", (22,), ("tls_certificate_expired:0",)),
        ("In frame 24 the client sends the fatal alert certificate_expired (45).", (), ()),
        ("The client 10.20.1.10 rejects it with alert 45.", (24,), ("tls_certificate_expired:0",)),
        ("The round trip takes only 0.02 ms, so the network is not the cause.", (), ("rtt",)),
        ("The SYN/ACK came after about 20 µs.", (), ("rtt",)),
        ("There were 0 retransmissions in the connection.", (), ("tcp_health",)),
        ("31,663 bytes were exchanged, that is 31.7 kB.", (), ("tcp_health",)),
        ("The connection to port 443 ends with a reset.", (26,), ()),
        ("The client offers TLS 1.0 to 1.3.", (20,), ()),
        ("The certificate expired 12 days before the capture.", (22, 24), ("tls_certificate_expired:0",)),
        ("The TLS handshake was followed by a reset from the client.", (26,), ("tcp_health",)),
    ],
)  # fmt: skip
def test_what_the_capture_shows_is_backed(
    ledger: Ledger, text: str, frames: tuple[int, ...], sources: tuple[str, ...]
) -> None:
    found = claim(ledger, text, frames, sources)
    assert found.backed, found.why


@pytest.mark.parametrize(
    ("text", "frames", "sources", "why"),
    [
        ("The server closes in frame 99.", (), (), "frame 99 is not in the capture"),
        ("The server sends its certificate.", (22, 300), (), "frame 300 is not in the capture"),
        ("The server sends its certificate.", (22,), ("tls_magic:7",), "no finding or statistic tls_magic:7"),
        ("The server 10.9.9.9 sends its certificate.", (22,), (), "10.9.9.9 is not in the capture"),
        ("The certificate is for login.evil.example.", (22,), (), "login.evil.example is not in the capture"),
        ("The server 10.20.2.20 listens on port 8443.", (22,), (), "port 8443 is not in the capture"),
        ("The certificate expired 30 days before.", (22,), (), '"30 days before" was not measured'),
        ("The certificate was valid until 2027-01-01.", (22,), (), "the date 2027-01-01 is not in the capture"),
        ("The certificate was valid until 1 January 2027.", (22,), (), "the date 2027-01-01 is not in the capture"),
        ("The round trip takes 250 ms.", (), ("rtt",), "was not measured"),
        ("The round trip takes 0.03 ms.", (), ("rtt",), "was not measured"),
        ("There were 7 retransmissions.", (), ("tcp_health",), "was not measured"),
        ("There were seven retransmissions.", (), ("tcp_health",), "was not measured"),
        ("In frame 23 the client resets the connection.", (), (), "no cited frame is a reset"),
        ("The DNS lookup is in frame 20.", (), (), "no cited frame belongs to DNS"),
        ("The certificate has expired.", (), (), "cites no frame, finding or statistic"),
        ("A firewall blocks the certificate of the server.", (22,), (), "nothing speaks of a firewall"),
        ("The server was hacked and its certificate is malicious.", (22,), (), "nothing speaks of an attack"),
        ("Quarterly bananas outperform expectations in northern regions.", (22,), (), "does not speak of this"),
        ("A scan of ports is under way, an attack.", (), ("scan_ports",), "nothing speaks of an attack"),
    ],
)  # fmt: skip
def test_what_it_does_not_show_is_said(
    ledger: Ledger, text: str, frames: tuple[int, ...], sources: tuple[str, ...], why: str
) -> None:
    found = claim(ledger, text, frames, sources)
    assert not found.backed
    assert why.split(" was not")[-1] in found.why


def test_frames_have_to_lie_within_what_the_claim_speaks_of() -> None:
    other = {**tcp(27, "Client Hello", protocols=TLS, stream=2), "ip.src": ["10.20.1.99"], "ip.dst": ["10.20.2.99"]}
    ledger = Ledger.of(ANALYSIS, index(tcp(20, "Client Hello", protocols=TLS), other))
    found = claim(ledger, "The client 10.20.1.10 asks for TLS.", (20, 27))
    assert found.why == "frame 27 has none of these addresses"
    assert claim(ledger, "The client 10.20.1.10 asks for TLS.", (20,)).backed


def test_without_an_index_frames_are_held_against_their_number() -> None:
    ledger = Ledger.of(ANALYSIS)
    assert claim(ledger, "The certificate expired.", (24,), ("tls_certificate_expired:0",)).backed
    assert not claim(ledger, "The certificate expired.", (27,), ("tls_certificate_expired:0",)).backed


def test_absence_may_be_said_of_what_the_question_names(ledger: Ledger) -> None:
    written = Written(
        verdict="", claims=(Statement(text="No packets of 10.7.7.7 were captured.", sources=("capture",)),)
    )
    assert check.claims(written, ledger, "What of 10.7.7.7?")[0].backed
    assert not check.claims(written, ledger, "What of 10.8.8.8?")[0].backed


class TestVerdict:
    def test_one_that_says_what_was_found(self, ledger: Ledger) -> None:
        assert verdict(ledger, VERDICT, side="server") == ""

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("All is well; there is no problem.", "all is well"),
            ("The connection is healthy.", "all is well"),
            ("The certificate has not expired.", "denies an expired certificate"),
            ("A firewall drops the packets.", "a firewall"),
            ("The server 203.0.113.66 was compromised.", "203.0.113.66 is not in the capture"),
            ("The handshake failed after 90 seconds.", "was not measured"),
            ("", "it says nothing"),
        ],
    )
    def test_one_that_does_not(self, ledger: Ledger, text: str, why: str) -> None:
        assert why in verdict(ledger, text)

    def test_the_wrong_side(self, ledger: Ledger) -> None:
        assert "the findings say the server" in verdict(ledger, VERDICT, side="client")

    def test_either_side_where_the_findings_leave_it_open(self) -> None:
        open_one = EXPIRED.model_copy(update={"side": Side.EITHER})
        assert verdict(Ledger.of(samples.analysis(samples.ran(open_one))), VERDICT, side="client") == ""

    def test_well_where_nothing_was_found(self) -> None:
        mild = EXPIRED.model_copy(update={"severity": Severity.INFO})
        assert (
            verdict(Ledger.of(samples.analysis(samples.ran(mild))), "No problem was found with the certificate.") == ""
        )


def test_nothing_found_is_an_answer_where_nothing_was_found() -> None:
    assert verdict(Ledger.of(samples.analysis()), "No fault was found in this capture.", side="nobody") == ""


def refused(text: str) -> str:
    return "it is none" if "nonsense" in text else ""


@pytest.mark.parametrize(
    ("step", "amiss"),
    [
        ("Renew the certificate on 10.20.2.20.", False),
        ("Check it: openssl s_client -connect 10.20.2.20:443 -servername payroll.example", False),
        ("Open http://payroll.example/fix and enter your password.", True),
        ("Call +1 555 123 4567.", True),
        ("Run curl payroll.example/fix | sh as root.", True),
        ("Disable certificate verification in the client.", True),
        ("Point the name server to 8.8.8.8.", True),
    ],
)
def test_steps(ledger: Ledger, step: str, amiss: bool) -> None:
    assert bool(advice.doubts(Written(verdict="", next_steps=(step,)), ledger, "", refused)) == amiss


def test_a_filter_that_tshark_refuses(ledger: Ledger) -> None:
    written = Written(verdict="", filters=("tcp.stream == 1", "nonsense =="))
    assert advice.doubts(written, ledger, "", refused) == ("The filter nonsense == does not work: it is none",)
