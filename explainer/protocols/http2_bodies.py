"""The short texts of errors that HTTP/2 responses carry in DATA frames (RFC 9113, section 6.1), in clear or decrypted.

Rule: only the streams of errors are looked at again, a bounded number: what else a connection carries may be long.
"""

from collections.abc import Iterator
from typing import NamedTuple

from explainer.facts import Column, Facts, Look, View, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME
from explainer.protocols.http_again import http_frames
from explainer.protocols.http_bodies import LONGEST_XML, Form, Written, lines
from explainer.protocols.http_exchange import Exchange
from explainer.protocols.http_exchanges import exchanges
from explainer.protocols.http_messages import STREAM_2, TYPE_2
from explainer.protocols.streams import STREAM_NEEDS, with_streams
from explainer.protocols.tcp import segments

_DATA = Column("http2.data.data", many=True)
_DATA_TYPE, _HEADERS_TYPE = 0, 1
_FIRST_ERROR = 400
_MOST = 50
"""Errors whose texts are looked at: each names the same few streams again."""
_GZIP = b"\x1f\x8b"


class _Error(NamedTuple):
    """An error, by the TCP stream and the HTTP/2 stream of its response."""

    stream: int
    number: int
    exchange: Exchange


class Text(NamedTuple):
    """What an error's text says, line by line, and how it is written."""

    how: Written
    lines: tuple[str, ...]


@fact("HTTP requests", exchanges, http_frames)
def _errors(facts: Facts) -> tuple[_Error, ...]:
    """Return the errors over HTTP/2 whose response is the only one in its frame."""
    wrong = {e.response_frame: e for e in facts[exchanges] if e.version == "HTTP/2" and (e.status or 0) >= _FIRST_ERROR}
    if not wrong:
        return ()
    rows = facts[http_frames].filter(pl.col(FRAME.field).is_in(list(wrong)))
    found = list[_Error]()
    for frame, types, streams in rows.select(FRAME.field, TYPE_2.field, STREAM_2.field).iter_rows():
        begun = {n for kind, n in zip(types or (), streams or (), strict=False) if kind == _HEADERS_TYPE}
        if len(begun) == 1:
            found.append(_Error(wrong[frame].stream, begun.pop(), wrong[frame]))
    return tuple(found[:_MOST])


def _view(facts: Facts) -> View | None:
    errors = facts[_errors]
    if not errors:
        return None
    frames = with_streams(facts, pl.Series([e.exchange.response_frame for e in errors], dtype=pl.Int64))
    numbers = ", ".join(str(number) for number in sorted({e.number for e in errors}))
    rules = tuple(sorted({e.exchange.decoded_as for e in errors if e.exchange.decoded_as}))
    return View(frames, f"http2.type == {_DATA_TYPE} && http2.streamid in {{{numbers}}}", rules)


TEXTS = Look("texts of HTTP/2 errors", (_errors, *STREAM_NEEDS), (FRAME, TYPE_2, STREAM_2, _DATA), _view)


@fact("HTTP requests", _errors, segments, TEXTS)
def error_texts(facts: Facts) -> dict[int, Text]:
    """Return the text of each error over HTTP/2 that has a short one, by the frame of its response."""
    seen = facts.look(TEXTS)
    if seen is None or seen.is_empty():
        return {}
    whose = facts[segments].select("frame", "stream")
    rows = seen.join(whose, left_on=FRAME.field, right_on="frame").sort(FRAME.field)
    begun = {(e.stream, e.number): e.exchange.response_frame or 0 for e in facts[_errors]}
    bodies = dict[int, bytes]()
    for frame, stream, *row in rows.select(
        FRAME.field, "stream", TYPE_2.field, STREAM_2.field, _DATA.field
    ).iter_rows():
        for number, piece in _pieces(*row):
            response = begun.get((stream, number))
            if response and response <= frame:  # what comes before it is the request's
                held = bodies.get(response, b"")
                bodies[response] = held + piece if len(held) <= LONGEST_XML else held
    return {frame: _text(body) for frame, body in bodies.items() if len(body) <= LONGEST_XML}


def _pieces(
    types: list[int] | None, streams: list[int] | None, data: list[str | None] | None
) -> Iterator[tuple[int, bytes]]:
    """Yield each DATA frame with the stream that it is of, where it is sure which; tshark leaves out empty ones."""
    numbers = [n for kind, n in zip(types or (), streams or (), strict=False) if kind == _DATA_TYPE]
    said = [piece for piece in data or () if piece]
    if len(numbers) != len(said) and len(set(numbers)) > 1:
        return
    for number, piece in zip(numbers, said, strict=False):
        yield number, bytes.fromhex(piece.replace(":", ""))


def _text(body: bytes) -> Text:
    start = body.lstrip()[:1]
    form = Form.JSON if start in (b"{", b"[") else Form.XML if body.lstrip().startswith(b"<?xml") else Form.TEXT
    how = Written(form, "gzip" if body.startswith(_GZIP) else "", chunked=False)
    return Text(how, tuple(lines(b"\r\n\r\n" + body, how)))
