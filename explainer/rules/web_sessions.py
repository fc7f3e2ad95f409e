"""A session of the web that several hosts use."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.http import requests
from explainer.protocols.web_sessions import Session, sessions
from explainer.registry import rule
from explainer.rules.evidence import address_field
from explainer.rules.tcp_case import finding
from explainer.wording import count, listing


@rule("Session used by two hosts", requests, sessions, subject="HTTP requests", area="attacks on web servers")
def attack_session(facts: Facts) -> Iterator[Finding]:
    """The same session cookie in requests of two clients to one server, in clear: who copies it is signed in.

    So does a user whose address changes; IPv4 and IPv6 addresses of one host are told apart from two hosts by nothing:
    sessions that one client uses over each are left out.
    """
    for session in facts[sessions]:
        kinds = {":" in client for client in session.frames}
        if len(kinds) == 1:
            yield _shared(session)


def _shared(session: Session) -> Finding:
    clients = list(session.frames)
    first, second = clients[:2]
    taken = session.frames[second][0]
    return finding(
        "attack_session",
        taken,
        Severity.MEDIUM,
        Side.CLIENT,
        f"{second} uses the web session of {first} on {session.server}: both send the same session cookie"
        f" ({session.name}), as in session hijacking.",
        Evidence.of(
            [frame for frames in session.frames.values() for frame in frames],
            f"http.cookie && {address_field(session.server)} == {session.server}",
            [
                Step(frames=frames[:10], text=f"{client} sends the cookie, {count(len(frames), 'time')}")
                for client, frames in list(session.frames.items())[:4]
            ],
        ),
        Scope(addresses=(session.server, *clients[:50])),
        act=f"Whoever answers for {first} and {second} must say whether they are one user; if not, the session is"
        " stolen: end it on the server.",
        measured={"clients": len(clients)},
        confidence=Confidence.PROBABLE,
        advice=(
            "Serve the site by HTTPS alone, and mark the cookie Secure and HttpOnly.",
            f"In the log of {session.server}, see what {listing(clients[1:4])} did with the session.",
        ),
        limits=("whether one user has both addresses (a proxy, a change of network)",),
    )
