"""Requests that a server takes, by TCP's acknowledgement, and whose answer never comes (RFC 9293, RFC 2923)."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.proxy_header import proxy_headers
from explainer.protocols.tcp_unheard import Unheard, unheard
from explainer.protocols.tcp_windows import closed_windows
from explainer.protocols.tls import endings
from explainer.registry import rule
from explainer.rules.server_silent import GREETING_PORTS
from explainer.rules.tcp_case import finding, scope, told_by_tls
from explainer.wording import count

_AREA = "the answers to TCP requests"
_FULL = 1000


@rule("Answer lost on its way", unheard, endings, subject="requests without an answer", area=_AREA)
def tcp_answer_lost(facts: Facts, *, min_wait_s: float = 2.0, min_bytes: int = 1) -> Iterator[Finding]:
    """An answer of which the server's sequence numbers tell, and that is not in the capture nor acknowledged.

    A segment without data carries the number of the next byte that its sender will send: bytes below it were sent. The
    loss must last `min_wait_s`, in which TCP sends again what was lost by chance.
    """
    elsewhere = told_by_tls(facts[endings])
    for x in facts[unheard]:
        if x.missing >= min_bytes and x.told and x.waited_s >= min_wait_s and x.connection.stream not in elsewhere:
            yield _lost(x)


def _lost(x: Unheard) -> Finding:
    c, told = x.connection, x.told or x.request
    client, server = c.client.address, c.server.address
    large = x.missing >= _FULL
    size = (
        " Small packets do arrive: probably large ones are dropped on the way (a smaller MTU, a black hole)."
        if large
        else ""
    )
    came = f" ({x.answered_bytes:,} bytes before that did)" if x.answered_bytes else ""
    return finding(
        "tcp_answer_lost",
        x.request,
        Severity.HIGH,
        Side.NETWORK,
        f"The answer of {c.server} to {client} is lost on its way: the server has sent {x.missing:,} bytes or more that"
        f" never arrive here{came}.{size}",
        Evidence.of(
            [f for f in (x.request, x.acknowledged, told, x.gave_up) if f],
            f"tcp.stream == {c.stream}",
            [
                Step(frames=(x.request,), text=f"{client} sends its request"),
                Step(
                    frames=(told,),
                    text=f"the sequence number of {server} is {x.missing:,} higher than what came: so much is missing",
                ),
                *_end(x),
            ],
        ),
        scope([c.stream], c.server, c.client),
        act=f"Whoever runs the path from {server} to {client} must act: it drops packets"
        f"{' of full size' if large else ''}.",
        measured={"missing_bytes": x.missing, "waited_s": round(x.waited_s, 3)},
        confidence=Confidence.PROBABLE,
        advice=(
            f"Find the largest packet that passes: ping -M do -s 1372 {client} on {server}, and smaller sizes.",
            "Look for tunnels (VPN, GRE, PPPoE) on the way; clamp the MSS there, and let ICMP type 3 code 4 pass.",
            f"Record on {server} at the same time: segments that are sent again and again there are what gets lost.",
        ),
        limits=("where the packets are lost", "whether their size is the reason"),
    )


def _end(x: Unheard) -> Iterator[Step]:
    c = x.connection
    if x.gave_up:
        yield Step(frames=(x.gave_up,), text=f"{c.client.address} gives up after {x.waited_s:.1f} s (FIN)")
    else:
        yield Step(frames=(), text=f"Nothing more comes in the {x.waited_s:.1f} s that follow.")


@rule(
    "Request without an answer", unheard, endings, closed_windows, proxy_headers, subject="requests without an answer",
    area=_AREA,
)  # fmt: skip
def tcp_no_answer(facts: Facts, *, gave_up_s: float = 3.0, silent_s: float = 10.0) -> Iterator[Finding]:
    """A server that acknowledges what the client says and never says a word on the connection, or only its greeting.

    The greeting is one segment, on a port where the server has to speak first: what the client says then wants an
    answer, whatever it is.
    Told where the client closes after waiting `gave_up_s` or longer; of low severity where the connection is open to
    the end, `silent_s` after: there are services that only listen (logs, measurements). Silent where the server closed
    its window for good: that it does not read is a matter of its own. Where the client
    begins with a PROXY header, that is named: a MySQL server that does not expect it takes its bytes for the length of
    a message, and waits for the rest.
    """
    headers = {header.stream: header.frame for header in facts[proxy_headers] if header.read}
    unread = {w.stream for w in facts[closed_windows] if w.reopened is None and w.closed_ms >= 1000 * gave_up_s}
    elsewhere = told_by_tls(facts[endings]) | unread
    for x in facts[unheard]:
        greeted = x.answers == 1 and x.connection.server.port in GREETING_PORTS and x.gave_up is not None
        quiet = not x.answered and (greeted or not x.answered_bytes)
        silent = quiet and x.acknowledged is not None and not x.missing
        enough = x.waited_s >= (gave_up_s if x.gave_up else silent_s)
        if silent and enough and x.connection.stream not in elsewhere:
            begun = headers.get(x.connection.stream)
            yield _silent(x) if begun is None else _behind_header(_silent(x), x, begun)


def _silent(x: Unheard) -> Finding:
    c = x.connection
    client, server = c.client.address, c.server.address
    how = f"{client} gives up after {x.waited_s:.1f} s" if x.gave_up else f"for {x.waited_s:.0f} s nothing comes"
    what = "sends its greeting and" if x.answered_bytes else "accepts the connection and"
    return finding(
        "tcp_no_answer",
        x.request,
        Severity.MEDIUM if x.gave_up else Severity.LOW,
        Side.SERVER,
        f"The server {c.server} {what} takes the request of {client}, but never answers: {how}.",
        Evidence.of(
            [f for f in (x.request, x.acknowledged, x.gave_up) if f],
            f"tcp.stream == {c.stream}",
            [
                Step(frames=(x.request,), text=f"{client} sends {count(c.client_payload, 'byte')}"),
                Step(frames=(x.acknowledged,) if x.acknowledged else (), text=f"{server} has it: acknowledged"),
                *_end(x),
            ],
        ),
        scope([c.stream], c.server, c.client),
        act=f"The server's side must act: see what the program on {server} port {c.server.port} waits for.",
        measured={"waited_s": round(x.waited_s, 3), "bytes": c.client_payload},
        confidence=Confidence.PROBABLE,
        advice=(
            f"Look into the log of the program on {server}; see whether it hangs, or waits for a database or a lock.",
            "See whether client and server speak the same protocol on this port: one that waits for TLS, or for more"
            " of the request, looks the same.",
        ),
        limits=("whether the client expected an answer at all", "what the server was doing"),
    )


def _behind_header(found: Finding, x: Unheard, header: int) -> Finding:
    client, server = x.connection.client.address, x.connection.server
    what = "sends its greeting and" if x.answered_bytes else "accepts the connection and"
    evidence = Evidence.of(
        [header, *found.evidence.frames],
        found.evidence.display_filter,
        [Step(frames=(header,), text=f"{client} begins with a PROXY header"), *found.evidence.steps],
    )
    return found.model_copy(
        update={
            "title": f"{client} begins its connection to {server} with a PROXY header, as load balancers do, which the"
            f" server most likely does not expect: it {what} takes the request, but never answers.",
            "act": f"Either side: {client} must not send the header to {server} (HAProxy: no send-proxy), or"
            f" {server.address} must be set to expect it.",
            "side": Side.EITHER,
            "evidence": evidence,
        }
    )
