"""What holds for every rule about TLS: its findings are whole, its evidence is bounded, its cost grows slowly."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from factories import START, KnownFacts, findings_of
from issued import issue, issuer_at
from tls_records import (
    CLIENT_CIPHER,
    CLIENT_DATA,
    LATER,
    SERVER_DATA,
    TLS10,
    TLS12,
    alert,
    at,
    certificate,
    certificates,
    client_hello,
    encrypted,
    failed_handshake,
    hidden_handshake,
    presenting,
    refused_hello,
    rejecting,
    server_hello,
    tls_connection,
    tls_facts,
)

from explainer import registry
from explainer.model import EVIDENCE_FRAMES, Severity
from explainer.protocols.tcp import Endpoint
from explainer.protocols.tls import Handshake
from explainer.protocols.x509 import Certificate

ROOT = issue("Example Root", authority=True)
MIDDLE = issue("Example Intermediate", ROOT, authority=True)
LEAF = issue("www.example.org", MIDDLE, extensions=[issuer_at("http://ca.example/ca.cer")]).known
STRAY = issue("Stray Intermediate", issue("Stray Root", authority=True), authority=True).known
PROXY = issue("www.example.org", issue("Fortinet_CA_SSL", authority=True)).known
OWN = issue("www.example.org").known
NAMED = issue("www.example.org", MIDDLE, names=("www.example.org",)).known
LIMITED = certificate(
    subject="CN=Example CA",
    issuer="CN=Root",
    dns_names=(),
    usages=None,
    ca=True,
    permits=("partner.example",),
    der=b"ca",
)
Fault = Callable[..., Handshake]


def rejected(code: int, *chain: Certificate) -> Fault:
    """Return what makes a handshake in which the client rejects these certificates."""
    return lambda stream, **where: rejecting(stream, code, *chain, **where)


def refused(code: int, **offer: Any) -> Fault:
    """Return what makes a handshake whose ClientHello, with this offer, the server refuses."""
    return lambda stream, **where: refused_hello(stream, code, client_hello(stream, **offer), **where)


def ended(code: int) -> Fault:
    """Return what makes a handshake that the server ends after its ServerHello."""
    return lambda stream, **where: failed_handshake(stream, alert(stream, code), **where)


def hidden(*lengths: int, refusal: bool = False) -> Fault:
    """Return what makes a TLS 1.3 handshake in which the client sends records of these lengths."""

    def fault(stream: int, **where: Any) -> Handshake:
        records = [encrypted(stream, CLIENT_DATA, length, from_client=True) for length in lengths]
        records += [encrypted(stream, SERVER_DATA, 19, from_client=False)] * refusal
        return hidden_handshake(stream, *records, **where)

    return fault


def without_certificate(stream: int, **where: Any) -> Handshake:
    empty = certificates(stream, from_client=True, frame=at(stream, CLIENT_CIPHER))
    return failed_handshake(stream, alert(stream, 40), certificate_messages=(empty,), **where)


def with_a_bad_certificate(stream: int, **where: Any) -> Handshake:
    shown = certificates(stream, certificate(), from_client=True, frame=at(stream, CLIENT_CIPHER))
    return failed_handshake(stream, alert(stream, 48), certificate_messages=(shown,), **where)


def unstapled(stream: int, **where: Any) -> Handshake:
    asked = (client_hello(stream, extensions=(5,)),)
    return rejecting(stream, 42, certificate(must_staple=True), client_hellos=asked, **where)


def obsolete(stream: int, **where: Any) -> Handshake:
    return presenting(stream, certificate(), server_hello=server_hello(stream, version=TLS10), **where)


FAULTS: dict[str, Fault] = {
    "tls_alert": ended(80),
    "tls_alpn_mismatch": refused(120, alpn=("h2",)),
    "tls_certificate_expired": rejected(45, certificate(not_after=START - timedelta(days=1))),
    "tls_certificate_not_yet_valid": rejected(42, certificate(not_before=START + timedelta(days=1))),
    "tls_certificate_rejected": hidden(19),
    "tls_certificate_refused": rejected(46, NAMED, MIDDLE.known),
    "tls_certificate_self_signed": rejected(48, OWN),
    "tls_certificate_untrusted": rejected(48, LEAF, MIDDLE.known),
    "tls_certificate_usage": rejected(43, certificate(usages=("clientAuth",))),
    "tls_certificate_weak": rejected(42, certificate(key="RSA 1024", key_bits=1024)),
    "tls_chain_disordered": rejected(42, LEAF, STRAY, MIDDLE.known),
    "tls_chain_incomplete": rejected(48, LEAF),
    "tls_client_certificate_missing": without_certificate,
    "tls_client_certificate_rejected": with_a_bad_certificate,
    "tls_client_clock": rejected(45, certificate()),
    "tls_fallback_refused": refused(86, versions=(TLS12,), fallback=True),
    "tls_hello_malformed": refused(50),
    "tls_intercepted": rejected(48, PROXY),
    "tls_hung_up": hidden(53, 200),
    "tls_name_constrained": rejected(42, certificate(), LIMITED),
    "tls_name_mismatch": rejected(42, certificate(dns_names=("intranet.example.org",))),
    "tls_name_missing": refused(112, server_name=""),
    "tls_name_unknown": refused(112),
    "tls_no_common_cipher": refused(40),
    "tls_no_common_group": refused(40, groups=(29,)),
    "tls_no_common_signature": refused(40, signatures=(0x0804,)),
    "tls_no_common_version": refused(70, versions=(TLS10,)),
    "tls_obsolete_version": obsolete,
    "tls_record_damaged": ended(20),
    "tls_rejected_by_server": hidden(53, refusal=True),
    "tls_renegotiation_refused": ended(100),
    "tls_staple_missing": unstapled,
    "tls_unused": hidden(53),
}
ENDS = {"tls_hung_up": "server_ends", "tls_rejected_by_server": "server_ends", "tls_unused": "client_ends"}
LIGHTER = {
    "tls_chain_disordered": Severity.MEDIUM, "tls_obsolete_version": Severity.LOW, "tls_unused": Severity.MEDIUM,
    "tls_rejected_by_server": Severity.MEDIUM,
}  # fmt: skip
ON_CAPTURES = {
    "tls_closed_after_hello", "tls_flight_lost", "tls_hello_unacknowledged", "tls_left", "tls_no_server_hello",
    "tls_not_begun", "tls_plain_http", "tls_reset_after_hello", "tls_starttls_refused", "tls_to_plain_port",
}  # fmt: skip
"""Rules that read segments; their tests write captures."""
each = pytest.mark.parametrize("rule", FAULTS)


def elsewhere(n: int) -> Endpoint:
    return Endpoint(f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}", 443)


def many(rule: str, connections: int, *, apart: bool = False) -> KnownFacts:
    """Return facts in which so many connections show the rule's fault: all to one server, or each to another."""
    make = FAULTS[rule]
    faulty = [make(s, **({"server": elsewhere(s)} if apart else {})) for s in range(connections)]
    ends = [rule_ends for rule_ends in (ENDS.get(rule),) if rule_ends]
    below = (tls_connection(h, **{end: (at(h.stream, LATER),) for end in ends}) for h in faulty)
    return tls_facts(*faulty, connections=below)


