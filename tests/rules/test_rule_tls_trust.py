"""Rules about chains, on certificates made on the spot."""

from collections.abc import Callable

import pytest
from issued import Issued, issue, issuer_at, verifiable
from tls_records import (
    LATER,
    alert,
    at,
    certificates,
    failed_handshake,
    found,
    handshake,
    presenting,
    rejecting,
    tls_connection,
)

from explainer.model import Analysis, Confidence, Finding, Severity, Side
from explainer.protocols.chain import TRUST_STORE
from explainer.protocols.tls import Handshake

AnalysisOf = Callable[[str], Analysis]
SELF_SIGNED, INCOMPLETE = "tls_certificate_self_signed", "tls_chain_incomplete"
UNTRUSTED, DISORDERED = "tls_certificate_untrusted", "tls_chain_disordered"
RULES = (SELF_SIGNED, INCOMPLETE, UNTRUSTED, DISORDERED)

ROOT = issue("Example Root", authority=True)
UPPER = issue("Example Upper", ROOT, authority=True)
LOWER = issue("Example Lower", UPPER, authority=True)
LEAF = issue("www.example.org", LOWER, names=("www.example.org",))
WITH_PLACE = issue("www.example.org", LOWER, extensions=[issuer_at("http://ca.example/lower.cer")])
DIRECT = issue("www.example.org", ROOT)
OWN = issue("www.example.org")
STRAY = issue("Stray Intermediate", issue("Stray Root", authority=True), authority=True)
OTHER_STRAY = issue("Other Intermediate", issue("Other Root", authority=True), authority=True)
REJECTIONS = (48, 42, 46)


def shown(*chain: Issued, stream: int = 0) -> Handshake:
    """Return a handshake in which the server presents this, and the client goes on."""
    return presenting(stream, *(each.known for each in chain))


def refused(code: int, *chain: Issued, stream: int = 0) -> Handshake:
    """Return a handshake in which the client rejects this."""
    return rejecting(stream, code, *(each.known for each in chain))


def left(rule: str, *chain: Issued) -> list[Finding]:
    """Return what the rule finds where the client leaves without a word."""
    known = handshake(records=(), certificate_messages=(certificates(0, *(each.known for each in chain)),))
    return found(rule, known, connections=[tls_connection(known, client_ends=(at(0, LATER),))])


FAULTY = {
    SELF_SIGNED: (OWN,),
    INCOMPLETE: (WITH_PLACE,),
    UNTRUSTED: (LEAF, LOWER, UPPER),
    DISORDERED: (LEAF, UPPER, LOWER),
}


@pytest.mark.parametrize(
    ("name", "rule", "severity", "confidence"),
    [
        ("tls12_self_signed", SELF_SIGNED, Severity.HIGH, Confidence.CERTAIN),
        ("tls12_self_signed_java", SELF_SIGNED, Severity.HIGH, Confidence.PROBABLE),
        ("tls12_self_signed_accepted", SELF_SIGNED, Severity.LOW, Confidence.CERTAIN),
        ("tls13_self_signed_with_keys", SELF_SIGNED, Severity.HIGH, Confidence.PROBABLE),
        ("tls12_intermediate_missing", INCOMPLETE, Severity.HIGH, Confidence.PROBABLE),
        ("tls12_intermediate_missing_gnutls", INCOMPLETE, Severity.HIGH, Confidence.PROBABLE),
        ("tls12_private_root_unknown", UNTRUSTED, Severity.HIGH, Confidence.CERTAIN),
        ("tls12_unknown_ca", UNTRUSTED, Severity.HIGH, Confidence.CERTAIN),
        ("tls12_chain_wrong_order", DISORDERED, Severity.LOW, Confidence.CERTAIN),
        ("tls12_chain_stray", DISORDERED, Severity.INFO, Confidence.CERTAIN),
    ],
)
def test_the_labs_faults(
    name: str, rule: str, severity: Severity, confidence: Confidence, analysis_of: AnalysisOf
) -> None:
    (finding,) = (f for f in analysis_of(name).findings if f.rule == rule)
    assert (finding.severity, finding.confidence) == (severity, confidence)


@pytest.mark.parametrize("name", ["tls12_healthy", "tls12_chain_with_root_healthy", "tls12_renewed_healthy"])
def test_the_labs_healthy_chains(name: str, analysis_of: AnalysisOf) -> None:
    assert [f.rule for f in analysis_of(name).findings if f.rule in RULES] == []


@pytest.mark.parametrize("rule", RULES)
def test_silent_where_nothing_is_presented_or_can_be_read(rule: str) -> None:
    chain = [each.known for each in FAULTY[rule]]
    assert found(rule) == found(rule, handshake()) == found(rule, presenting(0)) == []
    assert found(rule, rejecting(0, 48, None, *chain)) == []
    clients = certificates(0, *chain, from_client=True)
    assert found(rule, failed_handshake(0, alert(code=48, from_client=True), certificate_messages=(clients,))) == []


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("presented", [(LEAF, LOWER, UPPER), (LEAF, LOWER, UPPER, ROOT)])
def test_silent_where_a_complete_chain_is_accepted(rule: str, presented: tuple[Issued, ...]) -> None:
    assert found(rule, shown(*presented)) == []
    assert found(rule, shown(*presented), given={TRUST_STORE: ROOT.pem}) == []


