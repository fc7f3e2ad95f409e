"""How a web server wants a client to show who it is (RFC 9110, section 11)."""

import re
from collections.abc import Mapping, Sequence

from explainer.protocols.http_error_names import in_challenge

TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_FURTHER = re.compile(r", ?(?:Basic|Digest|Bearer|NTLM|Negotiate)\b(?! *=)", re.IGNORECASE)
"""Schemes that follow in the same line (RFC 9110, section 11.6.1)."""
_QUOTED = re.compile(r'"[^"]*"')
_CHALLENGES = ("www-authenticate", "proxy-authenticate")
_IN_STEPS = ("ntlm", "negotiate")
"""Schemes whose first messages are answered with 401 as well (RFC 4559, section 5)."""
GOES_ON = " …"
"""Stands behind such a scheme in a challenge that answers a message with the next one: no refusal."""


def challenge(headers: Mapping[str, Sequence[str]]) -> str:
    """Return how the server wants the client to show who it is (Basic, Bearer, Negotiate), without parameters."""
    values = (value for name in _CHALLENGES for value in headers.get(name, ()))
    schemes = ((match[0], value[match.end() :]) for value in values if (match := TOKEN.match(value)))
    return ", ".join(
        f"{scheme}{GOES_ON if _goes_on(scheme, rest) else ''}{''.join(_FURTHER.findall(_QUOTED.sub('', rest)))}"
        for scheme, rest in schemes
    )


def refusal(headers: Mapping[str, Sequence[str]]) -> str:
    """Return the name of the error for which it wants that again, as its challenge tells it, or ""."""
    return in_challenge(value for name in _CHALLENGES for value in headers.get(name, ()))


def _goes_on(scheme: str, rest: str) -> bool:
    return scheme.lower() in _IN_STEPS and rest.startswith(" ") and bool(rest.strip())
