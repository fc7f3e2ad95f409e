"""Whether anybody whom the client trusts vouches for the server's certificate (RFC 5280 section 6; RFC 5246, 7.4.2)."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Confidence, Finding, Severity, Side
from explainer.protocols.chain import Chain, Roots, roots
from explainer.protocols.tls import endings
from explainer.protocols.x509 import Certificate
from explainer.registry import rule
from explainer.rules.tls_case import SUBJECT, Verdict, finding
from explainer.rules.tls_chains import ALERTS, STORE, UNKNOWN_CA, certificates, cut_short, groups, issuer_seen, of
from explainer.rules.tls_intercepted import interceptions
from explainer.rules.tls_presented import AREA, CLEAR, OTHERS, Presented, names, showing, weight
from explainer.wording import count, listing

_UNNAMED = ", and it names its host as the common name alone (no subjectAltName), which many clients do not take"


@rule(
    "Self-signed certificate",
    endings,
    groups,
    subject=SUBJECT,
    area=AREA,
    evidence=CLEAR,
    limits="whether a client was told to trust it",
)
def tls_certificate_self_signed(facts: Facts) -> Iterator[Finding]:
    """A server whose own certificate is signed with its own key (checked; RFC 5280, 3.2): none trusts it unasked.

    One without a subjectAltName may be rejected for that as well, also by who trusts it (RFC 9525, section 6.3): said
    where a client rejects it with an alert that names no reason.
    """
    for group in facts[groups]:
        case, leaf = group[0].presented, group[0].chain.leaf
        if not leaf.self_signed or group[0].chain.root:
            continue
        weighed = weight(case, ALERTS, accepted=Severity.LOW)
        unnamed = _UNNAMED if _rejected_without_names(case, leaf) else ""
        why = f"no authority vouches for it{unnamed}{weighed.went_on}"
        verdict = Verdict(
            rule="tls_certificate_self_signed",
            title=f"The certificate of {leaf.name} is self-signed: {why}.",
            act="The server's side must act: {server} needs a certificate from an issuer that its clients trust"
            " (or the client must be told to trust this one).",
            side=Side.SERVER,
            severity=weighed.severity,
            confidence=weighed.confidence,
            advice=(
                *(
                    ["Make the certificate with its host as subjectAltName, not as common name alone."]
                    if unnamed
                    else []
                ),
                "Install a certificate from a trusted CA on {server} and restart its service.",
                "If it is meant to be self-signed (a test system), add this certificate to the client's trust store.",
                "Check it: {check}",
            ),
            limitations=("whether other clients trust this certificate",),
            names=names(leaf),
        )
        yield finding(of(group), verdict, showing(lambda c: f"{c.leaf.subject}, issued and signed by itself"))


def _rejected_without_names(case: Presented, leaf: Certificate) -> bool:
    alert = case.ending.alert
    rejected = alert is not None and alert.from_client and alert.code in ALERTS.possible
    return rejected and not (leaf.dns_names or leaf.ip_addresses)


@rule(
    "Incomplete certificate chain",
    endings,
    groups,
    subject=SUBJECT,
    area=AREA,
    evidence=CLEAR,
    limits="whether a client has the intermediate from elsewhere",
)
def tls_chain_incomplete(facts: Facts) -> Iterator[Finding]:
    """A server that sends its own certificate without the intermediate that issued it (RFC 5246, 7.4.2; RFC 5280, 6.1).

    Its issuer is no known root, and that it is an intermediate is seen on another connection, or told by a public log's
    proof (RFC 6962), or probable because the certificate names a place where its issuer's is to be had (AIA), of which
    roots have no need, or because that one calls itself intermediate or issuing, and the client rejects it. With AIA
    alone and a client that went on it is no more than possible, and of low severity: the certificates of a company's
    own authority may well come from its root.
    """
    found = facts[groups]
    seen = certificates(found)
    for group in found:
        case, chain = group[0].presented, group[0].chain
        if not cut_short(group[0], seen):
            continue
        sure = chain.top.logged or issuer_seen(chain, seen)
        doubtful = not sure and not group[0].unused_or_rejected
        weighed = weight(case, ALERTS)
        guessed = doubtful or not (sure or chain.top.issuer_urls)
        omits = f"{'probably ' if guessed else ''}does not send"
        confidence = weighed.confidence if sure else Confidence.POSSIBLE if doubtful else Confidence.PROBABLE
        where = f" It is to be had at {chain.top.issuer_urls[0]}." if chain.top.issuer_urls else ""
        verdict = Verdict(
            rule="tls_chain_incomplete",
            title=f"The server {{server}} {omits} the intermediate certificate, which links its own to a known"
            f" authority: its chain is incomplete{weighed.went_on}.",
            act="The server's side must act: {server} has to send the intermediate certificate with its own.",
            side=Side.SERVER,
            severity=Severity.LOW if doubtful else weighed.severity,
            confidence=confidence,
            detail=f"The missing certificate is {chain.top.issuer}.{where}",
            measured={"missing": chain.top.issuer, "certificates_sent": len(case.message.certificates)},
            advice=(
                f"Install the full chain on {{server}}: its own certificate, then {chain.top.issuer}.{where}",
                "Check it: {check} -showcerts",
            ),
            limitations=("whether a client has the intermediate from elsewhere: such clients work", STORE),
            names=names(chain.leaf),
        )
        yield finding(of(group), verdict, showing(_only_own))


def _only_own(case: Presented) -> str:
    return f"only its own certificate {case.leaf.subject}, without that of its issuer {case.leaf.issuer}"


@rule(
    "Issuer unknown to the client",
    endings,
    groups,
    interceptions,
    roots,
    subject=SUBJECT,
    area=AREA,
    evidence=f"{CLEAR}, and the client's alert unknown_ca (48) in clear",
    limits="what the client's trust store holds",
)
def tls_certificate_untrusted(facts: Facts) -> Iterator[Finding]:
    """A client that ends the handshake with unknown_ca (48) over a chain that is not cut short (RFC 8446, 6.2).

    It says whether the chain leads to a root of Mozilla's store (then the client's store is at fault) or to one of its
    own.
    """
    found = facts[groups]
    seen = certificates(found)
    intercepted = {id(each.group) for each in facts[interceptions]}
    for group in found:
        case, chain = group[0].presented, group[0].chain
        rejected = case.rejected_with((UNKNOWN_CA,))
        if not rejected or chain.leaf.self_signed or cut_short(group[0], seen) or id(group) in intercepted:
            continue
        yield finding(of(group), _unknown_issuer(case, chain, facts[roots]), showing(_issuers))


def _unknown_issuer(case: Presented, chain: Chain, known: Roots) -> Verdict:
    issuer = chain.top.issuer
    if chain.root and known.verify(chain, chain.leaf.name, case.seen):
        return Verdict(
            rule="tls_certificate_untrusted",
            title=f"The client does not trust {chain.root}, a public root authority: its trust store is too old or"
            " incomplete.",
            act="The client's side must act: update the trust store of {client}.",
            side=Side.CLIENT,
            advice=("Update the package with the root certificates (ca-certificates or the like) on {client}.",),
            limitations=(STORE,),
            names=names(chain.leaf),
        )
    alone = len(case.message.certificates) == 1 and not chain.ends
    more = ", and, if it is an intermediate one, its certificate too" if alone else ""
    return Verdict(
        rule="tls_certificate_untrusted",
        title=f"The client does not trust the issuer of the certificate of {chain.leaf.name}: {issuer} is unknown to"
        " it, so the client hung up.",
        act="The client's side must act if this issuer is your own: tell {client} to trust it; otherwise the server's:"
        f" {{server}} has to send a certificate from an issuer that its clients trust{more}.",
        side=Side.EITHER,
        measured={"issuer": issuer, "certificates_sent": len(case.message.certificates)},
        advice=(
            f"If {issuer} is your own authority, add its root certificate to the trust store of {{client}}.",
            "Otherwise check that {server} sends all intermediate certificates: {check} -showcerts",
        ),
        limitations=(STORE, "whether the issuer is a root or an intermediate that the server should have sent")
        if not chain.ends
        else (STORE,),
        names=names(chain.leaf),
    )


def _issuers(case: Presented) -> str:
    sent = count(len(case.message.certificates), "certificate")
    return f"{case.leaf.subject}, issued by {case.leaf.issuer} ({sent} sent)"


@rule(
    "Certificates in the wrong order",
    endings,
    groups,
    subject=SUBJECT,
    area=AREA,
    evidence=CLEAR,
    limits="whether a client sorts them by itself",
)
def tls_chain_disordered(facts: Facts) -> Iterator[Finding]:
    """Certificates that do not each certify the one before, or belong to no place in the chain (RFC 5246, 7.4.2).

    Most clients sort them; some do not. A root at the end is allowed. Stray ones alone are only worth knowing, unless
    the client rejects the certificate.
    """
    for group in facts[groups]:
        chain = group[0].chain
        stray = _stray(chain)
        if chain.ordered and not stray:
            continue
        harmless = chain.ordered and not group[0].rejected
        what = "in the wrong order" if not chain.ordered else f"with {count(len(stray), 'stray one')} among them"
        verdict = Verdict(
            rule="tls_chain_disordered",
            title=f"The server {{server}} sends its certificates {what}, which some clients do not accept.",
            act="The server's side should act: {server} has to send its own certificate first, then each one's issuer.",
            side=Side.SERVER,
            severity=Severity.INFO if harmless else Severity.MEDIUM if group[0].rejected else Severity.LOW,
            confidence=Confidence.CERTAIN,
            advice=("Sort the chain file on {server}: own certificate, intermediate, next intermediate.",),
            measured={"certificates": ", ".join(c.subject for c in group[0].presented.message.certificates if c)},
            limitations=(OTHERS,),
            names=names(chain.leaf),
        )
        yield finding(of(group), verdict, showing(_order))


def _stray(chain: Chain) -> list[Certificate]:
    """Return the certificates that have nothing to do with the chain: no root, no other certificate of a member."""
    related = {name for certificate in chain.path for name in (certificate.subject, certificate.issuer)}
    return [c for c in chain.unused if not c.self_signed and c.subject not in related]


def _order(case: Presented) -> str:
    return "in this order: " + listing([c.name if c else "an unreadable one" for c in case.message.certificates])