class TestSelfSigned:
    def test_a_root_beside_it_changes_nothing(self) -> None:
        assert len(found(SELF_SIGNED, shown(OWN, ROOT))) == 1

    @pytest.mark.parametrize("presented", [(LEAF,), (DIRECT,), (LEAF, LOWER, UPPER, ROOT)])
    def test_silent_where_another_key_signed_it(self, presented: tuple[Issued, ...]) -> None:
        assert found(SELF_SIGNED, refused(48, *presented)) == []

    def test_silent_where_the_user_trusts_it(self) -> None:
        assert found(SELF_SIGNED, shown(OWN), given={TRUST_STORE: OWN.pem}) == []

    @pytest.mark.parametrize(
        ("code", "severity", "confidence"),
        [
            (48, Severity.HIGH, Confidence.CERTAIN), (42, Severity.HIGH, Confidence.PROBABLE),
            (46, Severity.HIGH, Confidence.PROBABLE), (45, Severity.MEDIUM, Confidence.CERTAIN),
        ],
    )  # fmt: skip
    def test_the_clients_alert_says_how_sure_it_is(self, code: int, severity: Severity, confidence: Confidence) -> None:
        (finding,) = found(SELF_SIGNED, refused(code, OWN))
        assert (finding.severity, finding.confidence) == (severity, confidence)

    @pytest.mark.parametrize(
        ("code", "names", "said"),
        [(42, (), True), (46, (), True), (48, (), False), (45, (), False), (42, ("www.example.org",), False)],
    )
    def test_one_without_alternative_names_may_be_rejected_for_that(
        self, code: int, names: tuple[str, ...], said: bool
    ) -> None:
        (finding,) = found(SELF_SIGNED, refused(code, issue("www.example.org", names=names)))
        assert ("common name alone" in finding.title) is said

    def test_accepted_or_left(self) -> None:
        assert [f.severity for f in found(SELF_SIGNED, shown(OWN))] == [Severity.LOW]
        assert [f.severity for f in left(SELF_SIGNED, OWN)] == [Severity.HIGH]


class TestIncomplete:
    @pytest.mark.parametrize("code", REJECTIONS)
    def test_the_sign_of_a_place_where_the_issuer_is_to_be_had(self, code: int) -> None:
        (finding,) = found(INCOMPLETE, refused(code, WITH_PLACE))
        assert (finding.severity, finding.confidence) == (Severity.HIGH, Confidence.PROBABLE)
        assert finding.measured["missing"] == "CN=Example Lower,O=Example"
        assert "http://ca.example/lower.cer" in finding.detail

    def test_that_sign_alone_means_little_to_a_client_that_goes_on(self) -> None:
        (finding,) = found(INCOMPLETE, shown(WITH_PLACE))
        assert (finding.severity, finding.confidence) == (Severity.LOW, Confidence.POSSIBLE)

    def test_a_client_that_left_counts_as_one_that_minded(self) -> None:
        assert [(f.severity, f.confidence) for f in left(INCOMPLETE, WITH_PLACE)] == [
            (Severity.HIGH, Confidence.PROBABLE),
        ]  # fmt: skip

    def test_the_intermediate_on_another_connection_makes_it_sure(self) -> None:
        findings = found(INCOMPLETE, refused(48, LEAF), shown(STRAY, LOWER, stream=1))
        assert [(f.severity, f.confidence) for f in findings] == [(Severity.HIGH, Confidence.CERTAIN)]
        (accepted,) = found(INCOMPLETE, shown(LEAF), shown(STRAY, LOWER, stream=1))
        assert (accepted.severity, accepted.confidence) == (Severity.MEDIUM, Confidence.CERTAIN)

    @pytest.mark.parametrize(
        "presented",
        [(LEAF,), (WITH_PLACE, LOWER), (DIRECT,), (OWN,)],
        ids=["no sign", "one intermediate is sent", "straight from a root", "self-signed"],
    )
    def test_silent_just_below(self, presented: tuple[Issued, ...]) -> None:
        assert found(INCOMPLETE, refused(48, *presented)) == []

    def test_silent_where_the_issuer_is_a_known_root(self) -> None:
        assert found(INCOMPLETE, refused(48, WITH_PLACE), given={TRUST_STORE: LOWER.pem}) == []

    def test_a_root_on_another_connection_is_no_intermediate(self) -> None:
        assert found(INCOMPLETE, refused(48, DIRECT), shown(OWN, ROOT, stream=1)) == []


