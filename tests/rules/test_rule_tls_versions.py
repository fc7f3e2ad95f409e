from collections.abc import Callable
from typing import Any

import pytest
from tls_records import (
    ALERTED,
    LATER,
    TLS10,
    TLS11,
    TLS12,
    TLS13,
    alert,
    at,
    client_hello,
    failed_handshake,
    found,
    handshake,
    hidden_handshake,
    refused_hello,
    server_hello,
    tls_connection,
)

from explainer.model import Analysis, Confidence, Severity, Side
from explainer.protocols.tcp import Endpoint
from explainer.protocols.tls import Handshake

AnalysisOf = Callable[[str], Analysis]
NONE, FALLBACK, OBSOLETE = "tls_no_common_version", "tls_fallback_refused", "tls_obsolete_version"
SSL2, SSL3 = 0x0002, 0x0300
MARCH_2021_NS = 1_614_556_800 * 1_000_000_000
ELSEWHERE = Endpoint("198.51.100.99", 443)


@pytest.mark.parametrize(
    ("name", "rule", "severity", "confidence", "side"),
    [
        ("tls_no_common_version", NONE, Severity.HIGH, Confidence.CERTAIN, Side.EITHER),
        ("tls_server_too_old", NONE, Severity.HIGH, Confidence.CERTAIN, Side.SERVER),
        ("tls_server_answers_too_old", NONE, Severity.HIGH, Confidence.CERTAIN, Side.SERVER),
        ("tls11_forbidden_by_client", NONE, Severity.HIGH, Confidence.PROBABLE, Side.SERVER),
        ("tls12_fallback_refused", FALLBACK, Severity.HIGH, Confidence.CERTAIN, Side.CLIENT),
        ("tls10_works", OBSOLETE, Severity.LOW, Confidence.CERTAIN, Side.SERVER),
        ("tls11_works", OBSOLETE, Severity.LOW, Confidence.CERTAIN, Side.SERVER),
    ],
)
def test_the_labs_faults(
    name: str, rule: str, severity: Severity, confidence: Confidence, side: Side, analysis_of: AnalysisOf
) -> None:
    (finding,) = (f for f in analysis_of(name).findings if f.rule in (NONE, FALLBACK, OBSOLETE))
    assert (finding.rule, finding.severity, finding.confidence) == (rule, severity, confidence)
    assert finding.side is side


@pytest.mark.parametrize("rule", [NONE, FALLBACK, OBSOLETE])
@pytest.mark.parametrize(
    "known",
    [
        handshake(),
        hidden_handshake(0),
        refused_hello(0, 40),
        failed_handshake(0, alert(code=70, level=1)),
        failed_handshake(0, alert(code=86, level=1)),
    ],
    ids=["TLS 1.2", "TLS 1.3", "another alert", "a warning", "a warning of a fallback"],
)
def test_silent_where_the_versions_are_in_order(rule: str, known: Handshake) -> None:
    assert found(rule, known) == found(rule) == []


