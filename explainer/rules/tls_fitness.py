"""Whether a certificate fits its purpose: name, usage, strength (RFC 9525; RFC 5280 section 4.2.1.12)."""

from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Confidence, Finding, Severity, Side
from explainer.protocols.host_names import covers, known_by, too_deep
from explainer.protocols.tls import endings
from explainer.protocols.tls.messages import CERTIFICATE_STATUS
from explainer.protocols.x509 import Certificate
from explainer.registry import rule
from explainer.rules.tls_case import SUBJECT, Verdict, finding
from explainer.rules.tls_presented import (
    AREA,
    CLEAR,
    OTHERS,
    Alerts,
    Presented,
    names,
    presentations,
    showing,
    weight,
)
from explainer.wording import listing

_NAME_ALERTS = Alerts(outright=(), possible=(42, 46, 40))
_USAGE_ALERTS = Alerts(outright=(43,), possible=(42, 46))
_WEAK_ALERTS = Alerts(outright=(), possible=(42, 43, 46, 71, 40))
_STAPLE_ALERTS = Alerts(outright=(113,), possible=(42, 46, 40))
_STATUS_REQUEST = 5  # RFC 6066, 8
_SHOWN_NAMES = 4
_STRONG_RSA_BITS, _STRONG_SINCE = 2048, 2014  # CA/Browser Forum Baseline Requirements, 6.1.5
_BROKEN_RSA_BITS = 1024
_STRONG_EC_BITS = 224
_SHA1_ENDED = 2017  # browsers refuse it since then (RFC 9155 for TLS itself)


def _told(group: Sequence[Presented]) -> list[Presented]:
    """Return the case that tells most first: one that the client rejected, then one that it left."""
    return sorted(group, key=lambda case: (case.ending.alert is None, case.ending.handshake.stream))


@rule(
    "Certificate for another name",
    endings,
    presentations,
    subject=SUBJECT,
    area=AREA,
    evidence=f"{CLEAR}, and the server name (SNI) in the ClientHello",
    limits="whether the client compares the names; connections to a bare address",
)
def tls_name_mismatch(facts: Facts) -> Iterator[Finding]:
    """A server certificate that is not made out for the name that the client asked for in its ClientHello (SNI).

    RFC 9525 section 6: a wildcard stands for exactly one label. Certificates without any DNS name are judged by their
    common name, as old clients do.
    """
    for group in facts[presentations]:
        wrong = [c for c in group if (asked := c.ending.handshake.server_name) and not covers(c.leaf, asked)]
        by_name = {case.ending.handshake.server_name: case for case in reversed(wrong)}
        for name, case in by_name.items():
            same = _told([c for c in wrong if c.ending.handshake.server_name == name])
            yield _mismatch(case if case in same else same[0], name, same)


def _mismatch(case: Presented, name: str, group: Sequence[Presented]) -> Finding:
    weighed = weight(group[0], _NAME_ALERTS)
    made_out = list(known_by(case.leaf))
    more = [f"{len(made_out) - _SHOWN_NAMES} more"] if len(made_out) > _SHOWN_NAMES else []
    shown = listing([*made_out[:_SHOWN_NAMES], *more]) or "no name at all"
    depth = "A wildcard stands for one label only, so it does not reach this deep." if too_deep(made_out, name) else ""
    verdict = Verdict(
        rule="tls_name_mismatch",
        title=f"The certificate does not match the name {name} that the client asked for: it is made out for"
        f" {shown}{weighed.went_on}.",
        act=f"The server's side must act: {{server}} needs a certificate for {name}, or the client must use a name that"
        " the certificate covers.",
        side=Side.SERVER,
        severity=weighed.severity,
        confidence=weighed.confidence,
        detail=depth,
        measured={"asked_for": name, "made_out_for": shown},
        advice=(
            f"Add {name} to the certificate's subject alternative names, or correct the host name in the client.",
            *((depth,) if depth else ()),
            "Check it: {check}",
        ),
        limitations=(OTHERS, "whether the client compares the names at all"),
        names=names(case.leaf),
    )
    return finding([c.ending for c in group], verdict, showing(lambda c: f"a certificate for {shown}"))


@rule(
    "Certificate for another purpose",
    endings,
    presentations,
    subject=SUBJECT,
    area=AREA,
    evidence=CLEAR,
    limits="whether the client minds",
)
def tls_certificate_usage(facts: Facts) -> Iterator[Finding]:
    """A server certificate whose extended key usage leaves TLS servers out, or that is an authority's own.

    RFC 5280 section 4.2.1.12 (serverAuth) and 4.2.1.9 (CA); self-signed ones are told of as that.
    """
    for group in facts[presentations]:
        case = _told(group)[0]
        fault = misused(case.leaf)
        if not fault:
            continue
        weighed = weight(case, _USAGE_ALERTS, accepted=Severity.LOW)
        verdict = Verdict(
            rule="tls_certificate_usage",
            title=f"The certificate of {case.leaf.name} is not made for TLS servers: {fault}{weighed.went_on}.",
            act="The server's side must act: {server} needs a certificate that is issued for server authentication.",
            side=Side.SERVER,
            severity=weighed.severity,
            confidence=weighed.confidence,
            measured={"extended_key_usage": listing(case.leaf.usages or ("none",))},
            advice=("Have a certificate issued with the extended key usage serverAuth.", "Check it: {check}"),
            limitations=(OTHERS,),
            names=names(case.leaf),
        )
        yield finding([c.ending for c in _told(group)], verdict, showing(_misuse))


