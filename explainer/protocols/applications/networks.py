"""Sessions between network devices: BGP (RFC 4271), the logins of PPP (RFC 1334, 1994)."""

from collections.abc import Iterator, Sequence

from explainer.protocols.applications.messages import Dialect, Message, many
from explainer.protocols.applications.records import Kind, Login, Record, Reply

_TYPE, _MAJOR, _WORDS = many("bgp.type"), many("bgp.notify.major_error"), many("bgp.notify.communication")
_MINORS = {
    1: many("bgp.notify.minor_error"), 2: many("bgp.notify.minor_error_open"), 3: many("bgp.notify.minor_error_update"),
    4: many("bgp.notify.minor_error_expired"), 5: many("bgp.notify.minor_error_state"),
    6: many("bgp.notify.minor_error_cease"), 7: many("bgp.notify.minor_error_unknown"),
}  # fmt: skip
_OPEN, _NOTIFICATION, _KEEP_ALIVE = 1, 3, 4


def bgp(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield who ends a session with what error, and that a session was opened (keep-alives after both OPENs)."""
    opened = set[str]()
    for message in messages:
        types, major = message.numbers(_TYPE), message.number(_MAJOR)
        if _OPEN in types:
            opened.add(message.source.address)
        elif _KEEP_ALIVE in types and len(opened) > 1:
            opened.clear()
            yield _bgp(message, "", "", ok=True)
        if _NOTIFICATION in types and major is not None:
            minor = message.number(_MINORS.get(major, _MINORS[1])) or 0
            yield _bgp(message, f"{major}/{minor}", message.first(_WORDS), ok=False)


def _bgp(message: Message, code: str, text: str, *, ok: bool) -> Reply:
    return Reply(
        "BGP", Kind.SESSION, message.stream, message.destination, message.source, None, message.frame, "the session",
        "", code, text, ok,
    )  # fmt: skip


_PAP_CODE, _PAP_USER, _PAP_TEXT = many("pap.code"), many("pap.peer_id"), many("pap.message")
_PAP_SECRET = many("pap.password.length")
_CHAP_CODE, _CHAP_TEXT, _CHAP_NAME = many("chap.code"), many("chap.message"), many("chap.name")
_REQUEST, _ACK, _NAK = 1, 2, 3
_RESPONSE, _SUCCESS, _FAILURE = 2, 3, 4


def pap(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield logins whose password crosses in clear (RFC 1334 section 2), and how they are answered."""
    asked: Message | None = None
    for message in messages:
        code = message.number(_PAP_CODE)
        if code == _REQUEST:
            asked = message
        elif code in (_ACK, _NAK):
            yield from _pap(message, asked, accepted=code == _ACK)
            asked = None
    if asked:
        yield Login(
            "PPP PAP", None, asked.source, asked.destination, asked.first(_PAP_USER), "password", (asked.frame,)
        )


def _pap(message: Message, asked: Message | None, *, accepted: bool) -> Iterator[Record]:
    user = asked.first(_PAP_USER) if asked else ""
    client, server = message.destination, message.source
    if asked and asked.number(_PAP_SECRET):
        yield Login("PPP PAP", None, client, server, user, "password", (asked.frame,), accepted, message.frame)
    yield Reply(
        "PPP", Kind.LOGIN, None, client, server, asked.frame if asked else None, message.frame, "PAP login", user,
        "" if accepted else "NAK", message.first(_PAP_TEXT), accepted,
    )  # fmt: skip


def chap(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield how the answers to challenges are taken (RFC 1994 section 4.2)."""
    asked: Message | None = None
    for message in messages:
        code = message.number(_CHAP_CODE)
        if code == _RESPONSE:
            asked = message
        elif code in (_SUCCESS, _FAILURE):
            good = code == _SUCCESS
            yield Reply(
                "PPP", Kind.LOGIN, None, message.destination, message.source, asked.frame if asked else None,
                message.frame, "CHAP login", asked.first(_CHAP_NAME) if asked else "", "" if good else "failure",
                message.first(_CHAP_TEXT), good,
            )  # fmt: skip


BGP = Dialect("bgp", "bgp.type in {1, 3, 4}", (_TYPE, _MAJOR, _WORDS, *_MINORS.values()), bgp)
PAP = Dialect("pap", "pap", (_PAP_CODE, _PAP_USER, _PAP_TEXT, _PAP_SECRET), pap)
CHAP = Dialect("chap", "chap", (_CHAP_CODE, _CHAP_TEXT, _CHAP_NAME), chap)
