from collections.abc import Callable
from typing import Any

import pytest
from issued import Issued, issue
from tls_records import client_hello, found, presenting, rejecting

from explainer.model import Analysis, Confidence, Severity, Side
from explainer.protocols.chain import TRUST_STORE
from explainer.protocols.tcp import Endpoint
from explainer.protocols.tls import Handshake

AnalysisOf = Callable[[str], Analysis]
RULE = "tls_intercepted"
ELSEWHERE = Endpoint("198.51.100.99", 443)
PUBLIC = issue("Public Root", authority=True)
PRIVATE = issue("Company Root", authority=True)
OTHER = issue("Other Root", authority=True)
GENUINE, BY_COMPANY, BY_OTHER = (issue("www.example.org", root) for root in (PUBLIC, PRIVATE, OTHER))
OWN = issue("www.example.org")
KNOWN: dict[str, Any] = {"given": {TRUST_STORE: PUBLIC.pem}}
SURE, UNSURE = (Confidence.PROBABLE, Severity.LOW), (Confidence.POSSIBLE, Severity.LOW)


def accepted(stream: int, leaf: Issued, **overrides: Any) -> Handshake:
    return presenting(stream, leaf.known, **overrides)


def refused(stream: int, leaf: Issued, **overrides: Any) -> Handshake:
    return rejecting(stream, 48, leaf.known, **overrides)


def test_the_lab(analysis_of: AnalysisOf) -> None:
    (finding,) = (f for f in analysis_of("tls12_intercepted").findings if f.rule == RULE)
    assert (finding.severity, finding.confidence, finding.side) == (Severity.HIGH, Confidence.PROBABLE, Side.NETWORK)
    (finding,) = (f for f in analysis_of("tls12_intercepted_accepted").findings if f.rule == RULE)
    assert (finding.severity, finding.confidence) == (Severity.LOW, Confidence.POSSIBLE)
    assert [f for f in analysis_of("tls12_renewed_healthy").findings if f.rule == RULE] == []


@pytest.mark.parametrize(
    ("issuer", "product"),
    [
        ("Fortinet_CA_SSL", "Fortinet"), ("Zscaler Intermediate Root CA", "Zscaler"), ("mitmproxy", "mitmproxy"),
        ("avast! Web/Mail Shield Root", "Avast"), ("Kaspersky Anti-Virus Personal Root Certificate", "Kaspersky"),
        ("DO_NOT_TRUST_FiddlerRoot", "Fiddler"), ("PortSwigger CA", "Burp"), ("Cisco Umbrella Root CA", "Cisco"),
    ],
)  # fmt: skip
def test_a_product_that_names_itself(issuer: str, product: str) -> None:
    leaf = issue("www.example.org", issue(issuer, authority=True))
    (finding,) = found(RULE, refused(0, leaf))
    assert product in finding.title
    assert (finding.severity, finding.confidence, finding.side) == (Severity.HIGH, Confidence.PROBABLE, Side.NETWORK)
    assert [f.severity for f in found(RULE, accepted(0, leaf))] == [Severity.LOW]


@pytest.mark.parametrize("issuer", ["Example Root", "Squidward Root", "Let's Encrypt R3", "Charles County CA"])
def test_other_issuers_alone_are_no_sign(issuer: str) -> None:
    assert found(RULE, refused(0, issue("www.example.org", issue(issuer, authority=True)))) == []


def test_a_product_with_a_public_root_sells_certificates() -> None:
    root = issue("Fortinet Public Root", authority=True)
    assert found(RULE, accepted(0, issue("www.example.org", root)), given={TRUST_STORE: root.pem}) == []


@pytest.mark.parametrize(
    ("handshakes", "expected"),
    [
        ((accepted(0, GENUINE), accepted(1, BY_COMPANY)), [(1, *SURE)]),
        ((accepted(0, BY_COMPANY), accepted(1, GENUINE)), [(0, *SURE)]),
        ((accepted(0, BY_OTHER), refused(1, BY_COMPANY)), [(1, Confidence.PROBABLE, Severity.HIGH)]),
        ((accepted(0, BY_OTHER), accepted(1, BY_COMPANY)), [(1, *UNSURE)]),
        ((accepted(0, BY_OTHER), accepted(1, BY_COMPANY, server=ELSEWHERE)), []),
        ((accepted(0, BY_OTHER), accepted(1, OWN)), []),
        ((accepted(0, BY_OTHER), accepted(1, issue("www.example.org", OTHER))), []),
        ((accepted(0, GENUINE), accepted(1, GENUINE)), []),
        ((refused(0, BY_COMPANY),), []),
    ],
    ids=[
        "public first", "public last", "one was accepted", "both were accepted", "both elsewhere",
        "self-signed afterwards", "renewed by the same issuer", "the same", "one alone",
    ],
)  # fmt: skip
def test_two_issuers_for_one_name(
    handshakes: tuple[Handshake, ...], expected: list[tuple[int, Confidence, Severity]]
) -> None:
    findings = found(RULE, *handshakes, **KNOWN)
    assert [(f.scope.streams[0], f.confidence, f.severity) for f in findings] == expected


def test_two_names_have_issuers_of_their_own() -> None:
    other = accepted(1, BY_COMPANY, client_hellos=(client_hello(1, server_name="intranet.example.org"),))
    assert found(RULE, accepted(0, GENUINE), other, **KNOWN) == []


def test_it_does_not_apply_without_certificates() -> None:
    assert found(RULE) == found(RULE, presenting(0, None)) == []
