"""HTTP requests that the server takes and never answers (RFC 9110, section 15: every request gets a response)."""

from collections import defaultdict
from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.arp import resolutions
from explainer.protocols.dns import lookups
from explainer.protocols.frame import last_ns
from explainer.protocols.http import Exchange, requests
from explainer.protocols.tcp import Connection, connections
from explainer.protocols.tls.outcome import tcp_endings
from explainer.registry import rule
from explainer.rules.evidence import network_step
from explainer.rules.exchanges import AREA, SUBJECT, Group, answering, asked, request_words, scope, segment_filter
from explainer.rules.http_status import UPSTREAM
from explainer.rules.http_upstream import while_waiting
from explainer.rules.http_upstream_failures import Upstream
from explainer.rules.http_upstream_sight import Sight, sight
from explainer.rules.patience import gave_up
from explainer.wording import count

_SHOWN = 20
_LOOKS = 50
"""Behind so many gateways is looked: each look goes through the whole capture."""


@rule(
    "HTTP request never answered", requests, connections, last_ns, tcp_endings, lookups, resolutions,
    subject=SUBJECT, area=AREA,
)  # fmt: skip
def http_unanswered(facts: Facts, *, min_wait_s: float = 3.0, patience_s: float = 10.0) -> Iterator[Finding]:
    """Whole requests for a page that the server's TCP acknowledges and to which no byte of an answer comes.

    The client must have waited `min_wait_s` and left (FIN), or less, but each time as long, as a program with a time
    limit does; or the capture go on for `patience_s` after the request: people and programs give up from then on. A
    path that waits for news (long polling) was answered before: of low severity where the same page was answered at
    another time. Where the server hangs up, see http_no_response. What a gateway waits for meanwhile, where the capture
    holds that, is the cause.
    """
    by_stream, seen, looks = {c.stream: c for c in facts[connections]}, None, 0
    answered = {_page(e) for e in facts[requests] if e.status is not None}
    groups = defaultdict[tuple[object, ...], list[Exchange]](list)
    for e in facts[requests]:
        if _is_open(e):
            groups[*_page(e), e.server, bool(e.closed_frame)].append(e)
    for group in groups.values():
        waits = [_waited_s(e, facts[last_ns]) for e in group]
        told = gave_up(waits, min_wait_s) if group[0].closed_frame else {wait for wait in waits if wait >= patience_s}
        silent = [(e, wait) for e, wait in zip(group, waits, strict=True) if wait in told]
        if silent:
            first, waited = silent[0]
            seen, looks = seen or _sight(facts), looks + 1
            until = (first.request_ns or 0) + int(waited * 1e9)
            behind = while_waiting(first, until, seen) if looks <= _LOOKS else None
            below, overcome = by_stream[first.stream], _page(first) in answered
            yield _unanswered([e for e, _ in silent], below, waited, behind, overcome=overcome)


def _page(e: Exchange) -> tuple[str, str, str]:
    return e.client.address, e.host, e.path


def _is_open(e: Exchange) -> bool:
    """Return whether the server has the whole request, and has neither answered it nor ended the connection."""
    silent = e.status is None and not e.response_bytes and e.first_byte_frame is None
    taken = e.request_frame is not None and e.acknowledged_frame is not None and e.version != "HTTP/2"
    return silent and taken and not e.reset and (e.closed_frame is None or e.closed_by_client)


def _sight(facts: Facts) -> Sight:
    return sight(facts[connections], facts[tcp_endings], facts[requests], facts[lookups], facts[resolutions])


def _waited_s(e: Exchange, capture_ends: int) -> float:
    until = e.closed_ns or capture_ends
    return (until - (e.request_ns or until)) / 1e9


def _unanswered(
    group: Group, below: Connection, waited: float, behind: Upstream | None, *, overcome: bool
) -> Finding:  # fmt: skip
    e, again = group[0], group[1:]
    left = e.closed_frame
    end = "the client leaves (FIN)" if left else "the capture ends"
    acknowledged = e.acknowledged_frame or below.last_frame
    why = f", {'probably ' if behind.likely else ''}as {behind.server} behind it {behind.words}" if behind else ""
    own = f"The server's side must act: {e.server} has the request, and the program there, or what is behind it, hangs."
    steps = [
        asked(e),
        Step(frames=(acknowledged,), text=f"{e.server} has it: its system acknowledges, the program says nothing"),
        *([behind.step] if behind else []),
        Step(frames=(left,) if left else (), text=f"{waited:.1f} s later {end}; no byte of an answer has come"),
    ]
    if again:
        more = tuple(frame for o in again[:_SHOWN] for frame in (o.request_frame, o.closed_frame) if frame)
        steps.append(Step(frames=more, text=f"the same with {count(len(again), 'more request')}"))
    return Finding(
        id=f"http_unanswered:{e.first_frame}",
        rule="http_unanswered",
        severity=Severity.LOW if overcome else Severity.HIGH,
        confidence=Confidence.CERTAIN,
        side=Side.SERVER,
        title=f"{answering(e)} never answers {request_words(group)}{why}: after {waited:.1f} s {end}"
        f"{'; at another time it answered' if overcome else ''}.",
        act=behind.act if behind else own,
        measured={
            "waited_s": round(waited, 3), "requests": len(group),
            **({UPSTREAM: behind.stream} if behind and behind.stream else {}),
        },
        evidence=Evidence.of(
            [f for o in group for f in (o.request_frame, o.acknowledged_frame, o.closed_frame) if f]
            + [*(behind.frames if behind else ())],
            f"({segment_filter(group)}) || {behind.display_filter}" if behind else segment_filter(group),
            [*steps, *network_step(below, left or below.last_frame)],
        ),
        scope=scope(group),
        advice=(
            f"On {e.server.address}, see what the program did with this request: a lock, a database, another service.",
            "Try the request on the server itself: if it hangs there too, the network is out of the question.",
        ),
        limitations=("what the server did in that time",),
    )  # fmt: skip
