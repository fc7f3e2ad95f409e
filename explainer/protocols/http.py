"""HTTP requests with their responses, and what the short texts of these complain about.

Rules
* A text is read from the file, in the few segments that carry it: to ask tshark for the lines of every body would
  print whole downloads. Where it was decrypted, tshark alone can tell, in a second look at those connections.
* Of a text no more gets into a record than words of http_complaints, and names of http_error_names.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from explainer.facts import Column, Facts, Look, View, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME
from explainer.protocols.http2_bodies import error_texts
from explainer.protocols.http_bodies import Form, Written, lines
from explainer.protocols.http_complaints import complaint_of_json, complaint_of_text, complaint_of_xml, text_of_labels
from explainer.protocols.http_error_names import named
from explainer.protocols.http_exchange import Exchange as Exchange
from explainer.protocols.http_exchanges import exchanges
from explainer.protocols.streams import STREAM_NEEDS, with_streams
from explainer.protocols.tcp import CONTENT, segments

_LABELS = Column("text", many=True)
_JSON_VALUES = Column("json.path_with_value", many=True)
_XML_TEXTS = Column("xml.cdata", many=True)
_OF_FORM: dict[Form, Callable[[Sequence[str]], str]] = {
    Form.TEXT: complaint_of_text, Form.JSON: complaint_of_json, Form.XML: complaint_of_xml,
}  # fmt: skip
_FIRST_REDIRECT, _FIRST_ERROR = 300, 400
_HTTP_2 = "HTTP/2"
_LARGEST = 8192
"""Bytes of a response with a short text, its headers included: more headers than servers usually take."""


def _with_text(facts: Facts, *, decrypted: bool) -> list[Exchange]:
    return [
        e
        for e in facts[exchanges]
        if e.written and e.over_tls is decrypted and (e.response_bytes is None or e.response_bytes <= _LARGEST)
    ]


def _carrying(facts: Facts) -> "pl.DataFrame":
    """Return the segments that carry each short text: response_frame, frame."""
    texts = [(e.stream, e.response_frame, e.first_byte_frame) for e in _with_text(facts, decrypted=False)]
    wanted = pl.DataFrame(texts, schema=["stream", "response_frame", "first_byte_frame"], orient="row")
    said = facts[segments].filter((pl.col("payload") > 0) & ~pl.col("retransmission"))
    whose = said.select("stream", "frame", "from_client")
    answering = whose.select("stream", pl.col("frame").alias("response_frame"), "from_client")
    return (
        wanted.join(answering, on=["stream", "response_frame"])
        .join(whose, on=["stream", "from_client"])
        .filter(pl.col("frame").is_between("first_byte_frame", "response_frame"))
        .select("response_frame", "frame")
        .sort("response_frame", "frame")
    )


def _in_clear(facts: Facts) -> View | None:
    if not _with_text(facts, decrypted=False):
        return None
    return View(tuple(_carrying(facts)["frame"].unique().sort()))


def _in_tls(facts: Facts) -> View | None:
    frames = [e.response_frame for e in _with_text(facts, decrypted=True)]
    if not frames:
        return None
    return View(with_streams(facts, pl.Series(frames, dtype=pl.Int64)), "http.response")


TEXTS = Look("short texts of HTTP responses", (exchanges, segments), (FRAME, CONTENT), _in_clear)
DECRYPTED_TEXTS = Look(
    "short texts of decrypted HTTP responses",
    (exchanges, *STREAM_NEEDS),
    (FRAME, _LABELS, _JSON_VALUES, _XML_TEXTS),
    _in_tls,
)


@fact("HTTP requests", exchanges, segments, error_texts, TEXTS, DECRYPTED_TEXTS)
def requests(facts: Facts) -> tuple[Exchange, ...]:
    """Return the exchanges in the order of their first frame, with what their short texts complain about."""
    texts = dict(_texts(facts))
    in_frames = facts[error_texts]
    return tuple(
        _read(e._replace(written=known.how), known.lines)
        if e.version == _HTTP_2 and (known := in_frames.get(e.response_frame or 0))
        else _read(e, texts.get(e.response_frame, ()))
        if e.written
        else e
        for e in facts[exchanges]
    )


def _read(e: Exchange, text: Sequence[str]) -> Exchange:
    form = e.written.form if e.written else Form.TEXT
    complaint = _OF_FORM[form](text)
    # A redirection that names no place is one of a store, whose text tells why.
    to_nowhere = (e.status or 0) >= _FIRST_REDIRECT and not e.location
    name = named(text, form) if (e.status or 0) >= _FIRST_ERROR or to_nowhere or complaint else ""
    return e._replace(complaint=complaint, error_name=name or e.error_name)


def _texts(facts: Facts) -> Iterator[tuple[int | None, Sequence[str]]]:
    """Yield the frame of each response whose short text was read, and that text."""
    seen = facts.look(TEXTS)
    if seen is not None:
        data = dict(seen.select(FRAME.field, CONTENT.field).iter_rows())
        frames = _carrying(facts).rows_by_key("response_frame")
        for exchange in _with_text(facts, decrypted=False):
            pieces = (data.get(frame) for (frame,) in frames.get(exchange.response_frame, ()))
            yield exchange.response_frame, _lines(pieces, exchange.written)
    decrypted = facts.look(DECRYPTED_TEXTS)
    if decrypted is not None:
        forms = {e.response_frame: e.written.form for e in _with_text(facts, decrypted=True) if e.written}
        columns = (FRAME, _LABELS, _JSON_VALUES, _XML_TEXTS)
        for frame, labels, values, texts in decrypted.select(column.field for column in columns).iter_rows():
            form = forms.get(frame, Form.TEXT)
            # tshark tells the texts apart from their tags: any of them may be the code.
            codes = tuple(f"<Code>{text}</Code>" for text in texts or () if form is Form.XML)
            yield frame, (values or ()) if form is Form.JSON else (*text_of_labels(labels or ()), *codes)


def _lines(pieces: Iterable[str | None], how: Written | None) -> Sequence[str]:
    message = b"".join(bytes.fromhex(piece.replace(":", "")) for piece in pieces if piece)
    return lines(message, how) if how else ()
