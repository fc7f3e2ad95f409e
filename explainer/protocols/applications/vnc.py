"""VNC's handshake (RFB 3.3 to 3.8: RFC 6143, section 7.1), up to whether the client is let in.

Rules
* What is behind the login, and ways to log in that are not of the RFC, are not read.
* It is read from bytes: tshark (4.0) takes a server's refusal for the list of its ways to log in.
"""

import re
from collections.abc import Iterator, Sequence

from explainer.protocols.applications.lines import server_of
from explainer.protocols.applications.messages import CONTENT, Dialect, Message
from explainer.protocols.applications.records import Kind, Record, Reply
from explainer.protocols.tcp import Endpoint

_VERSION = re.compile(rb"RFB (\d{3})\.(\d{3})\n")
_OLD, _NEW = 7, 8
"""Before 3.7 the server chooses how to log in (section 7.1.2); since 3.8 it says why it refuses (section 7.1.3)."""
_NONE, _PASSWORD = 1, 2
_CHALLENGE = 16
_LONGEST = 300
_WORDS = {1: "failed", 2: "too many attempts"}


class _Bytes:
    """What one side has said, read from its beginning, with the frame that each byte came in."""

    def __init__(self, messages: Sequence[Message]) -> None:
        self._said = b"".join(message.payload for message in messages)
        self._frames = [message.frame for message in messages for _ in message.payload]
        self._at = 0

    def take(self, length: int) -> bytes | None:
        """Return the next bytes, None where they did not come."""
        if self._at + length > len(self._said):
            return None
        self._at += length
        return self._said[self._at - length : self._at]

    def number(self) -> int | None:
        """Return the next four bytes as a number."""
        data = self.take(4)
        return None if data is None else int.from_bytes(data, "big")

    def text(self) -> str:
        """Return the next text, with its length before it; empty where it did not come."""
        length = self.number()
        data = self.take(length) if length is not None and length <= _LONGEST else None
        return (data or b"").decode("utf-8", "replace").strip()

    @property
    def frame(self) -> int:
        """Return the frame of the last byte that was read."""
        return self._frames[self._at - 1]


def vnc(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield whether the client was let in, with the server's words; a success where the password was right."""
    first = next((message for message in messages if _VERSION.match(message.payload)), None)
    server = first.source if first else server_of(messages, (5900,))
    said = _Bytes([message for message in messages if message.source == server])
    asked = [message for message in messages if message.source != server]
    told = _outcome(said, _Bytes(asked))
    if told is None:
        return
    code, text = told
    client: Endpoint = asked[0].source if asked else messages[0].destination
    request = next((message.frame for message in reversed(asked) if message.frame < said.frame), None)
    yield Reply(
        "VNC", Kind.LOGIN, messages[0].stream, client, server, request, said.frame, "the login", "",
        code, text, not code,
    )  # fmt: skip


def _outcome(server: _Bytes, client: _Bytes) -> tuple[str, str] | None:
    """Return the code of the refusal (empty: let in) and the server's words; None where it cannot be told."""
    offered, spoken = (_VERSION.fullmatch(side.take(12) or b"") for side in (server, client))
    if not offered or not spoken:
        return None
    version = min(int(offered[2]), int(spoken[2]), _NEW)
    chosen = server.number() if version < _OLD else _chosen(server, client)
    if chosen == 0:
        return "refused", server.text()
    if chosen == _PASSWORD and not (server.take(_CHALLENGE) and client.take(_CHALLENGE)):
        return None
    if chosen not in (_NONE, _PASSWORD) or (chosen == _NONE and version < _NEW):
        return None
    result = server.number()
    if result == 0:
        return "", ""
    if result not in _WORDS:
        return None
    return str(result), (server.text() if version == _NEW else "") or _WORDS[result]


def _chosen(server: _Bytes, client: _Bytes) -> int | None:
    """Return the way to log in that the client chooses, 0 where the server offers none (section 7.1.2)."""
    number = server.take(1)
    if not number or not number[0]:
        return number[0] if number else None
    choice = client.take(1) if server.take(number[0]) else None
    return choice[0] if choice else None


# The handshake is the first thing that is said, and short: the pictures behind it need not be looked at.
VNC = Dialect("vnc", "vnc && tcp.seq < 400", (CONTENT,), vnc)
