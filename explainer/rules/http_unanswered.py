"""HTTP requests that the server takes and never answers (RFC 9110, section 15: every request gets a response)."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.lazy import pl
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.arp import resolutions
from explainer.protocols.dns import lookups
from explainer.protocols.frame import last_ns
from explainer.protocols.http import Exchange, requests
from explainer.protocols.tcp import Connection, connections, segments
from explainer.protocols.tls.outcome import tcp_endings
from explainer.registry import rule
from explainer.rules.evidence import network_step
from explainer.rules.exchanges import AREA, SUBJECT, answering, asked, request_words, scope, segment_filter
from explainer.rules.http_status import UPSTREAM
from explainer.rules.http_upstream import while_waiting
from explainer.rules.http_upstream_failures import Upstream
from explainer.rules.http_upstream_sight import Sight, sight

_LOOKS = 50
"""Behind so many gateways is looked: each look goes through the whole capture."""


@rule(
    "HTTP request never answered", requests, connections, segments, last_ns, tcp_endings, lookups, resolutions,
    subject=SUBJECT, area=AREA,
)  # fmt: skip
def http_unanswered(facts: Facts, *, min_wait_s: float = 3.0, patience_s: float = 10.0) -> Iterator[Finding]:
    """A whole request that the server's TCP acknowledges and to which no byte of an answer comes.

    The client must have waited `min_wait_s` and left (FIN), or the capture go on for `patience_s` after the request:
    people and programs give up from then on. A path that waits for news (long polling) was answered before: of low
    severity where the same page was answered at another time. Where the server hangs up, see http_no_response. What a
    gateway waits for meanwhile, where the capture holds that, is the cause.
    """
    by_stream, seen, looks = {c.stream: c for c in facts[connections]}, None, 0
    answered = {(e.client.address, e.host, e.path) for e in facts[requests] if e.status is not None}
    for e in facts[requests]:
        open_ = e.request_frame and e.status is None and not e.response_bytes and e.first_byte_frame is None
        if (
            not open_
            or e.acknowledged_frame is None
            or e.version == "HTTP/2"
            or (e.closed_frame and not e.closed_by_client)
        ):
            continue
        waited = _request_wait(facts[segments], e, facts[last_ns])
        if waited >= (min_wait_s if e.closed_frame else patience_s) and not e.reset:
            overcome = (e.client.address, e.host, e.path) in answered
            seen, looks = seen or _sight(facts), looks + 1
            behind = while_waiting(e, (e.request_ns or 0) + int(waited * 1e9), seen) if looks <= _LOOKS else None
            yield _unanswered(e, by_stream[e.stream], waited, behind, overcome=overcome)


def _sight(facts: Facts) -> Sight:
    return sight(facts[connections], facts[tcp_endings], facts[requests], facts[lookups], facts[resolutions])


def _request_wait(table: "pl.DataFrame", e: Exchange, capture_ends: int) -> float:
    until = capture_ends
    if e.closed_frame:
        until = int(str(table.filter(pl.col("frame") == e.closed_frame)["time"][0]))
    return (until - (e.request_ns or until)) / 1e9


def _unanswered(e: Exchange, below: Connection, waited: float, behind: Upstream | None, *, overcome: bool) -> Finding:
    left = e.closed_frame
    end = "the client leaves (FIN)" if left else "the capture ends"
    acknowledged = e.acknowledged_frame or below.last_frame
    why = f", {'probably ' if behind.likely else ''}as {behind.server} behind it {behind.words}" if behind else ""
    own = f"The server's side must act: {e.server} has the request, and the program there, or what is behind it, hangs."
    return Finding(
        id=f"http_unanswered:{e.first_frame}",
        rule="http_unanswered",
        severity=Severity.LOW if overcome else Severity.HIGH,
        confidence=Confidence.CERTAIN,
        side=Side.SERVER,
        title=f"{answering(e)} never answers {request_words([e])}{why}: after {waited:.1f} s {end}"
        f"{'; at another time it answered' if overcome else ''}.",
        act=behind.act if behind else own,
        measured={"waited_s": round(waited, 3), **({UPSTREAM: behind.stream} if behind and behind.stream else {})},
        evidence=Evidence.of(
            [f for f in (e.request_frame, acknowledged, left, *(behind.frames if behind else ())) if f],
            f"({segment_filter([e])}) || {behind.display_filter}" if behind else segment_filter([e]),
            [
                asked(e),
                Step(frames=(acknowledged,), text=f"{e.server} has it: its system acknowledges, the program says"
                f" nothing"),
                *([behind.step] if behind else []),
                Step(frames=(left,) if left else (), text=f"{waited:.1f} s later {end}; no byte of an answer has come"),
                *network_step(below, left or below.last_frame),
            ],
        ),
        scope=scope([e]),
        advice=(
            f"On {e.server.address}, see what the program did with this request: a lock, a database, another service.",
            "Try the request on the server itself: if it hangs there too, the network is out of the question.",
        ),
        limitations=("what the server did in that time",),
    )  # fmt: skip
