"""Sign-ins to web sites that do not last, since the client does not send back the cookie that stands for them."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.http import Exchange, requests
from explainer.protocols.sign_ins import CHALLENGES, leads_to_sign_in
from explainer.protocols.web_cookies import LostCookie, Why, lost_cookies
from explainer.registry import rule
from explainer.rules.exchanges import AREA, SUBJECT, answered, asked, frames, host, message_filter, scope
from explainer.wording import count

_LONGEST = 60
_REFUSALS = (*CHALLENGES, 403)
_REDIRECTS = range(300, 400)
_SHOWN = 20


@rule("Cookie not sent back", requests, lost_cookies, subject=SUBJECT, area=AREA)
def http_cookie_lost(facts: Facts) -> Iterator[Finding]:
    """A redirection that sets a cookie, which the client does not send where it leads: so it is sent back to sign in.

    Told where the page that it leads to is answered with a redirection to the page before, or after a form was sent
    (POST) with 401, 403, or a redirection to a page for signing in. A cookie with Secure is never sent over plain HTTP,
    and one of another domain never at all (RFC 6265, sections 5.3 and 5.4), which is certain; else the client keeps no
    cookies, or does not take this one, as probable and of medium severity.
    """
    groups = defaultdict[tuple[object, ...], list[LostCookie]](list)
    for lost in facts[lost_cookies]:
        if sent_back(lost):
            groups[lost.setting.client.address, lost.setting.server, lost.setting.host].append(lost)
    for group in groups.values():
        # One that certainly is not sent explains more than others beside it.
        known = [lost for lost in group if lost.why is not Why.UNKNOWN]
        first = (known or group)[0]
        yield _finding([lost for lost in group if (lost.name, lost.why) == (first.name, first.why)])


def sent_back(lost: LostCookie) -> bool:
    """Return whether the page that the client was led to does not know who asks, though somebody has just told.

    To who has sent nothing yet, a page for signing in is the way; back to the page before leads nobody.
    """
    e, told = lost.following, lost.setting.method == "POST"
    if e.status in _REFUSALS:
        return told and not e.credentials
    if e.status not in _REDIRECTS or not e.location:
        return False
    return _path(e.location) == lost.setting.path or (told and leads_to_sign_in(e.location))


def _path(location: str) -> str:
    try:
        return urlsplit(location).path
    except ValueError:
        return ""


def _finding(group: Sequence[LostCookie]) -> Finding:
    first = group[0]
    name, site, certain = _shown(first.name), host(first.setting), first.why is not Why.UNKNOWN
    title, act, limits = _told(first, name, site)
    exchanges = list(dict.fromkeys(e for lost in group for e in (lost.setting, lost.following)))
    return Finding(
        id=f"http_cookie_lost:{first.setting.first_frame}",
        rule="http_cookie_lost",
        severity=Severity.HIGH if certain else Severity.MEDIUM,
        confidence=Confidence.CERTAIN if certain else Confidence.PROBABLE,
        side=Side.SERVER if certain else Side.EITHER,
        title=title,
        act=act,
        measured={"times": len(group)},
        evidence=Evidence.of(frames(exchanges), message_filter(exchanges), _steps(group, name)),
        scope=scope(exchanges),
        advice=(
            "In the browser's developer tools (Application, Cookies; Network) see whether the cookie is kept, or why"
            " it is blocked.",
            f"Look up how the application behind {site} sets its session cookie: Secure, Domain, Path, SameSite.",
        ),
        limitations=limits,
    )


def _told(first: LostCookie, name: str, site: str) -> tuple[str, str, tuple[str, ...]]:
    """Return title, who must do what, and what is not known."""
    client = first.setting.client.address
    back = f"so {site} does not know who asks, and {_what(first.following)}"
    if first.why is Why.SECURE:
        return (
            f"The sign-in at {site} does not last: its cookie {name} is set for https alone (Secure), but the site is"
            f" used over plain HTTP, where {client} may not send it back; {back}.",
            "The server's side must act: serve the whole site over https, and redirect to it (or set the cookie without"
            " Secure).",
            (f"whether others reach {site} over https, by way of a proxy that does not say so",),
        )
    if first.why is Why.DOMAIN:
        return (
            f"The sign-in at {site} does not last: its cookie {name} is set for the domain {_shown(first.domain)}, to"
            f" which {site} does not belong, so {client} does not take it; {back}.",
            "The server's side must act: set the cookie for the host that is used, or use the host that it is set for.",
            ("what else the server sets in answers that are not in this capture",),
        )
    return (
        f"{client} does not send back the cookie {name} that {site} sets; {back}.",
        "The client's side must see whether cookies are kept and allowed; the server's how it sets this one (SameSite,"
        " Domain, Path).",
        ("why the client does not send it: it may keep no cookies at all",),
    )


def _what(e: Exchange) -> str:
    if e.status in _REFUSALS:
        return f"refuses ({e.status})"
    return f"sends it to {e.location[:_LONGEST]} again"


def _steps(group: Sequence[LostCookie], name: str) -> Iterator[Step]:
    first = group[0]
    set_at = first.setting.response_frame
    yield asked(first.setting)
    yield from answered(first.setting)
    yield Step(frames=(set_at,) if set_at else (), text=f"and sets the cookie {name}{_attribute(first)}")
    if first.following.request_frame:
        text = f"the client asks for {first.following.path[:_LONGEST]}, without this cookie"
        yield Step(frames=(first.following.request_frame,), text=text)
    yield from answered(first.following)
    more = [frame for lost in group[1:] for frame in frames([lost.setting, lost.following])]
    if more:
        yield Step(frames=tuple(dict.fromkeys(more))[:_SHOWN], text=f"the same {count(len(group) - 1, 'more time')}")


def _attribute(lost: LostCookie) -> str:
    return {Why.SECURE: " with Secure", Why.DOMAIN: f" for the domain {_shown(lost.domain)}"}.get(lost.why, "")


def _shown(text: str) -> str:
    return re.sub(r"[^\w.-]", "", text)[:_LONGEST]
