from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from factories import (
    START,
    alert,
    capture_info,
    certificate,
    certificates,
    connection,
    facts,
    failed_handshake,
    findings_of,
    first_frame,
    handshake,
    matching,
    start_ns,
)

from explainer import registry
from explainer.analysis import analysis
from explainer.model import Analysis, Confidence, Finding, Severity
from explainer.protocols.tcp import Endpoint
from explainer.protocols.tls import Handshake
from explainer.protocols.x509 import Certificate

AnalysisOf = Callable[[str], Analysis]
EXPIRED, SELF_SIGNED = "tls_certificate_expired", "tls_certificate_self_signed"
OLD = certificate(not_after=START - timedelta(days=12))
OWN = certificate(issuer="CN=www.example.org", self_issued=True, self_signed=True)
FAULTY = {EXPIRED: OLD, SELF_SIGNED: OWN}
both = pytest.mark.parametrize("rule", [EXPIRED, SELF_SIGNED])


def presents(stream: int, *leaf: Certificate | None, **overrides: Any) -> Handshake:
    return handshake(stream, certificate_messages=(certificates(stream, *leaf),), **overrides)


def rejects(stream: int, leaf: Certificate, code: int, **overrides: Any) -> Handshake:
    said = alert(stream, code, from_client=True)
    return failed_handshake(stream, said, certificate_messages=(certificates(stream, leaf),), **overrides)


def found(rule: str, *handshakes: Handshake) -> list[Finding]:
    return findings_of(rule, facts([connection(h.stream) for h in handshakes], handshakes))


@pytest.mark.parametrize(
    ("name", "rule"), [("tls12_expired", EXPIRED), ("tls12_self_signed", SELF_SIGNED), ("tls12_capture_cut", EXPIRED)]
)
def test_the_labs_evidence_is_hello_certificate_and_alert(
    name: str, rule: str, captures: Path, analysis_of: AnalysisOf
) -> None:
    cause, symptom = analysis_of(name).findings
    wanted = "tls.handshake.type == 1 || tls.handshake.type == 11 || tls.alert_message"
    assert set(cause.evidence.frames) == matching(captures / f"{name}.pcapng", wanted)
    assert (cause.rule, symptom.rule, symptom.explained_by) == (rule, "tls_alert", cause.id)
    assert (cause.severity, cause.confidence) == (Severity.HIGH, Confidence.CERTAIN)


@pytest.mark.parametrize(
    ("left", "expired"), [(timedelta(seconds=-1), True), (timedelta(0), False), (timedelta(seconds=1), False)]
)
def test_a_certificate_expires_at_the_time_of_the_frame_that_presents_it(left: timedelta, expired: bool) -> None:
    assert bool(found(EXPIRED, presents(0, certificate(not_after=START + left)))) is expired


def test_the_frames_own_time_counts_and_not_the_captures_start() -> None:
    leaf = certificate(not_after=START + timedelta(seconds=5))
    assert found(EXPIRED, presents(0, leaf), presents(5, leaf)) == []
    (finding,) = found(EXPIRED, presents(0, leaf), presents(6, leaf))
    assert finding.scope.streams == (6,)
    assert finding.measured["expired_days"] == pytest.approx(1 / 86400, abs=0.001)


def test_the_time_is_measured() -> None:
    (finding,) = found(EXPIRED, presents(0, OLD))
    assert finding.measured == {
        "connections": 1, "expired_days": 12.0, "valid_until": (START - timedelta(days=12)).isoformat(),
    }  # fmt: skip
    assert "expired 12 days before" in finding.title


def test_its_own_name_as_issuer_is_not_yet_self_signed() -> None:
    assert found(SELF_SIGNED, presents(0, certificate(self_issued=True))) == []


@both
@pytest.mark.parametrize("leaf", [[certificate()], [None], [], [None, OLD], [certificate(), OWN]])
def test_only_the_servers_own_readable_faulty_certificate_counts(rule: str, leaf: list[Certificate | None]) -> None:
    assert found(rule, presents(0, *leaf)) == []


