"""Failures that HTTP/2 and gRPC tell beside a status of HTTP, which is 200 all the same."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Finding, Severity, Side
from explainer.protocols.applications import Reply
from explainer.protocols.http2_errors import CLIENTS_OWN, http2_replies
from explainer.registry import rule
from explainer.rules.exchanges import AREA
from explainer.rules.refusals import Family, Meaning, refusals

_SUBJECT = "HTTP/2 connections"
_CALLER, _SERVICE = "The calling side must correct its call.", "The service's side must act: its log says why."
# gRPC's status codes (grpc/grpc, doc/statuscodes.md).
_GRPC = {
    "1": ("CANCELLED", Meaning("the call was cancelled, most often by the caller", "Nobody, unless it"
    " lasts.", Side.EITHER,
                               Severity.LOW)),
    "2": ("UNKNOWN", Meaning("the service failed with an error of its own", _SERVICE, Side.SERVER)),
    "3": ("INVALID_ARGUMENT", Meaning("what the caller sends is not valid", _CALLER, Side.CLIENT)),
    "4": ("DEADLINE_EXCEEDED", Meaning("it took longer than the caller allows", "The service must be quicker, or the"
    " caller"
                                       " wait longer.", Side.SERVER)),
    "5": ("NOT_FOUND", Meaning("what is asked for does not exist", _CALLER, Side.CLIENT, Severity.MEDIUM)),
    "6": ("ALREADY_EXISTS", Meaning("what is to be made exists already", _CALLER, Side.CLIENT, Severity.MEDIUM)),
    "7": ("PERMISSION_DENIED", Meaning("the caller may not do this (permission denied)", "The service's side must"
    " grant it, or"
                                       " the caller use another account.", Side.EITHER)),
    "8": ("RESOURCE_EXHAUSTED", Meaning("a quota or a limit is used up", "Ask less often, or have the limit raised.",
                                        Side.EITHER)),
    "9": ("FAILED_PRECONDITION", Meaning("the system is not in the state that the call needs", _CALLER, Side.CLIENT)),
    "10": ("ABORTED", Meaning(
        "another call got in the way", "The caller should try again.", Side.CLIENT, Severity.MEDIUM)),
    "12": ("UNIMPLEMENTED", Meaning("the service does not know this method", "Caller and service must be of versions"
    " that fit.",
                                    Side.EITHER)),
    "13": ("INTERNAL", Meaning("the service failed", _SERVICE, Side.SERVER)),
    "14": ("UNAVAILABLE", Meaning("the service is not available at the moment", _SERVICE, Side.SERVER)),
    "16": ("UNAUTHENTICATED", Meaning("the caller did not sign in, or not validly", "The caller must send valid"
    " credentials.",
                                      Side.CLIENT)),
}  # fmt: skip
# RFC 9113, section 7.
_HTTP2 = {
    "1": ("PROTOCOL_ERROR", Meaning("the other side broke the protocol", "Both programs' versions must be looked at.",
                                    Side.EITHER)),
    "2": ("INTERNAL_ERROR", Meaning("it failed itself", _SERVICE, Side.SERVER)),
    "7": ("REFUSED_STREAM", Meaning("it did not take the request up (too many at once, or it is stopping): it may be"
    " sent"
                                    " again", "The client should try again; if it lasts, the server's side must act.",
                                    Side.SERVER)),
    "11": ("ENHANCE_YOUR_CALM", Meaning("the client asks too much, or sends too many pings", "The client must ask"
    " less, or"
                                        " ping less often (keep-alive settings).", Side.CLIENT)),
    "12": ("INADEQUATE_SECURITY", Meaning("TLS is too weak for it", "Both sides must use a stronger"
    " TLS.", Side.EITHER)),
    "13": ("HTTP_1_1_REQUIRED", Meaning("it wants HTTP/1.1 for this", "The client must use HTTP/1.1.", Side.CLIENT)),
}  # fmt: skip
_TOO_LARGE = Meaning(
    "the message is larger than the side that receives it allows",
    "Either less must be sent at a time (pages, a stream), or that side must allow larger messages.",
    Side.EITHER,
)
_SAYS_TOO_LARGE = "message larger than max"
"""The words of gRPC's libraries for it, beside a status that means quotas as well."""
_NO_LOGIN = Meaning(
    "it does not accept the user name and password", "The caller must send those of a user that the service knows.",
    Side.CLIENT,
)  # fmt: skip
_NOBODY = Meaning(
    "the call comes without a user, and the service wants one", "The caller must sign in (user, password or token).",
    Side.CLIENT,
)  # fmt: skip
_IN_WORDS = {_SAYS_TOO_LARGE: _TOO_LARGE, "invalid user id or password": _NO_LOGIN, "user name is empty": _NOBODY}
"""The last two are etcd's, whose status says no more than that something is not valid."""
_OF_CLIENTS = {
    "2": ("INTERNAL_ERROR", Meaning("it failed itself", "The client's program must be looked at.", Side.CLIENT)),
    "11": ("ENHANCE_YOUR_CALM", Meaning(
        "it takes no more of the answer, as that is more than it allows (gRPC: a message larger than the client's"
        " limit, 4 MB where none is set)", "Either the service must send less at a time (pages, a stream), or the"
        " client must allow larger messages.", Side.EITHER)),
}  # fmt: skip
"""Where the client ends its own request or connection; as with servers, otherwise."""
_OTHER = Meaning("it ends it with an error", "Both programs' logs must be looked at.", Side.EITHER)


def _known(reply: Reply) -> tuple[str, Meaning]:
    codes = _GRPC if reply.protocol == "gRPC" else _HTTP2 | (_OF_CLIENTS if reply.request in CLIENTS_OWN else {})
    name, means = codes.get(reply.code, (f"code {reply.code}", _OTHER))
    text = reply.text.lower()
    return name, next((said for words, said in _IN_WORDS.items() if words in text), means)


def _told(reply: Reply) -> str:
    name, about = _known(reply)[0], f" {reply.about}" if reply.about else ""
    if reply.protocol == "gRPC":
        return f"The gRPC service {reply.server} answers the call{about} of {reply.client.address} with {name}"
    if reply.request in CLIENTS_OWN:
        return f"The client {reply.server} breaks off {reply.request}{about} to {reply.client} (HTTP/2) with {name}"
    what = f"{reply.request}{about}" if reply.request == "the connection" else f"the request{about}"
    return f"{reply.server} ends {what} of {reply.client} (HTTP/2) with {name}"


@rule("HTTP/2 or gRPC error", http2_replies, subject=_SUBJECT, area=AREA)
def http2_error(facts: Facts) -> Iterator[Finding]:
    """A gRPC status other than 0, a GOAWAY or RST_STREAM with an error (RFC 9113 section 7).

    NO_ERROR and CANCEL are none.

    In clear, or decrypted. A later good answer to the same call overcomes it.
    """
    family = Family("http2_error", "http2", _told, lambda reply: _known(reply)[1])
    yield from refusals(facts[http2_replies], family)
