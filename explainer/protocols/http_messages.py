"""HTTP requests and responses, as many as a frame holds (RFC 9112, RFC 9113).

Rules
* Passwords never leave this module: of a target only its path is kept, of the headers only those that are named here.
* tshark prints the fields of all messages of a frame as one list each: where a field is not there as often as there are
  messages, nobody knows whose it is, and it is left out.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from explainer.facts import Column, Kind
from explainer.protocols.http_bodies import Written, written
from explainer.protocols.http_challenges import TOKEN, challenge, refusal
from explainer.protocols.http_cors import Leave, given, wanted

METHOD = Column("http.request.method", many=True)
TARGET = Column("http.request.uri", many=True)
HOST = Column("http.host", many=True)
REQUEST_VERSION = Column("http.request.version", many=True)
STATUS = Column("http.response.code", Kind.INT, many=True)
PHRASE = Column("http.response.phrase", many=True)
RESPONSE_VERSION = Column("http.response.version", many=True)
ASKING_HEADERS = Column("http.request.line", many=True)
HEADERS = Column("http.response.line", many=True)
TYPE_2 = Column("http2.type", Kind.INT, many=True)
STREAM_2 = Column("http2.streamid", Kind.INT, many=True)
METHOD_2 = Column("http2.headers.method", many=True)
TARGET_2 = Column("http2.headers.path", many=True)
HOST_2 = Column("http2.headers.authority", many=True)
STATUS_2 = Column("http2.headers.status", Kind.INT, many=True)
SERVER_2 = Column("http2.headers.server", many=True)
VIA_2 = Column("http2.headers.via", many=True)
LOCATION_2 = Column("http2.headers.location", many=True)
LENGTH_2 = Column("http2.headers.content_length", Kind.INT, many=True)

MESSAGES = (METHOD, STATUS, METHOD_2, STATUS_2)
COLUMNS = (
    *MESSAGES, TARGET, HOST, REQUEST_VERSION, PHRASE, RESPONSE_VERSION, ASKING_HEADERS, HEADERS, TYPE_2,
    STREAM_2, TARGET_2, HOST_2, SERVER_2, VIA_2, LOCATION_2, LENGTH_2,
)  # fmt: skip

# Headers by which proxies, caches and content networks say that an answer came by way of them, or from them.
_OF_PROXIES = (
    "via", "x-cache", "x-served-by", "x-squid-error", "proxy-status", "proxy-agent", "x-varnish", "cf-ray",
)  # fmt: skip
_CREDENTIALS = ("authorization", "proxy-authorization")
# By which a proxy that ends TLS tells the server that the client used it: RFC 7239, and what came before it.
_SECURE = (("x-forwarded-proto", "https"), ("forwarded", "proto=https"), ("front-end-https", "on"))
_UPGRADES = ("websocket",)
_HEADERS_2 = 1
_LONGEST_AGENT = 200
_FIRST_ERROR = 400
_WITH_AUTHORITY = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*:)?//(?P<authority>[^/?#]*)(?P<path>.*)", re.DOTALL)
BASIC, DIGEST = "basic", "digest"
_DIGEST_USER = re.compile(r'(?:^|[\s,])username="([^"]*)"', re.IGNORECASE)

Row = dict[str, Any]


class Request(NamedTuple):
    """What was asked for; `number` is the HTTP/2 stream, `size` the bytes of the body; see Exchange for the headers.

    `in_chunks` says that the body comes in chunks, without its size (RFC 9112, section 7.1).
    """

    version: str
    method: str
    host: str
    path: str
    number: int | None = None
    credentials: bool = False
    secure: bool = False
    scheme: str = ""
    user: str = ""
    to_proxy: bool = False
    agent: str = ""
    wish: str = ""
    leave_asked: Leave | None = None
    size: int | None = None
    in_chunks: bool = False


class Response(NamedTuple):
    """What was answered; see Exchange for the headers and for `written`."""

    version: str
    status: int
    reason: str
    content_length: int | None = None
    software: str = ""
    proxies: tuple[str, ...] = ()
    location: str = ""
    challenge: str = ""
    number: int | None = None
    written: Written | None = None
    error_name: str = ""
    leave_given: Leave | None = None

    @property
    def interim(self) -> bool:
        """Return whether another response follows (RFC 9110, section 15.2); 101 is the last one in HTTP."""
        return 100 <= self.status < 200 and self.status != 101


def messages(row: Row) -> Iterator[Request | Response]:
    """Yield the messages of a row of the frame table, in order."""
    methods, statuses = _values(row, METHOD), _values(row, STATUS)
    for index, method in enumerate(methods):
        version, host, target = (_own(row, column, index, len(methods)) for column in (REQUEST_VERSION, HOST, TARGET))
        headers = _headers(row, ASKING_HEADERS) if len(methods) == 1 else {}
        host = "" if any(map(_is_cut_host, _values(row, ASKING_HEADERS))) else host
        yield Request(
            version, method, _without_user(host), path(target), credentials=any(map(headers.get, _CREDENTIALS)),
            secure=any(word in value.lower() for name, word in _SECURE for value in headers.get(name, ())),
            scheme=_scheme(headers), user=_user(headers), wish=_wish(headers), leave_asked=wanted(method, headers),
            to_proxy=method == "CONNECT" or bool(_WITH_AUTHORITY.match(target)),
            agent=" ".join(headers.get("user-agent", ()))[:_LONGEST_AGENT],
            size=_length(headers), in_chunks="chunked" in " ".join(headers.get("transfer-encoding", ())).lower(),
        )  # fmt: skip
    for index, status in enumerate(statuses):
        if status is None:
            continue
        version, reason = (_own(row, column, index, len(statuses)) for column in (RESPONSE_VERSION, PHRASE))
        headers = _headers(row, HEADERS) if len(statuses) == 1 else {}
        yield Response(
            version, status, reason, _length(headers), " ".join(headers.get("server", ())), _proxies(headers),
            without_secrets(next(iter(headers.get("location", ())), "")), challenge(headers),
            written=written(headers, failed=status >= _FIRST_ERROR), error_name=refusal(headers),
            leave_given=given(headers),
        )  # fmt: skip
    yield from _messages_2(row)


def _wish(headers: dict[str, list[str]]) -> str:
    """Return what a request wants to go over to: "websocket" (RFC 6455)."""
    upgrade = " ".join(headers.get("upgrade", ())).lower()
    return next((name for name in _UPGRADES if name in upgrade), "")


def _credentials(headers: dict[str, list[str]]) -> tuple[str, str]:
    """Return scheme, in small letters, and the rest of the credentials."""
    values = (value for name in _CREDENTIALS for value in headers.get(name, ()))
    scheme, _, rest = next(values, "").strip().partition(" ")
    return scheme.lower(), rest.strip()


def _scheme(headers: dict[str, list[str]]) -> str:
    return _credentials(headers)[0] if TOKEN.fullmatch(_credentials(headers)[0]) else ""


def _user(headers: dict[str, list[str]]) -> str:
    """Return the user's name of Basic and Digest authentication (RFC 7617, RFC 7616); never the password."""
    scheme, rest = _credentials(headers)
    if scheme == DIGEST:
        named = _DIGEST_USER.search(rest)
        return named[1] if named else ""
    if scheme != BASIC:
        return ""
    try:
        return base64.b64decode(rest, validate=True).decode("utf-8", "replace").partition(":")[0]
    except binascii.Error:
        return ""


