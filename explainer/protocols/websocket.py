"""How WebSocket connections are closed (RFC 6455 sections 5.5.1 and 7)."""

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
