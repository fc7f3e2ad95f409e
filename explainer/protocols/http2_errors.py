"""What HTTP/2 says of failures beside its statuses: GOAWAY, RST_STREAM (RFC 9113), and gRPC's status in the trailers.

Rule: it is read in a second look at the streams of HTTP/2 alone, those included that tshark does not recognise because
of their port: their client begins with the connection preface (RFC 9113, section 3.4).
"""

from collections.abc import Iterator, Sequence
from typing import Any

from explainer.facts import Column, Facts, Kind, Look, View, fact
from explainer.lazy import pl
from explainer.protocols.applications.records import Kind as About
from explainer.protocols.applications.records import Reply
from explainer.protocols.frame import FRAME, PROTOCOLS
from explainer.protocols.openings import openings
from explainer.protocols.streams import STREAM_NEEDS, with_streams
from explainer.protocols.tcp import Endpoint, segments

_PREFACE = b"PRI * HTTP/2"
_STREAM, _GOAWAY, _RESET = (
    Column("http2.streamid", Kind.INT, many=True),
    Column("http2.goaway.error", Kind.INT, many=True),
    Column("http2.rst_stream.error", Kind.INT, many=True),
)
_SAID, _NAME, _VALUE = (
    Column("http2.goaway.addata"),
    Column("http2.header.name", many=True),
    Column("http2.header.value", many=True),
)
_GRPC, _MESSAGE, _PATH = "grpc-status", "grpc-message", ":path"
_NO_ERROR, _CANCEL = 0, 8
_TEXT = 200


def _view(facts: Facts) -> View | None:
    known = facts.frames(FRAME, PROTOCOLS).filter(pl.col(PROTOCOLS.field).str.contains(":http2", literal=True))[
        FRAME.field
    ]
    odd = [o.stream for o in facts[openings] if o.client and o.client[0].data.startswith(_PREFACE)]
    carried = facts[segments].filter(pl.col("stream").is_in(odd))
    frames = pl.concat([known, carried["frame"].cast(known.dtype)]).unique()
    if frames.is_empty():
        return None
    ports = sorted(set(carried["server_port"].to_list()))
    found = f'{_GOAWAY.field} > 0 || {_RESET.field} > 0 || {_NAME.field} == "{_GRPC}" || {_NAME.field} == "{_PATH}"'
    return View(with_streams(facts, frames), found, tuple(f"tcp.port=={port},http2" for port in ports))


ERRORS = Look(
    "HTTP/2 errors", (FRAME, PROTOCOLS, openings, segments, *STREAM_NEEDS),
    (FRAME, _STREAM, _GOAWAY, _RESET, _SAID, _NAME, _VALUE), _view,
)  # fmt: skip


@fact("HTTP/2 connections", ERRORS, segments)
def http2_replies(facts: Facts) -> tuple[Reply, ...]:
    """Return the errors, and gRPC's good answers, by frame; `server` is who said it."""
    seen = facts.look(ERRORS)
    if seen is None:
        return ()
    ends = facts[segments].select("frame", pl.col("stream").alias("tcp"), "src", "sport", "dst", "dport", "from_client")
    rows = seen.join(ends, left_on=FRAME.field, right_on="frame").sort(FRAME.field)
    asked = dict[tuple[int, int], tuple[int, str]]()
    found = list[Reply]()
    for row in rows.iter_rows(named=True):
        headers = _headers(row)
        numbers = row[_STREAM.field] or []
        number = max(numbers, default=0)
        if _PATH in headers:
            asked[row["tcp"], number] = row[FRAME.field], headers[_PATH].partition("?")[0]
        found += _of(row, headers, asked.get((row["tcp"], number)))
    return tuple(found)


def _headers(row: dict[str, Any]) -> dict[str, str]:
    """Return the headers by name, counted from the end: what tshark leaves out stands before it, if at all."""
    names, values = row[_NAME.field] or [], row[_VALUE.field] or []
    shared = min(len(names), len(values))
    return dict(zip(names[len(names) - shared :], values[len(values) - shared :], strict=True))


def _of(row: dict[str, Any], headers: dict[str, str], asked: tuple[int, str] | None) -> Iterator[Reply]:
    sender, receiver = Endpoint(row["src"], row["sport"]), Endpoint(row["dst"], row["dport"])

    def reply(protocol: str, request: str, about: str, code: str, text: str, *, ok: bool) -> Reply:
        frame = asked[0] if asked and not row["from_client"] else None
        return Reply(
            protocol,
            About.QUERY,
            row["tcp"],
            receiver,
            sender,
            frame,
            row[FRAME.field],
            request,
            about,
            code,
            text[:_TEXT],
            ok,
        )

    path = asked[1] if asked else ""
    if _GRPC in headers:
        code = headers[_GRPC]
        yield reply("gRPC", "a call", path, code, headers.get(_MESSAGE, ""), ok=code == "0")
    for request, about, codes in (("the connection", "", row[_GOAWAY.field]), ("a request", path, row[_RESET.field])):
        number = _error(codes or [])
        if number:
            told = (
                bytes.fromhex((row[_SAID.field] or "").replace(":", "")).decode("utf-8", "replace") if not about else ""
            )
            yield reply("HTTP/2", request, about, str(number), told, ok=False)


def _error(codes: Sequence[int | None]) -> int:
    return next((code for code in codes if code not in (None, _NO_ERROR, _CANCEL)), _NO_ERROR) or _NO_ERROR
