"""TLS that begins in a connection in clear: who asked for it, how, and what the answer was.

RFC 3207 (SMTP), 9051 (IMAP), 2595 (POP3), 4217 (FTP), 4511 section 4.14 (LDAP), 6120 section 5 (XMPP); PostgreSQL's
SSLRequest, MySQL's CLIENT_SSL, and RDP's negotiation (MS-RDPBCGR 2.2.1.1) by their protocol descriptions.

Rule: what was agreed on is not told here where TLS then follows on both sides: the TLS facts tell of that.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from itertools import groupby, pairwise
from typing import NamedTuple

from explainer.facts import Facts, fact
from explainer.protocols.openings import Opening, openings
from explainer.protocols.tcp import Connection, Endpoint, connections

_TEXT_LIMIT = 120


class Reply(StrEnum):
    """What became of the wish for TLS."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    REQUIRED = "more required"
    DEMANDED = "demanded in vain"
    NOT_OFFERED = "not offered"
    NOT_WANTED = "not wanted"


class Upgrade(NamedTuple):
    """A connection in clear in which TLS was asked for, or looked for in vain.

    `request` is how the protocol calls it; `request_frame` is where the client asks, or says what it can; the answer is
    in `answer_frame`, as `text` in the protocol's words. `masked` says that a firewall wrote over what the server
    offers, `login` that it offers one, where it names what it can. `next_frame` is where the client goes on in clear
    after a refusal, `left_frame` where it gives up. DEMANDED is what a client never asked for, and the server wants.
    """

    stream: int
    client: Endpoint
    server: Endpoint
    protocol: str
    request: str
    reply: Reply
    request_frame: int | None
    answer_frame: int
    text: str
    masked: bool = False
    login: bool = True
    next_frame: int | None = None
    left_frame: int | None = None


class Turn(NamedTuple):
    """What one side said until the other one spoke, as far as it was kept."""

    frame: int
    from_client: bool
    data: bytes


class _Dialect(NamedTuple):
    """How a protocol asks for TLS, says yes and no, and goes on without; each at the start of what a side says."""

    protocol: str
    request: str
    asked: re.Pattern[bytes]
    accepted: re.Pattern[bytes]
    refused: re.Pattern[bytes]
    goes_on: re.Pattern[bytes]


def _dialect(protocol: str, request: str, *patterns: bytes) -> _Dialect:
    return _Dialect(protocol, request, *(re.compile(pattern, re.IGNORECASE | re.DOTALL) for pattern in patterns))


