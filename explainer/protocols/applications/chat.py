"""Chat: IRC (RFC 2812) and XMPP (RFC 6120), as long as they are in clear."""

import re
from collections.abc import Iterator, Sequence
from html import unescape

from explainer.protocols.applications import sasl
from explainer.protocols.applications.lines import lines, server_of, split
from explainer.protocols.applications.messages import CONTENT, Dialect, Message
from explainer.protocols.applications.records import Kind, Login, Record, Reply

_TEXT = 300
_NUMERIC = re.compile(r"(?::\S+ )?(\d{3}) (.*)")
_WELCOME, _FAILURE, _JOINED = 1, 400, 366
_LOGIN_FAILS = (432, 433, 436, 437, 451, 462, 463, 464, 465)
_ROUTINE = (401, 402, 406, 421, 422)
"""Names that are gone, commands that a server does not know, no message of the day: clients go on."""


def irc(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield the welcome, the numerics from 400 on (RFC 2812 section 5.2), and ERROR where the client did not quit."""
    server = server_of(messages, (6667, 194))
    client = next((m.source for m in messages if m.source != server), messages[0].destination)
    stream, asked, quit_sent, nick = messages[0].stream, None, False, ""
    for line in lines(messages, server):
        if line.from_client:
            command, argument = split(line.text)
            quit_sent = quit_sent or command == "QUIT"
            nick = argument.split(" ")[0] if command == "NICK" else nick
            asked = (line.frame, command) if command in ("NICK", "USER", "PASS", "JOIN", "PRIVMSG", "MODE") else asked
            continue
        found = _NUMERIC.fullmatch(line.text)
        code = int(found[1]) if found else 0
        words = found[2].partition(" ")[2].replace(":", "", 1) if found else line.text.partition(":")[2]
        failed = code >= _FAILURE and code not in _ROUTINE
        ends = line.text.startswith("ERROR ") and not quit_sent
        if code in (_WELCOME, _JOINED) or failed or ends:
            kind = Kind.LOGIN if ends or code == _WELCOME or code in _LOGIN_FAILS else Kind.CALL
            good = not (failed or ends)
            yield Reply(
                "IRC", kind, stream, client, server, asked[0] if asked else None, line.frame,
                asked[1] if asked else "the session", nick if kind is Kind.LOGIN else "",
                "" if good else "ERROR" if ends else str(code), words[:_TEXT], good,
            )  # fmt: skip


_SASL = re.compile(rb"<failure[^>]*xmpp-sasl[^>]*>\s*<([a-z-]+)(?:.*?<text[^>]*>([^<]*))?", re.DOTALL)
_SUCCESS = re.compile(rb"<success[^>]*xmpp-sasl")
_AUTH = re.compile(rb"<auth\b[^>]*\bmechanism=['\"]([A-Z0-9-]+)['\"][^>]*>([A-Za-z0-9+/=]*)")
_STREAM_ERROR = re.compile(rb"<stream:error[^>]*>\s*<([a-z-]+)(?:.*?<text[^>]*>([^<]*))?", re.DOTALL)


def xmpp(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield how the login ends (RFC 6120 section 6.5), and the errors of the stream (section 4.9)."""
    server = server_of(messages, (5222, 5269))
    client = next((m.source for m in messages if m.source != server), messages[0].destination)
    stream, asked, user, mechanism = messages[0].stream, 0, "", ""
    for message in messages:
        data = message.payload
        if message.source != server:
            asked = message.frame
            if begun := _AUTH.search(data):
                mechanism = begun[1].decode("ascii")
                user = sasl.user(mechanism, (begun[2].decode("ascii"),))
            continue
        failed, succeeded = _SASL.search(data), _SUCCESS.search(data)
        if (failed or succeeded) and mechanism in sasl.CLEAR and asked:
            yield Login("XMPP", stream, client, server, user, "password", (asked,), bool(succeeded), message.frame)
        for found, kind in ((failed, Kind.LOGIN), (_STREAM_ERROR.search(data), Kind.SESSION)):
            if found:
                code, text = found[1].decode("ascii", "replace"), unescape((found[2] or b"").decode("utf-8", "replace"))
                what, whose = ("the login", user) if kind is Kind.LOGIN else ("the session", "")
                yield Reply(
                    "XMPP", kind, stream, client, server, asked or None, message.frame, what, whose, code,
                    text[:_TEXT], ok=False,
                )  # fmt: skip
        if succeeded:
            yield Reply(
                "XMPP", Kind.LOGIN, stream, client, server, asked or None, message.frame, "the login", user, "", "",
                ok=True,
            )  # fmt: skip


IRC = Dialect("irc", "irc", (CONTENT,), irc)
XMPP = Dialect("xmpp", "xmpp", (CONTENT,), xmpp)
