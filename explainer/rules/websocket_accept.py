"""WebSockets whose server does not prove that it has read the client's key (RFC 6455, section 4.1)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.lazy import pl
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.tcp import segments
from explainer.protocols.websocket_keys import Agreement, agreements
from explainer.registry import rule
from explainer.rules.evidence import stream_filter
from explainer.rules.exchanges import scope
from explainer.wording import count

_SHOWN, _QUOTED = 20, 60


@rule(
    "WebSocket accepted wrongly", agreements, segments, subject="WebSocket keys",
    area="the opening of WebSocket connections",
)  # fmt: skip
def websocket_accept_wrong(facts: Facts) -> Iterator[Finding]:
    """A 101 whose Sec-WebSocket-Accept is missing, or not the one that follows from the client's key.

    RFC 6455, section 4.1: the client must then fail the connection; browsers report an error during the handshake. A
    cache or proxy that gives an old answer does so, and a server that makes it wrongly. Of low severity where the
    client sends WebSocket frames all the same.
    """
    wrong = [a for a in facts[agreements] if a.accepted != a.wanted]
    if not wrong:
        return
    sent = facts[segments].filter(pl.col("from_client") & (pl.col("payload") > 0))
    last = dict(sent.group_by("stream").agg(pl.col("frame").max()).iter_rows())
    groups = defaultdict[tuple[object, ...], list[Agreement]](list)
    for a in wrong:
        goes_on = last.get(a.exchange.stream, 0) > (a.exchange.response_frame or 0)
        groups[a.exchange.client.address, a.exchange.server, bool(a.accepted), goes_on].append(a)
    for (_, _, _, goes_on), group in groups.items():
        yield _wrong(group, goes_on=bool(goes_on))


def _wrong(group: Sequence[Agreement], *, goes_on: bool) -> Finding:
    first = group[0]
    e, own = first.exchange, [a.exchange for a in group]
    answered = [a.exchange.response_frame for a in group if a.exchange.response_frame]
    said = (
        f'the wrong Sec-WebSocket-Accept ("{first.accepted[:_QUOTED]}")'
        if first.accepted
        else ("no Sec-WebSocket-Accept")
    )
    then = "goes on all the same" if goes_on else "must end the connection then, as RFC 6455 demands"
    return Finding(
        id=f"websocket_accept_wrong:{e.first_frame}",
        rule="websocket_accept_wrong",
        severity=Severity.LOW if goes_on else Severity.HIGH,
        confidence=Confidence.CERTAIN,
        side=Side.SERVER,
        title=f"The server {e.server} answers the WebSocket handshake of {e.client.address} with 101, but with {said}:"
        f' the key of the client wants "{first.wanted}". The client {then}.',
        act="The server's side must act: the server, or a proxy or cache before it, answers with what does not belong"
        " to this client's key.",
        measured={"connections": len(group)},
        evidence=Evidence.of(
            [frame for x in own for frame in (x.request_frame, x.response_frame) if frame],
            f"{stream_filter(x.stream for x in own)} && (http || websocket)",
            [
                Step(frames=(e.request_frame,) if e.request_frame else (), text="the client sends its key"
                     f" (Sec-WebSocket-Key), to which \"{first.wanted}\" is the answer"),
                Step(frames=tuple(answered[:1]), text=f"the server answers 101 with {said}"),
                *([Step(frames=tuple(answered[1:_SHOWN]), text=f"the same {count(len(group) - 1, 'more time')}")]
                  if len(group) > 1 else []),
            ],
        ),
        scope=scope(own),
        advice=(
            "See which library makes the header: Base64 of SHA-1 of the key and a fixed text, and nothing else"
            " (RFC 6455, section 4.2.2).",
            "Ask the server without the proxy before it: a cache must not answer for it.",
        ),
        limitations=("whether the server, or a proxy on the way, made this answer",),
    )  # fmt: skip
