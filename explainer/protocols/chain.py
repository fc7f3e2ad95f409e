"""Certificate chains: who vouches for a server's certificate, up to a root that clients know (RFC 5280 section 6).

The known roots are Mozilla's, from certifi, and those that the user names with --trust-store.
"""

import warnings
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from explainer.facts import Facts, Given, fact
from explainer.protocols.x509 import Certificate

TRUST_STORE = Given("trust store")
_LONGEST = 10


class Chain(NamedTuple):
    """The chain of one certificate message.

    `path` leads from the server's own certificate up, each signed by the next (checked); `root` is the subject of a
    known root that is in it or signed its last one, empty where none is known. `unused` are certificates that belong to
    no place in it. `ordered` says that each certificate came after the one that it certifies (RFC 5246, 7.4.2).
    """

    path: tuple[Certificate, ...]
    root: str
    unused: tuple[Certificate, ...]
    ordered: bool

    @property
    def leaf(self) -> Certificate:
        """Return the server's own certificate."""
        return self.path[0]

    @property
    def top(self) -> Certificate:
        """Return the last certificate of the path."""
        return self.path[-1]

    def issued_by(self, other: Certificate) -> bool:
        """Return whether another certificate, no root, issued the last one of the path (checked)."""
        named = other.subject == self.top.issuer and not other.self_issued
        return named and _issued(other.der, self.top.der)

    @property
    def ends(self) -> bool:
        """Return whether it goes all the way up: to a known root, or to a certificate that is signed by itself."""
        return bool(self.root) or self.top.self_signed


@dataclass(frozen=True, eq=False)
class Roots:
    """The roots that clients are taken to know, by subject; as DER."""

    by_subject: dict[str, tuple[bytes, ...]]
    certificates: tuple[bytes, ...]

    def issuer(self, certificate: Certificate) -> str:
        """Return the subject of a known root that is this certificate, or has signed it; nothing where none has."""
        if certificate.der in self.by_subject.get(certificate.subject, ()):
            return certificate.subject
        signers = self.by_subject.get(certificate.issuer, ())
        return certificate.issuer if any(_issued(root, certificate.der) for root in signers) else ""

    def chain(self, certificates: tuple[Certificate | None, ...]) -> Chain | None:
        """Return the chain of the certificates that a server presents; None where its own cannot be read."""
        presented = [certificate for certificate in certificates if certificate is not None]
        if not presented or certificates[0] is None:
            return None
        path, rest = [presented[0]], presented[1:]
        while len(path) < _LONGEST and not path[-1].self_signed:
            issuer = next((c for c in rest if c.subject == path[-1].issuer and _issued(c.der, path[-1].der)), None)
            if issuer is None:
                break
            rest.remove(issuer)
            path.append(issuer)
        places = [presented.index(certificate) for certificate in path]
        root = next(filter(None, map(self.issuer, path)), "")
        return Chain(tuple(path), root, tuple(rest), places == sorted(places))

    def verify(self, chain: Chain, name: str, time: datetime) -> bool:
        """Return whether cryptography's verifier accepts the chain for the name at that time (CA/Browser rules)."""
        from cryptography.x509 import DNSName, load_der_x509_certificate
        from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                store = Store([load_der_x509_certificate(der) for der in self.certificates])
                verifier = PolicyBuilder().store(store).time(time).build_server_verifier(DNSName(name))
                others = [load_der_x509_certificate(c.der) for c in (*chain.path[1:], *chain.unused)]
                verifier.verify(load_der_x509_certificate(chain.leaf.der), others)
            except (VerificationError, ValueError):
                return False
        return True


@fact("known roots", TRUST_STORE)
def roots(facts: Facts) -> Roots:
    """Return Mozilla's roots and the user's own; parsed at the first use."""
    import certifi

    given = facts.given(TRUST_STORE) or b""
    return _roots(given, certifi.contents().encode())


@lru_cache(maxsize=4)
def _roots(*bundles: bytes) -> Roots:
    from explainer.protocols.x509_reading import bundle

    found = [certificate for pem in bundles for certificate in bundle(pem)]
    by_subject = dict[str, tuple[bytes, ...]]()
    for subject, der in found:
        by_subject[subject] = (*by_subject.get(subject, ()), der)
    return Roots(by_subject, tuple(der for _, der in found))


@lru_cache(maxsize=4096)
def _issued(issuer: bytes, subject: bytes) -> bool:
    from explainer.protocols.x509_reading import issued

    return issued(issuer, subject)
