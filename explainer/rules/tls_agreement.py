"""What a server may have missed in a ClientHello that it answered with "handshake failure" alone."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from explainer.model import Confidence
from explainer.protocols.tcp import Endpoint
from explainer.protocols.tls import ClientHello, Ending, Handshake, Outcome, ServerHello
from explainer.protocols.tls import names as tls_names
from explainer.wording import listing

HANDSHAKE_FAILURE, ILLEGAL_PARAMETER, INSUFFICIENT_SECURITY, INTERNAL_ERROR = 40, 47, 71, 80
_TLS13, _DTLS, _DTLS13 = 0x0304, 0xFE00, 0xFEFC
_COMMON_TLS13 = frozenset({0x1301, 0x1302, 0x1303})
_COMMON_GROUPS = frozenset({23, 24, 29})  # secp256r1, secp384r1, x25519
_FEW_SUITES = 5
_FEW_SCHEMES = 3
_COMPARED = 50
_TLS13_SUITES = 0x13  # their first byte (RFC 8446, B.4)
_WEAK = ("RC4", "3DES", "_DES_", "NULL", "EXPORT", "_anon_", "_MD5", "IDEA", "SEED", "PSK", "SRP", "KRB5")


class Lacking(StrEnum):
    """What a client and a server do not have in common."""

    CIPHER = "cipher"
    GROUP = "group"
    SIGNATURE = "signature"
    NAME = "name"


class Reason(NamedTuple):
    """What is lacking, how sure that is, and by what sign, as a sentence."""

    what: Lacking
    confidence: Confidence
    why: str = ""


def established(endings: Iterable[Ending]) -> dict[Endpoint, list[Ending]]:
    """Return the first connections that worked, by server."""
    found = defaultdict[Endpoint, list[Ending]](list)
    for ending in endings:
        if ending.outcome is Outcome.ESTABLISHED and len(found[ending.handshake.server]) < _COMPARED:
            found[ending.handshake.server].append(ending)
    return found


def lacking(ending: Ending, working: Mapping[Endpoint, list[Ending]]) -> Reason | None:
    """Return what the server missed in the ClientHello, or None where it did not refuse one for that.

    `working` are connections that were established, by server.
    """
    alert, hello = ending.alert, ending.handshake.client_hello
    if alert is None or hello is None or ending.handshake.server_hello:
        return None
    refused = (HANDSHAKE_FAILURE, INSUFFICIENT_SECURITY)
    if ending.handshake.hello_retry and alert.code in (*refused, ILLEGAL_PARAMETER):
        asked = tls_names.group(ending.handshake.hello_retry.group or 0)
        return Reason(Lacking.GROUP, Confidence.CERTAIN, f"the server asked for the group {asked} (HelloRetryRequest)")
    if alert.from_client or alert.code not in refused:
        return None
    others = working.get(ending.handshake.server, [])
    return _by_contrast(ending.handshake, others) or _by_offer(hello) or Reason(Lacking.CIPHER, Confidence.PROBABLE)


def _by_contrast(failed: Handshake, others: list[Ending]) -> Reason | None:
    """Return what the server chose with others and this client does not offer; or that only its name differs."""
    hello = failed.client_hellos[0]
    for other in (e.handshake for e in others):
        chosen, asked = other.server_hello, other.client_hello
        if chosen is None or asked is None:
            continue
        if chosen.cipher_suite not in hello.cipher_suites:
            suite = tls_names.cipher_suite(chosen.cipher_suite)
            return Reason(Lacking.CIPHER, Confidence.PROBABLE, f"with another client the server chose {suite}")
        if _lacks_group(hello, chosen):
            group = tls_names.group(chosen.group or 0)
            return Reason(Lacking.GROUP, Confidence.PROBABLE, f"with another client the server chose the group {group}")
        if asked.server_name != hello.server_name and set(asked.cipher_suites) <= set(hello.cipher_suites):
            name = asked.server_name or "no name"
            why = f"the same server accepts a client that offers no more but asks for {name}"
            return Reason(Lacking.NAME, Confidence.PROBABLE, why)
    return None


def _lacks_group(hello: ClientHello, chosen: ServerHello) -> bool:
    return chosen.group is not None and bool(hello.groups) and chosen.group not in hello.groups


def _by_offer(hello: ClientHello) -> Reason | None:
    """Return that of which the client offers unusually little."""
    suites, only_new = set(hello.cipher_suites), only_tls13(hello.versions)
    names = [tls_names.cipher_suite(suite) for suite in hello.cipher_suites]
    if only_new and not suites & _COMMON_TLS13:
        return Reason(Lacking.CIPHER, Confidence.PROBABLE, "the client offers none of the usual TLS 1.3 cipher suites")
    if names and all(any(weak in name for weak in _WEAK) for name in names):
        return Reason(Lacking.CIPHER, Confidence.PROBABLE, "the client offers only weak cipher suites")
    older = [s for s in suites if s >> 8 != _TLS13_SUITES]
    if not only_new and len(older) <= _FEW_SUITES:
        return Reason(Lacking.CIPHER, Confidence.PROBABLE, "the client offers very few cipher suites")
    if (hello.groups and not set(hello.groups) & _COMMON_GROUPS) or len(hello.groups) == 1:
        offered = listing([tls_names.group(group) for group in hello.groups])
        return Reason(Lacking.GROUP, Confidence.PROBABLE, f"the only groups that the client offers: {offered}")
    if 0 < len(hello.signatures) <= _FEW_SCHEMES or (hello.signatures and _one_kind(hello.signatures)):
        offered = listing([tls_names.signature(scheme) for scheme in hello.signatures])
        return Reason(Lacking.SIGNATURE, Confidence.PROBABLE, f"the only signatures that the client takes: {offered}")
    if len(suites) == 1:
        return Reason(Lacking.CIPHER, Confidence.PROBABLE, "the client offers one cipher suite only")
    if len(older) == len(suites) and all("ECDSA" in name for name in names if "SCSV" not in name):
        why = "all that the client offers needs a certificate with an elliptic key (ECDSA), not RSA"
        return Reason(Lacking.CIPHER, Confidence.PROBABLE, why)
    return None


def only_tls13(versions: Iterable[int]) -> bool:
    """Return whether all versions are TLS 1.3, its drafts or DTLS 1.3, whose numbers count down (RFC 9147, 5.3)."""
    offered = list(versions)
    return bool(offered) and all(_TLS13 <= v < _DTLS or v == _DTLS13 for v in offered)


def _one_kind(schemes: tuple[int, ...]) -> bool:
    """Return whether all schemes need one kind of certificate: RSA or elliptic curves."""
    return len({tls_names.signature(scheme).startswith(("rsa", "dsa")) for scheme in schemes}) == 1