@both
def test_the_clients_certificate_is_not_the_servers(rule: str) -> None:
    message = certificates(0, FAULTY[rule], from_client=True)
    assert found(rule, handshake(certificate_messages=(message,))) == []


@pytest.mark.parametrize(
    ("rule", "code", "severity", "confidence"),
    [
        (EXPIRED, 45, Severity.HIGH, Confidence.CERTAIN),
        (EXPIRED, 42, Severity.HIGH, Confidence.PROBABLE),
        (EXPIRED, 46, Severity.HIGH, Confidence.PROBABLE),
        (EXPIRED, 48, Severity.MEDIUM, Confidence.CERTAIN),
        (EXPIRED, 40, Severity.MEDIUM, Confidence.CERTAIN),
        (SELF_SIGNED, 48, Severity.HIGH, Confidence.CERTAIN),
        (SELF_SIGNED, 42, Severity.HIGH, Confidence.PROBABLE),
        (SELF_SIGNED, 45, Severity.MEDIUM, Confidence.CERTAIN),
    ],
)
def test_the_clients_alert_says_how_sure_the_cause_is(
    rule: str, code: int, severity: Severity, confidence: Confidence
) -> None:
    (finding,) = found(rule, rejects(0, FAULTY[rule], code))
    assert (finding.severity, finding.confidence) == (severity, confidence)
    assert (first_frame(0) + 6 in finding.evidence.frames) is (severity is Severity.HIGH)


@both
def test_an_alert_of_the_server_is_no_rejection_of_its_certificate(rule: str) -> None:
    said = alert(0, 45 if rule == EXPIRED else 48)
    (finding,) = found(rule, failed_handshake(0, said, certificate_messages=(certificates(0, FAULTY[rule]),)))
    assert finding.severity is Severity.MEDIUM
    assert "hung up" not in finding.title


def test_a_client_that_goes_on_makes_it_matter_less() -> None:
    assert [f.severity for f in found(EXPIRED, presents(0, OLD))] == [Severity.MEDIUM]
    assert [f.severity for f in found(SELF_SIGNED, presents(0, OWN))] == [Severity.LOW]
    assert all("accepted" in f.title for f in found(EXPIRED, presents(0, OLD)) + found(SELF_SIGNED, presents(0, OWN)))


@both
def test_many_connections_to_one_server_are_one_finding(rule: str) -> None:
    (finding,) = found(rule, *(presents(n, FAULTY[rule]) for n in range(30)))
    assert finding.measured["connections"] == 30
    assert finding.evidence.total == 60


@both
def test_other_servers_and_other_outcomes_are_findings_of_their_own(rule: str) -> None:
    leaf = FAULTY[rule]
    elsewhere = presents(1, leaf, server=Endpoint("198.51.100.99", 443))
    rejected = rejects(2, leaf, 45 if rule == EXPIRED else 48)
    assert len(found(rule, presents(0, leaf), elsewhere, rejected)) == 3


@both
@pytest.mark.parametrize("connections", [1, 6, 7, 30])
def test_the_alert_stays_a_symptom_however_many_connections_it_ended(rule: str, connections: int) -> None:
    code = 45 if rule == EXPIRED else 48
    handshakes = [rejects(n, FAULTY[rule], code) for n in range(connections)]
    known = facts([connection(n) for n in range(connections)], handshakes)
    wanted = [entry for entry in registry.rules if entry.id in (rule, "tls_alert")]
    cause, symptom = analysis(capture_info(), known, (), wanted, strict=True).findings
    assert (cause.rule, symptom.explained_by) == (rule, cause.id)


@both
def test_hostile_names_stay_data(rule: str) -> None:
    from dataclasses import replace

    (finding,) = found(rule, presents(0, replace(FAULTY[rule], common_name="{x}\x1b[31m", subject="CN={x}")))
    assert "{x}\x1b[31m" in finding.title


def test_seconds_are_not_lost_in_nanoseconds() -> None:
    message = certificates(0, certificate(not_after=START), time_ns=start_ns(0) + 1_000)
    assert len(found(EXPIRED, handshake(certificate_messages=(message,)))) == 1
