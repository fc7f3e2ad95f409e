"""Connections that end at a proxy which makes certificates of its own in place of the servers' (TLS inspection)."""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from typing import NamedTuple

from explainer.facts import Facts, fact
from explainer.model import Confidence, Finding, Severity, Side
from explainer.protocols.tcp import Endpoint
from explainer.protocols.tls import Outcome, endings
from explainer.registry import rule
from explainer.rules.tls_case import SUBJECT, Verdict, finding
from explainer.rules.tls_chains import ALERTS, STORE, Case, Group, groups, of
from explainer.rules.tls_interceptors import interceptor
from explainer.rules.tls_presented import AREA, CLEAR, Presented, names, showing, weight


class Interception(NamedTuple):
    """A group whose certificate probably stands in for the server's own: by which product, or beside which issuer.

    `sure` is False where two issuers for one name are all there is to tell it by.
    """

    group: Group
    product: str
    other_issuer: str
    sure: bool


@fact("TLS connections", groups)
def interceptions(facts: Facts) -> tuple[Interception, ...]:
    """Return the groups that are probably intercepted."""
    by_name = defaultdict[str, list[Group]](list)
    for group in facts[groups]:
        by_name[group[0].name].append(group)
    return tuple(found for same_name in by_name.values() for found in _intercepted(same_name))


def _intercepted(same_name: Sequence[Group]) -> Iterator[Interception]:
    kinds = {_kind(group[0]): group[0] for group in reversed(same_name)}
    before = defaultdict[Endpoint, dict[Hashable, Case]](dict)
    for group in same_name:
        case = group[0]
        others = [kind for kind in kinds.values() if kind.chain.leaf.issuer != case.chain.leaf.issuer]
        genuine = next((other for other in others if _replaced(case, other)), None)
        product = interceptor(case.chain)
        there = before[case.presented.ending.handshake.server]
        earlier = [other for other in there.values() if _differ(other, case)]
        there.setdefault(_kind(case), case)
        if product or genuine:
            yield Interception(group, product, genuine.chain.leaf.issuer if genuine else "", sure=True)
        elif earlier and not any(_replaced(other, case) for other in earlier):
            yield Interception(group, "", earlier[0].chain.leaf.issuer, sure=False)


def _kind(case: Case) -> Hashable:
    """Return what others are compared by: of many connections alike, one is enough."""
    return case.chain.leaf.issuer, bool(case.chain.root), case.unused_or_rejected, case.presented.ending.outcome


def _replaced(case: Case, other: Case) -> bool:
    """Return whether the case's certificate stands in for the other's, which is public, or accepted."""
    if bool(case.chain.root) != bool(other.chain.root):
        return not case.chain.root
    accepted = other.presented.ending.outcome is Outcome.ESTABLISHED
    return case.unused_or_rejected and accepted and not case.chain.root


def _differ(other: Case, case: Case) -> bool:
    """Return whether both are of issuers that are not public and differ."""
    private = not other.chain.root and not case.chain.root and not case.chain.leaf.self_signed
    return private and other.chain.leaf.issuer != case.chain.leaf.issuer


@rule(
    "Intercepted connection",
    endings,
    interceptions,
    subject=SUBJECT,
    area=AREA,
    evidence=CLEAR,
    limits="who intercepts; products that do not name themselves, seen alone",
)
def tls_intercepted(facts: Facts) -> Iterator[Finding]:
    """A certificate made by an intercepting proxy or virus scanner in place of the server's own.

    Told by an issuer that is known to be such a product, or by two issuers for one name in the capture, of which only
    one is public or only one was accepted: a client must trust the proxy's root for that (RFC 5280 section 6.1). Two
    private issuers at one address that were both accepted are possible, and of low severity.
    """
    for found in facts[interceptions]:
        case = found.group[0]
        chain, weighed = case.chain, weight(case.presented, ALERTS, accepted=Severity.LOW)
        by = f" by {found.product}" if found.product else ""
        genuine = f"; another connection gets one from {found.other_issuer}" if found.other_issuer else ""
        verdict = Verdict(
            rule="tls_intercepted",
            title=f"The connection to {case.name} is {'probably' if found.sure else 'possibly'} intercepted{by}: its"
            f" certificate comes from {chain.leaf.issuer}{genuine}{weighed.went_on}.",
            act="The network's side must act: exempt this connection from interception, or have the client trust the"
            " intercepting authority.",
            side=Side.NETWORK,
            severity=weighed.severity if found.sure else Severity.LOW,
            confidence=Confidence.PROBABLE if found.sure else Confidence.POSSIBLE,
            advice=(
                f"If the interception is meant, add the root of {chain.leaf.issuer} to the trust store of {{client}}.",
                "Otherwise compare with the certificate that the server presents from another network: {check}",
            ),
            limitations=("who runs the intercepting device", STORE),
            names=(case.name, *names(chain.leaf)),
        )
        yield finding(of(found.group), verdict, showing(_issuer))


def _issuer(case: Presented) -> str:
    return f"{case.leaf.subject}, issued by {case.leaf.issuer}"
