"""Whether anybody whom the client trusts vouches for the server's certificate (RFC 5280 section 6; RFC 5246, 7.4.2)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from explainer.facts import Facts
from explainer.model import Confidence, Finding, Severity, Side
from explainer.protocols.chain import Chain, Roots, roots
from explainer.protocols.tls import Ending, Outcome, endings
from explainer.protocols.x509 import Certificate
from explainer.registry import rule
from explainer.rules.tls_case import SUBJECT, Verdict, finding
from explainer.rules.tls_interceptors import interceptor
from explainer.rules.tls_presented import (
    AREA,
    OTHERS,
    Alerts,
    Presented,
    by_certificate,
    names,
    presented,
    showing,
    weight,
)
from explainer.wording import count, listing

_UNKNOWN_CA = 48
_ALERTS = Alerts(outright=(_UNKNOWN_CA,), possible=(42, 46))
_STORE = "what the client's trust store holds"


@dataclass(frozen=True)
class _Case:
    """What a server presents, with its chain."""

    presented: Presented
    chain: Chain

    @property
    def unused_or_rejected(self) -> bool:
        """Return whether the client turned away from it."""
        return self.rejected or self.presented.ending.outcome in (Outcome.UNUSED, Outcome.LEFT_BY_CLIENT)

    @property
    def rejected(self) -> bool:
        """Return whether the client ended the handshake over its trust."""
        return self.presented.rejected_with((*_ALERTS.outright, *_ALERTS.possible))


def _cases(facts: Facts) -> Iterator[list[_Case]]:
    """Yield the chains, grouped by client, server and certificate."""
    for group in by_certificate(list(presented(facts[endings]))):
        chains = ((case, facts[roots].chain(case.message.certificates)) for case in group)
        cases = [_Case(case, chain) for case, chain in chains if chain]
        if cases:
            yield cases


def _endings(group: Sequence[_Case]) -> list[Ending]:
    return [case.presented.ending for case in group]


@rule("Self-signed certificate", endings, roots, subject=SUBJECT, area=AREA)
def tls_certificate_self_signed(facts: Facts) -> Iterator[Finding]:
    """A server whose own certificate is signed with its own key (checked), so that no client trusts it unasked."""
    for group in _cases(facts):
        case, leaf = group[0].presented, group[0].chain.leaf
        if not leaf.self_signed or group[0].chain.root:
            continue
        weighed = weight(case, _ALERTS, accepted=Severity.LOW)
        verdict = Verdict(
            rule="tls_certificate_self_signed",
            title=f"The certificate of {leaf.name} is self-signed: no authority vouches for it{weighed.went_on}.",
            act="The server's side must act: {server} needs a certificate from an issuer that its clients trust"
            " (or the client must be told to trust this one).",
            side=Side.SERVER,
            severity=weighed.severity,
            confidence=weighed.confidence,
            advice=(
                "Install a certificate from a trusted CA on {server} and restart its service.",
                "If it is meant to be self-signed (a test system), add this certificate to the client's trust store.",
                "Check it: {check}",
            ),
            limitations=("whether other clients trust this certificate",),
            names=names(leaf),
        )
        yield finding(_endings(group), verdict, showing(lambda c: f"{c.leaf.subject}, issued and signed by itself"))


@rule("Incomplete certificate chain", endings, roots, subject=SUBJECT, area=AREA)
def tls_chain_incomplete(facts: Facts) -> Iterator[Finding]:
    """A server that sends its own certificate without the intermediate that issued it (RFC 5246, 7.4.2; RFC 5280, 6.1).

    Its issuer is no known root, and that it is an intermediate is seen on another connection, or told by a public log's
    proof (RFC 6962), or probable because the certificate names a place where its issuer's is to be had (AIA), of which
    roots have no need. That last sign alone does not count where the client went on: the certificates of a company's
    own authority may well come from its root.
    """
    groups = list(_cases(facts))
    seen = {c.der: c for g in groups for case in g for c in (*case.chain.path, *case.chain.unused)}
    for group in groups:
        case, chain = group[0].presented, group[0].chain
        if not _cut_short(chain, seen.values()):
            continue
        sure = chain.top.logged or any(chain.issued_by(c) for c in seen.values())
        if not group[0].unused_or_rejected and not sure:
            continue
        weighed = weight(case, _ALERTS)
        confidence = weighed.confidence if sure else Confidence.PROBABLE
        where = f" It is to be had at {chain.top.issuer_urls[0]}." if chain.top.issuer_urls else ""
        verdict = Verdict(
            rule="tls_chain_incomplete",
            title=f"The server does not send the intermediate certificate: its chain is incomplete{weighed.went_on}.",
            act="The server's side must act: {server} has to send the intermediate certificate with its own.",
            side=Side.SERVER,
            severity=weighed.severity,
            confidence=confidence,
            detail=f"The missing certificate is {chain.top.issuer}.{where}",
            measured={"missing": chain.top.issuer, "certificates_sent": len(case.message.certificates)},
            advice=(
                f"Install the full chain on {{server}}: its own certificate, then {chain.top.issuer}.{where}",
                "Check it: {check} -showcerts",
            ),
            limitations=("whether a client has the intermediate from elsewhere: such clients work", _STORE),
            names=names(chain.leaf),
        )
        yield finding(_endings(group), verdict, showing(_only_own))


def _cut_short(chain: Chain, seen: Iterable[Certificate]) -> bool:
    """Return whether the server's own certificate stands alone although an intermediate issued it."""
    if chain.ends or len(chain.path) > 1:
        return False
    return bool(chain.top.issuer_urls or chain.top.logged or any(chain.issued_by(c) for c in seen))


