"""The chains that servers present, as the rules about trust see them."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from explainer.facts import Facts, fact
from explainer.protocols.chain import Chain, roots
from explainer.protocols.tls import Ending, Outcome
from explainer.protocols.x509 import Certificate
from explainer.rules.tls_presented import Alerts, Presented, presentations

UNKNOWN_CA = 48
ALERTS = Alerts(outright=(UNKNOWN_CA,), possible=(42, 46))
STORE = "what the client's trust store holds"
# How authorities call the certificates that are no roots: "R3" and the like say nothing.
_CALLS_ITSELF_INTERMEDIATE = re.compile(r"\b(?:intermediate|issuing|subordinate|sub[- ]?ca)\b", re.IGNORECASE)


class Case(NamedTuple):
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
        return self.presented.rejected_with((*ALERTS.outright, *ALERTS.possible))

    @property
    def name(self) -> str:
        """Return the name that was asked for, or else the certificate's own."""
        return self.presented.ending.handshake.server_name or self.chain.leaf.name


Group = list[Case]


@fact("TLS connections", presentations, roots)
def groups(facts: Facts) -> list[Group]:
    """Return the chains, grouped by client, server and certificate."""
    found = []
    for group in facts[presentations]:
        chains = ((case, facts[roots].chain(case.message.certificates)) for case in group)
        if cases := [Case(case, chain) for case, chain in chains if chain]:
            found.append(cases)
    return found


def of(group: Sequence[Case]) -> list[Ending]:
    """Return the handshakes of a group."""
    return [case.presented.ending for case in group]


def certificates(groups: Iterable[Group]) -> dict[str, list[Certificate]]:
    """Return all certificates that any server of the capture presents, each once, by subject."""
    seen = {c.der: c for group in groups for case in group for c in (*case.chain.path, *case.chain.unused)}
    by_subject = defaultdict[str, list[Certificate]](list)
    for certificate in seen.values():
        by_subject[certificate.subject].append(certificate)
    return dict(by_subject)


def cut_short(case: Case, seen: Mapping[str, Sequence[Certificate]]) -> bool:
    """Return whether the server's own certificate stands alone although an intermediate issued it."""
    chain = case.chain
    if chain.ends or len(chain.path) > 1:
        return False
    named = case.rejected and _CALLS_ITSELF_INTERMEDIATE.search(chain.top.issuer) is not None
    return bool(chain.top.issuer_urls or chain.top.logged or named or issuer_seen(chain, seen))


def issuer_seen(chain: Chain, seen: Mapping[str, Sequence[Certificate]]) -> bool:
    """Return whether another server of the capture sends the issuer's certificate."""
    return any(chain.issued_by(certificate) for certificate in seen.get(chain.top.issuer, ()))
