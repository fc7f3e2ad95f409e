from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from exchanges import exchange
from factories import START
from tls_records import (
    CLIENT_CIPHER,
    CLIENT_DATA,
    DATA,
    HANDSHAKE,
    LATER,
    PRESENTED,
    SERVER_DATA,
    SERVER_LEAVES,
    alert,
    at,
    certificate,
    certificates,
    client_hello,
    encrypted,
    failed_handshake,
    found,
    handshake,
    hidden_handshake,
    message,
    record,
    server_hello,
    tls_connection,
)

from explainer.model import Analysis, Confidence, Finding, Severity, Side
from explainer.protocols.tls import Handshake, Record
from explainer.protocols.x509 import Certificate

AnalysisOf = Callable[[str], Analysis]
MISSING, REJECTED = "tls_client_certificate_missing", "tls_client_certificate_rejected"
REQUEST = message(0, PRESENTED, 13)
EMPTY = certificates(0, from_client=True, frame=at(0, CLIENT_CIPHER))
CLIENT_FIRST: dict[str, Any] = {"server_ends": (at(0, LATER),), "client_ends": (at(0, LATER) - 1,)}


def shown(*leaf: Certificate | None) -> dict[str, Any]:
    """Return what makes a handshake one in which the client presents this."""
    return {"certificate_messages": (certificates(0, *leaf, from_client=True, frame=at(0, CLIENT_CIPHER)),)}


def client(length: int, place: int = CLIENT_DATA) -> Record:
    return encrypted(0, place, length, from_client=True)


def server(length: int, place: int = SERVER_DATA) -> Record:
    return encrypted(0, place, length, from_client=False)


FINISHED, NO_CERTIFICATE, CERTIFICATE, REFUSAL = client(53), client(25), client(900), server(19)


def of(rule: str, known: Handshake, **below: Any) -> list[Finding]:
    return found(rule, known, connections=[tls_connection(known, **below)])


@pytest.mark.parametrize(
    ("name", "rule", "severity", "confidence"),
    [
        ("tls12_client_certificate_missing", MISSING, Severity.HIGH, Confidence.CERTAIN),
        ("tls12_client_certificate_missing_nginx", MISSING, Severity.HIGH, Confidence.CERTAIN),
        ("tls13_client_certificate_missing", MISSING, Severity.HIGH, Confidence.PROBABLE),
        ("tls13_client_certificate_missing_with_keys", MISSING, Severity.HIGH, Confidence.CERTAIN),
        ("tls12_client_certificate_expired", REJECTED, Severity.HIGH, Confidence.CERTAIN),
        ("tls12_client_certificate_other_ca", REJECTED, Severity.HIGH, Confidence.CERTAIN),
        ("tls13_client_certificate_expired_with_keys", REJECTED, Severity.HIGH, Confidence.CERTAIN),
        ("tls13_client_certificate_other_ca", REJECTED, Severity.HIGH, Confidence.PROBABLE),
    ],
)
def test_the_labs_faults(
    name: str, rule: str, severity: Severity, confidence: Confidence, analysis_of: AnalysisOf
) -> None:
    (finding,) = (f for f in analysis_of(name).findings if f.rule in (MISSING, REJECTED))
    assert (finding.rule, finding.severity, finding.confidence) == (rule, severity, confidence)
    assert finding.side is Side.CLIENT


@pytest.mark.parametrize(
    "name",
    [
        "tls12_client_certificate_healthy", "tls12_client_certificate_optional_healthy",
        "tls13_client_certificate_healthy", "tls13_client_certificate_optional_healthy", "tls13_healthy",
    ],
)  # fmt: skip
def test_the_labs_healthy_connections(name: str, analysis_of: AnalysisOf) -> None:
    assert [f for f in analysis_of(name).findings if f.rule in (MISSING, REJECTED)] == []


@pytest.mark.parametrize("rule", [MISSING, REJECTED])
def test_they_do_not_apply_where_no_certificate_is_asked_for(rule: str) -> None:
    for known in (handshake(), failed_handshake(0, alert(code=42)), hidden_handshake(0, FINISHED, REFUSAL)):
        assert of(rule, known, **SERVER_LEAVES) == []
    assert found(rule) == []