def _only_own(case: Presented) -> str:
    return f"only its own certificate {case.leaf.subject}, without that of its issuer {case.leaf.issuer}"


@rule("Issuer unknown to the client", endings, roots, subject=SUBJECT, area=AREA)
def tls_certificate_untrusted(facts: Facts) -> Iterator[Finding]:
    """A client that ends the handshake with unknown_ca (48) over a chain that is not cut short (RFC 8446, 6.2).

    It says whether the chain leads to a root of Mozilla's store (then the client's store is at fault) or to one of its
    own.
    """
    groups = list(_cases(facts))
    seen = {c.der: c for g in groups for case in g for c in (*case.chain.path, *case.chain.unused)}
    for group in groups:
        case, chain = group[0].presented, group[0].chain
        rejected = case.rejected_with((_UNKNOWN_CA,))
        if not rejected or chain.leaf.self_signed or _cut_short(chain, seen.values()) or interceptor(chain):
            continue
        yield finding(_endings(group), _unknown_issuer(case, chain, facts[roots]), showing(_issuers))


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
            limitations=(_STORE,),
            names=names(chain.leaf),
        )
    return Verdict(
        rule="tls_certificate_untrusted",
        title=f"The client does not trust the issuer of the certificate of {chain.leaf.name}: {issuer} is unknown to"
        " it, so the client hung up.",
        act="Either the client must be told to trust this issuer, or {server} needs a certificate from an issuer that"
        " its clients trust.",
        side=Side.EITHER,
        measured={"issuer": issuer, "certificates_sent": len(case.message.certificates)},
        advice=(
            f"If {issuer} is your own authority, add its root certificate to the trust store of {{client}}.",
            "Otherwise check that {server} sends all intermediate certificates: {check} -showcerts",
        ),
        limitations=(_STORE, "whether the issuer is a root or an intermediate that the server should have sent")
        if not chain.ends
        else (_STORE,),
        names=names(chain.leaf),
    )


def _issuers(case: Presented) -> str:
    sent = count(len(case.message.certificates), "certificate")
    return f"{case.leaf.subject}, issued by {case.leaf.issuer} ({sent} sent)"


