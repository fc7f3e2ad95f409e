"""Cookies that a web server sets and that the client does not send back where it is sent on to (RFC 6265).

Rule: no value of a cookie is kept, only whether it has one.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import urlsplit

from explainer.facts import Facts, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME
from explainer.protocols.http import Exchange, requests
from explainer.protocols.http_again import http_frames
from explainer.protocols.http_messages import ASKING_HEADERS, HEADERS, METHOD, STATUS

_REDIRECTS = (301, 302, 303, 307, 308)
_LONGEST_PAUSE_S = 5.0
"""Who follows a redirection does so at once."""
_SET, _SENT = "set-cookie:", "cookie:"
_DELETES = re.compile(r";\s*(?:max-age=0*-?0*(?:;|$)|expires=[^;]*\b19[67]\d\b)", re.IGNORECASE)
_LOCAL = re.compile(r"localhost|.*\.localhost|127\.[\d.]+|\[::1\]")
"""Browsers take plain HTTP to the own machine for safe."""


class Why(StrEnum):
    """Why a client does not send a cookie back."""

    SECURE = "secure"
    DOMAIN = "domain"
    UNKNOWN = ""


class Cookie(NamedTuple):
    """A cookie that is set: its name, its attributes in small letters."""

    name: str
    attributes: dict[str, str]


class LostCookie(NamedTuple):
    """A cookie that an answer sets before it sends the client on, and the request there, which comes without it."""

    name: str
    why: Why
    domain: str
    setting: Exchange
    following: Exchange


@fact("HTTP requests", requests, http_frames)
def lost_cookies(facts: Facts) -> tuple[LostCookie, ...]:
    """Return the cookies of redirections that the client does not send where these lead, by the frame of that request.

    Only where the client follows within 5 s, to the same host, and the cookie's path fits. HTTP/1 alone.
    """
    given, sent = _cookies(facts)
    if not given:
        return ()
    waiting = dict[tuple[str, str, str], Exchange]()
    found = list[LostCookie]()
    for e in facts[requests]:
        setting = waiting.pop((e.client.address, e.host, e.path), None)
        if setting is not None and e.request_frame is not None and _at_once(setting, e):
            carried = sent.get(e.request_frame, frozenset[str]())
            for cookie in given[setting.response_frame or 0]:
                if cookie.name not in carried and _fits(cookie, e):
                    found.append(
                        LostCookie(cookie.name, _why(cookie, e), cookie.attributes.get("domain", ""), setting, e)
                    )
        if e.status in _REDIRECTS and e.response_frame in given and (path := _target(e)):
            waiting[e.client.address, e.host, path] = e
    return tuple(found)


def _at_once(before: Exchange, e: Exchange) -> bool:
    # The client must have read the answer before it asks.
    follows = (before.response_frame or 0) < (e.request_frame or 0)
    return follows and (e.request_ns or 0) - (before.response_ns or 0) <= _LONGEST_PAUSE_S * 1e9


def _target(e: Exchange) -> str:
    """Return the path on the same host, in plain HTTP where it was that, that a redirection leads to, or ""."""
    try:
        parts = urlsplit(e.location)
    except ValueError:
        return ""
    scheme = "https" if e.over_tls else "http"
    same = parts.scheme in ("", scheme) and parts.netloc in ("", e.host)
    return (parts.path if parts.path.startswith("/") else "" if parts.path else "/") if same and e.location else ""


def _why(cookie: Cookie, e: Exchange) -> Why:
    """Return what keeps a client from sending it (RFC 6265, sections 5.3 and 5.4)."""
    host = e.host.rpartition(":")[0] if re.search(r":\d+$", e.host) else e.host
    domain = cookie.attributes.get("domain", "").lstrip(".").lower()
    if "secure" in cookie.attributes and not (e.over_tls or e.secure or _LOCAL.fullmatch(host)):
        return Why.SECURE
    if domain and host.lower() != domain and not host.lower().endswith(f".{domain}"):
        return Why.DOMAIN
    return Why.UNKNOWN


def _fits(cookie: Cookie, e: Exchange) -> bool:
    """Return whether it belongs to the path that is asked for; without one it is of the folder of the page that set it.

    The default is left aside (RFC 6265, section 5.1.4): nearly every sign-in says "/".
    """
    path = cookie.attributes.get("path", "")
    return path == "" or e.path == path or e.path.startswith(path if path.endswith("/") else f"{path}/")


def _cookies(facts: Facts) -> tuple[dict[int, list[Cookie]], dict[int, frozenset[str]]]:
    """Return what each frame sets, and the names of what each sends; of frames with one message alone."""
    given, sent = dict[int, list[Cookie]](), dict[int, frozenset[str]]()
    alone = pl.col(METHOD.field).list.len().fill_null(0) + pl.col(STATUS.field).list.len().fill_null(0) == 1
    columns = (FRAME, ASKING_HEADERS, HEADERS)
    table = facts[http_frames].filter(alone).select(column.field for column in columns)
    for frame, asking, answering in table.iter_rows():
        if set_here := [c for line in answering or () if line for c in _given(line)]:
            given[frame] = set_here
        if asking:
            sent[frame] = frozenset(name for line in asking if line for name in _sent(line))
    return given, sent


def _given(line: str) -> Iterator[Cookie]:
    if not line.lower().startswith(_SET):
        return
    text = line[len(_SET) :].removesuffix("\\n").removesuffix("\\r")
    first, *rest = text.split(";")
    name, _, value = first.strip().partition("=")
    if name and value and not _DELETES.search(text):
        pairs = (part.strip().partition("=") for part in rest)
        yield Cookie(name, {key.strip().lower(): value.strip() for key, _, value in pairs})


def _sent(line: str) -> Iterator[str]:
    if line.lower().startswith(_SENT):
        text = line[len(_SENT) :].removesuffix("\\n").removesuffix("\\r")
        yield from (part.strip().partition("=")[0] for part in text.split(";"))
