"""Users that a RADIUS server does not let in (RFC 2865), and what the TLS inside of EAP tells of why (RFC 5216)."""

import re
from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Finding, Side
from explainer.protocols.applications import Reply, replies
from explainer.registry import rule
from explainer.rules.refusals import AREA, SUBJECT, Family, Meaning, refusals

_ALERT = re.compile(r"(the server's )?TLS alert \w+ \((\d+)\)")
_EXPIRED, _ABOUT_CERTIFICATES, _ABOUT_TLS = 45, (42, 43, 44, 45, 46, 48), (40, 70, 71)
_REJECTED = Meaning(
    "user name, password or certificate is wrong, or a policy does not let the user in",
    "The RADIUS server's log tells why; then the user's or the server's side must correct it.", Side.EITHER,
)  # fmt: skip


_BY_CERTIFICATE = Meaning(
    "it does not accept the certificate of the user or device, or a policy does not let it in",
    "The RADIUS server's log tells why; the certificate must be valid, and of an authority that the server trusts.",
    Side.EITHER,
)  # fmt: skip
_SERVER_UNTRUSTED = Meaning(
    "the user's device does not accept the RADIUS server's certificate, and ends the login with a TLS alert",
    "The device's side must trust the authority that issued the server's certificate, and be set to the name in it; or"
    " the server needs a certificate of an authority that the devices know.", Side.EITHER,
    advice=("On the device, see which CA certificate and which server name the Wi-Fi (802.1X) profile expects.",),
)  # fmt: skip
_SERVER_EXPIRED = Meaning(
    "for the user's device the RADIUS server's certificate has expired, and it ends the login with a TLS alert",
    "The RADIUS server's side must renew its certificate; if it is valid, the device's clock is wrong.", Side.SERVER,
)  # fmt: skip
_USER_UNTRUSTED = Meaning(
    "it does not accept the certificate of the user or device, and says so with a TLS alert",
    "The user's side needs a certificate that the server trusts, or the server must trust its authority.", Side.EITHER,
)  # fmt: skip
_USER_EXPIRED = Meaning(
    "the certificate of the user or device has expired, the server's TLS alert says",
    "The certificate of the user or device must be renewed.", Side.CLIENT,
)  # fmt: skip
_NO_COMMON_TLS = Meaning(
    "the user's device and the server have no TLS version or cipher suite in common: one of them ends the login with a"
    " TLS alert", "The older of the two must be updated, or the other one allow what it can.", Side.EITHER,
)  # fmt: skip


def _meaning(reply: Reply) -> Meaning:
    found = _ALERT.search(reply.request)
    alert = int(found[2]) if found else None
    if alert in _ABOUT_TLS:
        return _NO_COMMON_TLS
    if found is None or alert not in _ABOUT_CERTIFICATES:
        return _BY_CERTIFICATE if reply.request.endswith("(EAP-TLS)") else _REJECTED
    if found[1]:
        return _USER_EXPIRED if alert == _EXPIRED else _USER_UNTRUSTED
    return _SERVER_EXPIRED if alert == _EXPIRED else _SERVER_UNTRUSTED


def _radius_told(reply: Reply) -> str:
    about = f" {reply.about}" if reply.about else ""
    return f"The RADIUS server {reply.server.address} does not let the user{about} in"


@rule("RADIUS reject", replies, subject=SUBJECT, area=AREA)
def radius_refused(facts: Facts) -> Iterator[Finding]:
    """An Access-Reject (RFC 2865, section 5.3) for a user who is not let in later.

    Where the TLS inside of EAP ended with an alert in clear just before, that is the reason (RFC 5216).
    """
    family = Family("radius_refused", "radius", _radius_told, _meaning)
    yield from refusals([reply for reply in facts[replies] if reply.protocol == "RADIUS"], family)