_DIALECTS = (
    _dialect("SMTP", "STARTTLS", rb"STARTTLS\r?\n\Z", rb"220", rb"[45]\d\d", rb"(?:MAIL|AUTH)\s"),
    _dialect(
        "IMAP", "STARTTLS", rb"\S+ STARTTLS\r?\n\Z", rb"(?:\* [^\n]*\n)*[^*\s]\S* OK",
        rb"(?:\* [^\n]*\n)*[^*\s]\S* (?:NO|BAD)", rb"\S+ (?:LOGIN|AUTHENTICATE)\s",
    ),
    _dialect("POP3", "STLS", rb"STLS\r?\n\Z", rb"\+OK", rb"-ERR", rb"(?:USER|PASS|APOP|AUTH)\s"),
    _dialect("FTP", "AUTH TLS", rb"AUTH (?:TLS|SSL)(?:-[CP])?\r?\n\Z", rb"[23]34", rb"[45]\d\d", rb"(?:USER|PASS)\s"),
    _dialect("XMPP", "STARTTLS", rb".*<starttls\b", rb".*<proceed\b", rb".*<failure\b", rb".*<(?:auth|iq)\b"),
    # LDAPMessage with ExtendedResponse ([APPLICATION 24]) and its result code; BindRequest or SearchRequest.
    _dialect(
        "LDAP", "StartTLS", rb"\x30.*1\.3\.6\.1\.4\.1\.1466\.20037", rb"\x30.*?\x78.{1,5}?\x0a\x01\x00",
        rb"\x30.*?\x78.{1,5}?\x0a\x01[^\x00]", rb"\x30.{1,5}?\x02.{2,5}?[\x60\x63]",
    ),
    _dialect("PostgreSQL", "SSLRequest", rb"\0\0\0\x08\x04\xd2\x16\x2f\Z", rb"S\Z", rb"(?:N\Z|E)", rb"\0\0..\0\x03"),
)  # fmt: skip
_EHLO = re.compile(rb"EHLO\s", re.IGNORECASE)
_OFFER = re.compile(rb"(?:250-[^\n]*\n)*250 ")
_QUIT = re.compile(rb"QUIT\r?\n", re.IGNORECASE)
_AUTH = re.compile(rb"^250[ -]AUTH[ =]", re.IGNORECASE | re.MULTILINE)  # RFC 4954
_MASKED = re.compile(rb"^250[ -]X{6,}", re.MULTILINE)
_MYSQL_GREETING = re.compile(rb".{3}\0\x0a([^\0]{1,60})\0.{13}(..)", re.DOTALL)
_CLIENT_SSL = 0x0800
_LDAP_CODE = re.compile(rb"\x78.{1,5}?\x0a\x01(.)", re.DOTALL)
_RDP_REQUEST = re.compile(rb"\x03\0..[\x06-\xff]\xe0.*\x01.\x08\0....", re.DOTALL)
_RDP_FAILURE = re.compile(rb"\x03\0..[\x06-\xff]\xd0.{5}\x03.\x08\0(.)\0\0\0", re.DOTALL)
_RDP_WITHOUT = re.compile(rb"\x03\0..[\x06-\xff]\xd0.{5}\x02.\x08\0\0\0\0\0", re.DOTALL)
_RDP_CODES = {
    1: "SSL_REQUIRED_BY_SERVER", 2: "SSL_NOT_ALLOWED_BY_SERVER", 3: "SSL_CERT_NOT_ON_SERVER", 4: "INCONSISTENT_FLAGS",
    5: "HYBRID_REQUIRED_BY_SERVER", 6: "SSL_WITH_USER_AUTH_REQUIRED_BY_SERVER",
}  # fmt: skip
_RDP_REFUSALS = (2, 3)
_RDP_PLAIN, _RDP_END = re.compile(rb"\x03\0..[\x06-\xff]\xe0", re.DOTALL), b"\x03\0\0\x09\x02\xf0\x80\x21"
"""A connection request (X.224), and the end of a session (T.125, DisconnectProviderUltimatum)."""
_RDP_STEPS = 2
_XMPP_DEMANDS = re.compile(rb"<starttls\b[^>]*>\s*<required\b", re.DOTALL)


@fact("requests for TLS in connections in clear", openings, connections)
def upgrades(facts: Facts) -> tuple[Upgrade, ...]:
    """Return the connections in clear in which TLS was asked for, or looked for in vain, by stream number."""
    opened = facts[openings]
    by_stream = {c.stream: c for c in facts[connections]} if opened else {}
    found = (_upgrade(by_stream[opening.stream], turns(opening)) for opening in opened)
    return tuple(sorted((upgrade for upgrade in found if upgrade), key=lambda upgrade: upgrade.stream))


def turns(opening: Opening) -> list[Turn]:
    """Return what was said in turn."""
    said = [*((piece, True) for piece in opening.client), *((piece, False) for piece in opening.server)]
    found = []
    for from_client, group in groupby(sorted(said, key=lambda one: one[0].frame), key=lambda one: one[1]):
        pieces = [piece for piece, _ in group]
        found.append(Turn(pieces[0].frame, from_client, b"".join(piece.data for piece in pieces)))
    return found


def _upgrade(connection: Connection, said: list[Turn]) -> Upgrade | None:
    asked = list(_asked(connection, said))
    # Some clients ask twice, in other words: what counts is whether one of them was accepted.
    accepted = (upgrade for upgrade in asked if upgrade.reply is Reply.ACCEPTED)
    return next(accepted, asked[-1] if asked else None) or _missed(connection, said) or _demanded(connection, said)


def _asked(connection: Connection, said: list[Turn]) -> Iterator[Upgrade]:
    for number, (turn, answer) in enumerate(pairwise(said)):
        if not turn.from_client:
            continue
        later = [t for t in said[number + 2 :] if t.from_client]
        for dialect in _DIALECTS:
            if dialect.asked.match(turn.data):
                yield from _answered(connection, dialect, turn, answer, later)
        if _RDP_REQUEST.match(turn.data):
            yield from _negotiated(connection, turn, answer, goes_on=bool(later))


