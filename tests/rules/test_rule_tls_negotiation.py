from collections.abc import Callable
from typing import Any

import pytest
from tls_records import (
    ALERTED,
    TLS12,
    TLS13,
    alert,
    at,
    client_hello,
    failed_handshake,
    found,
    handshake,
    hello_retry,
    refused_hello,
    server_hello,
)

from explainer.model import Analysis, Confidence, Severity, Side
from explainer.protocols.tcp import Endpoint
from explainer.protocols.tls import Handshake

AnalysisOf = Callable[[str], Analysis]
CIPHER, GROUP, SIGNATURE = (f"tls_no_common_{what}" for what in ("cipher", "group", "signature"))
MISMATCHES = (CIPHER, GROUP, SIGNATURE)
ALPN = "tls_alpn_mismatch"
ELSEWHERE = Endpoint("198.51.100.99", 443)
FIVE, SIX = (0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA8), (0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA8, 0xCCA9)


def offering(stream: int = 0, code: int = 40, **offer: Any) -> Handshake:
    """Return a ClientHello with this offer, refused."""
    return refused_hello(stream, code, client_hello(stream, **offer))


def accepted(stream: int, **chosen: Any) -> Handshake:
    """Return a handshake of the same server with another client, which works."""
    return handshake(stream, server_hello=server_hello(stream, **chosen))


def told(*handshakes: Handshake) -> list[str]:
    """Return which of the three rules say something, once for each finding."""
    return [rule for rule in MISMATCHES for _ in found(rule, *handshakes)]


@pytest.mark.parametrize(
    ("name", "rule", "said"),
    [
        ("tls12_no_shared_cipher", CIPHER, "cipher suite"),
        ("tls12_no_shared_cipher_gnutls", CIPHER, "cipher suite"),
        ("tls13_no_shared_cipher", CIPHER, "cipher suite"),
        ("tls13_no_shared_group", GROUP, "x25519"),
        ("tls13_no_shared_signature", SIGNATURE, "signature"),
        ("tls12_alpn_refused", ALPN, "http/1.1"),
        ("tls13_alpn_refused", ALPN, "ALPN"),
        ("quic_alpn_refused", ALPN, "ALPN"),
    ],
)
def test_the_labs_faults(name: str, rule: str, said: str, analysis_of: AnalysisOf) -> None:
    findings = [f for f in analysis_of(name).findings if f.rule in (*MISMATCHES, ALPN)]
    assert [f.rule for f in findings] == [rule]
    assert said in findings[0].title
    assert findings[0].severity is Severity.HIGH


@pytest.mark.parametrize("name", ["tls12_healthy", "tls13_healthy", "tls13_hello_retry_healthy", "tls13_http2_healthy"])
def test_the_labs_healthy_handshakes(name: str, analysis_of: AnalysisOf) -> None:
    assert [f for f in analysis_of(name).findings if f.rule in (*MISMATCHES, ALPN)] == []


@pytest.mark.parametrize(
    ("offer", "rule"),
    [
        ({}, CIPHER),
        ({"versions": (TLS13,), "cipher_suites": (0x1304,)}, CIPHER),
        ({"versions": (TLS13,), "cipher_suites": (0x1304, 0x1301), "groups": (29,)}, GROUP),
        ({"cipher_suites": (0x0005, 0x000A, 0x0009, 0x0004, 0x0007, 0x0096), "groups": (29,)}, CIPHER),
        ({"cipher_suites": (0x0005, 0x000A, 0x0009, 0x0004, 0x0007, 0x002F), "groups": (29,)}, GROUP),
        ({"versions": (TLS12,), "cipher_suites": FIVE, "groups": (29,)}, CIPHER),
        ({"versions": (TLS12,), "cipher_suites": SIX, "groups": (29,)}, GROUP),
        ({"versions": (TLS13, TLS12), "cipher_suites": (0x1301, *FIVE), "groups": (29,)}, CIPHER),
        ({"versions": (TLS13,), "cipher_suites": (0x1301,), "groups": (29,)}, GROUP),
        ({"groups": (29,)}, GROUP),
        ({"groups": (25, 30)}, GROUP),
        ({"groups": (25, 29), "signatures": (0x0804,)}, SIGNATURE),
        ({"signatures": (0x0804, 0x0805, 0x0401)}, SIGNATURE),
        ({"signatures": (0x0804, 0x0805, 0x0403, 0x0401)}, CIPHER),
        ({"signatures": (0x0804, 0x0805, 0x0806, 0x0401)}, SIGNATURE),
        ({"signatures": (0x0403, 0x0503, 0x0603, 0x0203)}, SIGNATURE),
        ({"groups": (), "signatures": ()}, CIPHER),
    ],
    ids=[
        "usual", "unusual suite", "unusual suite and one group", "weak suites", "weak suites but one", "five suites",
        "six suites", "five old suites and new ones", "new alone", "one group", "uncommon groups", "few signatures",
        "three signatures", "four signatures", "RSA alone", "elliptic alone", "nothing said of groups",
    ],
)  # fmt: skip
def test_what_is_offered_sparingly_is_what_lacks(offer: dict[str, Any], rule: str) -> None:
    assert told(offering(**offer)) == [rule]


