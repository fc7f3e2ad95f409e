from collections.abc import Callable

import pytest
from tls_records import alert, client_hello, failed_handshake, found, handshake, refused_hello, server_hello

from explainer.model import Analysis, Confidence, Severity, Side
from explainer.protocols.tcp import Endpoint
from explainer.protocols.tls import Handshake

AnalysisOf = Callable[[str], Analysis]
UNKNOWN, MISSING = "tls_name_unknown", "tls_name_missing"
ELSEWHERE = Endpoint("198.51.100.99", 443)
NAMELESS = client_hello(server_name="")


def asking(stream: int, code: int, name: str) -> Handshake:
    """Return a refused ClientHello that asks for a name."""
    return refused_hello(stream, code, client_hello(stream, server_name=name))


@pytest.mark.parametrize(
    ("name", "rule", "side"),
    [
        ("tls12_name_not_served", UNKNOWN, Side.SERVER), ("tls13_name_not_served", UNKNOWN, Side.SERVER),
        ("tls12_no_name_sent", MISSING, Side.CLIENT), ("tls13_no_name_sent", MISSING, Side.CLIENT),
    ],
)  # fmt: skip
def test_the_labs_faults(name: str, rule: str, side: Side, analysis_of: AnalysisOf) -> None:
    (finding,) = (f for f in analysis_of(name).findings if f.rule in (UNKNOWN, MISSING))
    assert (finding.rule, finding.side) == (rule, side)
    assert (finding.severity, finding.confidence) == (Severity.HIGH, Confidence.CERTAIN)


def test_the_labs_warning_is_no_refusal(analysis_of: AnalysisOf) -> None:
    assert analysis_of("tls_warning_alert_healthy").findings == ()


@pytest.mark.parametrize(
    ("known", "unknown", "missing"),
    [
        (asking(0, 112, "a.example"), 1, 0),
        (asking(0, 112, ""), 0, 1),
        (asking(0, 40, "a.example"), 0, 0),
        (asking(0, 40, ""), 0, 0),
        (asking(0, 80, ""), 0, 0),
        (failed_handshake(0, alert(code=112)), 0, 0),
        (failed_handshake(0, alert(code=112), client_hellos=(NAMELESS,)), 0, 0),
        (failed_handshake(0, alert(code=112, from_client=True), server_hello=None), 0, 0),
        (failed_handshake(0, alert(code=112, level=1), server_hello=None), 0, 0),
        (failed_handshake(0, alert(code=112), server_hello=None, client_hellos=()), 0, 0),
        (handshake(), 0, 0),
        (handshake(client_hellos=(NAMELESS,)), 0, 0),
    ],
    ids=[
        "name unknown", "no name", "handshake failure", "handshake failure without a name", "internal error",
        "after the server hello", "after the server hello without a name", "the client's alert", "a warning",
        "no hello", "accepted", "accepted without a name",
    ],
)  # fmt: skip
def test_what_the_alert_says_about_names(known: Handshake, unknown: int, missing: int) -> None:
    assert (len(found(UNKNOWN, known)), len(found(MISSING, known))) == (unknown, missing)


def test_they_do_not_apply_without_tls() -> None:
    assert found(UNKNOWN) == found(MISSING) == []


class TestByContrast:
    """A vaguer alert, where the same server accepts another name."""

    def test_another_name_is_accepted(self) -> None:
        (finding,) = found(UNKNOWN, asking(0, 40, "other.example.org"), handshake(1))
        assert finding.confidence is Confidence.PROBABLE
        assert "www.example.org" in finding.detail

    @pytest.mark.parametrize(
        "other",
        [
            handshake(1, server=ELSEWHERE),
            handshake(1, server_hello=server_hello(1, cipher_suite=0x003C)),
            handshake(1, client_hellos=(client_hello(1, server_name="other.example.org"),)),
            handshake(1, client_hellos=(client_hello(1, cipher_suites=(0xC02F, 0x003C)),)),
            failed_handshake(1),
        ],
        ids=["another server", "by another suite", "the same name", "by a client that offers more", "not finished"],
    )
    def test_silent_where_more_than_the_name_differs(self, other: Handshake) -> None:
        assert found(UNKNOWN, asking(0, 40, "other.example.org"), other) == []

    @pytest.mark.parametrize("code", [40, 80])
    def test_a_name_is_accepted_and_none_is_not(self, code: int) -> None:
        (finding,) = found(MISSING, asking(0, code, ""), handshake(1))
        assert (finding.side, finding.confidence) == (Side.CLIENT, Confidence.PROBABLE)
        assert handshake(1).records[1].frame in {frame for step in finding.evidence.steps for frame in step.frames}

    @pytest.mark.parametrize(
        "other",
        [
            handshake(1, server=ELSEWHERE),
            handshake(1, server_hello=server_hello(1, cipher_suite=0x003C)),
            handshake(1, client_hellos=(client_hello(1, server_name=""),)),
            failed_handshake(1),
        ],
        ids=["another server", "by another suite", "without a name too", "not finished"],
    )
    def test_silent_where_the_contrast_is_another(self, other: Handshake) -> None:
        assert found(MISSING, asking(0, 40, ""), other) == []


def test_each_name_is_a_finding() -> None:
    tried = [asking(n, 112, name) for n, name in enumerate(("a.example", "b.example", "a.example"))]
    assert sorted((f.scope.names, f.measured["connections"]) for f in found(UNKNOWN, *tried)) == [
        (("a.example",), 2), (("b.example",), 1),
    ]  # fmt: skip
    assert [f.measured["connections"] for f in found(MISSING, *(asking(n, 112, "") for n in range(3)))] == [3]
