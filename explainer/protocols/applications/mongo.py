"""MongoDB's errors, read from the first bytes of its connections.

Rules
* They are read from bytes: tshark (4.0) takes port 27017 for TLS, and does not see MongoDB there.
* Of a session only its beginning is looked at: what fails later is not seen.
"""

import struct
from collections.abc import Iterator, Mapping

from explainer.facts import Facts, fact
from explainer.protocols.applications.records import Kind, Reply
from explainer.protocols.openings import Opening, openings
from explainer.protocols.tcp import Connection, connections

_HEADER, _REPLY_HEAD, _MESSAGE_HEAD = 16, 36, 21
_OP_REPLY, _OP_MSG = 1, 2013
_LONGEST, _DEPTH = 300, 3
_LOGINS = ("saslStart", "saslContinue", "authenticate")
_DOUBLE, _STRING, _DOCUMENT, _ARRAY, _BINARY, _BOOLEAN = 1, 2, 3, 4, 5, 8
_LENGTHS = {_DOUBLE: 8, 6: 0, 7: 12, _BOOLEAN: 1, 9: 8, 10: 0, 16: 4, 17: 8, 18: 8, 19: 16, 127: 0, 255: 0}
"""Types of BSON (bsonspec.org) by the number of their bytes."""

Value = float | str | Mapping[str, "Value"] | None


@fact("answers of MongoDB", connections, openings)
def mongo_replies(facts: Facts) -> tuple[Reply, ...]:
    """Return the yeses and noes of MongoDB, by frame; of a document that is cut what stands before the cut."""
    by_stream = {c.stream: c for c in facts[connections]}
    found = (reply for opening in facts[openings] for reply in _replies(opening, by_stream[opening.stream]))
    return tuple(sorted(found, key=lambda reply: reply.frame))


def _replies(opening: Opening, c: Connection) -> Iterator[Reply]:
    asked = {number: (piece.frame, told) for piece in opening.client for number, _, told in _messages(piece.data)}
    for piece in opening.server:
        for _, number, told in _messages(piece.data):
            frame, request = asked.get(number, (None, {}))
            command = next(iter(request), "")
            if "ok" not in told or not command:
                continue
            code, words = _error(told)
            about = request.get(command)
            login = command in _LOGINS
            if login and not code and told.get("done") != 1:
                continue  # a step on the way
            yield Reply(
                "MongoDB", Kind.LOGIN if login else Kind.QUERY, c.stream, c.client, c.server, frame, piece.frame,
                command, about if isinstance(about, str) and not login else "", code, words[:_LONGEST], not code,
            )  # fmt: skip


def _error(told: Mapping[str, Value]) -> tuple[str, str]:
    """Return code and words of an error (code empty: none); writes that fail are told one by one (writeErrors)."""
    failed: Value = told
    if told["ok"] == 1:
        errors = told.get("writeErrors")
        failed = next(iter(errors.values()), None) if isinstance(errors, Mapping) else None
    if not isinstance(failed, Mapping):
        return "", ""
    code, words, name = (failed.get(key) for key in ("code", "errmsg", "codeName"))
    number = str(int(code)) if isinstance(code, float) else "error"
    return number, str(words or name or "")


def _messages(data: bytes) -> Iterator[tuple[int, int, Mapping[str, Value]]]:
    """Yield number, number of the message that it answers, and document of each message that begins in a segment."""
    while len(data) > _HEADER:
        length, number, answers, kind = struct.unpack_from("<iiii", data)
        head = {_OP_MSG: _MESSAGE_HEAD, _OP_REPLY: _REPLY_HEAD}.get(kind)
        if head is None or length <= head:
            return
        yield number, answers, dict(_document(data[head:length]))
        data = data[length:]


def _document(data: bytes, depth: int = 0) -> Iterator[tuple[str, Value]]:
    """Yield the elements of a BSON document, up to where it is cut."""
    at = 4
    while at < len(data) and data[at]:
        kind, end = data[at], data.find(b"\0", at + 1)
        if end < 0:
            return
        name, at = data[at + 1 : end].decode("utf-8", "replace"), end + 1
        length = _length(kind, data[at : at + 4])
        if length is None or at + length > len(data):
            return
        yield name, _value(kind, data[at : at + length], depth)
        at += length


def _length(kind: int, start: bytes) -> int | None:
    if kind in _LENGTHS:
        return _LENGTHS[kind]
    size = int.from_bytes(start, "little")
    extra = {_STRING: 4, 13: 4, 14: 4, _BINARY: 5, _DOCUMENT: 0, _ARRAY: 0}.get(kind)
    return None if extra is None or len(start) < 4 or size + extra < 4 else size + extra


def _value(kind: int, data: bytes, depth: int) -> Value:
    if kind == _DOUBLE:
        return float(struct.unpack("<d", data)[0])
    if kind in (16, 18):
        return float(int.from_bytes(data, "little", signed=True))
    if kind == _BOOLEAN:
        return float(data[0])
    if kind == _STRING:
        return data[4:-1].decode("utf-8", "replace")
    if kind in (_DOCUMENT, _ARRAY) and depth < _DEPTH:
        return dict(_document(data, depth + 1))
    return None