class TestNoneInCommon:
    @pytest.mark.parametrize(
        ("versions", "side"),
        [
            ((TLS11, TLS10), Side.CLIENT),
            ((TLS10,), Side.CLIENT),
            ((TLS12,), Side.EITHER),
            ((TLS13, TLS12), Side.SERVER),
            ((TLS13,), Side.SERVER),
            ((), Side.EITHER),
        ],
    )
    def test_whose_versions_are_old(self, versions: tuple[int, ...], side: Side) -> None:
        (finding,) = found(NONE, refused_hello(0, 70, client_hello(versions=versions)))
        assert (finding.side, finding.confidence, finding.severity) == (side, Confidence.CERTAIN, Severity.HIGH)

    def test_a_client_may_refuse_what_the_server_chose(self) -> None:
        chosen = server_hello(version=TLS10)
        (finding,) = found(NONE, failed_handshake(0, alert(code=70, from_client=True), server_hello=chosen))
        assert finding.side is Side.SERVER
        assert "chooses TLS 1.0" in finding.title

    @pytest.mark.parametrize(
        ("code", "version", "versions", "fires"),
        [
            (40, TLS11, (TLS12, TLS11), True),
            (71, TLS10, (TLS12, TLS10), True),
            (80, TLS11, (TLS12, TLS11), True),
            (47, TLS11, (TLS12, TLS11), False),
            (40, TLS12, (TLS13, TLS12), False),
            (40, TLS11, (TLS11,), False),
        ],
        ids=["40", "71", "80", "another alert", "TLS 1.2 is chosen", "no more is offered"],
    )
    def test_a_vague_alert_counts_where_the_server_chose_an_old_one(
        self, code: int, version: int, versions: tuple[int, ...], fires: bool
    ) -> None:
        known = failed_handshake(
            0,
            alert(code=code, from_client=True),
            server_hello=server_hello(version=version),
            client_hellos=(client_hello(versions=versions),),
        )
        assert [f.confidence for f in found(NONE, known)] == [Confidence.PROBABLE] * fires
        from_server = failed_handshake(**vars(known) | {"alerts": (alert(code=code),)})
        assert found(NONE, from_server) == []

    @pytest.mark.parametrize(("chosen", "told"), [(TLS11, 1), (TLS12, 0)])
    def test_a_client_may_leave_over_a_version_that_it_did_not_offer(self, chosen: int, told: int) -> None:
        known = failed_handshake(
            0, client_hellos=(client_hello(versions=(TLS13, TLS12)),), server_hello=server_hello(version=chosen)
        )
        below = tls_connection(known, client_ends=(at(0, ALERTED),))
        findings = found(NONE, known, connections=[below])
        assert [f.confidence for f in findings] == [Confidence.PROBABLE] * told
        assert found(NONE, known, connections=[tls_connection(known)]) == []

    def test_what_the_server_speaks_with_others_is_said(self) -> None:
        (finding,) = found(NONE, refused_hello(0, 70), handshake(1), handshake(2, server=ELSEWHERE))
        assert "TLS 1.2 with others" in finding.title
        (finding,) = found(NONE, refused_hello(0, 70), handshake(2, server=ELSEWHERE))
        assert "with others" not in finding.title

    def test_without_a_hello(self) -> None:
        (finding,) = found(NONE, failed_handshake(0, alert(code=70), client_hellos=(), server_hello=None))
        assert finding.measured["offered"] == "unknown"


def test_a_fallback_says_how_far_the_client_went_back() -> None:
    (finding,) = found(FALLBACK, refused_hello(0, 86, client_hello(versions=(TLS11,), fallback=True)))
    assert "TLS 1.1 at most" in finding.title
    assert len(found(FALLBACK, failed_handshake(0, alert(code=86), client_hellos=(), server_hello=None))) == 1


class TestObsolete:
    @pytest.mark.parametrize(
        ("version", "time_ns", "severity"),
        [
            (TLS11, MARCH_2021_NS, Severity.LOW),
            (TLS11, MARCH_2021_NS - 1, None),
            (TLS10, MARCH_2021_NS, Severity.LOW),
            (TLS10, MARCH_2021_NS - 1, None),
            (SSL3, MARCH_2021_NS - 1, Severity.MEDIUM),
            (SSL2, MARCH_2021_NS, Severity.MEDIUM),
            (TLS12, MARCH_2021_NS, None),
        ],
    )
    def test_old_since_when(self, version: int, time_ns: int, severity: Severity | None) -> None:
        findings = found(OBSOLETE, handshake(server_hello=server_hello(version=version, time_ns=time_ns)))
        assert [f.severity for f in findings] == [severity] * (severity is not None)

    @pytest.mark.parametrize(
        ("more", "below", "fires"),
        [
            ({"records": handshake().records[:2]}, {"client_ends": (at(0, LATER),)}, True),
            ({"records": ()}, {}, False),
            ({"alerts": (alert(),)}, {}, False),
        ],
        ids=["unused", "not finished", "failed"],
    )
    def test_it_counts_where_the_handshake_was_completed(
        self, more: dict[str, Any], below: dict[str, Any], fires: bool
    ) -> None:
        known = handshake(server_hello=server_hello(version=TLS10), **more)
        assert bool(found(OBSOLETE, known, connections=[tls_connection(known, **below)])) is fires

    def test_each_version_is_a_finding(self) -> None:
        old = [handshake(n, server_hello=server_hello(n, version=v)) for n, v in enumerate((TLS10, TLS11, TLS10))]
        assert sorted(f.measured["connections"] for f in found(OBSOLETE, *old)) == [1, 2]
