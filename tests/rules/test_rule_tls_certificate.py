from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from factories import START, capture_info, matching, start_ns
from tls_records import (
    ALERTED,
    LATER,
    PRESENTED,
    alert,
    at,
    certificate,
    certificates,
    failed_handshake,
    found,
    handshake,
    presenting,
    record,
    rejecting,
    tls_connection,
    tls_facts,
)

from explainer import registry
from explainer.analysis import analysis
from explainer.model import Analysis, Confidence, Severity, Side
from explainer.protocols.tcp import Endpoint
from explainer.protocols.tls import Handshake
from explainer.protocols.x509 import Certificate

AnalysisOf = Callable[[str], Analysis]
EXPIRED, EARLY, CLOCK = "tls_certificate_expired", "tls_certificate_not_yet_valid", "tls_client_clock"
OLD = certificate(not_after=START - timedelta(days=12))
YOUNG = certificate(not_before=START + timedelta(days=12))
FAULTY = {EXPIRED: OLD, EARLY: YOUNG}
ELSEWHERE = Endpoint("198.51.100.99", 443)
SECOND = timedelta(seconds=1)
both = pytest.mark.parametrize("rule", [EXPIRED, EARLY])


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("tls12_expired", EXPIRED), ("tls12_capture_cut", EXPIRED), ("tls12_intermediate_expired", EXPIRED),
        ("tls12_not_yet_valid", EARLY), ("tls12_client_clock_fast", CLOCK),
    ],
)  # fmt: skip
def test_the_labs_evidence_is_hello_certificate_and_alert(
    name: str, rule: str, captures: Path, analysis_of: AnalysisOf
) -> None:
    findings = analysis_of(name).findings
    causes, symptoms = [f for f in findings if f.rule == rule], [f for f in findings if f.rule == "tls_alert"]
    wanted = "tls.handshake.type == 1 || tls.handshake.type == 11 || tls.alert_message"
    assert {frame for cause in causes for frame in cause.evidence.frames} == matching(
        captures / f"{name}.pcapng", wanted
    )
    assert {symptom.explained_by for symptom in symptoms} == {cause.id for cause in causes}
    assert {cause.severity for cause in causes} == {Severity.HIGH}


@pytest.mark.parametrize(
    ("rule", "leaf", "fires"),
    [
        (EXPIRED, certificate(not_after=START - SECOND), True),
        (EXPIRED, certificate(not_after=START), False),
        (EXPIRED, certificate(not_after=START + SECOND), False),
        (EARLY, certificate(not_before=START + SECOND), True),
        (EARLY, certificate(not_before=START), False),
        (EARLY, certificate(not_before=START - SECOND), False),
    ],
)
def test_the_time_of_the_frame_that_presents_it_decides(rule: str, leaf: Certificate, fires: bool) -> None:
    assert bool(found(rule, presenting(0, leaf))) is fires


def test_the_frames_own_time_counts_and_not_the_captures_start() -> None:
    leaf = certificate(not_after=START + 5 * SECOND)
    assert found(EXPIRED, presenting(0, leaf), presenting(5, leaf)) == []
    (finding,) = found(EXPIRED, presenting(0, leaf), presenting(6, leaf))
    assert finding.scope.streams == (6,)
    assert finding.measured["expired_days"] == pytest.approx(1 / 86400, abs=0.001)


def test_seconds_are_not_lost_in_nanoseconds() -> None:
    message = certificates(0, certificate(not_after=START), time_ns=start_ns(0) + 1_000)
    assert len(found(EXPIRED, handshake(certificate_messages=(message,)))) == 1


def test_the_time_is_measured() -> None:
    (finding,) = found(EXPIRED, presenting(0, OLD))
    assert finding.measured == {
        "connections": 1, "expired_days": 12.0, "valid_until": (START - timedelta(days=12)).isoformat(),
    }  # fmt: skip
    assert "expired 12 days before" in finding.title
    (finding,) = found(EARLY, presenting(0, YOUNG))
    assert finding.measured["valid_from"] == YOUNG.not_before.isoformat()
    assert "12 days after" in finding.title


@pytest.mark.parametrize(
    ("rule", "chain", "fires"),
    [
        (EXPIRED, [certificate(), OLD], True),
        (EXPIRED, [certificate(), OLD._replace(self_issued=True)], False),
        (EXPIRED, [OLD._replace(self_issued=True)], True),
        (EXPIRED, [None, OLD], False),
        (EARLY, [certificate(), YOUNG], False),
        (EARLY, [None, YOUNG], False),
    ],
    ids=["expired intermediate", "expired root", "expired own", "own unreadable", "young intermediate", "unreadable"],
)
def test_which_of_the_chain_counts(rule: str, chain: list[Certificate | None], fires: bool) -> None:
    assert bool(found(rule, presenting(0, *chain))) is fires


def test_an_expired_intermediate_is_called_one() -> None:
    (finding,) = found(EXPIRED, presenting(0, certificate(), OLD._replace(common_name="Example Intermediate")))
    assert "intermediate certificate Example Intermediate" in finding.title


@both
@pytest.mark.parametrize("leaf", [[certificate()], [None], []])
def test_nothing_is_said_of_what_is_in_order_or_cannot_be_read(rule: str, leaf: list[Certificate | None]) -> None:
    assert found(rule, presenting(0, *leaf)) == []
    assert found(rule, handshake()) == found(rule) == []


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
        (EARLY, 45, Severity.HIGH, Confidence.CERTAIN),
        (EARLY, 42, Severity.HIGH, Confidence.PROBABLE),
        (EARLY, 48, Severity.MEDIUM, Confidence.CERTAIN),
    ],
)
def test_the_clients_alert_says_how_sure_the_cause_is(
    rule: str, code: int, severity: Severity, confidence: Confidence
) -> None:
    (finding,) = found(rule, rejecting(0, code, FAULTY[rule]))
    assert (finding.severity, finding.confidence) == (severity, confidence)
    assert at(0, ALERTED) in finding.evidence.frames
    assert ("hung up" in finding.title) is (severity is Severity.HIGH)


