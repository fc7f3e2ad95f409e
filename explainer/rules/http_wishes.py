"""HTTP requests that ask whether something may follow: a preflight of CORS (Fetch Standard), a WebSocket (RFC 6455)."""

from collections import defaultdict
from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.http import Exchange, requests
from explainer.protocols.http_cors import lacking
from explainer.registry import rule
from explainer.rules.exchanges import (
    AREA,
    SUBJECT,
    Group,
    answered,
    asked,
    frames,
    host,
    message_filter,
    request_words,
    said,
    scope,
)
from explainer.wording import count

_FIRST_REDIRECTION, _SWITCHED = 300, 101
_SHOWN = 20


@rule("CORS preflight refused", requests, subject=SUBJECT, area=AREA)
def http_preflight_refused(facts: Facts) -> Iterator[Finding]:
    """A browser's preflight (OPTIONS with Origin) answered with an error or a redirection, or without leave.

    Leave is Access-Control-Allow-Origin for the site that asks, and Access-Control-Allow-Methods and -Headers for the
    request that it will make; else the browser never sends that (Fetch Standard, 4.8). Of HTTP/1 alone: of HTTP/2 the
    headers are not read.
    """
    for group, why in _preflights(facts):
        first = group[0]
        yield _finding(
            "http_preflight_refused", group,
            f"The web server {host(first)} answers the CORS preflight (OPTIONS) of {request_words(group)} {why}: the"
            " browser then does not send the request itself, and reports a CORS error.",
            "The server's side must answer OPTIONS with 200 or 204, and permit the site that asks (Origin), the method"
            " and the headers of its request.",
            Side.SERVER,
            "Let the server (or the gateway before it) answer OPTIONS without a login: browsers send none with it.",
        )  # fmt: skip


@rule("WebSocket refused", requests, subject=SUBJECT, area=AREA)
def http_websocket_refused(facts: Facts) -> Iterator[Finding]:
    """A request to switch to WebSocket (Upgrade: websocket) that is not answered with 101 (RFC 6455, section 4.1)."""
    for group in _upgrades(facts):
        first = group[0]
        if first.status == _SWITCHED:
            continue
        yield _finding(
            "http_websocket_refused", group,
            f"The web server {host(first)} refuses the WebSocket (upgrade) of {request_words(group)}: it answers"
            f' "{said(first)}" in place of 101 Switching Protocols.',
            "The server's side, or the proxy before it, must allow WebSocket for this path and this site (Origin),"
            " or the client must sign in first.",
            Side.EITHER,
            "A proxy on the way has to pass Upgrade and Connection on (nginx: proxy_set_header Upgrade $http_upgrade).",
        )  # fmt: skip


def _preflights(facts: Facts) -> Iterator[tuple[Group, str]]:
    """Yield the preflights that get no leave, of one client, server and reason, with the reason."""
    groups = defaultdict[tuple[object, ...], list[Exchange]](list)
    for e in facts[requests]:
        if e.leave_asked is not None and e.status is not None:
            error = f'with "{said(e)}"' if e.status >= _FIRST_REDIRECTION else ""
            if why := error or lacking(e.leave_asked, e.leave_given):
                groups[e.client.address, e.server, e.host, why].append(e)
    yield from ((group, str(key[-1])) for key, group in groups.items())


def _upgrades(facts: Facts) -> Iterator[Group]:
    groups = defaultdict[tuple[object, ...], list[Exchange]](list)
    for e in facts[requests]:
        if e.wish and e.status is not None:
            groups[e.client.address, e.server, e.host, e.status].append(e)
    yield from groups.values()


def _finding(rule_id: str, group: Group, title: str, act: str, side: Side, advice: str) -> Finding:
    first = group[0]
    steps = [asked(first), *answered(first)]
    again = tuple(e.response_frame for e in group[1:_SHOWN] if e.response_frame)
    if again:
        steps.append(Step(frames=again, text=f"the same answer {count(len(group) - 1, 'more time')}"))
    return Finding(
        id=f"{rule_id}:{first.first_frame}",
        rule=rule_id,
        severity=Severity.HIGH,
        confidence=Confidence.CERTAIN,
        side=side,
        title=title,
        act=act,
        measured={"status": first.status or 0, "requests": len(group)},
        evidence=Evidence.of(frames(group), message_filter(group), steps),
        scope=scope(group),
        advice=(advice, f"Look for this moment in the log of {first.server.address}."),
        limitations=("whether the server, or a proxy on the way, made this answer",),
    )
