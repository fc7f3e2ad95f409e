"""Certificates in order that a client rejects without a reason."""

from collections.abc import Callable

import pytest
from issued import Issued, issue
from tls_records import client_hello, found, presenting, rejecting

from explainer.model import Analysis, Confidence, Finding, RuleStatus, Severity, Side
from explainer.protocols.tls import Handshake

AnalysisOf = Callable[[str], Analysis]
RULE = "tls_certificate_refused"
NAME = "www.example.org"
ROOT = issue("Example Root", authority=True)
UPPER = issue("Example Upper", ROOT, authority=True)
LEAF = issue(NAME, UPPER, names=(NAME,))
OTHER = issue("files.example.org", UPPER, names=(NAME,))
ELSEWHERE = issue(NAME, UPPER, names=("a.example.net",))
CHAIN = (LEAF, UPPER)


def refused(code: int, *chain: Issued, stream: int = 0, name: str = NAME) -> Handshake:
    hello = client_hello(stream, server_name=name)
    return rejecting(stream, code, *(each.known for each in chain), client_hellos=(hello,))


def one(*known: Handshake) -> Finding:
    (finding,) = found(RULE, *known)
    return finding


def test_the_labs_rejection(analysis_of: AnalysisOf) -> None:
    name = "tls12_client_clock_slow"
    told = [f for f in analysis_of(name).findings if f.rule == RULE]
    assert {(f.severity, f.confidence, f.side) for f in told} == {(Severity.HIGH, Confidence.PROBABLE, Side.CLIENT)}
    assert not any(f.rule == "tls_alert" and not f.explained_by for f in analysis_of(name).findings)


@pytest.mark.parametrize("name", ["dns_nxdomain", "tcp_refused"])
def test_without_tls_it_does_not_apply(name: str, analysis_of: AnalysisOf) -> None:
    (outcome,) = (outcome for outcome in analysis_of(name).outcomes if outcome.rule == RULE)
    assert outcome.status is RuleStatus.NOT_APPLICABLE


@pytest.mark.parametrize(("code", "told"), [(42, 1), (46, 1), (48, 0), (45, 0), (43, 0), (40, 0)])
def test_only_alerts_that_give_no_reason_count(code: int, told: int) -> None:
    assert len(found(RULE, refused(code, *CHAIN))) == told


@pytest.mark.parametrize(
    "chain",
    [(issue(NAME),), (LEAF, issue("Example Upper", authority=True)), (ELSEWHERE, UPPER)],
    ids=["self-signed", "stray beside it", "another name"],
)
def test_a_certificate_with_a_fault_of_its_own_is_left_to_its_rule(chain: tuple[Issued, ...]) -> None:
    told = found(RULE, refused(42, *chain))
    assert all("in order" in finding.title for finding in told)
    assert len(told) == (chain[0] is LEAF)


def test_one_that_the_client_accepts_is_in_order() -> None:
    assert found(RULE, presenting(0, LEAF.known, UPPER.known)) == []


def test_a_certificate_that_stands_alone_may_lack_an_intermediate() -> None:
    assert "intermediate" in one(refused(46, LEAF)).act
    assert "intermediate" not in one(refused(46, *CHAIN)).act


def test_the_clock_comes_first_where_one_client_rejects_two_certificates() -> None:
    title = one(refused(42, *CHAIN)).title
    assert title.index("issuer") < title.index("clock")
    both = found(RULE, refused(42, *CHAIN), refused(42, OTHER, UPPER, stream=1))
    assert all(finding.title.index("clock") < finding.title.index("issuer") for finding in both)


def test_without_a_server_name_the_name_is_in_doubt_too() -> None:
    finding = one(refused(42, *CHAIN, name=""))
    assert "dates and purpose are in order" in finding.title
    assert "another name" in finding.title