@pytest.mark.parametrize(
    ("offer", "chosen", "rule"),
    [
        ({}, {"cipher_suite": 0x003C}, CIPHER),
        ({"signatures": (0x0804,)}, {"cipher_suite": 0x003C}, CIPHER),
        ({}, {"group": 25}, GROUP),
        ({"groups": ()}, {"group": 25}, CIPHER),
        ({}, {"group": 23}, CIPHER),
    ],
    ids=["suite", "suite in spite of few signatures", "group", "group of a client that names none", "nothing new"],
)
def test_what_the_server_chose_with_others_tells_more(offer: dict[str, Any], chosen: dict[str, Any], rule: str) -> None:
    assert told(offering(**offer), accepted(1, **chosen)) == [rule]


def test_a_client_that_offers_no_more_under_another_name_leaves_the_name() -> None:
    assert told(offering(server_name="other.example.org"), accepted(1)) == []
    elsewhere = handshake(1, server=ELSEWHERE)
    assert told(offering(server_name="other.example.org"), elsewhere) == [CIPHER]


@pytest.mark.parametrize("code", [40, 47, 71])
def test_a_group_that_was_asked_for_in_vain_is_certain(code: int) -> None:
    asked = refused_hello(0, code, hello_retry=hello_retry())
    assert told(asked) == [GROUP]
    (finding,) = found(GROUP, asked)
    assert finding.confidence is Confidence.CERTAIN
    assert "P-256" in finding.detail


@pytest.mark.parametrize("code", [10, 20, 42, 47, 48, 70, 80, 109, 112, 120])
def test_silent_about_other_alerts(code: int) -> None:
    assert told(refused_hello(0, code)) == []


@pytest.mark.parametrize(
    "known",
    [
        failed_handshake(0, alert()),
        failed_handshake(0, alert(from_client=True), server_hello=None),
        failed_handshake(0, alert(), server_hello=None, client_hellos=()),
        failed_handshake(0, alert(level=1), server_hello=None),
        handshake(),
    ],
    ids=["the server has chosen", "the client's alert", "no hello", "a warning", "established"],
)
def test_silent_where_the_server_did_not_refuse_the_hello(known: Handshake) -> None:
    assert told(known) == []
    assert [found(rule) for rule in (*MISMATCHES, ALPN)] == [[], [], [], []]


@pytest.mark.parametrize("code", [40, 71])
def test_a_finding_says_what_was_offered(code: int) -> None:
    (finding,) = found(CIPHER, offering(code=code, cipher_suites=(0x1301, *SIX)))
    assert (finding.side, finding.confidence) == (Side.EITHER, Confidence.PROBABLE)
    assert "and 1 more" in str(finding.measured["offered"])
    assert at(0, ALERTED) in finding.evidence.frames


def test_where_the_client_offers_what_is_usual_the_reason_stays_open() -> None:
    usual, weak = (found(CIPHER, offering(cipher_suites=suites)) for suites in ((0x1301, *SIX), (0x0005, 0x000A)))
    assert "without saying why" in usual[0].title
    assert "certificate" in usual[0].title
    assert "accepts none of what" in weak[0].title


@pytest.mark.parametrize(
    ("offer", "why"),
    [
        ({"cipher_suites": (0x1301,), "versions": (TLS13,)}, "one cipher suite only"),
        ({"cipher_suites": (0x1301, 0x1302), "versions": (TLS13,)}, ""),
        ({"cipher_suites": (0xC02B,), "versions": (0xFEFD,)}, "very few cipher suites"),
        ({"cipher_suites": (0xC02B, 0xC02C, 0xCCA9, 0xC009, 0xC00A, 0xC023)}, "ECDSA"),
        ({"cipher_suites": (0xC02B, 0xC02C, 0xCCA9, 0xC009, 0xC00A, 0xC02F)}, ""),
    ],
    ids=["one of TLS 1.3", "two of TLS 1.3", "one of DTLS 1.2", "for elliptic keys alone", "for RSA too"],
)
def test_why_no_cipher_suite_fits_is_said_where_the_offer_tells(offer: dict[str, Any], why: str) -> None:
    (finding,) = found(CIPHER, offering(**offer))
    assert why in finding.detail
    assert bool(finding.detail) is bool(why)


def test_many_connections_are_one_finding() -> None:
    (finding,) = found(CIPHER, *(refused_hello(n) for n in range(10)))
    assert finding.measured["connections"] == 10
    assert len(found(CIPHER, refused_hello(0), refused_hello(1, server=ELSEWHERE))) == 2


class TestApplicationProtocol:
    @pytest.mark.parametrize(
        ("alpn", "offered", "command"),
        [
            (("h2", "http/1.1"), "h2 and http/1.1", "-alpn h2"),
            (("acme-tls/1",), "acme-tls/1", "-alpn acme-tls/1"),
            (("a'; rm -rf x",), "a'; rm -rf x", "-alpn 'a'"),
            ((), "none that can be read", "-alpn http/1.1"),
        ],
    )
    def test_what_was_offered(self, alpn: tuple[str, ...], offered: str, command: str) -> None:
        (finding,) = found(ALPN, refused_hello(0, 120, client_hello(alpn=alpn)))
        assert (finding.severity, finding.confidence) == (Severity.HIGH, Confidence.CERTAIN)
        assert finding.measured["offered"] == offered
        assert command in finding.advice[0]

    def test_after_the_server_hello_too(self) -> None:
        assert len(found(ALPN, failed_handshake(0, alert(code=120)))) == 1

    @pytest.mark.parametrize(
        "known",
        [refused_hello(0, 40), failed_handshake(0, alert(code=120, level=1)), handshake()],
        ids=["another alert", "a warning", "established"],
    )
    def test_silent_otherwise(self, known: Handshake) -> None:
        assert found(ALPN, known) == []
