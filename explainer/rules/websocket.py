"""WebSocket connections that one side closes for a reason that is a fault (RFC 6455, section 7.4)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.lazy import pl
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.http import requests
from explainer.protocols.rows import up_to
from explainer.protocols.tcp import Connection, connections, segments
from explainer.protocols.websocket import Close, closes, said_goodbye
from explainer.registry import rule
from explainer.rules.evidence import connection_filter
from explainer.rules.tcp_case import ended_by_server, scope
from explainer.wording import count

_SHOWN, _QUOTED = 20, 100
_WISH, _SWITCHED = "websocket", 101
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


@rule(
    "WebSocket dropped", requests, connections, said_goodbye, segments, subject="HTTP requests",
    area="the end of WebSocket connections",
)  # fmt: skip
def websocket_dropped(facts: Facts, *, min_silence_s: float = 2.0) -> Iterator[Finding]:
    """A WebSocket that the server's side ends (FIN or reset) after a silence, without a closing frame.

    RFC 6455, section 7.1.1: who ends it says so first; browsers report code 1006 where nobody did. So do proxies whose
    time for silence is over (nginx: 60 s). Told from `min_silence_s` on, of connections that are seen whole: sooner, a
    server may just be done. In clear alone.
    """
    switched = {e.stream for e in facts[requests] if e.wish == _WISH and e.status == _SWITCHED}
    by_stream = {c.stream: c for c in facts[connections] if c.stream in switched - facts[said_goodbye]}
    ends = {s: end for s, c in by_stream.items() if (end := ended_by_server(c)) is not None and not c.lost_segments}
    for stream, own in up_to(facts[segments], ends).items():
        silence = _silence(own, ends[stream])
        if silence and silence[0] >= min_silence_s:
            yield _dropped(by_stream[stream], ends[stream], *silence)


def _silence(own: "pl.DataFrame", until: int) -> tuple[float, int] | None:
    """Return how long nothing had been said, and the frame of the last words."""
    said = own.filter((pl.col("payload") > 0) & (pl.col("frame") < until)).sort("frame")
    end = own.filter(pl.col("frame") == until)["time"]
    if said.is_empty() or end.is_empty():
        return None
    return (int(end[0]) - int(said["time"][-1])) / 1e9, int(said["frame"][-1])


def _dropped(c: Connection, ends: int, silence_s: float, last_words: int) -> Finding:
    how = "resets" if ends in c.server_resets else "closes"
    return Finding(
        id=f"websocket_dropped:{ends}",
        rule="websocket_dropped",
        severity=Severity.MEDIUM,
        confidence=Confidence.PROBABLE,
        side=Side.SERVER,
        title=f"{c.server.address} {how} the WebSocket connection of {c.client.address} after {silence_s:.1f} s in"
        " which nobody said anything, without a closing frame: its time for silence is over, or that of a proxy before"
        " it.",
        act="The server's side must allow longer silence, or server or client must send something (ping) more often"
        f" than every {silence_s:.0f} s.",
        measured={"silence_s": round(silence_s, 3)},
        evidence=Evidence.of(
            [last_words, ends],
            f"tcp.stream == {c.stream}",
            [
                Step(frames=(last_words,), text="the last words on this connection"),
                Step(frames=(ends,), text=f"{silence_s:.1f} s later the server {how} it; no closing frame came"),
            ],
        ),
        scope=scope((c.stream,), c.client, c.server),
        advice=(
            "In nginx: proxy_read_timeout (60 s unless set); in HAProxy: timeout tunnel; in load balancers: idle"
            " timeout.",
            "Let the client or the server send pings (RFC 6455, section 5.5.2) at half that interval.",
        ),
        limitations=("whether the server, or a proxy before it, ended the connection", "why it did so"),
    )