def _negotiated(connection: Connection, turn: Turn, answer: Turn, *, goes_on: bool) -> Iterator[Upgrade]:
    failure = _RDP_FAILURE.match(answer.data)
    if failure:
        code = failure[1][0]
        reply = Reply.REFUSED if code in _RDP_REFUSALS else Reply.REQUIRED
        text = f"{_RDP_CODES.get(code, 'failure')} ({code})"
        yield _told(connection, "RDP", "negotiation", reply, turn, answer, text)
    elif _RDP_WITHOUT.match(answer.data):
        left = not goes_on and _left(connection, answer.frame) is not None
        yield _told(connection, "RDP", "negotiation", Reply.NOT_OFFERED if left else Reply.NOT_WANTED, turn, answer, "")


def _answered(
    connection: Connection, dialect: _Dialect, turn: Turn, answer: Turn, later: list[Turn]
) -> Iterator[Upgrade]:
    if dialect.accepted.match(answer.data):
        reply = Reply.ACCEPTED
    elif dialect.refused.match(answer.data):
        reply = Reply.REFUSED
    else:
        return
    next_frame = next((t.frame for t in later if dialect.goes_on.match(t.data)), None)
    text = _text(dialect, answer.data)
    yield _told(connection, dialect.protocol, dialect.request, reply, turn, answer, text, next_frame=next_frame)


def _told(
    connection: Connection, protocol: str, request: str, reply: Reply, turn: Turn | None, answer: Turn, text: str,
    **more: int | bool | None,
) -> Upgrade:  # fmt: skip
    asked = turn.frame if turn else None
    return Upgrade(
        connection.stream, connection.client, connection.server, protocol, request, reply, asked, answer.frame, text,
        left_frame=_left(connection, answer.frame), **more,  # type: ignore[arg-type]  # its own fields
    )  # fmt: skip


def _text(dialect: _Dialect, data: bytes) -> str:
    if dialect.protocol == "LDAP":
        code = _LDAP_CODE.search(data)
        return f"result code {code[1][0]}" if code else ""
    if dialect.protocol == "PostgreSQL":
        return chr(data[0])
    lines = data.decode("ascii", "replace").splitlines()
    own = (line for line in lines if not line.startswith("* "))
    return next(own, "").strip()[:_TEXT_LIMIT]


def _left(connection: Connection, after: int) -> int | None:
    return next((f for f in sorted((*connection.client_ends, *connection.client_resets)) if f > after), None)


def _missed(connection: Connection, said: list[Turn]) -> Upgrade | None:
    """Return what a client looked for in vain, where it leaves as soon as it knows: SMTP's extension, MySQL's flag."""
    for number, (turn, answer) in enumerate(pairwise(said)):
        if turn.from_client and _EHLO.match(turn.data) and _OFFER.match(answer.data):
            rest = said[number + 2 :]
            if b"STARTTLS" in answer.data.upper() or not (rest[:1] == [] or _QUIT.match(rest[0].data)):
                return None
            if _left(connection, answer.frame) is None:
                return None
            masked = _MASKED.search(answer.data) is not None
            told = _told(connection, "SMTP", "STARTTLS", Reply.NOT_OFFERED, turn, answer, "", masked=masked)
            return told._replace(login=_AUTH.search(answer.data) is not None)
    if len(said) == 1 and not said[0].from_client:
        greeting = _MYSQL_GREETING.match(said[0].data)
        silent = connection.client_payload == 0 and _left(connection, said[0].frame) is not None
        if greeting and silent and not int.from_bytes(greeting[2], "little") & _CLIENT_SSL:
            return _told(connection, "MySQL", "CLIENT_SSL", Reply.NOT_OFFERED, None, said[0], "")
    return None


def _demanded(connection: Connection, said: list[Turn]) -> Upgrade | None:
    """Return what a server wants of a client that never asks for TLS, where the two part over it.

    XMPP names it as required, offers no login before it, and the client leaves; RDP ends the session of a client that
    has not negotiated as soon as it begins.
    """
    theirs, ours = [t for t in said if not t.from_client], [t for t in said if t.from_client]
    if not (ours and theirs):
        return None
    left = _left(connection, theirs[0].frame) is not None
    if left and len(ours) == 1 and _XMPP_DEMANDS.search(theirs[0].data) and b"<mechanism" not in theirs[0].data:
        return _told(connection, "XMPP", "STARTTLS", Reply.DEMANDED, ours[0], theirs[0], "")
    plain = len(ours) == len(theirs) == _RDP_STEPS and _RDP_PLAIN.match(ours[0].data)
    if plain and not _RDP_REQUEST.match(ours[0].data) and theirs[1].data.startswith(_RDP_END):
        return _told(connection, "RDP", "negotiation", Reply.DEMANDED, ours[0], theirs[1], "")
    return None
