"""What a TURN server, the relay of calls, refuses (RFC 8656, section 19; RFC 8489, section 14.8)."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Finding, Severity, Side
from explainer.protocols.applications import Reply, replies
from explainer.registry import rule
from explainer.rules.refusals import AREA, SUBJECT, Family, Meaning, refusals

_CREDENTIALS = Meaning(
    "it does not accept the user name and password",
    "The client's side must correct the credentials for the relay; such that hold for a while only may have run out.",
    Side.CLIENT,
)  # fmt: skip
_CODES = {
    "401": _CREDENTIALS, "441": _CREDENTIALS,
    "400": Meaning("it does not understand the request", "The client's side must act.", Side.CLIENT),
    "403": Meaning(
        "it does not relay to that address", "The relay's side must allow it, if it is wanted.", Side.SERVER,
        Severity.MEDIUM,
    ),
    "437": Meaning(
        "it has another relay, or none, for this client's port", "Nobody, if the client tries from another port.",
        Side.NOBODY, Severity.LOW,
    ),
    "440": Meaning(
        "it does not offer IPv6, or IPv4, for the relay", "The client must ask for the other one.", Side.EITHER,
        Severity.MEDIUM,
    ),
    "442": Meaning("it does not relay over that transport", "The client must ask for UDP.", Side.CLIENT),
    "486": Meaning("the user has too many relays already", "Clients must give theirs back, or the quota be raised.",
        Side.EITHER),
    "508": Meaning("it has no room for another relay", "The relay's side must act.", Side.SERVER),
}  # fmt: skip
_OTHER = Meaning("it refuses it", "Read the relay's words and its log.", Side.EITHER)


def _told(reply: Reply) -> str:
    about = f" of {reply.about}" if reply.about else ""
    return f"The relay for calls {reply.server.address} (TURN) refuses {reply.request}{about} to {reply.client.address}"


_FAMILY = Family("turn_refused", "stun", _told, lambda reply: _CODES.get(reply.code, _OTHER))


@rule("TURN refused", replies, subject=SUBJECT, area=AREA)
def turn_refused(facts: Facts) -> Iterator[Finding]:
    """An error response of a TURN server that no later success of the same client overcomes.

    The challenge that comes first (401 to a request without a user name) and a stale nonce (438) are no refusals.
    """
    yield from refusals([reply for reply in facts[replies] if reply.protocol == "TURN"], _FAMILY)
