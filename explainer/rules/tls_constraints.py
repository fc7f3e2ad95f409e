"""Certificates of authorities that may not issue them: their own certificates limit the names (RFC 5280, 4.2.1.10)."""

from collections.abc import Iterator
from typing import NamedTuple

from explainer.facts import Facts
from explainer.model import Finding, Side
from explainer.protocols.tls import endings
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

_ALERTS = Alerts(outright=(), possible=(42, 43, 46, 48, 40))
_SHOWN = 4


class Overstep(NamedTuple):
    """A name of the server's certificate that an authority of its chain may not certify, and what that one may."""

    name: str
    authority: Certificate
    limit: str


@rule(
    "Name outside of the issuer's limits",
    endings,
    presentations,
    subject=SUBJECT,
    area=AREA,
    evidence=f"{CLEAR}, with the certificate of the authority that is limited",
    limits="limits of authorities whose certificates the server does not send",
)
def tls_name_constrained(facts: Facts) -> Iterator[Finding]:
    """A server certificate for a name that an intermediate authority of its chain may not certify (name constraints).

    RFC 5280 section 4.2.1.10: all names of the certificate must lie below one that is permitted, where DNS names are
    limited at all, and below none that is excluded.
    """
    for group in facts[presentations]:
        case = min(group, key=lambda each: (each.ending.alert is None, each.ending.handshake.stream))
        fault = overstepped(case)
        if fault is None:
            continue
        weighed = weight(case, _ALERTS)
        verdict = Verdict(
            rule="tls_name_constrained",
            title=f"The certificate of {case.leaf.name} names {fault.name}, which its issuer"
            f" {fault.authority.subject} may not certify: that one's own certificate limits it to names"
            f" {fault.limit} (name constraints){weighed.went_on}.",
            act="The server's side must act: {server} needs a certificate from an authority that may issue it for this"
            " name.",
            side=Side.SERVER,
            severity=weighed.severity,
            confidence=weighed.confidence,
            measured={"name": fault.name, "limit": fault.limit},
            advice=(
                "See the limits: openssl x509 -noout -text of the intermediate certificate, X509v3 Name Constraints.",
                "Check it: {check} -showcerts",
            ),
            limitations=(OTHERS, "whether the client looks at name constraints"),
            names=names(case.leaf),
        )
        tell = showing(lambda c: f"{c.leaf.subject}, issued by {c.leaf.issuer} ({len(c.message.certificates)} sent)")
        yield finding([each.ending for each in group], verdict, tell)


def overstepped(case: Presented) -> Overstep | None:
    """Return the first name that an authority of the chain may not certify, or None where all are in order."""
    own = case.leaf.dns_names or ((case.leaf.common_name,) if "." in case.leaf.common_name else ())
    above = {c.subject: c for c in case.message.certificates[1:] if c is not None}
    issuer, seen = above.get(case.leaf.issuer), set[str]()
    while issuer is not None and issuer.subject not in seen:
        seen.add(issuer.subject)
        for name in own:
            if issuer.permits and not any(_below(name, limit) for limit in issuer.permits):
                return Overstep(name, issuer, f"below {listing(issuer.permits[:_SHOWN], 'or')}")
            if any(_below(name, limit) for limit in issuer.excludes):
                return Overstep(name, issuer, f"outside of {listing(issuer.excludes[:_SHOWN])}")
        issuer = above.get(issuer.issuer)
    return None


def _below(name: str, limit: str) -> bool:
    """Return whether the name is the limit, or below it; one that begins with a dot leaves the limit itself out."""
    name, limit = name.lower().rstrip("."), limit.lower().rstrip(".")
    return not limit or name == limit or name.endswith(limit if limit.startswith(".") else f".{limit}")