def test_every_rule_about_tls_has_a_fault_here_or_captures_of_its_own() -> None:
    assert {rule.id for rule in registry.rules if rule.id.startswith("tls_")} == FAULTS.keys() | ON_CAPTURES


@pytest.mark.parametrize("rule", [r for r in registry.rules if r.id.startswith(("tls_", "quic_"))], ids=lambda r: r.id)
def test_its_description_says_what_it_needs_cannot_tell_and_where_that_is_defined(rule: registry.Rule) -> None:
    assert rule.evidence
    assert rule.limits
    assert "RFC " in rule.meaning


@each
def test_a_finding_is_whole(rule: str) -> None:
    (finding,) = findings_of(rule, many(rule, 1))
    assert finding.rule == rule
    assert finding.id == f"{rule}:0"
    assert finding.severity is LIGHTER.get(rule, Severity.HIGH)
    assert finding.title.endswith(".")
    assert finding.act.endswith(".")
    assert finding.advice
    assert finding.limitations
    assert finding.evidence.steps
    words = [finding.title, finding.act, finding.detail, *finding.advice, *finding.limitations]
    words += [step.text for step in finding.evidence.steps]
    assert not any(mark in word for word in words for mark in ("{", "}", "None", "()"))
    assert finding.scope.addresses


@each
def test_it_says_nothing_of_a_connection_that_works(rule: str) -> None:
    healthy = presenting(0, certificate()), hidden_handshake(1, encrypted(1, CLIENT_DATA, 53, from_client=True))
    assert findings_of(rule, tls_facts(*healthy)) == []


@each
def test_evidence_lists_the_first_twenty_frames_and_counts_all(rule: str) -> None:
    (finding,) = findings_of(rule, many(rule, 100))
    frames = finding.evidence.frames
    assert finding.measured["connections"] == 100
    assert len(frames) == EVIDENCE_FRAMES
    assert list(frames) == sorted(set(frames))
    assert finding.evidence.total >= 100
    assert finding.evidence.display_filter
