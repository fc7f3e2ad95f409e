"""What a question about TLS asks for outright is told of the connections that show it, and of no other."""

from collections.abc import Callable

import pytest
from brief.samples import analysis, ran, stat

from explainer import ask
from explainer.llm import offline
from explainer.model import Analysis, Cell

AnalysisOf = Callable[[str], Analysis]
WANTED = "Does the server ask for a client certificate?"
PRESENTED = "Did the client present a certificate?"
SECRECY = "Is forward secrecy used?"
ROW: dict[str, Cell] = {
    "transport": "tcp", "client": "192.0.2.10:40000", "server": "198.51.100.20:443", "server_name": "www.example.org",
    "client_hello_frame": 4, "server_hello_frame": 6, "version": "TLS 1.2",
    "cipher_suite": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "group": None, "alpn": None, "alpn_offered": None,
    "resumed": False, "early_data": False, "hello_retry_frame": None, "certificate": "CN=www.example.org",
    "certificate_issuer": "CN=ca", "certificate_start": "2026-01-01T00:00:00",
    "certificate_expiry": "2027-01-01T00:00:00", "certificate_frame": 6,
    "certificate_request_frame": None, "client_certificate": None, "client_certificate_frame": None,
    "outcome": "established", "outcome_frame": 9, "warnings": None,
    "warning_frame": None, "ech": False,
}  # fmt: skip
HIDDEN: dict[str, Cell] = {
    "version": "TLS 1.3",
    "certificate": None,
    "cipher_suite": "TLS_AES_256_GCM_SHA384",
    "group": "x25519",
}


def verdict(question: str, *changes: dict[str, Cell]) -> str:
    """Return the answer where these connections are all that there is."""
    known = [ROW | changed for changed in changes]
    return offline.answer(
        analysis(ran(rule="tls_alert"), stats=[stat("tls", tuple(ROW), [tuple(r.values()) for r in known])]), question
    ).verdict


@pytest.mark.parametrize(
    ("capture", "question", "words", "frames"),
    [
        ("tls12_client_certificate_healthy", WANTED, "Yes: 10.20.2.20:443 asks", 2),
        ("tls12_client_certificate_healthy", PRESENTED, "and it presents CN=till-07", 2),
        ("tls12_client_certificate_optional_healthy", WANTED, "Yes: 10.20.2.20:443 asks", 2),
        ("tls12_client_certificate_optional_healthy", PRESENTED, "No: 10.20.2.20:443 asks", 2),
        ("tls12_healthy", WANTED, "No: 10.20.2.20:443 does not ask", 2),
        ("tls13_client_certificate_healthy", WANTED, "This capture cannot tell whether 10.20.2.20:443 asks", 2),
        ("tls13_hello_retry_healthy", "Is HelloRetryRequest a problem?", "That is no fault", 3),
        ("tls13_hello_retry_healthy", "Why did the client send two ClientHellos?", "costs one round trip", 3),
        ("tls12_resumption_healthy", "Was the session resumed?", "Yes: the TLS connection of 10.20.1.10", 2),
        ("tls13_healthy", "Was the session resumed?", "No: the TLS connection of 10.20.1.10", 2),
        ("tls13_early_data_healthy", "Is 0-RTT used?", "0-RTT", 1),
        ("tls13_healthy", SECRECY, "Yes: 10.20.1.10", 2),
        ("tls12_healthy", "Who issued the certificate?", "was issued by CN=Lab Issuing CA", 1),
        ("tls12_healthy", "How long is the certificate valid?", "is valid from 2026-08-23 until 2027-08-23", 1),
        ("tls12_healthy", "Is the certificate valid?", "is valid from 2026-08-23 until 2027-08-23", 1),
        ("tls13_healthy", "Is the certificate valid?", "TLS 1.3 encrypts it", 2),
        ("tls13_healthy", "Can you see the certificate?", "TLS 1.3 encrypts it", 2),
        ("tls13_with_keys_healthy", "Can you see the certificate?", "can be read: CN=payroll.example", 1),
        ("quic_healthy", "Was HTTP/3 used?", "Most likely HTTP/3 is spoken", 1),
        ("tls12_healthy", "Is it HTTP/2?", "the server did not choose it (it chose http/1.1)", 2),
        ("http_404", "Was HTTP/3 used?", "No HTTP/3 was seen", 0),
    ],
)  # fmt: skip
def test_a_step_is_told_with_its_frames(
    capture: str, question: str, words: str, frames: int, analysis_of: AnalysisOf
) -> None:
    answer = ask(analysis_of(capture), question)
    assert words in answer.verdict
    told = next((claim for claim in answer.claims if claim.text == answer.verdict.removeprefix("Yes. ")), None)
    assert (len(told.frames) if told else 0) == frames


