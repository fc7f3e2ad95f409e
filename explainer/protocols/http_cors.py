"""What a browser's preflight asks leave for, and what the answer gives leave to (Fetch Standard, 4.8); pure."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

_ALWAYS_METHODS = ("GET", "HEAD", "POST")
_ALWAYS_HEADERS = ("accept", "accept-language", "content-language", "range")
_ANY, _NEVER_ANY = "*", "authorization"
"""The wildcard, and the header that it does not cover."""
_LONGEST, _SAFE = 100, re.compile(r"[^\w!#$%&'*+.^`|~:/\[\]-]")

Headers = Mapping[str, Sequence[str]]


class Leave(NamedTuple):
    """The three things of a preflight: the origin, the methods and the headers, asked for or given leave to."""

    origin: str = ""
    methods: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()


def wanted(method: str, headers: Headers) -> Leave | None:
    """Return what a request asks leave for, None where it is no preflight."""
    origin, asked = _first(headers, "origin"), _first(headers, "access-control-request-method")
    if method != "OPTIONS" or not origin or not asked:
        return None
    return Leave(origin, (asked,), _listed(headers, "access-control-request-headers", lower=True))


def given(headers: Headers) -> Leave | None:
    """Return what an answer gives leave to, None where it names no origin."""
    origin = _first(headers, "access-control-allow-origin")
    if not origin:
        return None
    return Leave(
        origin, _listed(headers, "access-control-allow-methods"),
        _listed(headers, "access-control-allow-headers", lower=True),
    )  # fmt: skip


def lacking(asked: Leave, leave: Leave | None) -> str:
    """Return which header of the answer does not give leave, with what it lacks; "" where all is permitted.

    An asterisk stands for any method or header but Authorization; it does not where the request will carry
    credentials, which a preflight does not tell.
    """
    if leave is None:
        return "without Access-Control-Allow-Origin"
    if leave.origin not in (_ANY, asked.origin):
        return f"with Access-Control-Allow-Origin for {_plain(leave.origin)} alone, not for {_plain(asked.origin)}"
    method = next((m for m in asked.methods if m not in _ALWAYS_METHODS and not {m, _ANY} & {*leave.methods}), None)
    if method:
        return f"without {_plain(method)} in Access-Control-Allow-Methods"
    header = next((h for h in asked.headers if not _is_permitted(h, leave.headers)), None)
    return f"without {_plain(header)} in Access-Control-Allow-Headers" if header else ""


def _is_permitted(header: str, permitted: Sequence[str]) -> bool:
    any_ = _ANY in permitted and header != _NEVER_ANY
    return any_ or header in permitted or header in _ALWAYS_HEADERS


def _first(headers: Headers, name: str) -> str:
    return next(iter(headers.get(name, ())), "")


def _listed(headers: Headers, name: str, *, lower: bool = False) -> tuple[str, ...]:
    words = (word.strip() for value in headers.get(name, ()) for word in value.split(","))
    return tuple(word.lower() if lower else word for word in words if word)


def _plain(text: str) -> str:
    return _SAFE.sub("", text)[:_LONGEST]
