from collections.abc import Callable

import pytest
from tls_records import LATER, alert, at, failed_handshake, found, handshake, hello_retry, refused_hello, server_hello

from explainer.model import Analysis, Confidence, Severity, Side
from explainer.protocols.tls import Handshake

AnalysisOf = Callable[[str], Analysis]
DAMAGED, MALFORMED, RENEGOTIATION = "tls_record_damaged", "tls_hello_malformed", "tls_renegotiation_refused"
RULES = (DAMAGED, MALFORMED, RENEGOTIATION)
REFUSAL = alert(code=100, level=1)
GIVES_UP = alert(code=40, from_client=True, frame=at(0, LATER))


@pytest.mark.parametrize(
    ("name", "rule", "side"),
    [
        ("tls12_record_damaged", DAMAGED, Side.NETWORK), ("tls13_record_damaged", DAMAGED, Side.NETWORK),
        ("tls12_psk_differs", DAMAGED, Side.EITHER), ("tls_hello_garbled", MALFORMED, Side.CLIENT),
        ("tls12_renegotiation_refused", RENEGOTIATION, Side.CLIENT),
    ],
)  # fmt: skip
def test_the_labs_faults(name: str, rule: str, side: Side, analysis_of: AnalysisOf) -> None:
    (finding,) = (f for f in analysis_of(name).findings if f.rule in RULES)
    assert (finding.rule, finding.side) == (rule, side)
    assert (finding.severity, finding.confidence) == (Severity.HIGH, Confidence.PROBABLE)
    assert finding.advice


@pytest.mark.parametrize("from_client", [True, False])
@pytest.mark.parametrize(
    ("code", "rule"),
    [
        (20, DAMAGED), (21, DAMAGED), (51, DAMAGED), (22, None), (30, None), (10, MALFORMED), (47, MALFORMED),
        (50, MALFORMED), (109, MALFORMED), (110, MALFORMED), (100, RENEGOTIATION), (40, None), (60, None), (111, None),
    ],
)  # fmt: skip
def test_which_alert_belongs_to_which_rule(code: int, rule: str | None, from_client: bool) -> None:
    known = failed_handshake(0, alert(code=code, from_client=from_client))
    assert [name for name in RULES if found(name, known)] == ([rule] if rule else [])


@pytest.mark.parametrize("rule", RULES)
def test_silent_about_warnings_and_what_works(rule: str) -> None:
    for code in (20, 50, 100):
        assert found(rule, handshake(alerts=(alert(code=code, level=1),))) == []
    assert found(rule) == found(rule, handshake()) == []


class TestDamaged:
    @pytest.mark.parametrize(
        ("code", "from_client", "words"),
        [
            (20, True, "The client received"),
            (51, False, "The server cannot verify"),
            (21, False, "The server received"),
        ],
    )
    def test_who_received_what(self, code: int, from_client: bool, words: str) -> None:
        (finding,) = found(DAMAGED, failed_handshake(0, alert(code=code, from_client=from_client)))
        assert finding.title.startswith(words)

    @pytest.mark.parametrize(("suite", "keys"), [(0x008C, True), (0xC035, True), (0xC02F, False)])
    def test_pre_shared_keys_that_differ(self, suite: int, keys: bool) -> None:
        (finding,) = found(DAMAGED, failed_handshake(0, alert(code=20), server_hello=server_hello(cipher_suite=suite)))
        assert ("pre-shared" in finding.title) is keys
        assert finding.side is (Side.EITHER if keys else Side.NETWORK)


class TestMalformed:
    @pytest.mark.parametrize(
        ("known", "side", "what"),
        [
            (refused_hello(0, 50), Side.CLIENT, "the client's first TLS message (ClientHello)"),
            (failed_handshake(0, alert(code=50)), Side.CLIENT, "the client's handshake message"),
            (failed_handshake(0, alert(code=50, from_client=True)), Side.SERVER, "the server's handshake message"),
        ],
    )
    def test_the_sender_must_act(self, known: Handshake, side: Side, what: str) -> None:
        (finding,) = found(MALFORMED, known)
        assert finding.side is side
        assert what in finding.title

    def test_a_retry_that_was_not_met_is_told_elsewhere(self) -> None:
        assert found(MALFORMED, refused_hello(0, 47, hello_retry=hello_retry())) == []
        assert len(found(MALFORMED, failed_handshake(0, alert(code=47), hello_retry=hello_retry()))) == 1


class TestRenegotiation:
    def test_a_refusal_is_a_warning_after_which_the_other_side_gives_up(self) -> None:
        (finding,) = found(RENEGOTIATION, handshake(alerts=(REFUSAL, GIVES_UP)))
        assert {REFUSAL.frame, GIVES_UP.frame} <= set(finding.evidence.frames)
        assert (finding.severity, finding.confidence) == (Severity.HIGH, Confidence.PROBABLE)

    def test_a_connection_that_goes_on_has_not_failed(self) -> None:
        assert found(RENEGOTIATION, handshake(alerts=(REFUSAL,))) == []

    def test_giving_up_alone_is_no_refusal(self) -> None:
        assert found(RENEGOTIATION, handshake(alerts=(GIVES_UP,))) == []
