"""Calls over HTTP/2 that get no answer: gRPC's deadlines, and servers that speak HTTP/1 alone."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.banners import spoken
from explainer.protocols.http2_errors import Deadline, grpc_deadlines, http2_replies
from explainer.protocols.openings import openings
from explainer.protocols.tcp import Connection, Endpoint, connections
from explainer.registry import rule
from explainer.rules.evidence import connection_filter
from explainer.rules.exchanges import AREA
from explainer.rules.tcp_case import scope
from explainer.wording import count

_SUBJECT = "HTTP/2 or gRPC results"
_SHOWN = 20


@rule("gRPC deadline passed", grpc_deadlines, http2_replies, subject="calls cut off at their deadline", area=AREA)
def grpc_deadline(facts: Facts) -> Iterator[Finding]:
    """A gRPC call that the caller cancels when the deadline that it announced (grpc-timeout) has passed.

    In clear, or decrypted. Its program reports DEADLINE_EXCEEDED, which no packet says. Of low severity where a later
    call of the same method was answered.
    """
    good = {(r.client.address, r.server, r.about): r.frame for r in facts[http2_replies] if r.ok}
    groups = defaultdict[tuple[str, Endpoint, str, bool], list[Deadline]](list)
    for late in facts[grpc_deadlines]:
        matter = late.client.address, late.server, late.path
        groups[*matter, good.get(matter, 0) > late.frame].append(late)
    for (*_, overcome), group in groups.items():
        yield _late(group, overcome=overcome)


def _late(group: Sequence[Deadline], *, overcome: bool) -> Finding:
    first = group[0]
    client, server, waited = first.client.address, first.server, f"{first.timeout_s:.3g} s"
    more = tuple(late.frame for late in group[1:_SHOWN])
    return Finding(
        id=f"grpc_deadline:{first.frame}",
        rule="grpc_deadline",
        severity=Severity.LOW if overcome else Severity.HIGH,
        confidence=Confidence.CERTAIN,
        side=Side.SERVER,
        title=f"The gRPC service {server} does not complete the call {first.path} of {client} within the caller's"
        f" deadline of {waited}, so the caller cancels it (its program reports DEADLINE_EXCEEDED)"
        f"{'; a later call was answered' if overcome else ''}.",
        act="The service's side must see why it takes so long, or the caller must wait longer.",
        measured={"calls": len(group), "timeout_s": first.timeout_s},
        evidence=Evidence.of(
            [frame for late in group for frame in (late.request_frame, late.frame)],
            connection_filter(server, (late.stream for late in group)),
            [
                Step(frames=(first.request_frame,), text=f"{client} calls {first.path}, with a deadline of {waited}"),
                Step(
                    frames=(first.frame,), text="the caller cancels the call (RST_STREAM, CANCEL) before it is complete"
                ),
                *([Step(frames=more, text=f"the same {count(len(group) - 1, 'more time')}")] if more else []),
            ],
        ),
        scope=scope((late.stream for late in group), first.client, server),
        advice=(f"Look in the log of {server.address} for what the call waited for.",),
        limitations=("what the service was doing meanwhile",),
    )


@rule("HTTP/2 to a server of HTTP/1", connections, openings, subject="TCP connections", area=AREA)
def http2_to_http1(facts: Facts) -> Iterator[Finding]:
    """A client that begins with HTTP/2's preface, and a server that answers in HTTP/1 (RFC 9113, section 3.4).

    So do gRPC clients whose service's port speaks HTTP/1 alone, or stands behind a proxy that does.
    """
    by_stream = {c.stream: c for c in facts[connections]}
    groups = defaultdict[tuple[str, Endpoint], list[tuple[Connection, int, int]]](list)
    for opening in facts[openings]:
        said, answer = opening.client[:1], opening.server[:1]
        if said and answer and spoken(said[0].data) == "HTTP/2" and answer[0].data.startswith(b"HTTP/1"):
            c = by_stream[opening.stream]
            groups[c.client.address, c.server].append((c, said[0].frame, answer[0].frame))
    for group in groups.values():
        yield _old_server(group)


def _old_server(group: Sequence[tuple[Connection, int, int]]) -> Finding:
    c, said, answer = group[0]
    more = tuple(frame for *_, frame in group[1:_SHOWN])
    return Finding(
        id=f"http2_to_http1:{said}",
        rule="http2_to_http1",
        severity=Severity.HIGH,
        confidence=Confidence.CERTAIN,
        side=Side.EITHER,
        title=f"The client {c.client.address} speaks HTTP/2 (gRPC does) to {c.server}, which answers in HTTP/1: it"
        " does not take HTTP/2 there.",
        act=f"Either the server's side must switch HTTP/2 on for port {c.server.port} of {c.server.address}, or the"
        " client must use another port, or HTTP/1.",
        measured={"connections": len(group), "port": c.server.port},
        evidence=Evidence.of(
            [frame for _, *both in group for frame in both],
            connection_filter(c.server, (each.stream for each, *_ in group)),
            [
                Step(frames=(said,), text="the client begins with HTTP/2's preface (PRI * HTTP/2.0)"),
                Step(frames=(answer,), text="the server answers in HTTP/1"),
                *([Step(frames=more, text=f"the same {count(len(group) - 1, 'more time')}")] if more else []),
            ],
        ),
        scope=scope((each.stream for each, *_ in group), c.client, c.server),
        advice=(
            "In nginx: listen … http2 and grpc_pass; in other proxies: HTTP/2 (h2c) to clients and to the service.",
        ),
        limitations=("whether the client was meant for another port",),
    )