def _misuse(case: Presented) -> str:
    return f"{case.leaf.subject}: {misused(case.leaf)}"


def misused(leaf: Certificate) -> str:
    """Return for which other purpose than a TLS server's the certificate is made, or nothing."""
    if leaf.usages is not None and not {"serverAuth", "anyExtendedKeyUsage"} & set(leaf.usages):
        return f"its extended key usage allows {listing(leaf.usages)} only"
    return "it is an authority's own (CA) certificate" if leaf.ca and not leaf.self_issued else ""


@rule(
    "Weak certificate",
    endings,
    presentations,
    subject=SUBJECT,
    area=AREA,
    evidence=CLEAR,
    limits="the client's own policy",
)
def tls_certificate_weak(facts: Facts) -> Iterator[Finding]:
    """A server certificate with a key or signature that clients of its time no longer take.

    RSA below 2048 bits since 2014 (below 1024 at any time), elliptic curves below 224, DSA; signatures with MD5, and
    with SHA-1 since 2017, but not on self-signed ones, whose signature nobody relies on (RFC 9325, 4.4; RFC 9155).
    """
    for group in facts[presentations]:
        case = _told(group)[0]
        weakness = weakness_of(case)
        if not weakness:
            continue
        weighed = weight(case, _WEAK_ALERTS, accepted=Severity.LOW)
        left = weighed.severity is Severity.HIGH and case.ending.alert is None
        verdict = Verdict(
            rule="tls_certificate_weak",
            title=f"The certificate of {case.leaf.name} is too weak: {weakness}{weighed.went_on}.",
            act="The server's side must act: {server} needs a certificate with a key of at least RSA 2048 or ECDSA"
            " P-256, signed with SHA-256 or better.",
            side=Side.SERVER,
            severity=Severity.MEDIUM if left else weighed.severity,
            confidence=Confidence.POSSIBLE if left else weighed.confidence,
            measured={"key": case.leaf.key, "signature_hash": case.leaf.hash or "none"},
            advice=("Make a new key and have its certificate issued anew.", "Check it: {check}"),
            limitations=(OTHERS,),
            names=names(case.leaf),
        )
        tell = showing(lambda c: f"{c.leaf.subject} with a key {c.leaf.key}, signed with {c.leaf.hash or 'no hash'}")
        yield finding([c.ending for c in _told(group)], verdict, tell)


def weakness_of(case: Presented) -> str:
    """Return why the certificate was too weak when it was presented, or nothing."""
    leaf, year = case.leaf, case.seen.year
    if leaf.key.startswith("DSA"):
        return f"its key is {leaf.key}"
    rsa = leaf.key.startswith("RSA")
    if rsa and (leaf.key_bits < _BROKEN_RSA_BITS or (leaf.key_bits < _STRONG_RSA_BITS and year >= _STRONG_SINCE)):
        return f"its key has {leaf.key_bits} bits only ({leaf.key})"
    if leaf.key.startswith("ECDSA") and leaf.key_bits < _STRONG_EC_BITS:
        return f"its key has {leaf.key_bits} bits only ({leaf.key})"
    if not leaf.self_signed and (leaf.hash == "md5" or (leaf.hash == "sha1" and year >= _SHA1_ENDED)):
        return f"its signature uses {leaf.hash.upper()}"
    return ""


@rule(
    "Missing OCSP response",
    endings,
    presentations,
    subject=SUBJECT,
    area=AREA,
    evidence=CLEAR,
    limits="whether the client asks the CA itself",
)
def tls_staple_missing(facts: Facts) -> Iterator[Finding]:
    """A certificate that demands an OCSP response in the handshake (must-staple), presented without one.

    RFC 7633 section 4.2.3, RFC 6066 section 8. It counts where the client asked for the response (status_request).
    """
    for group in facts[presentations]:
        case = _told(group)[0]
        if not lacks_staple(case):
            continue
        weighed = weight(case, _STAPLE_ALERTS)
        verdict = Verdict(
            rule="tls_staple_missing",
            title=f"The certificate of {case.leaf.name} demands proof that it is not revoked (OCSP must-staple), and"
            f" the server does not send it{weighed.went_on}.",
            act="The server's side must act: switch OCSP stapling on at {server}.",
            side=Side.SERVER,
            severity=weighed.severity,
            confidence=weighed.confidence,
            advice=("Switch OCSP stapling on and check that {server} reaches its CA.", "Check it: {check} -status"),
            limitations=(OTHERS,),
            names=names(case.leaf),
        )
        tell = showing(lambda c: f"{c.leaf.subject}, which demands an OCSP response, without one")
        yield finding([c.ending for c in _told(group)], verdict, tell)


def lacks_staple(case: Presented) -> bool:
    """Return whether the certificate demands an OCSP response, the client asked for one, and the server sent none."""
    handshake = case.ending.handshake
    hello = handshake.client_hello
    asked = hello is not None and _STATUS_REQUEST in hello.extensions
    return case.leaf.must_staple and asked and not handshake.message(CERTIFICATE_STATUS, from_client=False)