@both
def test_an_alert_of_the_server_is_no_rejection_of_its_certificate(rule: str) -> None:
    message = certificates(0, FAULTY[rule])
    (finding,) = found(rule, failed_handshake(0, alert(0, 45), certificate_messages=(message,)))
    assert finding.severity is Severity.MEDIUM
    assert "hung up" not in finding.title


@both
def test_a_client_that_goes_on_makes_it_matter_less(rule: str) -> None:
    (finding,) = found(rule, presenting(0, FAULTY[rule]))
    assert finding.severity is Severity.MEDIUM
    assert "goes on" in finding.title


@both
def test_a_client_that_leaves_without_a_word_probably_did_so_for_it(rule: str) -> None:
    left = presenting(0, FAULTY[rule], records=())
    (finding,) = found(rule, left, connections=[tls_connection(left, client_ends=(at(0, LATER),))])
    assert (finding.severity, finding.confidence) == (Severity.HIGH, Confidence.PROBABLE)
    unused = presenting(0, FAULTY[rule], records=handshake().records[:2])
    (finding,) = found(rule, unused, connections=[tls_connection(unused, client_ends=(at(0, LATER),))])
    assert (finding.severity, finding.confidence) == (Severity.HIGH, Confidence.PROBABLE)


@both
def test_many_connections_to_one_server_are_one_finding(rule: str) -> None:
    (finding,) = found(rule, *(presenting(n, FAULTY[rule]) for n in range(10)))
    assert finding.measured["connections"] == 10
    assert finding.evidence.total == 20
    assert at(0, PRESENTED) in finding.evidence.frames


def test_other_servers_and_other_outcomes_are_findings_of_their_own() -> None:
    elsewhere = presenting(1, OLD, server=ELSEWHERE)
    assert len(found(EXPIRED, presenting(0, OLD), elsewhere, rejecting(2, 45, OLD))) == 3


@both
@pytest.mark.parametrize("connections", [1, 6, 7, 30])
def test_the_alert_stays_a_symptom_however_many_connections_it_ended(rule: str, connections: int) -> None:
    known = tls_facts(*(rejecting(n, 45, FAULTY[rule]) for n in range(connections)))
    wanted = [entry for entry in registry.rules if entry.id in (rule, "tls_alert")]
    cause, symptom = analysis(capture_info(), known, (), wanted, strict=True).findings
    assert (cause.rule, symptom.explained_by) == (rule, cause.id)


@both
def test_hostile_names_stay_data(rule: str) -> None:
    hostile = FAULTY[rule]._replace(common_name="{x}\x1b[31m", subject="CN={x}")
    (finding,) = found(rule, presenting(0, hostile))
    assert "{x}\x1b[31m" in finding.title


class TestCapturesClock:
    """Where all certificates seem to be too young, the capture's own clock is in doubt."""

    def test_two_servers_that_all_accept_leave_it_in_doubt(self) -> None:
        assert found(EARLY, presenting(0, YOUNG), presenting(1, YOUNG, server=ELSEWHERE)) == []

    def test_one_server_alone_does_not(self) -> None:
        assert len(found(EARLY, presenting(0, YOUNG), presenting(1, YOUNG))) == 1

    @pytest.mark.parametrize(("code", "findings"), [(45, 2), (42, 2), (40, 0)])
    def test_a_client_that_minds_settles_it(self, code: int, findings: int) -> None:
        assert len(found(EARLY, presenting(0, YOUNG), rejecting(1, code, YOUNG, server=ELSEWHERE))) == findings


class TestClientsClock:
    def test_what_is_valid_is_called_expired(self) -> None:
        (finding,) = found(CLOCK, rejecting(0, 45, certificate(), certificate(not_after=START)))
        assert (finding.side, finding.severity, finding.confidence) == (
            Side.CLIENT, Severity.HIGH, Confidence.PROBABLE,
        )  # fmt: skip

    @pytest.mark.parametrize(
        "known",
        [
            rejecting(0, 45, OLD),
            rejecting(0, 45, certificate(), certificate(not_after=START - SECOND)),
            rejecting(0, 45, YOUNG),
            rejecting(0, 42, certificate()),
            rejecting(0, 46, certificate()),
            rejecting(0, 45, None),
            failed_handshake(0, alert(0, 45), certificate_messages=(certificates(0, certificate()),)),
            failed_handshake(0, alert(0, 45, from_client=True)),
            presenting(0, certificate()),
        ],
        ids=[
            "expired", "expired intermediate", "too young", "another alert", "a vague alert", "unreadable",
            "the server's alert", "no certificate seen", "no alert",
        ],
    )  # fmt: skip
    def test_silent_where_the_client_may_be_right_or_says_something_else(self, known: Handshake) -> None:
        assert found(CLOCK, known) == []

    def test_it_names_each_server_that_the_client_misjudges(self) -> None:
        cases = [rejecting(n, 45, certificate(), server=server) for n, server in enumerate((ELSEWHERE, ELSEWHERE))]
        (finding,) = found(CLOCK, *cases)
        assert finding.measured["connections"] == 2
        assert len(found(CLOCK, *cases, rejecting(2, 45, certificate()))) == 2


def test_a_hidden_certificate_is_nobodys_fault() -> None:
    hidden = failed_handshake(0, alert(0, 45, from_client=True), records=(record(0, LATER, 23, from_client=True),))
    assert found(EXPIRED, hidden) == found(EARLY, hidden) == []