@rule("Certificates in the wrong order", endings, roots, subject=SUBJECT, area=AREA)
def tls_chain_disordered(facts: Facts) -> Iterator[Finding]:
    """Certificates that do not each certify the one before, or belong to no place in the chain (RFC 5246, 7.4.2).

    Most clients sort them; some do not. A root at the end is allowed. Stray ones alone are only worth knowing, unless
    the client rejects the certificate.
    """
    for group in _cases(facts):
        chain = group[0].chain
        stray = _stray(chain)
        if chain.ordered and not stray:
            continue
        harmless = chain.ordered and not group[0].rejected
        what = "in the wrong order" if not chain.ordered else f"with {count(len(stray), 'stray one')} among them"
        verdict = Verdict(
            rule="tls_chain_disordered",
            title=f"The server sends its certificates {what}, which some clients do not accept.",
            act="The server's side should act: {server} has to send its own certificate first, then each one's issuer.",
            side=Side.SERVER,
            severity=Severity.INFO if harmless else Severity.MEDIUM if group[0].rejected else Severity.LOW,
            confidence=Confidence.CERTAIN,
            advice=("Sort the chain file on {server}: own certificate, intermediate, next intermediate.",),
            limitations=(OTHERS,),
            names=names(chain.leaf),
        )
        yield finding(_endings(group), verdict, showing(_order))


def _stray(chain: Chain) -> list[Certificate]:
    """Return the certificates that have nothing to do with the chain: no root, no other certificate of a member."""
    related = {name for certificate in chain.path for name in (certificate.subject, certificate.issuer)}
    return [c for c in chain.unused if not c.self_signed and c.subject not in related]


def _order(case: Presented) -> str:
    return "in this order: " + listing([c.name if c else "an unreadable one" for c in case.message.certificates])


@rule("Intercepted connection", endings, roots, subject=SUBJECT, area=AREA)
def tls_intercepted(facts: Facts) -> Iterator[Finding]:
    """A certificate made by an intercepting proxy or virus scanner in place of the server's own.

    Told by an issuer that is known to be such a product, or by two issuers for one name in the capture, of which only
    one is public or only one was accepted.
    """
    by_name = defaultdict[str, list[list[_Case]]](list)
    for group in _cases(facts):
        by_name[group[0].presented.ending.handshake.server_name or group[0].chain.leaf.name].append(group)
    for name, groups in by_name.items():
        for group in groups:
            others = [g for g in groups if g[0].chain.leaf.issuer != group[0].chain.leaf.issuer]
            product = interceptor(group[0].chain)
            if product or any(_replaced(group[0], other[0]) for other in others):
                yield _interception(name, group, product, others)


def _replaced(case: _Case, other: _Case) -> bool:
    """Return whether the case's certificate stands in for the other's, which is public, or accepted."""
    if bool(case.chain.root) != bool(other.chain.root):
        return not case.chain.root
    return case.unused_or_rejected and other.presented.ending.outcome is Outcome.ESTABLISHED and not case.chain.root


def _interception(name: str, group: Sequence[_Case], product: str, others: Sequence[Sequence[_Case]]) -> Finding:
    case, chain = group[0].presented, group[0].chain
    weighed = weight(case, _ALERTS, accepted=Severity.LOW)
    by = f" by {product}" if product else ""
    genuine = f"; another connection gets one from {others[0][0].chain.leaf.issuer}" if others else ""
    verdict = Verdict(
        rule="tls_intercepted",
        title=f"The connection to {name} is probably intercepted{by}: its certificate comes from {chain.leaf.issuer}"
        f"{genuine}{weighed.went_on}.",
        act="The network's side must act: exempt this connection from interception, or have the client trust the"
        " intercepting authority.",
        side=Side.NETWORK,
        severity=weighed.severity,
        confidence=Confidence.PROBABLE,
        advice=(
            f"If the interception is meant, add the root of {chain.leaf.issuer} to the trust store of {{client}}.",
            "Otherwise compare with the certificate that the server presents from another network: {check}",
        ),
        limitations=("who runs the intercepting device", _STORE),
        names=(name, *names(chain.leaf)),
    )
    return finding(_endings(group), verdict, showing(_issuers))
