"""SNMP: communities, values that an agent does not have (RFC 3416), and users of version 3 (RFC 3414)."""

from collections.abc import Iterator, Sequence

from explainer.protocols.applications.messages import Dialect, Message, many
from explainer.protocols.applications.records import Kind, Login, Record, Reply, Sign

_SNMP = {"1": "tooBig", "2": "noSuchName", "3": "badValue", "4": "readOnly", "5": "genErr", "6": "noAccess", "16":
         "authorizationError", "17": "notWritable"}  # fmt: skip
_COMMUNITY, _SNMP_VERSION = many("snmp.community"), many("snmp.version")


def snmp(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield that a community, SNMP's password before version 3, can be read."""
    first = messages[0]
    if first.has(_COMMUNITY):
        client, server = first.source, first.destination
        if client.port in (161, 162) and server.port not in (161, 162):
            client, server = server, client
        frames = tuple(m.frame for m in messages if m.has(_COMMUNITY))[:20]
        yield Login("SNMP", None, client, server, "", "community", frames)
    # What version 3 asks who the engine is, and the report that answers, hold no value.
    yield from _errors([message for message in messages if not message.has(_SNMP_REPORT) and message.has(_SNMP_ID)])
    yield from _logins(messages)
    yield from _encrypted(messages)


_SNMP_ERROR, _SNMP_NAME = many("snmp.error_status"), many("snmp.name")
_NO_OBJECT, _NO_INSTANCE, _SNMP_ID = many("snmp.noSuchObject"), many("snmp.noSuchInstance"), many("snmp.request_id")


def _errors(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield the values that an agent has, or does not have (RFC 3416, section 3)."""
    asked = dict[str, Message]()
    for message in messages:
        number = message.first(_SNMP_ID)
        request = asked.pop(number, None)
        if request is None or request.source == message.source:
            asked[number] = message
            continue
        code = str(message.number(_SNMP_ERROR) or "")
        if message.has(_NO_OBJECT) or message.has(_NO_INSTANCE):
            code = "noSuchObject" if message.has(_NO_OBJECT) else "noSuchInstance"
        yield Reply(
            "SNMP", Kind.QUERY, None, message.destination, message.source, request.frame, message.frame, "the value",
            request.first(_SNMP_NAME), code, _SNMP.get(code, ""), not code,
        )  # fmt: skip


_SNMP_MESSAGE, _SNMP_USER, _SNMP_REPORT = many("snmp.msgID"), many("snmp.msgUserName"), many("snmp.report_element")
_SNMP_FLAGS = many("snmp.msgFlags")
_ENCRYPTED, _TIMEOUT_NS = 0x02, 900_000_000
"""privFlag (RFC 3412, section 6.4); programs wait for a second and more before they ask again."""
ENCRYPTED_UNANSWERED = "snmp-encrypted-unanswered"
_USM = "1.3.6.1.6.3.15.1.1."
_USM_REFUSALS = {
    "1": "unsupportedSecurityLevels", "3": "unknownUserNames", "5": "wrongDigests", "6": "decryptionErrors",
}  # fmt: skip


def _logins(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield which users of SNMP version 3 are let in (RFC 3414, section 3.2).

    That a client asks who the engine is, and what its clock says, are steps on the way (section 4).
    """
    asked = dict[str, Message]()
    for message in messages:
        number = message.first(_SNMP_MESSAGE)
        request = asked.pop(number, None)
        if not number or request is None or request.source == message.source:
            asked[number] = message
            continue
        counter = message.first(_SNMP_NAME).removeprefix(_USM).partition(".")[0] if message.has(_SNMP_REPORT) else ""
        if message.has(_SNMP_REPORT) and counter not in _USM_REFUSALS:
            continue
        yield Reply(
            "SNMP", Kind.LOGIN, None, message.destination, message.source, request.frame, message.frame, "the login",
            request.first(_SNMP_USER), _USM_REFUSALS.get(counter, ""), "", not counter,
        )  # fmt: skip


def _encrypted(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield the encrypted requests without an answer, where the agent answers other messages, but none of that user.

    Agents drop what they cannot decrypt; most without the report that RFC 3414 asks for (section 3.2, step 8).
    """
    asked, heard = dict[str, list[Message]](), set[str]()
    sides = {message.source for message in messages if message.has(_SNMP_REPORT)}
    for message in messages:
        user = message.first(_SNMP_USER)
        flags = int(message.first(_SNMP_FLAGS) or "0", 16)
        if not user or not flags & _ENCRYPTED or message.source in sides:
            heard |= {user} if user and message.source in sides else set()
            continue
        asked.setdefault(user, []).append(message)
    for user, requests in asked.items():
        waited = requests[-1].time_ns - requests[0].time_ns >= _TIMEOUT_NS
        for request in requests if waited and sides and user not in heard else ():
            yield Sign(ENCRYPTED_UNANSWERED, "SNMP", None, request.source, request.destination, request.frame, user)


SNMP = Dialect(
    "snmp", "snmp.community || snmp.msgID",
    (
        _COMMUNITY, _SNMP_VERSION, _SNMP_ERROR, _SNMP_NAME, _NO_OBJECT, _NO_INSTANCE, _SNMP_ID, _SNMP_MESSAGE,
        _SNMP_USER, _SNMP_REPORT, _SNMP_FLAGS,
    ),
    snmp,
)  # fmt: skip
