"""HTTP responses that are cut off, never come, or come late, told from the connection beneath (RFC 9112 section 9)."""

from collections import defaultdict
from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.banners import spoken
from explainer.protocols.frame import CAPTURED_LENGTH, LENGTH
from explainer.protocols.http import Exchange, requests
from explainer.protocols.openings import openings
from explainer.protocols.tcp import Connection, connections
from explainer.protocols.tcp_analysis import Health, health
from explainer.protocols.tcp_resets import resets
from explainer.registry import rule
from explainer.rules.evidence import network_step
from explainer.rules.exchanges import (
    AREA,
    SUBJECT,
    answering,
    asked,
    by_stream,
    request_words,
    scope,
    segment_filter,
    service,
)

Undisturbed = dict[int, Connection]

_NOT_REPEATED = ("POST", "PATCH")  # RFC 9110, section 9.2.2: not idempotent
_TLS_PORT = 443  # 8443, 9443 and so on as well


def undisturbed(connections: tuple[Connection, ...], healths: tuple[Health, ...]) -> Undisturbed:
    """Return, by stream, the connections seen from their start, in which nothing is missing or in disorder.

    Of others nobody can say from here what the server sent.
    """
    calm = {h.stream for h in healths if not (h.retransmissions or h.lost_segments or h.out_of_order)}
    return {n: c for n, c in by_stream(connections).items() if c.established and n in calm}


@rule("Incomplete HTTP response", requests, connections, health, LENGTH, CAPTURED_LENGTH, subject=SUBJECT, area=AREA)
def http_incomplete(facts: Facts, *, min_bytes: int = 100) -> Iterator[Finding]:
    """A response that begins, and that the server's FIN or reset ends before it is whole (RFC 9112 section 8).

    tshark dissects no response that never gets whole: its announced length is unknown. Where a gateway's own request
    for the same is seen to be cut off first, the server behind it is named. Silent where the connection has
    losses or disorder, where frames were stored cut, and where what came is no HTTP: headers alone take `min_bytes`,
    and of less without a line's end tshark does not say what it is.
    """
    lengths = facts.frames(LENGTH, CAPTURED_LENGTH)
    if (lengths[LENGTH.field] > lengths[CAPTURED_LENGTH.field]).any():
        return
    calm = undisturbed(facts[connections], facts[health])
    cut = [e for e in facts[requests] if _is_cut(e, min_bytes) and e.stream in calm]
    for e in cut:
        yield _incomplete(e, calm[e.stream], next((o for o in cut if _is_behind(o, e)), None))


def _is_cut(e: Exchange, min_bytes: int) -> bool:
    return (e.response_bytes or 0) >= min_bytes and not e.unreadable and _ended_by_server(e)


def _is_behind(o: Exchange, e: Exchange) -> bool:
    """Return whether a gateway asks for the same meanwhile, and is cut off before it cuts off its own client."""
    asked = (e.request_frame or 0) < (o.request_frame or 0)
    return o.path == e.path and o.server != e.server and asked and (o.closed_frame or 0) < (e.closed_frame or 0)


def _incomplete(e: Exchange, below: Connection, behind: Exchange | None) -> Finding:
    closed, size = e.closed_frame or below.last_frame, e.response_bytes or 0
    ends = "resets" if e.reset else "closes"
    steps = [
        asked(e),
        Step(frames=(e.first_byte_frame or closed,), text=f"the answer begins; {size:,} bytes of it come"),
        Step(frames=(closed,), text=f"the server {ends} the connection before the end of the answer has come"),
    ]
    because, culprit = "", "it"
    if behind:
        because, culprit = f", as {behind.server} behind it does first", str(behind.server)
        frames = tuple(frame for frame in (behind.request_frame, behind.closed_frame) if frame)
        steps.insert(1, Step(frames=frames, text=f"the gateway asks {behind.server}, which ends its answer too soon"))
    return Finding(
        id=f"http_incomplete:{e.first_frame}",
        rule="http_incomplete",
        severity=Severity.HIGH,
        confidence=Confidence.PROBABLE,
        side=Side.SERVER,
        title=f"{answering(e)} {ends} the connection before its answer to {request_words([e])} is complete{because}.",
        act=f"The server's side must act: {culprit} ends the connection while it still owes a part of the answer.",
        measured={"response_bytes": size},
        evidence=Evidence.of(
            [f for f in (e.request_frame, e.first_byte_frame, closed) if f],
            segment_filter([e]),
            [*steps, *network_step(below, closed)],
        ),
        scope=scope([e]),
        advice=(
            f"On {e.server.address}, look up the log of this moment: a crash, a timeout, a full disk, a changed file.",
            "Follow the TCP stream in Wireshark: the answer's first lines tell the length that was announced.",
        ),
        limitations=("why the server stopped", "whether something between client and server cut the answer off"),
    )


_NOT_STRANGE = ("HTTP", "plain text", "")