class TestMissing:
    @pytest.mark.parametrize("code", [40, 42, 48, 49, 116])
    def test_the_server_refuses_an_empty_one(self, code: int) -> None:
        empty = failed_handshake(0, alert(code=code), certificate_messages=(EMPTY,), messages=(REQUEST,))
        (finding,) = of(MISSING, empty)
        assert (finding.severity, finding.confidence) == (Severity.HIGH, Confidence.CERTAIN)
        assert {REQUEST.frame, EMPTY.frame} <= set(finding.evidence.frames)

    @pytest.mark.parametrize("code", [20, 45, 46, 47, 50, 70, 80])
    def test_silent_about_alerts_that_say_something_else(self, code: int) -> None:
        assert of(MISSING, failed_handshake(0, alert(code=code), certificate_messages=(EMPTY,))) == []

    def test_certificate_required_says_it_alone(self) -> None:
        assert [f.confidence for f in of(MISSING, failed_handshake(0, alert(code=116)))] == [Confidence.CERTAIN]

    @pytest.mark.parametrize("code", [40, 116])
    def test_silent_where_the_client_says_it(self, code: int) -> None:
        said = alert(code=code, from_client=True)
        assert of(MISSING, failed_handshake(0, said, certificate_messages=(EMPTY,))) == []

    @pytest.mark.parametrize(
        ("below", "fires"),
        [(SERVER_LEAVES, True), (CLIENT_FIRST, False), ({}, False)],
        ids=["server", "client", "none"],
    )
    def test_a_server_that_leaves_without_an_alert(self, below: dict[str, Any], fires: bool) -> None:
        findings = of(MISSING, failed_handshake(0, certificate_messages=(EMPTY,)), **below)
        assert [f.confidence for f in findings] == [Confidence.PROBABLE] * fires

    @pytest.mark.parametrize(
        ("records", "below", "fires"),
        [
            ((NO_CERTIFICATE, FINISHED, REFUSAL), SERVER_LEAVES, True),
            ((client(61), REFUSAL), SERVER_LEAVES, True),
            ((NO_CERTIFICATE, FINISHED, REFUSAL), {}, False),
            ((client(26), FINISHED, REFUSAL), SERVER_LEAVES, False),
            ((FINISHED, REFUSAL), SERVER_LEAVES, False),
            ((CERTIFICATE, FINISHED, REFUSAL), SERVER_LEAVES, False),
            ((NO_CERTIFICATE, FINISHED, server(250)), SERVER_LEAVES, False),
        ],
        ids=["empty and refused", "in one record", "the server stays", "one byte more", "not asked", "sent", "ticket"],
    )
    def test_what_tls_13_hides_is_told_by_lengths(
        self, records: tuple[Record, ...], below: dict[str, Any], fires: bool
    ) -> None:
        findings = of(MISSING, hidden_handshake(0, *records), **below)
        assert [f.confidence for f in findings] == [Confidence.PROBABLE] * fires


ASKED = (record(0, CLIENT_DATA, DATA, from_client=True, length=200),)
CIPHERS = handshake().records[:2]
SAID = record(0, SERVER_DATA, DATA, from_client=False, length=1500)


GCM, CBC = 0xC02B, 0xC013
WITHOUT_VERSION, WITH_VERSION, TO_CHROME = 375, 389, 791  # as nginx 1.22 answers who has no certificate


def page(length: int, place: int = SERVER_DATA) -> Record:
    """Return the answer in a record of TLS 1.2, with AES-GCM."""
    return record(0, place, DATA, from_client=False, length=length + 24)


