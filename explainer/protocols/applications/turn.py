"""TURN, by which calls go over a relay (RFC 8656), and STUN, which carries it (RFC 8489)."""

from collections.abc import Iterator, Sequence

from explainer.protocols.applications.messages import Dialect, Message, many
from explainer.protocols.applications.records import Kind, Record, Reply

_METHOD, _CLASS, _ID = many("stun.type.method"), many("stun.type.class"), many("stun.id")
_USER, _HUNDREDS, _REST, _REASON = (
    many("stun.att.username"), many("stun.att.error.class"), many("stun.att.error"), many("stun.att.error.reason"),
)  # fmt: skip
_REQUEST, _SUCCESS, _ERROR = 0x00, 0x10, 0x11
"""The class as tshark shows it: its two bits of the message type, in one hexadecimal digit each."""
_METHODS = {3: "a relay (Allocate)", 4: "Refresh", 8: "CreatePermission", 9: "ChannelBind"}
_UNAUTHORIZED, _STALE = 401, 438


def turn(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield what a TURN server grants and refuses.

    The first 401, to a request without a user name, and 438, of a nonce that is too old, are steps on the way
    (RFC 8489, section 9.2).
    """
    asked = dict[str, Message]()
    for message in messages:
        method, kind = message.number(_METHOD), message.number(_CLASS)
        if method not in _METHODS or kind not in (_REQUEST, _SUCCESS, _ERROR):
            continue
        if kind == _REQUEST:
            asked[message.first(_ID)] = message
            continue
        request = asked.pop(message.first(_ID), None)
        code = (message.number(_HUNDREDS) or 0) * 100 + (message.number(_REST) or 0) if kind == _ERROR else 0
        if request is None or code == _STALE or (code == _UNAUTHORIZED and not request.has(_USER)):
            continue
        yield Reply(
            "TURN", Kind.CALL, message.stream, message.destination, message.source, request.frame, message.frame,
            _METHODS[method], request.first(_USER), str(code) if code else "", message.first(_REASON), not code,
        )  # fmt: skip


TURN = Dialect(
    "stun", "stun.type.method in {3, 4, 8, 9}", (_METHOD, _CLASS, _ID, _USER, _HUNDREDS, _REST, _REASON), turn
)
