"""Protocols that talk in lines: requests and the replies to them, put together from segments.

Rules
* What is no line (a mail's text, a literal) is not kept.
* Of a frame that is stored in part, the line in which it ends is taken as it is, and as the last one of a reply: what
  comes next in the capture begins another.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from explainer.protocols.applications.messages import Message
from explainer.protocols.tcp import Endpoint

_LONGEST = 4096
_TEXT = 300
_CONTINUED = re.compile(rb"\A(\d{3})-")
_REPLY = re.compile(r"(\d{3})([ -]?)(.*)")


class Line(NamedTuple):
    """One line, without its end, and the frame in which it ends."""

    frame: int
    from_client: bool
    text: str


class Exchange(NamedTuple):
    """A request and its reply; without a request what a server says first. `code` is 0 where no reply is seen."""

    request_frame: int | None
    command: str
    argument: str
    frame: int | None = None
    code: int = 0
    text: str = ""


def lines(messages: Sequence[Message], server: Endpoint) -> Iterator[Line]:
    """Yield the lines of both sides in file order."""
    pending = {True: b"", False: b""}
    for message in messages:
        from_client = message.source != server
        *whole, rest = (pending[from_client] + message.payload).split(b"\n")
        pending[from_client] = rest[-_LONGEST:]
        for line in whole:
            yield _line(message, from_client, line)
        if message.cut and rest:
            pending[from_client] = b""
            yield _line(message, from_client, rest if from_client else _CONTINUED.sub(rb"\1 ", rest))


def _line(message: Message, from_client: bool, line: bytes) -> Line:
    return Line(message.frame, from_client, line[:_LONGEST].decode("utf-8", "replace").rstrip("\r"))


def split(text: str) -> tuple[str, str]:
    """Return a line's command, in capitals, and the rest."""
    command, _, argument = text.strip().partition(" ")
    return command.upper(), argument.strip()


def server_of(messages: Sequence[Message], ports: Sequence[int]) -> Endpoint:
    """Return the side at one of these well-known ports; where it is neither or both, the one with the lower port."""
    first = messages[0]
    sides = (first.source, first.destination)
    known = [side for side in sides if side.port in ports]
    return known[0] if len(known) == 1 else min(sides, key=lambda side: side.port)


def exchanges(said: Sequence[Line]) -> Iterator[Exchange]:
    """Yield the requests with their replies of three digits (RFC 5321 section 4.2, RFC 959 section 4.2).

    A client's line behind a reply 334 answers it and is no command; behind 354 comes a mail, whose reply is told as
    that to the command "." (RFC 5321 section 4.1.1.4).
    """
    waiting, words, continued, in_mail = list[tuple[int, str, str]](), list[str](), False, False
    for line in said:
        if line.from_client:
            if in_mail:
                continue
            waiting.append((line.frame, "=", line.text) if continued else (line.frame, *split(line.text)))
            continued = False
            continue
        reply = _REPLY.fullmatch(line.text)
        if not reply:
            continue
        words.append(reply[3].strip())
        if reply[2] == "-":
            continue
        code, text = int(reply[1]), " ".join(filter(None, words))[:_TEXT]
        words, continued, in_mail = [], code == _GO_ON, False
        if code < _PRELIMINARY_END and waiting:
            continue
        frame, command, argument = waiting.pop(0) if waiting else (None, "", "")
        yield Exchange(frame, command, argument, line.frame, code, text)
        if code == _SEND_MAIL:
            in_mail, waiting = True, [(line.frame, ".", "")]
    yield from (Exchange(frame, command, argument) for frame, command, argument in waiting)


_GO_ON, _SEND_MAIL, _PRELIMINARY_END = 334, 354, 200
