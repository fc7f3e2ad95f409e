"""HTTP redirections that lead back to where they began (RFC 9110 section 15.4)."""

from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.http import Exchange, requests
from explainer.protocols.web_cookies import Why, lost_cookies
from explainer.registry import rule
from explainer.rules.exchanges import (
    AREA,
    SUBJECT,
    Group,
    answered,
    asked,
    bare_host,
    frames,
    host,
    message_filter,
    scope,
)
from explainer.rules.http_cookie_lost import sent_back
from explainer.wording import count

_REDIRECTS = (301, 302, 303, 307, 308)
_SHOWN, _LONGEST = 3, 100


class _Page(NamedTuple):
    """What is asked for, by whom; the query, which may hold secrets, is unknown."""

    client: str
    scheme: str
    host: str
    path: str

    def __str__(self) -> str:
        return self.path[:_LONGEST] if self.scheme == "http" else f"https://{self.host}{self.path}"[:_LONGEST]


@rule("Redirection in a circle", requests, lost_cookies, subject=SUBJECT, area=AREA)
def http_redirect_loop(facts: Facts, *, min_redirects: int = 5, max_pause_s: float = 5.0) -> Iterator[Finding]:
    """A chain of redirections, followed by the client, that leads to one page `min_redirects` times and never out.

    Five times: RFC 2068 (section 10.3) named it as the most that a client should follow. Who follows on its own does so
    at once: after more than `max_pause_s` it is somebody who asks again. Seen too is a server behind a proxy that ends
    TLS, when it redirects to https what, as the proxy's X-Forwarded-Proto says, came by https. Silent where it is
    certain that a cookie that the client does not send back is why (http_cookie_lost).
    """
    explained = {lost.setting for lost in facts[lost_cookies] if lost.why is not Why.UNKNOWN and sent_back(lost)}
    awaited = dict[_Page, list[Exchange]]()
    for e in facts[requests]:
        if e.status is None or e.request_ns is None or e.response_ns is None:
            continue
        chain = awaited.pop(_page(e), [])
        if chain and e.request_ns - (chain[-1].response_ns or 0) > max_pause_s * 1e9:
            # Whoever comes back after a pause begins anew: what was a circle by then stays one.
            yield from _loop(chain, min_redirects, explained)
            chain = []
        target = _target(e)
        if target is not None:
            chain.append(e)
            awaited[target] = chain
    for chain in awaited.values():
        yield from _loop(chain, min_redirects, explained)


def _loop(chain: Group, min_redirects: int, explained: AbstractSet[Exchange]) -> Iterator[Finding]:
    times = Counter(map(_page, chain))
    back = _target(chain[-1])
    if back is None or times[back] < min_redirects or not explained.isdisjoint(chain):
        return
    pages = list(dict.fromkeys(page for page in map(_page, chain) if times[page] > 1))
    # The chain may have led into its circle from elsewhere.
    group = [e for e in chain if times[_page(e)] > 1]
    yield _finding(group, pages)


def _finding(group: Group, pages: Sequence[_Page]) -> Finding:
    first = group[0]
    back = pages[0] if len(pages) > 1 else "itself"
    way = " to ".join(map(str, (*pages[:_SHOWN], *(["more pages"] if len(pages) > _SHOWN else []))))
    steps = [step for e in group[: min(len(pages), _SHOWN)] for step in (asked(e), *answered(e))]
    more = [frame for e in group[len(pages) :] for frame in frames([e])]
    steps.append(Step(frames=tuple(more[:20]), text=f"so it goes on: {count(len(group), 'redirection')} in all"))
    behind_proxy = any(e.secure for e in group)
    return Finding(
        id=f"http_redirect_loop:{first.first_frame}",
        rule="http_redirect_loop",
        severity=Severity.HIGH,
        confidence=Confidence.CERTAIN,
        side=Side.SERVER,
        title=f"The web server {host(first)} redirects in a circle, again and again: {way} and back to {back}.",
        act="The server's side must act: "
        + (
            "it must see from X-Forwarded-Proto that the client already uses https."
            if behind_proxy
            else "one of these pages has to answer without a redirection."
        ),
        measured={"redirects": len(group), "pages": len(pages)},
        evidence=Evidence.of(frames(group), message_filter(group), steps),
        scope=scope(group),
        advice=(
            f"On {host(first)}, look up the rules for redirections (https, host name, sign-in) of these pages.",
            "See whether a cookie that the server sets comes back to it: without it, sign-in pages send in circles.",
        ),
        limitations=("why the server redirects: queries and cookies, by which it may judge, are not looked at",),
    )


def _page(e: Exchange) -> _Page:
    scheme = "https" if e.secure or e.over_tls else "http"
    return _Page(e.client.address, scheme, bare_host(e) or e.server.address, e.path or "/")


def _target(e: Exchange) -> _Page | None:
    """Return the page that the client is sent to, or None."""
    if e.status not in _REDIRECTS or not e.location:
        return None
    own = _page(e)
    try:
        parts = urlsplit(urljoin(f"{own.scheme}://{own.host}{own.path}", e.location))
        name = parts.hostname or ""
    except ValueError:
        return None
    return _Page(own.client, parts.scheme, f"[{name}]" if ":" in name else name, parts.path or "/")
