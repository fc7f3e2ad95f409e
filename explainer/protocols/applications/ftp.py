"""Files: FTP (RFC 959) and TFTP (RFC 1350)."""

import re
from collections.abc import Iterator, Sequence

from explainer.protocols.applications.lines import Exchange, exchanges, lines, server_of
from explainer.protocols.applications.messages import CONTENT, Dialect, Message, many
from explainer.protocols.applications.records import Kind, Login, Record, Reply, Sign, Transfer
from explainer.protocols.tcp import Endpoint

_ACTIONS = {
    "STOR": "uploads", "STOU": "uploads", "APPE": "uploads", "RETR": "downloads", "DELE": "deletes", "RMD": "deletes",
    "RNTO": "renames", "MKD": "creates",
}  # fmt: skip
_KINDS = {
    "USER": Kind.LOGIN, "PASS": Kind.LOGIN, "ACCT": Kind.LOGIN, "": Kind.SESSION, "LIST": Kind.FILE, "NLST": Kind.FILE,
    "MLSD": Kind.FILE, "CWD": Kind.OTHER, "PASV": Kind.OTHER, "EPSV": Kind.OTHER, "PORT": Kind.OTHER,
    "EPRT": Kind.OTHER,
}  # fmt: skip
_FAILURE, _MORE = 400, 300
_BROKEN_OFF = 426
_CLOSING = 421  # RFC 959, section 4.2: in answer to any command, or unasked
_OPCODE, _SOURCE_FILE, _TARGET_FILE = many("tftp.opcode"), many("tftp.source_file"), many("tftp.destination_file")
_ERROR_CODE, _ERROR_TEXT = many("tftp.error.code"), many("tftp.error.message")
_READ, _WRITE, _ERROR = 1, 2, 5
ANONYMOUS = ("anonymous", "ftp")
_GUEST = re.compile(r"[^@\s]*@(?:example\.(?:com|org))?|anonymous|guest", re.IGNORECASE)
"""What programs send in place of a password where they sign in as anonymous (RFC 1635): "IEUser@"."""


