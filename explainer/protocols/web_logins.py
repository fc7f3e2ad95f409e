"""Logins by web forms that can be read, with what the web server answers."""

from explainer.facts import Facts, fact
from explainer.protocols.applications import logins
from explainer.protocols.applications.forms import FORM_NAME
from explainer.protocols.applications.records import Login
from explainer.protocols.http import requests

_DENIED = (401, 403, 407, 422)


@fact("logins by web forms", logins, requests)
def form_logins(facts: Facts) -> tuple[Login, ...]:
    """Return the logins by forms; refused where the answer's status or its short text says so, and else not known."""
    forms = [login for login in facts[logins] if login.protocol == FORM_NAME]
    asked = {request.request_frame: request for request in facts[requests]} if forms else {}
    found = list[Login]()
    for login in forms:
        request = asked.get(login.frames[-1])
        denied = request is not None and (request.status in _DENIED or bool(request.complaint))
        reply = request.response_frame if request else None
        found.append(login._replace(reply_frame=reply, accepted=False if denied else None))
    return tuple(found)
