"""HTTP responses that begin late though the network is fast (RFC 9110 names no limit)."""

import re
from collections import defaultdict
from collections.abc import Iterator

from explainer.facts import Facts
from explainer.lazy import pl
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.capture_quality import copies
from explainer.protocols.http import Exchange, requests
from explainer.protocols.tcp import Connection, connections, segments
from explainer.protocols.tcp_analysis import health
from explainer.protocols.tcp_sent import sent
from explainer.registry import rule
from explainer.rules.evidence import network_step
from explainer.rules.exchanges import AREA, SUBJECT, answering, asked, by_stream, request_words, scope, segment_filter
from explainer.rules.http_transfer import Undisturbed, undisturbed
from explainer.wording import milliseconds

_OK, _FIRST_ERROR = 200, 400
# What requests are called that wait for news on purpose (RFC 6202): such a wait is no fault.
_WAITING = re.compile(
    r"poll|comet|subscri|event|notif|watch|wait|stream|socket|signalr|bayeux|cometd|channel|updates?\b|changes\b|feed"
    r"|sse\b|push|presence|live\b|sync\b|xhr_send|xhr_streaming",
    re.IGNORECASE,
)
_NO_CONTENT = 204


@rule("Slow HTTP server", requests, connections, health, copies, segments, sent, subject=SUBJECT, area=AREA)
def http_slow(facts: Facts, *, min_ms: float = 2000, round_trip_share: float = 0.1, many: int = 3) -> Iterator[Finding]:
    """A response that begins late, on a connection that acknowledged the request at once: the server thinks.

    Two seconds: from there on people notice that they wait. Round trip and acknowledgement take at most a tenth of the
    wait, so that the network's part is beside the point. `many` such waits for one page, an answer without content, or
    a path that speaks of events look like a client that waits for news (long polling, RFC 6202): of low severity.
    Where packets are recorded twice, what only looks like a retransmission does not count.
    """
    calm = undisturbed(facts[connections], facts[health]) | _recorded_twice(facts)
    groups = defaultdict[tuple[object, ...], list[Exchange]](list)
    for e in facts[requests]:
        if _is_late(e, calm.get(e.stream), min_ms, round_trip_share):
            groups[e.client.address, e.server, e.host, e.path].append(e)
    for group in groups.values():
        waits = len(group) >= many or any(e.status == _NO_CONTENT or _WAITING.search(e.path) for e in group)
        worst = max(group, key=lambda e: e.first_byte_ms or 0)
        yield _slow(group, worst, calm[worst.stream], waits=waits)


def _recorded_twice(facts: Facts) -> Undisturbed:
    """Return the connections with copies of the capture in them in which, without these, nothing is sent again."""
    twice = facts[copies].frames
    if twice.is_empty():
        return {}
    once = facts[sent].select("frame", "stream", disturbed=pl.any_horizontal("again", "out_of_order"))
    streams = facts[segments].join(twice, on="frame", how="semi")["stream"].unique()
    calm = once.group_by("stream").agg(pl.col("disturbed").any()).filter(~pl.col("disturbed"))
    known = set(calm.filter(pl.col("stream").is_in(streams.implode()))["stream"].to_list())
    return {n: c for n, c in by_stream(facts[connections]).items() if c.established and n in known}


def _is_late(e: Exchange, below: Connection | None, min_ms: float, share: float) -> bool:
    """Return whether the server took long, and nothing but the server; an error is a finding of its own."""
    waited, acknowledged = e.first_byte_ms, e.acknowledged_ms
    if below is None or below.syn_ack_rtt_ms is None or waited is None or acknowledged is None or waited < min_ms:
        return False
    # Behind CONNECT and 101 waits something else than a web server.
    served = e.status is not None and _OK <= e.status < _FIRST_ERROR and e.method != "CONNECT"
    return served and max(below.syn_ack_rtt_ms, acknowledged) <= share * waited


def _slow(group: list[Exchange], worst: Exchange, below: Connection, *, waits: bool) -> Finding:
    waited, acknowledged = worst.first_byte_ms or 0, worst.acknowledged_ms or 0
    acknowledging, first_byte = worst.acknowledged_frame or 0, worst.first_byte_frame or 0
    delay = milliseconds(waited)
    on_purpose = ", perhaps on purpose" if waits else ""
    return Finding(
        id=f"http_slow:{worst.first_frame}",
        rule="http_slow",
        severity=Severity.LOW if waits else Severity.MEDIUM,
        confidence=Confidence.POSSIBLE if waits else Confidence.CERTAIN,
        side=Side.SERVER,
        title=f"{answering(worst)} is slow{on_purpose}: it takes {delay} to begin its answer to"
        f" {request_words([worst])}.",
        act="The server's side must act: the time passes on the server or behind it, not in the network."
        if not waits
        else "Nobody must act if the client waits for news (long polling); otherwise the server's side must.",
        measured={
            "first_byte_ms": waited,
            "acknowledged_ms": acknowledged,
            "round_trip_ms": below.syn_ack_rtt_ms or 0,
            "requests": len(group),
        },
        evidence=Evidence.of(
            [f for e in group for f in (e.request_frame, e.acknowledged_frame, e.first_byte_frame) if f],
            segment_filter(group),
            [
                asked(worst),
                Step(
                    frames=(acknowledging,), text=f"it has the request: acknowledged {milliseconds(acknowledged)} later"
                ),
                Step(frames=(first_byte,), text=f"its answer begins only {delay} after the request"),
                *network_step(below, first_byte),
            ],
        ),
        scope=scope(group),
        advice=(f"On {worst.server.address}, see what the application waits for: a database, a lock, another server.",),
        limitations=("what the server does meanwhile", "whether it waits on purpose (for news, say)"),
    )
