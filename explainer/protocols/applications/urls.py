"""Passwords in the query of a request's URL over HTTP: readable on the way, and written down by servers and proxies."""

from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

from explainer.facts import Facts, fact
from explainer.lazy import pl
from explainer.protocols.applications.forms import FIELD_OF_PASSWORD, FIELD_OF_USER
from explainer.protocols.applications.records import Login
from explainer.protocols.frame import FRAME, PROTOCOLS
from explainer.protocols.http_again import http_frames
from explainer.protocols.http_messages import METHOD, TARGET
from explainer.protocols.tcp import Endpoint, segments

URL_NAME = "HTTP URL"
_SHORTEST = 4  # fewer characters are a number or a choice (pass=2), or a page that asks for the password


@fact("passwords in URLs", http_frames, segments)
def in_urls(facts: Facts) -> tuple[Login, ...]:
    """Return the requests, not over TLS, whose URL holds a password, in file order; the password is not kept."""
    asked = facts[http_frames].select(
        pl.col(FRAME.field).alias("frame"), PROTOCOLS.field, METHOD.field, pl.col(TARGET.field).alias("targets")
    )
    likely = pl.col("targets").list.eval(pl.element().str.contains("(?i)pass|pwd")).list.any()
    clear = ~pl.col(PROTOCOLS.field).str.contains(r":tls\b")
    table = asked.filter(pl.col(METHOD.field).is_not_null() & likely & clear).join(
        facts[segments].select("frame", "stream", "src", "sport", "dst", "dport"), on="frame", maintain_order="left"
    )
    return tuple(login for row in table.iter_rows(named=True) for login in _logins(row))


def _logins(row: dict[str, object]) -> Iterator[Login]:
    source, target = (
        Endpoint(str(row["src"]), int(str(row["sport"]))),
        Endpoint(str(row["dst"]), int(str(row["dport"]))),
    )
    for text in row["targets"]:  # type: ignore[attr-defined]  # a list column
        named = parse_qsl(_query(text or ""))
        if any(FIELD_OF_PASSWORD.fullmatch(key) and len(value) >= _SHORTEST for key, value in named):
            user = next((value for key, value in named if FIELD_OF_USER.fullmatch(key)), "")
            stream, frame = int(str(row["stream"])), int(str(row["frame"]))
            yield Login(URL_NAME, stream, source, target, user, "password", (frame,))


def _query(target: str) -> str:
    try:
        return urlsplit(target).query
    except ValueError:  # what an attacker sends need not be a URL
        return ""
