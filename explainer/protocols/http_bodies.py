"""The short texts that HTTP responses carry: how they are written, and their lines (RFC 9110, section 8); pure."""

import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from explainer.protocols.http_complaints import LONGEST_TEXT

_TEXTS = ("text/plain", "text/html")
_JSON = ("application/json", "application/problem+json")
_ZLIB = {"gzip": 31, "x-gzip": 31, "deflate": 47}
"""Content codings (RFC 9110, section 8.4.1), with the window bits by which zlib reads them."""
_HEADERS_END = b"\r\n\r\n"
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[^\r\n]*\r\n")


@dataclass(frozen=True, slots=True)
class Written:
    """How a text is written: as JSON, with a content coding ("gzip"; empty: none), in chunks (RFC 9112 section 7.1)."""

    json: bool
    coding: str
    chunked: bool


def written(headers: Mapping[str, Sequence[str]]) -> Written | None:
    """Return how the text of a response with these headers is written, None where it is long or no text to read."""

    def first(name: str) -> str:
        return next(iter(headers.get(name, ())), "").partition(";")[0].strip().lower()

    kind, length = first("content-type"), first("content-length")
    if kind not in (*_TEXTS, *_JSON) or (length.isdecimal() and int(length) > LONGEST_TEXT):
        return None
    return Written(kind in _JSON, first("content-encoding"), first("transfer-encoding").endswith("chunked"))


def lines(message: bytes, how: Written) -> list[str]:
    """Return the text after a response's headers, line by line; of JSON its strings, names left out."""
    body = message.partition(_HEADERS_END)[2]
    if how.chunked:
        body = b"".join(_chunks(body))
    if how.coding in _ZLIB:
        body = _inflated(body, _ZLIB[how.coding])
    text = body.decode("utf-8", "replace")
    if how.json:
        try:
            return list(_strings(json.loads(text)))
        except (ValueError, RecursionError):  # cut off, or not what its header says
            pass
    return text.splitlines()


def _chunks(body: bytes) -> Iterator[bytes]:
    place = 0
    while (size := _CHUNK.match(body, place)) and int(size[1], 16):
        yield body[size.end() : size.end() + int(size[1], 16)]
        place = size.end() + int(size[1], 16) + len(b"\r\n")


def _inflated(body: bytes, window_bits: int) -> bytes:
    try:  # a little can become very much
        return zlib.decompressobj(window_bits).decompress(body, LONGEST_TEXT + 1)
    except zlib.error:
        return b""


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _strings(inner)