class TestRefusedInHttp:
    """Servers such as nginx complete the handshake, and refuse in their answer."""

    @pytest.mark.parametrize(
        ("records", "suite", "fires"),
        [
            ((*ASKED, page(WITH_VERSION)), GCM, True),
            ((*ASKED, page(WITHOUT_VERSION)), GCM, True),
            ((*ASKED, page(TO_CHROME)), GCM, True),
            ((*ASKED, page(WITH_VERSION + 1)), GCM, False),
            ((*ASKED, page(WITH_VERSION)), CBC, False),
            ((*ASKED, *ASKED, page(WITH_VERSION)), GCM, False),
            ((*ASKED, page(WITH_VERSION), page(WITH_VERSION + 10)), GCM, False),
            (ASKED, GCM, False),
        ],
        ids=[
            "nginx/1.22.1", "nginx", "padded", "a byte more", "a length that says little", "two requests",
            "two answers", "no answer",
        ],
    )  # fmt: skip
    def test_an_answer_as_long_as_nginxs_page(self, records: tuple[Record, ...], suite: int, fires: bool) -> None:
        chosen = server_hello(cipher_suite=suite)
        known = handshake(records=CIPHERS + records, certificate_messages=(EMPTY,), server_hello=chosen)
        findings = of(MISSING, known, **SERVER_LEAVES)
        assert [(f.severity, f.confidence) for f in findings] == [(Severity.MEDIUM, Confidence.PROBABLE)] * fires

    def test_silent_where_no_empty_certificate_was_sent(self) -> None:
        assert of(MISSING, handshake(records=(*CIPHERS, *ASKED, page(WITH_VERSION))), **SERVER_LEAVES) == []

    @pytest.mark.parametrize(
        ("asked", "alpn", "answers", "fires"),
        [
            (1, (), (WITH_VERSION,), True),
            (1, (), (281, 281, WITH_VERSION), True),
            (1, (), (200, 281, WITH_VERSION), False),
            (2, (), (WITH_VERSION,), False),
            (2, ("h2",), (305,), True),
            (2, ("h2",), (68, 246), True),
            (2, ("h2",), (68, 247), False),
            (2, ("http/1.1",), (305,), False),
            (1, ("h2",), (305,), False),
        ],
        ids=[
            "HTTP/1", "tickets before it", "other data before it", "two requests", "HTTP/2", "HTTP/2 in two records",
            "a byte more", "no HTTP/2 offered", "no settings acknowledged",
        ],
    )  # fmt: skip
    def test_under_tls_13_too(self, asked: int, alpn: tuple[str, ...], answers: tuple[int, ...], fires: bool) -> None:
        said = [server(length + 17, LATER + place) for place, length in enumerate(answers)]
        records = (NO_CERTIFICATE, FINISHED, *[client(90, SERVER_DATA)] * asked, *said)
        known = hidden_handshake(0, *records, client_hellos=(client_hello(0, alpn=alpn),))
        assert bool(of(MISSING, known)) is fires

    @pytest.mark.parametrize(("status", "fires"), [(400, True), (403, True), (399, False), (200, False)])
    def test_where_the_answer_can_be_read_it_must_be_an_error(self, status: int, fires: bool) -> None:
        assert bool(self.answered(status, (*ASKED, SAID), SERVER_LEAVES)) is fires

    @pytest.mark.parametrize(
        ("records", "below"),
        [
            ((*ASKED, record(0, SERVER_DATA, DATA, from_client=False, length=1501)), SERVER_LEAVES),
            ((*ASKED, SAID), {}),
            ((*ASKED, SAID), CLIENT_FIRST),
            ((*ASKED, *ASKED, SAID), SERVER_LEAVES),
            (ASKED, SERVER_LEAVES),
            ((*ASKED, SAID, record(0, SERVER_DATA, 21, from_client=True)), SERVER_LEAVES),
        ],
        ids=[
            "a longer answer", "nobody leaves", "the client leaves first", "two requests", "no answer",
            "the client took leave",
        ],
    )  # fmt: skip
    def test_and_the_server_must_leave_after_it(self, records: tuple[Record, ...], below: dict[str, Any]) -> None:
        assert self.answered(400, records, below) == []

    def test_an_answer_that_says_so_is_certain(self) -> None:
        known = handshake(records=CIPHERS + ASKED, certificate_messages=(EMPTY,))
        said = "No required SSL certificate was sent"
        answer = exchange(0, over_tls=True, status=400, response_frame=at(0, SERVER_DATA), complaint=said)
        (finding,) = found(MISSING, known, connections=[tls_connection(known)], requested=[answer])
        assert (finding.severity, finding.confidence) == (Severity.HIGH, Confidence.CERTAIN)
        assert "requires a client certificate" in finding.title
        assert any(said in step.text for step in finding.evidence.steps)

    def test_decrypted_requests_are_told_by_their_type(self) -> None:
        read = tuple(r._replace(encrypted=False) for r in (*ASKED, SAID))
        shaken = tuple(r._replace(encrypted=False, type=HANDSHAKE) for r in (NO_CERTIFICATE, FINISHED))
        known = hidden_handshake(0, *shaken, *read, certificate_messages=(EMPTY,))
        answer = exchange(0, over_tls=True, status=400, response_frame=at(0, SERVER_DATA))
        below = [tls_connection(known, **SERVER_LEAVES)]
        assert len(found(MISSING, known, connections=below, requested=[answer])) == 1

    @staticmethod
    def answered(status: int, records: tuple[Record, ...], below: dict[str, Any]) -> list[Finding]:
        known = handshake(records=CIPHERS + records, certificate_messages=(EMPTY,))
        answer = exchange(0, over_tls=True, status=status, response_frame=at(0, SERVER_DATA))
        findings = found(MISSING, known, connections=[tls_connection(known, **below)], requested=[answer])
        assert not findings or any(f"HTTP {status}" in step.text for step in findings[0].evidence.steps)
        return findings


