"""Sign-ins to web servers: by the Authorization header, by a form or a URL, or by a request to a page for it.

Rule: whether one was accepted is only said where the answer tells; a page with status 200 may be the form again.
"""

import re
from typing import NamedTuple

from explainer.facts import Facts, fact
from explainer.protocols.applications import logins
from explainer.protocols.applications.forms import FORM_NAME
from explainer.protocols.applications.urls import URL_NAME
from explainer.protocols.http import Exchange, requests
from explainer.protocols.http_bodies import Form
from explainer.protocols.http_challenges import GOES_ON

FORM = "form"
CHALLENGES = (401, 407)
"""The server, or a proxy, wants to know who asks (RFC 9110, sections 15.5.2 and 15.5.8)."""
_REFUSALS = (400, 401, 403, 422)
"""What applications answer a wrong password with."""
_SUCCESSES, _REDIRECTIONS, _FIRST_ERROR = range(200, 300), range(300, 400), 400
_SENDING = ("POST", "PUT")
_PAGE = re.compile(
    r"/(?:\w+[_-])?(?:log-?in|log-?on|sign-?in|auth(?:enticate|entication|orize)?|tokens?|sessions?)(?:\.\w+)?/?$",
    re.IGNORECASE,
)
_ORIGIN = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://[^/]*")
_COMPLAINS = re.compile(r"error|fail|denied|invalid", re.IGNORECASE)


class SignIn(NamedTuple):
    """One sign-in: by which scheme (basic, bearer, form …; empty: another request's text), as whom, and its outcome."""

    scheme: str
    user: str
    exchange: Exchange
    accepted: bool | None


def to_sign_in(exchange: Exchange) -> bool:
    """Return whether something is sent, without an Authorization header, to a page that is there for signing in."""
    sends = exchange.method in _SENDING and exchange.request_frame is not None and not exchange.credentials
    return sends and _PAGE.search(exchange.path) is not None


@fact("sign-ins to web servers", requests, logins)
def sign_ins(facts: Facts) -> tuple[SignIn, ...]:
    """Return the sign-ins, in the order of the requests."""
    forms = {login.frames[-1]: login.user for login in facts[logins] if login.protocol in (FORM_NAME, URL_NAME)}
    found = list[SignIn]()
    for e in facts[requests]:
        if e.credentials and e.request_frame:
            found.append(SignIn(e.scheme, e.user, e, _by_header(e)))
        elif e.dissected_frame in forms:
            found.append(SignIn(FORM, forms[e.dissected_frame], e, _by_text(e)))
        elif to_sign_in(e):
            found.append(SignIn("", "", e, _by_text(e)))
    return tuple(found)


def leads_to_sign_in(location: str) -> bool:
    """Return whether a redirection leads to a page that is there for signing in."""
    return _PAGE.search(_ORIGIN.sub("", location)) is not None


def _by_header(e: Exchange) -> bool | None:
    if e.status is None or e.status >= _FIRST_ERROR:
        return False if e.status in CHALLENGES and GOES_ON not in e.challenge else None
    return True


def _by_text(e: Exchange) -> bool | None:
    """Return what the answer tells: a refusal, a redirection to another page, data, or words that complain.

    Back to its own page, or to one of errors, a form leads whom it does not let in.
    """
    if e.status is None or e.status in _REFUSALS:
        return None if e.status is None else False
    if e.status in _REDIRECTIONS and e.location:
        target = _ORIGIN.sub("", e.location)
        again = target in ("", e.path) or leads_to_sign_in(e.location) or _COMPLAINS.search(target) is not None
        return not again
    if e.complaint:
        return False
    data = e.written is not None and e.written.form is Form.JSON
    return True if data and e.status in _SUCCESSES else None