def ftp(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield the replies of an FTP control connection, its login in clear, and the files that were asked for."""
    server = server_of(messages, (21, 990))
    client = next((m.source for m in messages if m.source != server), messages[0].destination)
    stream, user, user_frame = messages[0].stream, "", None
    said = list(exchanges(list(lines(messages, server))))
    last_asked = {e.argument: number for number, e in enumerate(said) if e.command in _ACTIONS}
    for number, e in enumerate(said):
        if e.command == "USER":
            user, user_frame = e.argument, e.request_frame
        if e.command == "PASS" and e.request_frame:
            frames = tuple(filter(None, (user_frame, e.request_frame)))
            accepted = None if e.code in (0, 500, 502, 503) else e.code < _FAILURE
            secret = "" if user.lower() in ANONYMOUS or (not user and _GUEST.fullmatch(e.argument)) else "password"
            yield Login("FTP", stream, client, server, user, secret, frames, accepted, e.frame)
        yield from _data_place(e, stream, client, server)
        action = _ACTIONS.get(e.command)
        stopped = e.code == _BROKEN_OFF and _breaks_off(said[number + 1 : number + 2])
        if action and e.request_frame:
            done = e.code < _FAILURE if e.code and not stopped else None
            yield Transfer("FTP", stream, client, server, action, e.argument, e.request_frame, done, e.frame)
        if e.frame and e.request_frame is None and number and e.code == _CLOSING:
            yield Reply(
                "FTP", Kind.SESSION, stream, client, server, None, e.frame, "session", "", str(e.code), e.text, ok=False
            )
        # Some clients ask for a file's size first, and give up where there is none.
        gives_up = e.command == "SIZE" and last_asked.get(e.argument, -1) < number
        kind = Kind.FILE if action or gives_up else _KINDS.get(e.command)
        asked_more = kind is Kind.LOGIN and _MORE <= e.code < _FAILURE
        if kind and e.frame and not asked_more and not stopped and (e.request_frame or number == 0):
            about = user if kind is Kind.LOGIN else e.argument
            yield Reply(
                "FTP", kind, stream, client, server, e.request_frame, e.frame, e.command or "greeting", about,
                str(e.code), e.text, e.code < _FAILURE,
            )  # fmt: skip


def _breaks_off(following: Sequence[Exchange]) -> bool:
    """Return whether the client stops the transfer itself: 426 is then what ABOR has to cause (RFC 959, section 4.1.3).

    Telnet's marks (IP, DM) may stand before the word.
    """
    return any(e.command.endswith("ABOR") for e in following)


_SIX = re.compile(r"(\d{1,3}(?:,\d{1,3}){3}),(\d{1,3}),(\d{1,3})")
_EXTENDED = re.compile(r"\|(?:\d?\|([^|]*)\|)?\|?(\d{1,5})\|")
_PASSIVE, _ACTIVE, _NEEDS_DATA = ("PASV", "EPSV"), ("PORT", "EPRT"), ("LIST", "NLST", "MLSD", *_ACTIONS)


def _data_place(e: Exchange, stream: int | None, client: Endpoint, server: Endpoint) -> Iterator[Sign]:
    """Yield where the data connection is to go, as server (PASV, EPSV) or client (PORT, EPRT) says, and what needs it.

    The text is "address:port" (RFC 959 section 4.1.2, RFC 2428); an empty address is the server's own. What the server
    does not accept of the client's is told, too.
    """
    if e.command in _PASSIVE and e.frame and e.code < _FAILURE:
        what, said, frame = "ftp-passive", e.text, e.frame
    elif e.command in _ACTIVE and e.request_frame and e.code < _FAILURE:
        what, said, frame = "ftp-active", e.argument, e.request_frame
    elif e.command in _ACTIVE and e.request_frame and e.frame:
        what, said, frame = "ftp-active-refused", e.argument, e.frame
    else:
        if e.command in _NEEDS_DATA and e.request_frame and e.command not in ("DELE", "RMD", "RNTO", "MKD"):
            what = "ftp-refused" if e.code >= _FAILURE and e.code not in (425, 426) else "ftp-wants-data"
            yield Sign(what, "FTP", stream, client, server, e.request_frame, e.command)
        return
    six, extended = _SIX.search(said), _EXTENDED.search(said)
    if six:
        place = f"{six[1].replace(',', '.')}:{int(six[2]) * 256 + int(six[3])}"
    elif extended:
        place = f"{extended[1] or ''}:{extended[2]}"
    else:
        return
    yield Sign(what, "FTP", stream, client, server, frame, place)


def tftp(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield the files that are asked for by TFTP, and the errors, which go to the port that asked (RFC 1350)."""
    asked, refused, open_ones = list[Message](), dict[int, int](), dict[Endpoint, Message]()
    for message in messages:
        code, waiting = message.number(_OPCODE), open_ones.get(message.destination)
        if code in (_READ, _WRITE):
            asked.append(message)
            open_ones[message.source] = message
        elif code == _ERROR and waiting:
            refused[waiting.frame] = message.frame
            yield Reply(
                "TFTP", Kind.FILE, None, waiting.source, waiting.destination, waiting.frame, message.frame, "file",
                _file_name(waiting), message.first(_ERROR_CODE), message.first(_ERROR_TEXT), ok=False,
            )  # fmt: skip
    for message in asked:
        action = "downloads" if message.number(_OPCODE) == _READ else "uploads"
        reply = refused.get(message.frame)
        yield Transfer(
            "TFTP", None, message.source, message.destination, action, _file_name(message), message.frame,
            None if reply is None else False, reply,
        )  # fmt: skip


def _file_name(request: Message) -> str:
    return request.first(_SOURCE_FILE) or request.first(_TARGET_FILE)


FTP = Dialect("ftp", "ftp.request || ftp.response", (CONTENT,), ftp)
TFTP = Dialect(
    "tftp", "tftp.opcode in {1, 2, 5}", (_OPCODE, _SOURCE_FILE, _TARGET_FILE, _ERROR_CODE, _ERROR_TEXT), tftp
)