class TestUntrusted:
    @pytest.mark.parametrize("presented", [(LEAF, LOWER, UPPER), (LEAF, LOWER, UPPER, ROOT), (LEAF,), (DIRECT,)])
    def test_the_client_says_that_it_does_not_know_the_issuer(self, presented: tuple[Issued, ...]) -> None:
        (finding,) = found(UNTRUSTED, refused(48, *presented))
        assert (finding.severity, finding.confidence, finding.side) == (
            Severity.HIGH, Confidence.CERTAIN, Side.EITHER,
        )  # fmt: skip

    @pytest.mark.parametrize("code", [42, 45, 46, 40])
    def test_silent_where_it_says_anything_else(self, code: int) -> None:
        assert found(UNTRUSTED, refused(code, LEAF, LOWER, UPPER)) == []

    def test_silent_where_the_server_says_it(self) -> None:
        message = certificates(0, LEAF.known, LOWER.known)
        assert found(UNTRUSTED, failed_handshake(0, alert(code=48), certificate_messages=(message,))) == []

    @pytest.mark.parametrize("presented", [(OWN,), (WITH_PLACE,)], ids=["self-signed", "incomplete"])
    def test_silent_where_another_rule_knows_why(self, presented: tuple[Issued, ...]) -> None:
        assert found(UNTRUSTED, refused(48, *presented)) == []

    def test_a_root_that_others_know_means_an_old_store(self) -> None:
        root, leaf = verifiable("www.example.org")
        (finding,) = found(UNTRUSTED, refused(48, leaf), given={TRUST_STORE: root.pem})
        assert finding.side is Side.CLIENT
        assert "Strict Root" in finding.title

    def test_unless_a_verifier_finds_fault_with_it(self) -> None:
        (finding,) = found(UNTRUSTED, refused(48, LEAF, LOWER, UPPER), given={TRUST_STORE: ROOT.pem})
        assert finding.side is Side.EITHER


class TestDisordered:
    @pytest.mark.parametrize(
        ("presented", "severity"),
        [
            ((LEAF, UPPER, LOWER), Severity.LOW),
            ((LEAF, ROOT, LOWER, UPPER), Severity.LOW),
            ((LEAF, STRAY, LOWER, UPPER), Severity.INFO),
            ((LEAF, STRAY, OTHER_STRAY, LOWER, UPPER), Severity.INFO),
        ],
    )
    def test_accepted(self, presented: tuple[Issued, ...], severity: Severity) -> None:
        assert [f.severity for f in found(DISORDERED, shown(*presented))] == [severity]

    @pytest.mark.parametrize("code", REJECTIONS)
    @pytest.mark.parametrize("presented", [(LEAF, UPPER, LOWER), (LEAF, STRAY, LOWER, UPPER)])
    def test_rejected(self, presented: tuple[Issued, ...], code: int) -> None:
        assert [f.severity for f in found(DISORDERED, refused(code, *presented))] == [Severity.MEDIUM]

    @pytest.mark.parametrize(
        "presented",
        [(LEAF, LOWER, UPPER), (LEAF, LOWER, UPPER, ROOT), (LEAF, LOWER, LOWER, UPPER), (LEAF, ROOT), (OWN, ROOT)],
        ids=["sorted", "with its root", "one twice", "root after a gap", "another root"],
    )
    def test_silent_just_below(self, presented: tuple[Issued, ...]) -> None:
        assert found(DISORDERED, shown(*presented)) == []

    def test_strays_are_counted(self) -> None:
        (finding,) = found(DISORDERED, shown(LEAF, STRAY, OTHER_STRAY, LOWER, UPPER))
        assert "2 stray ones" in finding.title


@pytest.mark.parametrize("rule", RULES)
def test_many_connections_to_one_server_are_one_finding(rule: str) -> None:
    (finding,) = found(rule, *(refused(48, *FAULTY[rule], stream=n) for n in range(5)))
    assert finding.measured["connections"] == 5
    assert finding.evidence.total == 15


@pytest.mark.parametrize(
    ("issuer", "incomplete"),
    [
        ("Example Intermediate CA", True),
        ("Example Issuing CA 2", True),
        ("Example Sub CA", True),
        ("Example CA", False),
    ],
)
def test_an_issuer_that_calls_itself_intermediate_is_missed_by_who_rejects(issuer: str, *, incomplete: bool) -> None:
    leaf = issue("www.example.org", issue(issuer, ROOT, authority=True))
    told = [f for code in REJECTIONS for f in found(INCOMPLETE, refused(code, leaf))]
    assert len(told) == (len(REJECTIONS) if incomplete else 0)
    assert all("probably does not send" in f.title for f in told)
    assert found(INCOMPLETE, shown(leaf)) == []
    (untrusted,) = found(UNTRUSTED, refused(48, leaf)) or (None,)
    assert (untrusted is None) is incomplete
    assert untrusted is None or "intermediate one" in untrusted.act
