"""The key of a WebSocket's client, and what the server makes of it (RFC 6455, section 1.3)."""

from base64 import b64encode
from hashlib import sha1
from typing import NamedTuple

from explainer.facts import Column, Facts, fact
from explainer.protocols.capture_quality import cut
from explainer.protocols.frame import FRAME
from explainer.protocols.http import Exchange, requests

_KEY, _ACCEPT = Column("http.sec_websocket_key"), Column("http.sec_websocket_accept")
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_WISH, _SWITCHED = "websocket", 101


class Agreement(NamedTuple):
    """A WebSocket's opening that was answered with 101: what the server had to answer to the key, and did (or "")."""

    exchange: Exchange
    wanted: str
    accepted: str


@fact("WebSocket keys", requests, cut, FRAME, _KEY, _ACCEPT)
def agreements(facts: Facts) -> tuple[Agreement, ...]:
    """Return the openings with a key, by frame; of frames that are stored in part nothing is said."""
    keys = dict(facts.frames_with((_KEY,), FRAME, _KEY).select(FRAME.field, _KEY.field).iter_rows())
    if not keys:
        return ()
    answers = dict(facts.frames_with((_ACCEPT,), FRAME, _ACCEPT).select(FRAME.field, _ACCEPT.field).iter_rows())
    stored = facts[cut]
    in_part = frozenset(stored.frames if stored else ())
    found = list[Agreement]()
    for e in facts[requests]:
        key = keys.get(e.request_frame)
        if (
            key
            and e.wish == _WISH
            and e.status == _SWITCHED
            and in_part.isdisjoint((e.request_frame, e.response_frame))
        ):
            digest = sha1(f"{key.strip()}{_GUID}".encode(), usedforsecurity=False).digest()
            found.append(Agreement(e, b64encode(digest).decode(), (answers.get(e.response_frame) or "").strip()))
    return tuple(found)