def _messages_2(row: Row) -> Iterator[Request | Response]:
    if not row[TYPE_2.field]:
        return
    pairs = zip(_values(row, TYPE_2), _values(row, STREAM_2), strict=False)
    numbers = list(dict.fromkeys(number for kind, number in pairs if kind == _HEADERS_2))
    methods, statuses = _values(row, METHOD_2), _values(row, STATUS_2)
    if len(numbers) == len(methods):
        for index, (number, method) in enumerate(zip(numbers, methods, strict=True)):
            host, target = (_own(row, column, index, len(methods)) for column in (HOST_2, TARGET_2))
            yield Request("HTTP/2", method, _without_user(host), path(target), number)
    if len(numbers) == len(statuses):
        for index, (number, status) in enumerate(zip(numbers, statuses, strict=True)):
            software, via, location, length = (
                _own(row, column, index, len(statuses)) for column in (SERVER_2, VIA_2, LOCATION_2, LENGTH_2)
            )
            if status is not None:
                proxies = (f"via: {via}",) if via else ()
                yield Response(
                    "HTTP/2", status, "", length or None, software, proxies, without_secrets(location), "", number
                )


def path(target: str) -> str:
    """Return the path of a request target: no host, no user, no query, no session in a path parameter."""
    absolute = _WITH_AUTHORITY.fullmatch(target) if not target.startswith("/") else None
    return _bare_path(absolute["path"]) or "/" if absolute else _bare_path(target)


def without_secrets(reference: str) -> str:
    """Return a URI reference (RFC 3986, section 4.1) without user, query, fragment and path parameters."""
    absolute = _WITH_AUTHORITY.fullmatch(reference)
    if absolute is None:
        return _bare_path(reference)
    return f"{absolute['scheme'] or ''}//{_without_user(absolute['authority'])}{_bare_path(absolute['path'])}"


def _bare_path(text: str) -> str:
    segments = re.split(r"[?#]", text, maxsplit=1)[0].split("/")
    # Without a slash it is CONNECT's host and port, where a user does not belong, but may stand.
    return (
        "/".join(segment.partition(";")[0] for segment in segments)
        if len(segments) > 1
        else _without_user(segments[0].partition(";")[0])
    )


def _without_user(authority: str) -> str:
    return authority.rpartition("@")[2]


def _values(row: Row, column: Column) -> list[Any]:
    return row[column.field] or []


def _own(row: Row, column: Column, index: int, messages: int) -> Any:
    values = _values(row, column)
    return (values[index] or "") if len(values) == messages else ""


def _is_cut_host(line: str | None) -> bool:
    """Return whether the frame was stored only as far as the middle of the host's name: its line has no end."""
    return line is not None and line.lower().startswith("host:") and not line.endswith("\\n")


def _headers(row: Row, lines: Column) -> dict[str, list[str]]:
    headers = dict[str, list[str]]()
    for line in _values(row, lines):
        name, _, value = (line or "").partition(":")
        # tshark prints the line's end as backslash, r, backslash, n.
        headers.setdefault(name.strip().lower(), []).append(value.removesuffix("\\n").removesuffix("\\r").strip())
    return headers


def _length(headers: dict[str, list[str]]) -> int | None:
    text = next(iter(headers.get("content-length", ())), "")
    return int(text) if text.isascii() and text.isdigit() else None


def _proxies(headers: dict[str, list[str]]) -> tuple[str, ...]:
    return tuple(f"{name}: {value}" for name in _OF_PROXIES for value in headers.get(name, ()))
