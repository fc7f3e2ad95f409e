"""HTTP requests that were answered with an error (RFC 9110 section 15)."""

import re
from collections import defaultdict
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from http import HTTPStatus

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.applications import replies
from explainer.protocols.arp import resolutions
from explainer.protocols.dns import lookups
from explainer.protocols.http import Exchange, requests
from explainer.protocols.http_challenges import GOES_ON
from explainer.protocols.openings import openings, wants_tls
from explainer.protocols.proxy_header import proxy_headers
from explainer.protocols.sign_ins import CHALLENGES
from explainer.protocols.tcp import Connection, connections
from explainer.protocols.tls.outcome import tcp_endings
from explainer.registry import rule
from explainer.rules import proxy_header
from explainer.rules.evidence import network_step
from explainer.rules.exchanges import (
    AREA,
    SUBJECT,
    Group,
    answered,
    asked,
    by_stream,
    complained,
    frames,
    host,
    message_filter,
    request_words,
    said,
    scope,
)
from explainer.rules.http_health_check import WATCHED, health_check
from explainer.rules.http_history import history, page
from explainer.rules.http_status_meanings import meaning, producer
from explainer.rules.http_upstream import upstream
from explainer.rules.http_upstream_database import database_behind, said_by_databases
from explainer.rules.http_upstream_failures import Upstream
from explainer.rules.http_upstream_sight import sight
from explainer.wording import count, listing

_FIRST_ERROR, _SERVER_ERROR, _LAST_ERROR = 400, 500, 599
_REDIRECTS, _ELSEWHERE = (301, 307), ("PermanentRedirect", "TemporaryRedirect")
_MORE_FRAMES = 20
_TLS_MATTER = re.compile(r"https (?:port|server)|ssl certificate|ssl-enabled|requires tls", re.IGNORECASE)

_BAD_REQUEST = 400
UPSTREAM = "upstream_stream"
"""The measure that names the connection behind a gateway, which other findings may be about."""


@rule(
    "HTTP error", requests, connections, openings, tcp_endings, lookups, proxy_headers, resolutions, replies,
    subject=SUBJECT, area=AREA,
)  # fmt: skip
def http_error(facts: Facts) -> Iterator[Finding]:
    """A status of 400 to 599 (RFC 9110 sections 15.5 and 15.6); those of one server with one status are one finding.

    A demand to sign in (401, 407) is silent when the client then asks for the page again and gets something else, or an
    answer that the capture does not show, or is refused with the credentials that it then sends; so is one for a token
    (Bearer) at a folder below which the client then asks with one, as registries of containers have it. An error that a
    later request for the page overcame is of low severity (of medium, where a server's error comes again and again
    while requests between are served); of info, where it asks to come back later (425, 429, OAuth's waiting devices),
    where HEAD only asked whether the page is there, and a page that the client deleted before, or that programs ask for
    on their own (favicon.ico, robots.txt). Silent, too, where the matter is TLS: the text of the answer says so (https
    port, client certificate), or it is 400 to something that is no HTTP, or to a load balancer's header that the server
    does not expect; and of preflights and WebSockets, which have rules of their own. What its text calls the error
    (codes of well-known APIs, and common phrases) tells the cause; so it does in a redirection of a store (S3) that
    names no place. Where the capture holds what a gateway tried meanwhile (a lookup, a connection, a request to the
    server behind it), and that failed or is passed on, that is the cause; of 503 without a try, what it knew before:
    connections refused, health checks that fail, requests still open there; and else what a database, asked last before
    the answer, refuses.
    """
    every, below = facts[requests], by_stream(facts[connections])
    last = {page(e): e for e in every}
    of_tls = {opening.stream for opening in facts[openings] if wants_tls(opening)}
    pages = history(every)
    asked_on = {e.stream for e in every if e.request_frame}
    begun = {c.stream for c in below.values() if c.syn_frames and c.client_payload} - asked_on
    seen = sight(tuple(below.values()), facts[tcp_endings], every, facts[lookups], facts[resolutions])
    headers = proxy_header.Refused([case for cases in proxy_header.not_understood(facts) for case in cases])
    groups = defaultdict[tuple[object, ...], list[Exchange]](list)
    for e in every:
        if e.status == _BAD_REQUEST and _is_about_header(e, below.get(e.stream), headers):
            continue
        met = e.status in CHALLENGES and (_goes_on(e, last[page(e)]) or pages.token_fetched(e))
        elsewhere = e.wish or e.leave_asked or _is_no_request(e, begun) or _is_about_tls(e, of_tls)
        if _is_error(e) and not met and not elsewhere:
            kind = e.status, e.error_name, pages.is_trifle(e), pages.later(e) is None
            groups[e.client.address, e.server, e.host, *kind].append(e)
    refusing = said_by_databases(facts[replies])
    told = [(g, upstream(g[0], seen) or database_behind(g[0], refusing, seen)) for g in groups.values()]
    checks = {(behind.asker, behind.server) for _, behind in told if behind and behind.before}
    for group, behind in told:
        first = group[0]
        # What a gateway's clients get weighs more than its health checks, by which that is told.
        check = (first.client.address, str(first.server)) in checks
        severity = pages.severity(group, Severity.MEDIUM if check else Severity.HIGH)
        later, unsteady = pages.later(first), pages.is_unsteady(first)
        yield _error(group, severity, below.get(first.stream), later, behind, unsteady=unsteady)


