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
from explainer.rules.patience import gave_up
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
    wait, so that the network's part is beside the point. Where the client had left (FIN) before the answer came, and
    refuses it (RST), that is what failed: after `min_ms`, or sooner, but each time as soon, as a program with a time
    limit does. `many` waits for one page that were sat out, an answer without content, or a path that speaks of events
    look like a client that waits for news (long polling, RFC 6202): of low severity. Where packets are recorded twice,
    what only looks like a retransmission does not count.
    """
    calm = undisturbed(facts[connections], facts[health]) | _recorded_twice(facts)
    groups = defaultdict[tuple[object, ...], list[Exchange]](list)
    for e in facts[requests]:
        if _is_late(e, calm.get(e.stream), round_trip_share):
            groups[e.client.address, e.server, e.host, e.path].append(e)
    for group in groups.values():
        gone = _gone(group, calm, min_ms)
        late = gone or [e for e in group if (e.first_byte_ms or 0) >= min_ms]
        if late:
            on_purpose = any(e.status == _NO_CONTENT or _WAITING.search(e.path) for e in late)
            waits = on_purpose or (len(late) >= many and not gone)
            worst = max(late, key=lambda e: e.first_byte_ms or 0)
            yield _slow(late, worst, calm[worst.stream], waits=waits, gone=bool(gone))


def _gone(group: list[Exchange], below: Undisturbed, long_ms: float) -> list[Exchange]:
    """Return those whose client had left before the answer came, as `gave_up` has it, and refused it."""
    left = [e for e in group if e.left_frame and any(r > e.left_frame for r in below[e.stream].client_resets)]
    told = gave_up([_patience_s(e) for e in left], long_ms / 1e3)
    return [e for e in left if _patience_s(e) in told]


def _patience_s(e: Exchange) -> float:
    return ((e.left_ns or 0) - (e.request_ns or 0)) / 1e9


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


def _is_late(e: Exchange, below: Connection | None, share: float) -> bool:
    """Return whether the server took long beside the network; an error is a finding of its own."""
    waited, acknowledged = e.first_byte_ms, e.acknowledged_ms
    if below is None or below.syn_ack_rtt_ms is None or waited is None or acknowledged is None:
        return False
    # Behind CONNECT and 101 waits something else than a web server.
    served = e.status is not None and _OK <= e.status < _FIRST_ERROR and e.method != "CONNECT"
    return served and max(below.syn_ack_rtt_ms, acknowledged) <= share * waited


def _slow(group: list[Exchange], worst: Exchange, below: Connection, *, waits: bool, gone: bool) -> Finding:
    waited, acknowledged = worst.first_byte_ms or 0, worst.acknowledged_ms or 0
    acknowledging, first_byte = worst.acknowledged_frame or 0, worst.first_byte_frame or 0
    delay, patience = milliseconds(waited), f"{_patience_s(worst):.1f} s" if gone else ""
    left = (worst.left_frame,) if gone and worst.left_frame else ()
    steps = [
        asked(worst),
        Step(frames=(acknowledging,), text=f"it has the request: acknowledged {milliseconds(acknowledged)} later"),
        *(Step(frames=left, text=f"the client has waited {patience}, and leaves (FIN)") for _ in left),
        Step(frames=(first_byte,), text=f"its answer begins only {delay} after the request"),
    ]
    return Finding(
        id=f"http_slow:{worst.first_frame}",
        rule="http_slow",
        severity=Severity.LOW if waits else Severity.HIGH if gone else Severity.MEDIUM,
        confidence=Confidence.POSSIBLE if waits else Confidence.CERTAIN,
        side=Side.SERVER,
        title=f"{answering(worst)} is slow{', perhaps on purpose' if waits else ''}: it takes {delay} to begin its"
        f" answer to {request_words([worst])}{f', and the client leaves after {patience}' if gone else ''}.",
        act=_act(waits=waits, gone=gone),
        measured={
            "first_byte_ms": waited,
            "acknowledged_ms": acknowledged,
            "round_trip_ms": below.syn_ack_rtt_ms or 0,
            "requests": len(group),
        },
        evidence=Evidence.of(
            [f for e in group for f in (e.request_frame, e.acknowledged_frame, e.left_frame, e.first_byte_frame) if f],
            segment_filter(group),
            [*steps, *network_step(below, first_byte)],
        ),
        scope=scope(group),
        advice=(f"On {worst.server.address}, see what the application waits for: a database, a lock, another server.",),
        limitations=("what the server does meanwhile", "whether it waits on purpose (for news, say)"),
    )


def _act(*, waits: bool, gone: bool) -> str:
    if waits:
        return "Nobody must act if the client waits for news (long polling); otherwise the server's side must."
    act = "The server's side must act: the time passes on the server or behind it, not in the network."
    return f"{act} Or the client must wait for longer: its time limit is shorter." if gone else act