def test_what_is_wrong_answers_before_what_was_asked_for(analysis_of: AnalysisOf) -> None:
    refused = ask(analysis_of("tls12_client_certificate_other_ca"), "Why is the client certificate rejected?")
    assert refused.verdict.startswith("The server rejects the client's certificate")
    expired = ask(analysis_of("tls12_expired"), "Is the certificate valid?")
    assert "expired 12 days before this capture" in expired.verdict
    lost = ask(analysis_of("tls12_flight_lost"), "Where do the packets get lost?")
    assert "does not arrive whole" in lost.verdict
    for question in (WANTED, PRESENTED, "Which side ended the TLS handshake?"):
        missing = ask(analysis_of("tls12_client_certificate_missing"), question)
        assert missing.verdict.startswith("The server requires a client certificate")


def test_the_connections_that_show_it_come_first_and_those_of_others_not_at_all() -> None:
    other: dict[str, Cell] = {"client": "192.0.2.11:40000", "server_name": "other.example", "resumed": True}
    assert verdict("Was the session resumed?", {}, other).startswith("Yes: the TLS connection of 192.0.2.11:40000")
    assert verdict("Was the TLS session with www.example.org resumed?", {}, other).startswith("No: the TLS connection")


@pytest.mark.parametrize(
    ("changed", "begins"),
    [
        ({}, "Yes: "),
        ({"cipher_suite": "TLS_DHE_RSA_WITH_AES_128_CBC_SHA"}, "Yes: "),
        ({"cipher_suite": "TLS_RSA_WITH_AES_128_CBC_SHA"}, "No: "),
        (HIDDEN, "Yes: "),
        (HIDDEN | {"group": None, "resumed": True}, "No: "),  # a pre-shared key alone (RFC 8446, section 2.2)
    ],
)
def test_forward_secrecy_is_that_of_ephemeral_keys(changed: dict[str, Cell], begins: str) -> None:
    assert verdict(SECRECY, changed).startswith(begins)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (HIDDEN, "cannot tell the certificate of 198.51.100.20:443: TLS 1.3 encrypts it"),
        (HIDDEN | {"resumed": True}, "sends no certificate to 192.0.2.10:40000: an earlier session is resumed"),
        ({}, "was issued by CN=ca"),
    ],
)
def test_a_certificate_that_is_hidden_is_not_guessed(changed: dict[str, Cell], words: str) -> None:
    assert words in verdict("Who issued the certificate?", changed)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"alpn": "h2"}, "Yes: HTTP/2 is spoken"),
        ({"alpn_offered": "h2, http/1.1"}, "did not choose it (it chose none)"),
        (HIDDEN | {"alpn_offered": "h2"}, "Most likely HTTP/2"),
        ({"alpn_offered": "http/1.1"}, "No HTTP/2 was seen"),
    ],
)
def test_http_versions_are_those_agreed_on(changed: dict[str, Cell], words: str) -> None:
    assert words in verdict("Was HTTP/2 used?", changed)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"certificate_request_frame": 6, "client_certificate": "CN=me"}, "Yes: 198.51.100.20:443 asks"),
        ({"certificate_request_frame": 6, "client_certificate": ""}, "and it presents no certificate"),
        ({"resumed": True, "certificate": None}, "No certificates were exchanged"),
        ({"version": None, "certificate": None, "server_hello_frame": None}, "no handshake got so far"),
    ],
)
def test_client_certificates(changed: dict[str, Cell], words: str) -> None:
    assert words in verdict(WANTED, changed)
