"""WebSocket connections that one side closes for a reason that is a fault (RFC 6455, section 7.4)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.websocket import Close, closes
from explainer.registry import rule
from explainer.rules.evidence import connection_filter
from explainer.rules.tcp_case import scope
from explainer.wording import count

_SHOWN, _QUOTED = 20, 100
_FIRST_OWN = 3000
_SENDER, _RECEIVER = "sender", "receiver"
# What each means, and at whom the fault lies: who sends the code, or who receives it (IANA, WebSocket Close Codes).
_MEANINGS = {
    1002: ("the other side broke the protocol", _RECEIVER),
    1003: ("it cannot take this kind of data", _RECEIVER),
    1007: ("what it got is not what it says it is (no valid UTF-8, most often)", _RECEIVER),
    1008: ("a rule of its own is broken (policy violation): a login or a right is missing or has expired, most often",
           _RECEIVER),
    1009: ("the message was too big for it", _RECEIVER),
    1010: ("the other side lacks an extension that it needs", _RECEIVER),
    1011: ("it failed itself (internal error)", _SENDER),
    1012: ("it is being restarted", _SENDER),
    1013: ("it is overloaded: try again later", _SENDER),
    1014: ("it is a gateway, and got no proper answer from the server behind it", _SENDER),
}  # fmt: skip
_OWN = "a reason of the application's own, which its documentation tells"


@rule("WebSocket closed for a fault", closes, subject="WebSocket connections", area="the end of WebSocket connections")
def websocket_closed(facts: Facts) -> Iterator[Finding]:
    """A WebSocket whose first closing frame carries a code of a fault: 1002 to 1014, or one of the application's own.

    Normal ends (1000), and a page that is left or a server that stops (1001), are none. Codes from 3000 on are the
    application's (RFC 6455, section 7.4.2): of medium severity, and told only of servers.
    """
    groups = defaultdict[tuple[object, ...], list[Close]](list)
    for close in facts[closes]:
        if close.code in _MEANINGS or (close.code >= _FIRST_OWN and not close.by_client):
            groups[close.client.address, close.server, close.by_client, close.code, close.reason].append(close)
    for group in groups.values():
        yield _closed(group)


def _closed(group: Sequence[Close]) -> Finding:
    first, (means, blamed) = group[0], _MEANINGS.get(group[0].code, (_OWN, ""))
    who, address = ("client", first.client.address) if first.by_client else ("server", first.server.address)
    quoted = f' ("{first.reason[:_QUOTED]}")' if first.reason else ""
    side = Side.EITHER if not blamed else Side.CLIENT if first.by_client == (blamed == _SENDER) else Side.SERVER
    acts = {Side.CLIENT: "The client's side must act", Side.SERVER: "The server's side must act"}
    more = tuple(close.frame for close in group[1:_SHOWN])
    return Finding(
        id=f"websocket_closed:{first.frame}",
        rule="websocket_closed",
        severity=Severity.HIGH if blamed else Severity.MEDIUM,
        confidence=Confidence.CERTAIN,
        side=side,
        title=f"The {who} {address} closes the WebSocket connection with code {first.code}: {means}{quoted}.",
        act=f"{acts.get(side, 'Both sides must look')}: the log of the {who} {address} tells what was wrong.",
        measured={"connections": len(group), "code": first.code},
        evidence=Evidence.of(
            [close.frame for close in group],
            f"{connection_filter(first.server, (close.stream for close in group))} && websocket",
            [
                Step(frames=(first.frame,), text=f"the {who} {address} closes with code {first.code}{quoted}"),
                *([Step(frames=more, text=f"the same {count(len(group) - 1, 'more time')}")] if more else []),
            ],
        ),
        scope=scope((close.stream for close in group), first.client, first.server),
        advice=(f"Look for this moment in the log of the program on {address}.",),
        limitations=("which message, or what else, led to it: the contents are not judged",),
    )
