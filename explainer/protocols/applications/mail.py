"""Mail: SMTP (RFC 5321, RFC 4954), POP3 (RFC 1939, RFC 5034) and IMAP (RFC 9051), as long as they are in clear."""

import re
from collections.abc import Iterator, Sequence

from explainer.protocols.applications import sasl
from explainer.protocols.applications.lines import Exchange, Line, exchanges, lines, server_of, split
from explainer.protocols.applications.messages import CONTENT, Dialect, Message
from explainer.protocols.applications.records import Kind, Login, Record, Reply
from explainer.protocols.tcp import Endpoint

_SMTP_PORTS, _POP_PORTS, _IMAP_PORTS = (25, 465, 587, 2525), (110, 995), (143, 993)
_FAILURE = 400
_ADDRESS = re.compile(r"<([^<>]*)>|:\s*([^<>\s]+)")
_PASSWORD = "password"
_TEXT = 300
_DELIVERY = ("MAIL", "RCPT", "DATA", ".", "BDAT")


def smtp(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield the replies of an SMTP session, and the logins in clear."""
    server = server_of(messages, _SMTP_PORTS)
    said = list(exchanges(list(lines(messages, server))))
    for number, exchange in enumerate(said):
        if exchange.command == "AUTH":
            yield from _smtp_login(messages[0], server, said[number : number + 3])
        elif exchange.code and exchange.command != "=" and (exchange.request_frame or number == 0):
            yield _smtp_reply(messages[0], server, exchange)


def _smtp_reply(
    message: Message, server: Endpoint, exchange: Exchange, about: str = "", last: int | None = None
) -> Reply:
    command, code = exchange.command, exchange.code
    client, own = _ends(message, server)
    kind = Kind.MAIL if command in _DELIVERY else Kind.LOGIN if command == "AUTH" else Kind.SESSION
    if command in ("MAIL", "RCPT"):
        found = _ADDRESS.search(exchange.argument)
        about = next(filter(None, found.groups()), "") if found else ""
    elif command not in ("", "HELO", "EHLO", "AUTH", *_DELIVERY):
        kind = Kind.OTHER
    request = {"": "greeting", ".": "the mail"}.get(command, command)
    return Reply(
        "SMTP", kind, message.stream, client, own, exchange.request_frame, last or exchange.frame or 0, request, about,
        str(code), exchange.text, ok=code < _FAILURE,
    )  # fmt: skip


def _smtp_login(message: Message, server: Endpoint, said: Sequence[Exchange]) -> Iterator[Record]:
    first = said[0]
    answers = [e for e in said[1:] if e.command == "="]
    mechanism, initial = split(first.argument)
    last = (answers or [first])[-1]
    frames = tuple(e.request_frame for e in (first, *answers) if e.request_frame)
    user = sasl.user(mechanism, (initial, *(e.argument for e in answers)))
    client, own = _ends(message, server)
    if mechanism in sasl.CLEAR and (user or answers):
        accepted = last.code < _FAILURE if last.code and last.code != 334 else None  # go on
        yield Login("SMTP", message.stream, client, own, user, _PASSWORD, frames, accepted, last.frame)
    if last.code and last.code != 334:  # go on
        final = Exchange(first.request_frame, "AUTH", "", last.frame, last.code, last.text)
        yield _smtp_reply(message, server, final, user)


def pop(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield the replies of a POP3 session to what can fail for good, and the login in clear."""
    server = server_of(messages, _POP_PORTS)
    message, user, user_frame = messages[0], "", 0
    client, own = _ends(message, server)
    for exchange in _pop_exchanges(list(lines(messages, server))):
        request, frame = exchange.command, exchange.request_frame
        if request == "USER":
            user, user_frame = exchange.argument, frame or 0
        mechanism = ""
        if request == "AUTH":
            mechanism, user = _mechanism(exchange.argument)
        # AUTH alone asks which ways to sign in there are.
        if request in ("PASS", "APOP", "USER", "AUTH") and exchange.frame and (request != "AUTH" or exchange.argument):
            about = split(exchange.argument)[0] if request == "APOP" else user
            good = exchange.code == 1
            if not (good and request == "USER"):
                yield Reply(
                    "POP3", Kind.LOGIN, message.stream, client, own, frame, exchange.frame, request, about,
                    "+OK" if good else "-ERR", exchange.text, good,
                )  # fmt: skip
        if (request == "PASS" or (mechanism in sasl.CLEAR and user)) and frame:
            accepted = exchange.code == 1 if exchange.frame else None
            yield Login(
                "POP3", message.stream, client, own, user, _PASSWORD, tuple(filter(None, (user_frame, frame))),
                accepted, exchange.frame,
            )  # fmt: skip
        elif request in ("RETR", "DELE", "STAT", "LIST", "UIDL", "TOP", "") and exchange.frame:
            good = exchange.code == 1
            kind = Kind.OTHER if request else Kind.SESSION
            yield Reply(
                "POP3", kind, message.stream, client, own, frame, exchange.frame, request or "greeting",
                exchange.argument, "+OK" if good else "-ERR", exchange.text, good,
            )  # fmt: skip


def _mechanism(argument: str) -> tuple[str, str]:
    """Return the mechanism of AUTH, and whose name it gives: its argument holds the lines that follow it, too."""
    mechanism, told = split(argument)
    return mechanism, sasl.user(mechanism, told.split(" "))


def _pop_exchanges(said: Sequence[Line]) -> Iterator[Exchange]:
    waiting, continued = list[tuple[int, str, str]](), False
    for line in said:
        # Who signs in sends nothing else meanwhile; tshark (4.0) does not show the server's "+ " as a response.
        if line.from_client and waiting and (continued or (waiting[-1][1] == "AUTH" and waiting[-1][2])):
            frame, command, argument = waiting[-1]
            waiting[-1], continued = (frame, command, f"{argument} {line.text}"), False
        elif line.from_client:
            waiting.append((line.frame, *split(line.text)))
        elif line.text == "+" or line.text.startswith("+ "):
            continued = True
        elif line.text.startswith(("+OK", "-ERR")):
            frame, command, argument = waiting.pop(0) if waiting else (0, "", "")
            text = line.text.partition(" ")[2].strip()[:_TEXT]
            yield Exchange(frame or None, command, argument, line.frame, int(line.text.startswith("+OK")), text)
    yield from (Exchange(frame, command, argument) for frame, command, argument in waiting)


_IMAP_REPLY = re.compile(r"([^\s*+]\S*) (OK|NO|BAD)\b\s*(.*)", re.IGNORECASE)
_IMAP_REQUEST = re.compile(r"([^\s*+]\S*) ([A-Za-z]+)\s*(.*)")
_IMAP_EXISTS, _IMAP_OPENING = re.compile(r"\* (\d+) EXISTS", re.IGNORECASE), ("SELECT", "EXAMINE")
_IMAP_OPENS = re.compile(r"\* (OK|PREAUTH|BYE)\b\s*(.*)", re.IGNORECASE)
_IMAP_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')


def imap(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield the tagged answers of an IMAP session to what can fail for good, how it ends, and the logins in clear."""
    server = server_of(messages, _IMAP_PORTS)
    yield from _imap_ends(messages, server)
    message = messages[0]
    client, own = _ends(message, server)
    waiting, continued, held = dict[str, tuple[int, str, str]](), "", ""
    for line in lines(messages, server):
        if not line.from_client:
            held = size[1] if (size := _IMAP_EXISTS.fullmatch(line.text)) else held
            answer = _IMAP_REPLY.fullmatch(line.text)
            frame, command, argument = waiting.pop(answer[1], (0, "", "")) if answer else (0, "", "")
            if answer and frame and command in _IMAP_KINDS:
                status, good = answer[2].upper(), answer[2].upper() == "OK"
                mechanism, user = _imap_user(command, argument)
                if command == "LOGIN" or mechanism in sasl.CLEAR:
                    yield Login("IMAP", message.stream, client, own, user, _PASSWORD, (frame,), good, line.frame)
                yield Reply(
                    "IMAP", _IMAP_KINDS[command], message.stream, client, own, frame, line.frame, command,
                    user if _IMAP_KINDS[command] is Kind.LOGIN else argument[:_TEXT], status,
                    f"{held} messages" if good and held and command in _IMAP_OPENING else answer[3][:_TEXT], good,
                )  # fmt: skip
        elif continued in waiting:  # it was not answered before it went on
            frame, command, argument = waiting[continued]
            waiting[continued], continued = (frame, command, f"{argument} {line.text}"), ""
        elif request := _IMAP_REQUEST.fullmatch(line.text):
            waiting[request[1]] = (line.frame, request[2].upper(), request[3])
            goes_on = request[2].upper() == "AUTHENTICATE" and " " not in request[3].strip()
            continued = request[1] if goes_on else ""


def _imap_ends(messages: Sequence[Message], server: Endpoint) -> Iterator[Record]:
    """Yield the greeting, and the goodbye (BYE) that nobody asked for by LOGOUT (RFC 9051, section 7.1.5).

    A goodbye is the last that a server says: a mail may hold such a line, too.
    """
    client, own = _ends(messages[0], server)
    said = list(lines(messages, server))
    asked = [line for line in said if line.from_client]
    told = [line for line in said if not line.from_client]
    if not told:
        return
    greeting = _IMAP_OPENS.fullmatch(told[0].text)
    before = asked and asked[0].frame < told[0].frame
    if greeting and not before and greeting[1].upper() != "BYE":
        yield Reply(
            "IMAP",
            Kind.SESSION,
            messages[0].stream,
            client,
            own,
            None,
            told[0].frame,
            "greeting",
            "",
            "OK",
            "",
            ok=True,
        )
    goodbye = _IMAP_OPENS.fullmatch(told[-1].text)
    asked = [line for line in asked if line.frame < told[-1].frame]
    wanted = any(line.text.upper().endswith(" LOGOUT") for line in asked)
    if goodbye and goodbye[1].upper() == "BYE" and not wanted:
        request = "the session" if asked or len(told) > 1 else "greeting"
        yield Reply(
            "IMAP", Kind.SESSION, messages[0].stream, client, own, asked[-1].frame if asked else None, told[-1].frame,
            request, "", "BYE", goodbye[2][:_TEXT], ok=False,
        )  # fmt: skip


_IMAP_KINDS = {
    "LOGIN": Kind.LOGIN, "AUTHENTICATE": Kind.LOGIN, "SELECT": Kind.FILE, "EXAMINE": Kind.FILE, "APPEND": Kind.MAIL,
    "COPY": Kind.MAIL, "FETCH": Kind.OTHER, "CREATE": Kind.OTHER, "DELETE": Kind.OTHER,
}  # fmt: skip


def _imap_user(command: str, argument: str) -> tuple[str, str]:
    """Return by which mechanism of SASL, if any, and whose name is given."""
    if command == "LOGIN":
        word = _IMAP_WORD.match(argument)
        return "", (word[1] or word[2] or "") if word else ""
    return _mechanism(argument) if command == "AUTHENTICATE" else ("", "")


def _ends(message: Message, server: Endpoint) -> tuple[Endpoint, Endpoint]:
    """Return the client and the server."""
    return (message.destination, message.source) if message.source == server else (message.source, message.destination)


# tshark (4.0) takes a BDAT whose size it cannot read for a part of the mail.
SMTP = Dialect("smtp", 'smtp.req || smtp.rsp || smtp contains "BDAT "', (CONTENT,), smtp)
POP = Dialect("pop", "pop.request || pop.response", (CONTENT,), pop)
IMAP = Dialect(
    "imap",
    # tshark (4.0) reads no field of an untagged response: neither of the greeting nor of a goodbye.
    'imap.isrequest == 1 || imap.response.status || (imap && tcp.seq == 1) || imap contains "* BYE"',
    (CONTENT,), imap,
)  # fmt: skip
