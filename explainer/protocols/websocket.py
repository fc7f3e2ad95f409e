"""How WebSocket connections begin (RFC 6455 section 4) and are closed (sections 5.5.1 and 7)."""

import base64
import hashlib
from typing import NamedTuple

from explainer.facts import Column, Facts, Kind, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME
from explainer.protocols.tcp import Endpoint, segments

_CODE = Column("websocket.payload.close.status_code", Kind.INT)
_REASON = Column("websocket.payload.close.reason")
_OPCODE = Column("websocket.opcode", Kind.INT, many=True)
_CLOSING = 8  # RFC 6455, section 11.8


class Close(NamedTuple):
    """The first closing frame of a connection: who sent it, with which code and which words."""

    stream: int
    client: Endpoint
    server: Endpoint
    frame: int
    by_client: bool
    code: int
    reason: str


@fact("WebSocket closing frames", FRAME, _CODE, _REASON, segments)
def closes(facts: Facts) -> tuple[Close, ...]:
    """Return the closing frames that carry a code, the first one of each connection, by frame."""
    ends = facts[segments].select("frame", "stream", "from_client", "src", "sport", "dst", "dport")
    said = facts.frames_with((_CODE,), FRAME, _REASON)
    rows = said.join(ends, left_on=FRAME.field, right_on="frame").sort(FRAME.field).unique("stream", keep="first")
    found = list[Close]()
    for row in rows.sort(FRAME.field).iter_rows(named=True):
        sender, receiver = Endpoint(row["src"], row["sport"]), Endpoint(row["dst"], row["dport"])
        client, server = (sender, receiver) if row["from_client"] else (receiver, sender)
        by_client, code, reason = row["from_client"], row[_CODE.field], row[_REASON.field] or ""
        found.append(Close(row["stream"], client, server, row[FRAME.field], by_client, code, reason))
    return tuple(found)


@fact("WebSocket streams with a closing frame", FRAME, _OPCODE, segments)
def said_goodbye(facts: Facts) -> frozenset[int]:
    """Return the connections in which one side closes the WebSocket, with a code or without."""
    closing = facts.frames_with((_OPCODE,), FRAME).filter(pl.col(_OPCODE.field).list.contains(_CLOSING))
    of = facts[segments].select("frame", "stream")
    return frozenset(closing.join(of, left_on=FRAME.field, right_on="frame")["stream"])


_KEY, _ACCEPT = Column("http.sec_websocket_key"), Column("http.sec_websocket_accept")
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # section 1.3
_KEY_LENGTH, _ACCEPT_LENGTH = 24, 28
"""Of 16 and 20 bytes in base64: what is shorter was cut."""


class WrongAccept(NamedTuple):
    """A server's answer to a client's key that does not follow from it; `went_on` says whether the client spoke on."""

    stream: int
    client: Endpoint
    server: Endpoint
    asked: int
    answered: int
    went_on: bool


@fact("answers to WebSocket keys that do not fit", FRAME, _KEY, _ACCEPT, segments)
def wrong_accepts(facts: Facts) -> tuple[WrongAccept, ...]:
    """Return the answers whose Sec-WebSocket-Accept is not the key's (section 4.2.2), by frame."""
    keys = facts.frames_with((_KEY,), FRAME).rename({FRAME.field: "frame"})
    accepts = facts.frames_with((_ACCEPT,), FRAME).rename({FRAME.field: "frame"})
    if keys.is_empty() or accepts.is_empty():
        return ()
    spoken = facts[segments].filter(pl.col("payload") > 0)
    asked = {row["stream"]: row for row in spoken.join(keys, on="frame").sort("frame").iter_rows(named=True)}
    found = list[WrongAccept]()
    for row in spoken.join(accepts, on="frame").sort("frame").iter_rows(named=True):
        request = asked.get(row["stream"])
        if request is None or request["frame"] > row["frame"] or row["from_client"]:
            continue
        key, accept = request[_KEY.field].strip(), row[_ACCEPT.field].strip()
        if len(key) == _KEY_LENGTH and len(accept) >= _ACCEPT_LENGTH and _answer(key) != accept:
            later = spoken.filter((pl.col("stream") == row["stream"]) & (pl.col("frame") > row["frame"]))
            ends = Endpoint(request["src"], request["sport"]), Endpoint(request["dst"], request["dport"])
            found.append(
                WrongAccept(row["stream"], *ends, request["frame"], row["frame"], bool(later["from_client"].any()))
            )
    return tuple(found)


def _answer(key: str) -> str:
    """Return what a server has to answer to the key (section 4.2.2)."""
    return base64.b64encode(hashlib.sha1((key + _GUID).encode(), usedforsecurity=False).digest()).decode()