def _error(
    group: Group, severity: Severity, below: Connection | None, later: Exchange | None, behind: Upstream | None,
    *, unsteady: bool,
) -> Finding:  # fmt: skip
    first, means = group[0], meaning(group[0])
    cause = behind.cause(means.cause) if behind else means.cause
    again = tuple(e.response_frame for e in group[1:_MORE_FRAMES] if e.response_frame)
    steps = [asked(first), *([behind.step] if behind else []), *answered(first), *complained(first)]
    if again:
        steps.append(Step(frames=again, text=f"the same answer to {count(len(group) - 1, 'more request')}"))
    if later and later.response_frame:
        steps.append(Step(frames=(later.response_frame,), text=f"a later request for it is answered {said(later)}"))
    overcome = ", at first; a later request was served" if later else ""
    if unsteady:
        overcome = f", {'once' if len(group) == 1 else f'{len(group)} times'}; others, before and after, were served"
    way = f" on the way ({listing(first.proxies)})" if first.proxies else ""
    doubt = f"whether the server, or a proxy{way}, made this answer"
    watched = "" if overcome else health_check(group)
    doubtful = first.proxies or (first.to_proxy and first.method != "CONNECT")
    return Finding(
        id=f"http_error:{first.first_frame}",
        rule="http_error",
        severity=severity,
        confidence=Confidence.CERTAIN,
        side=means.side,
        title=f'{producer(first)} answers {request_words(group)} with "{said(first)}": {cause}{overcome}.'
        + (WATCHED if watched else ""),
        act=behind.act if behind and means.side is Side.SERVER else means.act,
        measured={"status": first.status or 0, "requests": len(group), **_measured(behind, watched)},
        evidence=Evidence.of(
            [*frames(group), *(behind.step.frames if behind else ())],
            _filter(group, behind),
            [*steps, *network_step(below, first.response_frame or 0)],
        ),
        scope=scope(group),
        advice=_advice(first, behind),
        limitations=(
            "why it answers so: its own log tells",
            *([doubt] if doubtful else []),
            *([] if behind is None or behind.sure else [f"whether {behind.asker} is the gateway itself"]),
        ),
    )


def _filter(group: Group, behind: Upstream | None) -> str:
    messages = message_filter(group)
    if behind is None:
        return messages
    return f"({messages}) || {behind.display_filter}"


def _measured(behind: Upstream | None, watched: str) -> dict[str, int | float | str]:
    seen: dict[str, int | float | str] = {"health_check": watched} if watched else {}
    return seen if behind is None or behind.stream is None else {UPSTREAM: behind.stream, **seen}


def _advice(first: Exchange, behind: Upstream | None) -> tuple[str, ...]:
    if behind:
        return (f"See what the log of {first.server.address} says of this moment, and that of {behind.server}.",)
    if first.status is not None and first.status >= _SERVER_ERROR:
        return (f"On {first.server.address}, look up the log of this moment: it says why it answered {first.status}.",)
    return (
        f"Compare what the client asks for (method, path, credentials) with what {host(first)} offers.",
        f"If the request is right, look up the log of {first.server.address} for this moment.",
    )


def _is_error(e: Exchange) -> bool:
    of_store = e.status in _REDIRECTS and not e.location and e.error_name in _ELSEWHERE
    return of_store or (e.status is not None and _FIRST_ERROR <= e.status <= _LAST_ERROR)


def _goes_on(e: Exchange, last: Exchange) -> bool:
    """Return whether a client that is to sign in comes to something else, or to be refused with its credentials."""
    more = not e.credentials or GOES_ON in e.challenge
    return last.status not in CHALLENGES or (last.credentials and more and last.first_frame > e.first_frame)


def _is_about_header(e: Exchange, c: Connection | None, headers: proxy_header.Refused) -> bool:
    return headers.explains(e.stream, c.first_frame if c else e.first_frame, e.response_frame or 0, e.server.address)


def _is_no_request(e: Exchange, begun: AbstractSet[int]) -> bool:
    """Return whether it answers no HTTP request: TLS (400), or nothing, after which a server says 408 and hangs up.

    Not so where the client had `begun` one, which never was complete.
    """
    if e.request_frame is not None:
        return False
    idle = e.status == HTTPStatus.REQUEST_TIMEOUT and e.stream not in begun
    return e.status == HTTPStatus.BAD_REQUEST or idle


def _is_about_tls(e: Exchange, of_tls: set[int]) -> bool:
    return bool(_TLS_MATTER.search(e.complaint)) or (e.status == HTTPStatus.BAD_REQUEST and e.stream in of_tls)
