"""Requests by which a load balancer, or the like, looks whether a server is well: what it makes of an error."""

import re
from collections.abc import Sequence

from explainer.protocols.http import Exchange

_PAGE = re.compile(
    r"/(?:[\w.-]+/)*(?:health(?:z|s|[-_]?checks?)?|livez|liveness|readyz|readiness|heartbeat|ping|alive|lb[-_]?check)"
    r"(?:/(?:live|ready|liveness|readiness))?/?(?:\?.*)?",
    re.IGNORECASE,
)
"""As frameworks and clouds propose them: /healthz, /actuator/health/ready, /health-check, /readyz."""
_METHODS = ("GET", "HEAD", "OPTIONS")
_LEAST = 2
WATCHED = " That is the page of a health check: a load balancer that asks so sends this server nobody while it fails."


def health_check(group: Sequence[Exchange]) -> str:
    """Return the page, where all of these ask for one of a health check, again and again; else nothing."""
    asked = all(e.method in _METHODS and e.path and _PAGE.fullmatch(e.path) for e in group)
    return str(group[0].path) if asked and len(group) >= _LEAST else ""