@rule("HTTP request without a response", requests, connections, health, resets, openings, subject=SUBJECT, area=AREA)
def http_no_response(facts: Facts) -> Iterator[Finding]:
    """A whole request after which the server closes or resets the connection without a byte of an answer.

    A server may close an idle connection just when the next request is under way (RFC 9112 section 9.5), or the client
    overlooks that it has (its FIN comes before the request), and then asks again: of low severity where a later request
    for the page is answered, or the connection had served another; of medium, where that is one that programs do not
    repeat by themselves (POST). An answer that comes while the request is still being sent, such as 413, is its answer
    (RFC 9112 section 9.5). Silent where the connection has losses or disorder, or began to end otherwise before the
    request; where a device on the way reset it, which is a matter of its own; on ports of TLS, where a server hangs up
    on plain HTTP; and where it speaks another protocol. Where the server answers nobody in plain HTTP, it is said that
    it may expect https.
    """
    every, calm = facts[requests], undisturbed(facts[connections], facts[health])
    for reset in facts[resets]:
        if reset.of_another:
            calm.pop(reset.stream, None)
    last_answered = {_page(e): e.first_frame for e in every if e.status is not None}
    strange = {o.stream for o in facts[openings] if o.server and spoken(o.server[0].data) not in _NOT_STRANGE}
    first_answered = {e.stream: e.first_frame for e in reversed(every) if e.status is not None}

    def idle(e: Exchange) -> bool:
        return first_answered.get(e.stream, e.first_frame) < e.first_frame

    def overcome(e: Exchange) -> bool:
        return last_answered.get(_page(e), 0) > e.first_frame

    speaks = {e.server for e in every if e.status is not None}
    groups = defaultdict[tuple[object, ...], list[Exchange]](list)
    for e in every:
        other = e.stream in strange or _is_plain_on_tls_port(e)
        unanswered = e.response_bytes == 0 and _ended_by_server(e) and not other
        if unanswered and e.stream in calm:
            ended = _ended_before(e, calm[e.stream])
            if not ended or (idle(e) and _overlooked(e, calm[e.stream])):
                groups[e.client.address, e.server, e.host, e.reset, bool(ended), idle(e), overcome(e)].append(e)
    for group in groups.values():
        first = group[0]
        below, is_known = calm[first.stream], first.server in speaks
        yield _no_response(group, below, idle=idle(first), overcome=overcome(first), is_known=is_known)


def _no_response(group: list[Exchange], below: Connection, *, idle: bool, overcome: bool, is_known: bool) -> Finding:
    first = group[0]
    closed = first.closed_frame or below.last_frame
    ends, flag = ("resets", "RST") if first.reset else ("closes", "FIN")
    at_first = ", at first; a later request was answered" if overcome else ""
    before = _ended_before(first, below)
    just_then = ": it ends an idle connection just when the next request is under way"
    if before:
        just_then = ": it had ended the idle connection before that request came"
    # Nobody was answered there in plain HTTP: it may be another protocol's port.
    doubt = "" if is_known else f"; or, if port {first.server.port} is one for https, the client must use https://"
    return Finding(
        id=f"http_no_response:{first.first_frame}",
        rule="http_no_response",
        severity=_weight(first, idle=idle, overcome=overcome),
        confidence=Confidence.PROBABLE if idle else Confidence.CERTAIN,
        side=Side.EITHER if first.reset or doubt else Side.SERVER,
        title=f"{answering(first)} {ends} the connection without any answer to {request_words(group)}"
        f"{just_then if idle else ''}{at_first}.",
        act=(
            "The client must ask again on a new connection: the server may end an idle one at any time."
            if idle
            else f"The server's side must act: {first.server} takes the request and hangs up{doubt}."
        ),
        measured={"requests": len(group)},
        evidence=Evidence.of(
            [f for e in group for f in (e.request_frame, e.closed_frame) if f] + before,
            segment_filter(group),
            [
                *(Step(frames=(frame,), text="the server ends the idle connection (FIN)") for frame in before),
                asked(first),
                Step(frames=(closed,), text=f"the server {ends} the connection ({flag}) and has sent nothing"),
                *network_step(below, closed),
            ],
        ),
        scope=scope(group),
        advice=_advice(first, idle=idle),
        limitations=("whether a firewall or proxy on the way ended the connection in the server's name",),
    )


def _advice(first: Exchange, *, idle: bool) -> tuple[str, ...]:
    if idle:
        return (
            "Let the client close idle connections sooner than the server does (its keep-alive time-out), and repeat a"
            " request that this happens to.",
            f"Look up the keep-alive time-out of {first.server.address}: longer than the client's is right.",
        )
    return (
        f"On {first.server.address}, look up the log of this moment: a crash, a limit, a request that it forbids.",
        f"Check that port {first.server.port} is meant for plain HTTP, not for https or another protocol.",
    )


def _weight(first: Exchange, *, idle: bool, overcome: bool) -> Severity:
    """Return the weight: on an idle connection programs repeat most requests by themselves, but not these."""
    if idle and not overcome and first.method in _NOT_REPEATED:
        return Severity.MEDIUM
    return Severity.LOW if idle or overcome else Severity.HIGH


def _ended_by_server(e: Exchange) -> bool:
    """Return whether the server ended the connection of a whole HTTP/1 request that had no whole response."""
    asked_for = e.request_frame is not None and e.version.startswith("HTTP/1") and e.method != "HEAD"
    return asked_for and e.status is None and e.closed_before_response and not e.closed_by_client


def _is_plain_on_tls_port(e: Exchange) -> bool:
    return e.server.port % 1000 == _TLS_PORT and not e.over_tls


def _ended_before(e: Exchange, below: Connection) -> list[int]:
    """Return the frames before the request in which the connection began to end."""
    ends = (*below.client_ends, *below.server_ends, *below.client_resets, *below.server_resets)
    return sorted(frame for frame in ends if frame < (e.request_frame or 0))


def _overlooked(e: Exchange, below: Connection) -> bool:
    """Return whether it was the server's FIN alone, and all that answers the request is its reset."""
    return e.reset and _ended_before(e, below) == list(below.server_ends[:1])


def _page(e: Exchange) -> tuple[str, str, str]:
    return e.client.address, service(e), e.path
