"""Validity of the certificates that went over the wire in clear (RFC 5280 section 4.1.2.5)."""

from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Confidence, Finding, Severity, Side
from explainer.protocols.tls import Ending, endings
from explainer.protocols.x509 import Certificate
from explainer.registry import rule
from explainer.rules.tls_case import SUBJECT, Verdict, finding, grouped
from explainer.rules.tls_presented import (
    AREA,
    CLEAR,
    CLOCK,
    OTHERS,
    Alerts,
    Presented,
    by_certificate,
    names,
    presented,
    showing,
    weight,
)
from explainer.wording import moment, span

_CERTIFICATE_EXPIRED = 45
_ALERTS = Alerts(outright=(_CERTIFICATE_EXPIRED,), possible=(42, 46))


@rule(
    "Expired certificate",
    endings,
    subject=SUBJECT,
    area=AREA,
    evidence=CLEAR,
    limits="whether the capture's own clock is right",
)
def tls_certificate_expired(facts: Facts) -> Iterator[Finding]:
    """A certificate of the server's chain whose notAfter lies before the time of the frame that presents it.

    RFC 5280 section 4.1.2.5. A chain's root does not count: clients have their own.
    """
    cases = [case for case in presented(facts[endings]) if _expired(case)]
    for group in by_certificate(cases):
        yield _expiry(group[0], [case.ending for case in group])


def _expired(case: Presented) -> Certificate | None:
    in_use = (c for c in case.message.certificates if c is not None and (c is case.leaf or not c.self_issued))
    return next((c for c in in_use if c.not_after < case.seen), None)


def _expiry(case: Presented, group: Sequence[Ending]) -> Finding:
    expired = _expired(case)
    assert expired is not None  # that is why it is a case
    ago, weighed = span(case.seen - expired.not_after), weight(case, _ALERTS)
    whose = f"certificate of {expired.name}" if expired is case.leaf else f"intermediate certificate {expired.name}"
    verdict = Verdict(
        rule="tls_certificate_expired",
        title=f"The {whose} expired {ago} before this capture{weighed.went_on}.",
        act="The server's side must act: {server} needs a renewed certificate.",
        side=Side.SERVER,
        severity=weighed.severity,
        confidence=weighed.confidence,
        measured={
            "expired_days": round((case.seen - expired.not_after).total_seconds() / 86400, 3),
            "valid_until": expired.not_after.isoformat(),
        },
        advice=("Renew the certificate on {server} and restart its service.", "Check it: {check}"),
        limitations=(CLOCK, OTHERS),
        names=names(expired),
    )
    return finding(group, verdict, showing(lambda case: f"{expired.subject}, valid until {moment(expired.not_after)}"))


@rule(
    "Certificate not yet valid",
    endings,
    subject=SUBJECT,
    area=AREA,
    evidence=CLEAR,
    limits="whether the capture's own clock is right",
)
def tls_certificate_not_yet_valid(facts: Facts) -> Iterator[Finding]:
    """A server certificate whose notBefore lies after the time of the frame that presents it (RFC 5280, 4.1.2.5).

    Where all clients accept such certificates, of two servers or more, the capture's own clock is in doubt, and the
    rule is silent.
    """
    cases = [case for case in presented(facts[endings]) if case.leaf.not_before > case.seen]
    servers = {case.server for case in cases}
    if len(servers) > 1 and not any(case.rejected_with((*_ALERTS.outright, *_ALERTS.possible)) for case in cases):
        return
    for group in by_certificate(cases):
        case = group[0]
        ahead, weighed = span(case.leaf.not_before - case.seen), weight(case, _ALERTS)
        verdict = Verdict(
            rule="tls_certificate_not_yet_valid",
            title=f"The certificate of {case.leaf.name} is not valid yet: it begins {ahead} after this"
            f" capture{weighed.went_on}.",
            act="The server's side must act: {server} needs a certificate that is valid now (unless the clock of the"
            " machine that issued it, or of the client, is wrong).",
            side=Side.SERVER,
            severity=weighed.severity,
            confidence=weighed.confidence,
            measured={"valid_from": case.leaf.not_before.isoformat()},
            advice=("Check the clocks of the client, of {server} and of the CA.", "Check it: {check}"),
            limitations=(CLOCK, OTHERS),
            names=names(case.leaf),
        )
        tell = showing(lambda case: f"{case.leaf.subject}, valid from {moment(case.leaf.not_before)} on")
        yield finding([case.ending for case in group], verdict, tell)


@rule(
    "Wrong clock of a client",
    endings,
    subject=SUBJECT,
    area=AREA,
    evidence=f"{CLEAR}, and the client's alert certificate_expired (45) in clear",
    limits="what the client's clock shows, and what its trust store holds",
)
def tls_client_clock(facts: Facts) -> Iterator[Finding]:
    """A client that calls certificates expired (alert 45) which are all valid at the time of the capture.

    RFC 8446 section 6.2. The other reading, an expired certificate in the client's own trust store, is named as well.
    """
    cases = [
        case for case in presented(facts[endings]) if case.rejected_with((_CERTIFICATE_EXPIRED,)) and in_time(case)
    ]
    for group in grouped(case.ending for case in cases):
        case = next(presented(tuple(group)))
        verdict = Verdict(
            rule="tls_client_clock",
            title=f"The client calls the certificate of {case.leaf.name} expired, but it is valid: the client's clock"
            " is probably wrong.",
            act="The client's side must act: set the clock of {client} right.",
            side=Side.CLIENT,
            severity=Severity.HIGH,
            confidence=Confidence.PROBABLE,
            measured={
                "valid_from": case.leaf.not_before.isoformat(),
                "valid_until": case.leaf.not_after.isoformat(),
            },
            advice=(
                "Compare the time on {client} with a time server (NTP).",
                "If its clock is right, an expired root or intermediate in its trust store may be the reason.",
            ),
            limitations=(CLOCK, "the client's own clock and trust store"),
            names=names(case.leaf),
        )
        yield finding(group, verdict, showing(_validity))


def in_time(case: Presented) -> bool:
    """Return whether all certificates that the server presents were valid at that time."""
    certificates = [c for c in case.message.certificates if c is not None]
    return all(c.not_before <= case.seen <= c.not_after for c in certificates)


def _validity(case: Presented) -> str:
    leaf = case.leaf
    return f"{leaf.subject}, valid from {moment(leaf.not_before)} until {moment(leaf.not_after)}"