class TestRejected:
    @pytest.mark.parametrize(
        ("code", "reason"),
        [
            (42, "bad"), (43, "kind"), (44, "revoked"), (45, "expired"), (46, "not say why"), (48, "authority"),
            (49, "let this certificate in"), (51, "signature"),
        ],
    )  # fmt: skip
    def test_the_servers_alert_names_the_reason(self, code: int, reason: str) -> None:
        (finding,) = of(REJECTED, failed_handshake(0, alert(code=code), **shown(certificate())))
        assert (finding.severity, finding.confidence) == (Severity.HIGH, Confidence.CERTAIN)
        assert reason in finding.title
        assert at(0, CLIENT_CIPHER) in finding.evidence.frames

    @pytest.mark.parametrize("code", [20, 40, 47, 50, 70, 80, 116])
    def test_silent_about_alerts_that_say_something_else(self, code: int) -> None:
        assert of(REJECTED, failed_handshake(0, alert(code=code), **shown(certificate()))) == []

    def test_silent_where_the_client_says_it(self) -> None:
        assert of(REJECTED, failed_handshake(0, alert(code=48, from_client=True), **shown(certificate()))) == []

    def test_an_empty_one_cannot_be_rejected(self) -> None:
        assert of(REJECTED, failed_handshake(0, alert(code=42), **shown())) == []

    @pytest.mark.parametrize(
        ("leaf", "fault"),
        [
            (certificate(not_after=START - timedelta(days=1)), "it expired on"),
            (certificate(not_before=START + timedelta(days=1)), "it is not valid before"),
            (certificate(self_signed=True), "it is self-signed"),
            (certificate(), "its issuer is CN=Example CA"),
            (None, ""),
        ],
    )
    def test_what_is_seen_of_it_is_said(self, leaf: Certificate | None, fault: str) -> None:
        (finding,) = of(REJECTED, failed_handshake(0, alert(code=46), **shown(leaf)))
        assert fault in finding.title

    @pytest.mark.parametrize(("below", "fires"), [(SERVER_LEAVES, True), (CLIENT_FIRST, False), ({}, False)])
    def test_a_server_that_leaves_without_an_alert(self, below: dict[str, Any], fires: bool) -> None:
        findings = of(REJECTED, failed_handshake(0, **shown(certificate())), **below)
        assert [f.confidence for f in findings] == [Confidence.PROBABLE] * fires

    @pytest.mark.parametrize(
        ("records", "below", "fires"),
        [
            ((CERTIFICATE, client(100), FINISHED, REFUSAL), SERVER_LEAVES, True),
            ((client(151), FINISHED, REFUSAL), SERVER_LEAVES, True),
            ((client(150), FINISHED, REFUSAL), SERVER_LEAVES, False),
            ((CERTIFICATE, FINISHED, REFUSAL), {}, False),
            ((CERTIFICATE, FINISHED, server(250), REFUSAL), SERVER_LEAVES, False),
            ((FINISHED, REFUSAL), SERVER_LEAVES, False),
        ],
        ids=["sent and refused", "shortest", "shorter than a certificate", "the server stays", "ticket", "not asked"],
    )
    def test_what_tls_13_hides_is_told_by_lengths(
        self, records: tuple[Record, ...], below: dict[str, Any], fires: bool
    ) -> None:
        findings = of(REJECTED, hidden_handshake(0, *records), **below)
        assert [f.confidence for f in findings] == [Confidence.PROBABLE] * fires

    @pytest.mark.parametrize(("length", "fires"), [(367, True), (353, True), (366, False), (WITH_VERSION, False)])
    def test_nginx_refuses_it_in_its_answer(self, length: int, fires: bool) -> None:
        chosen = server_hello(cipher_suite=GCM)
        known = handshake(records=(*CIPHERS, *ASKED, page(length)), server_hello=chosen, **shown(certificate()))
        findings = of(REJECTED, known, **SERVER_LEAVES)
        assert [(f.severity, f.confidence) for f in findings] == [(Severity.MEDIUM, Confidence.PROBABLE)] * fires
