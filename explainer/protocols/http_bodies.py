"""The short texts that HTTP responses carry: how they are written, and their lines (RFC 9110, section 8); pure."""

import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum, auto
from typing import Any, NamedTuple

from explainer.protocols.http_complaints import LONGEST_TEXT


class Form(StrEnum):
    """What a text is made of."""

    TEXT = auto()
    JSON = auto()
    XML = auto()


_FORMS = {
    "text/plain": Form.TEXT, "text/html": Form.TEXT, "application/json": Form.JSON, "text/xml": Form.XML,
    "application/xml": Form.XML, "application/soap+xml": Form.XML,
}  # fmt: skip
"""By media type."""
LONGEST_XML = 6000
"""Bytes: a SOAP message says in its tags whether it is a fault, and has many."""
_LONGEST_ERROR = 2000
"""Bytes: APIs describe their errors at length."""
_JSON_TYPE = re.compile(r"application/(?:[\w.-]+\+json|x-amz-json-\d\.\d)")
_ZLIB = {"gzip": 31, "x-gzip": 31, "deflate": 47}
"""Content codings (RFC 9110, section 8.4.1), with the window bits by which zlib reads them."""
_HEADERS_END = b"\r\n\r\n"
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[^\r\n]*\r\n")


class Written(NamedTuple):
    """How a text is written: its form, its content coding ("gzip"; empty: none), in chunks (RFC 9112, section 7.1)."""

    form: Form
    coding: str
    chunked: bool


def written(headers: Mapping[str, Sequence[str]], *, failed: bool = False) -> Written | None:
    """Return how the text of a response with these headers is written, None where it is long or no text to read.

    `failed` says that its status is of an error.
    """

    def first(name: str) -> str:
        return next(iter(headers.get(name, ())), "").partition(";")[0].strip().lower()

    kind, length = first("content-type"), first("content-length")
    form = Form.JSON if _JSON_TYPE.fullmatch(kind) else _FORMS.get(kind)
    if form is None or (length.isdecimal() and int(length) > _longest(form, failed=failed)):
        return None
    return Written(form, first("content-encoding"), first("transfer-encoding").endswith("chunked"))


def _longest(form: Form, *, failed: bool = True) -> int:
    return LONGEST_XML if form is Form.XML else _LONGEST_ERROR if failed else LONGEST_TEXT


def lines(message: bytes, how: Written) -> list[str]:
    """Return the text after the headers of a response, line by line; of JSON its values, as in "/error/code:7"."""
    body = message.partition(_HEADERS_END)[2]
    if how.chunked:
        body = b"".join(_chunks(body))
    if how.coding in _ZLIB:
        body = _inflated(body, _ZLIB[how.coding], _longest(how.form))
    text = body.decode("utf-8", "replace")
    if how.form is Form.JSON:
        try:
            return list(_values(json.loads(text)))
        except (ValueError, RecursionError):  # cut off, or not what its header says
            pass
    return text.splitlines()


def _chunks(body: bytes) -> Iterator[bytes]:
    place = 0
    while (size := _CHUNK.match(body, place)) and int(size[1], 16):
        yield body[size.end() : size.end() + int(size[1], 16)]
        place = size.end() + int(size[1], 16) + len(b"\r\n")


def _inflated(body: bytes, window_bits: int, most: int) -> bytes:
    try:  # a little can become very much
        return zlib.decompressobj(window_bits).decompress(body, most + 1)
    except zlib.error:
        return b""


def _values(value: Any, path: str = "") -> Iterator[str]:
    """Yield each value as tshark's json.path_with_value has it."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _values(inner, f"{path}/{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from _values(inner, f"{path}/[]")
    else:
        yield f"{path}:{value if isinstance(value, str) else json.dumps(value)}"
