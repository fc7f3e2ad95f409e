"""RTSP, by which cameras and players agree on a stream (RFC 7826; RFC 2326)."""

import re
from collections.abc import Iterator, Sequence

from explainer.protocols.applications.messages import Dialect, Message, many
from explainer.protocols.applications.records import Kind, Record, Reply, Sign

_STATUS, _ANSWER = many("rtsp.status"), many("rtsp.response")
_METHOD, _URL, _TRANSPORT = many("rtsp.method"), many("rtsp.url"), many("rtsp.transport")
_PORT, _SOURCE = re.compile(r"\bclient_port=(\d{1,5})"), re.compile(r"\bsource=([^;,\s\\]+)")
_AROUND = re.compile(r"^RTSP/\d\.\d \d{3} |(?:\\r\\n)+$")
"""What tshark keeps of a status line around its words."""
_TEXT, _FIRST_ERROR, _UNAUTHORIZED = 300, 400, 401
_STEPS = ("ANNOUNCE", "DESCRIBE", "PLAY", "RECORD", "SETUP")
"""Methods without which there is no stream: a yes to another one overcomes no refusal."""

WITH_LOGIN = "with a login"
"""Stands in a request that comes again after a challenge."""

AGREED, PLAYS = "rtsp-agreed", "rtsp-plays"
"""Signs of a yes to SETUP over UDP, and to PLAY; their text is the client's port, to which the video is to come."""


def rtsp(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield what a server refuses, and the steps to a stream that it takes.

    A 401 is a challenge, and no refusal, where the client then asks for the same again (RFC 7826, section 19.1): what
    that is answered counts.
    """
    asked: Message | None = None
    held: tuple[Message, Reply] | None = None
    signed_in, port = False, ""
    for message in messages:
        status = message.number(_STATUS)
        if status is None:
            if held and message.source == held[0].source:
                signed_in = _same(held[0], message)
                if not signed_in:
                    yield held[1]
                held = None
            asked = message
            continue
        if asked is None or message.source == asked.source:
            continue
        reply = _reply(asked, message, status, login=signed_in)
        if agreed := _agreed(message):
            port = agreed
            yield _sign(AGREED, message, port)
        if reply.ok and port and asked.first(_METHOD) == "PLAY":
            yield _sign(PLAYS, message, port)
        if status == _UNAUTHORIZED:
            held = asked, reply
        elif not reply.ok or asked.first(_METHOD) in _STEPS:
            yield reply
        asked, signed_in = None, False
    if held:
        yield held[1]


def _sign(what: str, message: Message, port: str) -> Sign:
    return Sign(what, "RTSP", message.stream, message.destination, message.source, message.frame, port)


def _agreed(message: Message) -> str:
    """Return the client's port to which this host itself will send, empty where it says nothing of the kind."""
    port, other = (words.search(message.first(_TRANSPORT)) for words in (_PORT, _SOURCE))
    return port[1] if port and (other is None or other[1] == message.source.address) else ""


def _same(first: Message, second: Message) -> bool:
    return all(first.first(column) == second.first(column) for column in (_METHOD, _URL))


def _reply(asked: Message, message: Message, status: int, *, login: bool) -> Reply:
    ok = status < _FIRST_ERROR
    wish = f"{asked.first(_METHOD)} {WITH_LOGIN} of" if login else f"{asked.first(_METHOD)} of"
    return Reply(
        "RTSP", Kind.QUERY, message.stream, message.destination, message.source, asked.frame, message.frame, wish,
        asked.first(_URL).strip(), "" if ok else str(status),
        "" if ok else _AROUND.sub("", message.first(_ANSWER))[:_TEXT], ok,
    )  # fmt: skip


RTSP = Dialect("rtsp", "rtsp.url || rtsp.status", (_STATUS, _ANSWER, _METHOD, _URL, _TRANSPORT), rtsp)
