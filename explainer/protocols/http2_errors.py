"""What HTTP/2 says of failures beside its statuses: GOAWAY, RST_STREAM (RFC 9113), gRPC's status and deadline.

Rule: it is read in a second look at the streams of HTTP/2 alone, those included that tshark does not recognise because
of their port: their client begins with the connection preface (RFC 9113, section 3.4).
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from explainer.facts import Column, Facts, Kind, Look, View, fact
from explainer.lazy import pl
from explainer.protocols.applications.records import Kind as About
from explainer.protocols.applications.records import Reply
from explainer.protocols.frame import FRAME, PROTOCOLS, TIME
from explainer.protocols.openings import openings
from explainer.protocols.streams import STREAM_NEEDS, with_streams
from explainer.protocols.tcp import Endpoint, segments

PREFACE = b"PRI * HTTP/2"
"""How every client begins (RFC 9113, section 3.4)."""
_STREAM, _GOAWAY, _RESET = (
    Column("http2.streamid", Kind.INT, many=True),
    Column("http2.goaway.error", Kind.INT, many=True),
    Column("http2.rst_stream.error", Kind.INT, many=True),
)
_SAID, _NAME, _VALUE, _VALUE_BYTES = (
    Column("http2.goaway.addata"),
    Column("http2.header.name", many=True),
    Column("http2.header.value", many=True),
    Column("http2.header.value.length", Kind.INT, many=True),
)
_GRPC, _MESSAGE, _TIMEOUT, _PATH = "grpc-status", "grpc-message", "grpc-timeout", ":path"
# grpc/grpc, doc/PROTOCOL-HTTP2.md: at most eight digits and a unit.
_DURATION = re.compile(r"(\d{1,8})([HMSmun])")
_UNITS_S = {"H": 3600.0, "M": 60.0, "S": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9}
_ROUNDED = 0.95
"""A caller counts from before it sent the call, and rounds its deadline up."""
_NO_ERROR, _REFUSED_STREAM, _CANCEL = 0, 7, 8
CLIENTS_OWN = "its connection", "its request"
"""What a client ends: Reply.request of its own GOAWAY and RST_STREAM."""
_TEXT = 200


def _view(facts: Facts) -> View | None:
    known = facts.frames(FRAME, PROTOCOLS).filter(pl.col(PROTOCOLS.field).str.contains(":http2", literal=True))[
        FRAME.field
    ]
    odd = [o.stream for o in facts[openings] if o.client and o.client[0].data.startswith(PREFACE)]
    carried = facts[segments].filter(pl.col("stream").is_in(odd))
    frames = pl.concat([known, carried["frame"].cast(known.dtype)]).unique()
    if frames.is_empty():
        return None
    ports = sorted(set(carried["server_port"].to_list()))
    found = f'{_GOAWAY.field} > 0 || {_RESET.field} > 0 || {_NAME.field} == "{_GRPC}" || {_NAME.field} == "{_PATH}"'
    return View(with_streams(facts, frames), found, tuple(f"tcp.port=={port},http2" for port in ports))


ERRORS = Look(
    "HTTP/2 errors", (FRAME, PROTOCOLS, openings, segments, *STREAM_NEEDS),
    (FRAME, TIME, _STREAM, _GOAWAY, _RESET, _SAID, _NAME, _VALUE, _VALUE_BYTES), _view,
)  # fmt: skip


class Deadline(NamedTuple):
    """A gRPC call that its caller cancelled (RST_STREAM, CANCEL) when its own deadline had passed without an answer."""

    stream: int
    client: Endpoint
    server: Endpoint
    path: str
    request_frame: int
    frame: int
    timeout_s: float


class _Call(NamedTuple):
    frame: int
    path: str
    time_ns: int
    timeout_s: float | None


@fact("HTTP/2 connections", ERRORS, segments)
def http2_replies(facts: Facts) -> tuple[Reply, ...]:
    """Return the errors, and gRPC's good answers, by frame; `server` is who said it.

    What is said to a side that has ended the connection before is no answer that it gets.
    """
    ending = facts[segments].filter(pl.col("fin") | pl.col("rst")).reverse()
    ends = {(stream, by): at for stream, by, at in ending.select("stream", "from_client", "frame").iter_rows()}
    return tuple(
        reply
        for row, headers, call in _rows(facts)
        if ends.get((row["tcp"], not row["from_client"]), row[FRAME.field]) >= row[FRAME.field]
        for reply in _of(row, headers, call)
    )


@fact("HTTP/2 connections", ERRORS, segments)
def grpc_deadlines(facts: Facts) -> tuple[Deadline, ...]:
    """Return the gRPC calls that were cancelled at their deadline, by frame."""
    return tuple(_deadline(row, call) for row, _, call in _rows(facts) if call and _is_late(row, call))


def _rows(facts: Facts) -> Iterator[tuple[dict[str, Any], dict[str, str], _Call | None]]:
    """Yield each frame with its headers, and the request that it is about where the capture has it."""
    seen = facts.look(ERRORS)
    if seen is None:
        return
    ends = facts[segments].select("frame", pl.col("stream").alias("tcp"), "src", "sport", "dst", "dport", "from_client")
    rows = seen.join(ends, left_on=FRAME.field, right_on="frame").sort(FRAME.field)
    asked = dict[tuple[int, int], _Call]()
    for row in rows.iter_rows(named=True):
        headers = _headers(row)
        key = row["tcp"], max(row[_STREAM.field] or [], default=0)
        if _PATH in headers:
            timeout_s = _seconds(headers.get(_TIMEOUT, ""))
            asked[key] = _Call(row[FRAME.field], headers[_PATH].partition("?")[0], row[TIME.field], timeout_s)
        yield row, headers, asked.get(key)


def _seconds(text: str) -> float | None:
    found = _DURATION.fullmatch(text)
    return int(found[1]) * _UNITS_S[found[2]] if found else None


def _is_late(row: dict[str, Any], call: _Call) -> bool:
    if call.timeout_s is None or not row["from_client"] or _CANCEL not in (row[_RESET.field] or []):
        return False
    waited_s = float(row[TIME.field] - call.time_ns) / 1e9
    return waited_s >= _ROUNDED * call.timeout_s


def _deadline(row: dict[str, Any], call: _Call) -> Deadline:
    client, server = Endpoint(row["src"], row["sport"]), Endpoint(row["dst"], row["dport"])
    return Deadline(row["tcp"], client, server, call.path, call.frame, row[FRAME.field], call.timeout_s or 0.0)


def _headers(row: dict[str, Any]) -> dict[str, str]:
    """Return the headers by name.

    tshark leaves out values that are empty, such as gRPC's message of a success, and names their length all the same.
    Where that is not known they are counted from the end: what else it leaves out stands before it.
    """
    names, values, lengths = row[_NAME.field] or [], row[_VALUE.field] or [], row[_VALUE_BYTES.field] or []
    if len(lengths) == len(names) > len(values):
        names = [name for name, length in zip(names, lengths, strict=True) if length]
    shared = min(len(names), len(values))
    return dict(zip(names[len(names) - shared :], values[len(values) - shared :], strict=True))


def _of(row: dict[str, Any], headers: dict[str, str], call: _Call | None) -> Iterator[Reply]:
    sender, receiver = Endpoint(row["src"], row["sport"]), Endpoint(row["dst"], row["dport"])

    def reply(protocol: str, request: str, about: str, code: str, text: str, *, ok: bool) -> Reply:
        frame = call.frame if call and not row["from_client"] else None
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

    path = call.path if call else ""
    if _GRPC in headers:
        code = headers[_GRPC]
        yield reply("gRPC", "a call", path, code, headers.get(_MESSAGE, ""), ok=code == "0")
    ended = CLIENTS_OWN if row["from_client"] else ("the connection", "a request")
    for request, about, codes in zip(ended, ("", path), (row[_GOAWAY.field], row[_RESET.field]), strict=True):
        number = _error(codes or [])
        # gRPC's clients end so, too, what another side's error has made void.
        if number and not (number == _REFUSED_STREAM and request == CLIENTS_OWN[1]):
            told = (
                bytes.fromhex((row[_SAID.field] or "").replace(":", "")).decode("utf-8", "replace")
                if request == ended[0]
                else ""
            )
            yield reply("HTTP/2", request, about, str(number), told, ok=False)


def _error(codes: Sequence[int | None]) -> int:
    return next((code for code in codes if code not in (None, _NO_ERROR, _CANCEL)), _NO_ERROR) or _NO_ERROR
