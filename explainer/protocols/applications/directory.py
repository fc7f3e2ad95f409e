"""Directories: LDAP binds (RFC 4511) and Kerberos tickets (RFC 4120)."""

from collections.abc import Iterator, Sequence

from explainer.protocols.applications.lines import server_of
from explainer.protocols.applications.messages import Dialect, Message, many
from explainer.protocols.applications.records import Kind, Login, Record, Reply, Search
from explainer.protocols.tcp import Endpoint

_ID, _OPERATION, _RESULT = many("ldap.messageID"), many("ldap.protocolOp"), many("ldap.resultCode")
_ERROR, _NAME, _METHOD = many("ldap.errorMessage"), many("ldap.name"), many("ldap.authentication")
_PASSWORD = many("ldap.simple")
_BIND, _BIND_RESPONSE = 0, 1
_RESPONSES = {1: "bind", 5: "search", 7: "modify", 9: "add", 11: "delete", 13: "rename", 15: "compare", 24: "extended"}
_REQUESTS = {0: 1, 3: 5, 6: 7, 8: 9, 10: 11, 12: 13, 14: 15, 23: 24}
_SASL_STEP, _REFERRAL, _COMPARED = 14, 10, (5, 6)
_SIMPLE = 0
_TEXT = 300


def ldap(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield the results of LDAP operations, and the simple binds, whose password is in clear (RFC 4513 section 5.1)."""
    server = server_of(messages, (389, 636, 3268))
    client = next((m.source for m in messages if m.source != server), messages[0].destination)
    asked = dict[str, tuple[Message, str, bool]]()
    for message in messages:
        numbers, results = list(message.all(_ID)), list(message.numbers(_RESULT))
        errors, operations = list(message.all(_ERROR)), message.numbers(_OPERATION)
        for number, operation in zip(numbers, operations, strict=False):
            if operation in _REQUESTS:
                # A name without a password (RFC 4513, section 5.1.2) gives nothing away.
                simple = operation == _BIND and message.number(_METHOD) == _SIMPLE and message.has(_PASSWORD)
                asked[number] = message, message.first(_NAME) if operation == _BIND else "", simple
            elif operation in _RESPONSES and results:
                code, text = results.pop(0), errors.pop(0) if errors else ""
                if code in (_SASL_STEP, _REFERRAL, *_COMPARED):
                    continue
                request, name, simple = asked.pop(number, (None, "", False))
                kind = Kind.LOGIN if operation == _BIND_RESPONSE else Kind.QUERY
                frame = request.frame if request else None
                if simple and name and frame:
                    yield Login(
                        "LDAP", message.stream, client, server, name, "password", (frame,), code == 0, message.frame
                    )
                yield Reply(
                    "LDAP", kind, message.stream, client, server, frame, message.frame, _RESPONSES[operation], name,
                    str(code), text[:_TEXT], code == 0,
                )  # fmt: skip
    yield from _searches(messages, client, server)


_BASE, _ATTRIBUTE, _VALUE = many("ldap.baseObject"), many("ldap.attributeDesc"), many("ldap.assertionValue")
_SEARCH, _ENTRY, _DONE = 3, 4, 5


def _searches(messages: Sequence[Message], client: Endpoint, server: Endpoint) -> Iterator[Record]:
    """Yield what was searched, and how many entries came (RFC 4511, section 4.5)."""
    asked = dict[str, tuple[Message, int]]()
    for message in messages:
        results = list(message.numbers(_RESULT))
        for number, operation in zip(message.all(_ID), message.numbers(_OPERATION), strict=False):
            if operation == _SEARCH:
                asked[number] = message, 0
            elif operation == _ENTRY and number in asked:
                asked[number] = asked[number][0], asked[number][1] + 1
            code = results.pop(0) if operation in _RESPONSES and results else None
            if operation == _DONE and code is not None and number in asked:
                request, found = asked.pop(number)
                yield _searched(request, client, server, found)._replace(code=code, reply_frame=message.frame)
    for request, found in asked.values():
        yield _searched(request, client, server, found)._replace(done=False)


def _searched(request: Message, client: Endpoint, server: Endpoint, found: int) -> Search:
    pairs = zip(request.all(_ATTRIBUTE), request.all(_VALUE), strict=False)
    alike = len(request.all(_ATTRIBUTE)) == len(request.all(_VALUE))
    wanted = " and ".join(f"{name}={value}" for name, value in pairs)[:_TEXT] if alike else ""
    base = request.first(_BASE)[:_TEXT]
    return Search("LDAP", request.stream, client, server, base, wanted, found, 0, request.frame)


_TYPE, _CODE, _REALM, _SERVER_TIME = (
    many("kerberos.msg_type"), many("kerberos.error_code"), many("kerberos.realm"), many("kerberos.stime")
)  # fmt: skip
_CLIENT_NAME, _SERVICE, _ERROR_TEXT = (
    many("kerberos.CNameString"),
    many("kerberos.SNameString"),
    many("kerberos.e_text"),
)
_PREAUTH = many("kerberos.padata_type")
_PROOFS = {2, 14, 15, 16, 17, 136, 138, 151}
"""What proves in a request that the client knows the password, or holds the key: encrypted timestamp or challenge,
PKINIT, FAST, SPAKE (RFC 4120 section 7.5.2, RFC 4556, RFC 6113, RFC 9588)."""
_TICKET_GRANTING = "krbtgt"
_AS_REQ, _AS_REP, _TGS_REQ, _TGS_REP, _KRB_ERROR = 10, 11, 12, 13, 30
UNPROVEN = "AS-REQ without pre-authentication"
_NAMES = {_AS_REQ: "AS-REQ", _TGS_REQ: "TGS-REQ"}
_PREAUTH_REQUIRED, _MORE_PREAUTH, _TOO_BIG = 25, 91, 52
_STEPS = (_PREAUTH_REQUIRED, _MORE_PREAUTH, _TOO_BIG)


def _proven(asked: Message, later: Sequence[Message]) -> bool:
    """Return whether the client shows that it knows the password: by its request, or by using the ticket at once."""
    following = next((message.number(_TYPE) for message in later if message.number(_TYPE) in _NAMES), None)
    return not _PROOFS.isdisjoint(asked.numbers(_PREAUTH)) or following == _TGS_REQ


def kerberos(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield the tickets that a KDC grants or denies; the demand for pre-authentication is a step on the way.

    Whoever asks without pre-authentication gets a ticket that the password opens: that it is granted proves nothing.
    A ticket for another service than ticket granting, such as the one that changes passwords, is a matter of its own.
    """
    asked: Message | None = None
    server = server_of(messages, (88, 464))
    for place, message in enumerate(messages):
        kind = message.number(_TYPE)
        if kind in _NAMES:
            asked = message
        if kind not in (_AS_REP, _TGS_REP, _KRB_ERROR) or asked is None:
            continue
        code = message.number(_CODE)
        # What has no code, which each error must have (RFC 4120 section 5.9.1), is damaged: it tells of nothing.
        if code in _STEPS or (kind == _KRB_ERROR and code is None):
            continue
        wanted = asked.number(_TYPE) or _AS_REQ
        user, service = message.first(_CLIENT_NAME) or asked.first(_CLIENT_NAME), "/".join(message.all(_SERVICE)[:2])
        service = service or "/".join(asked.all(_SERVICE)[:2])
        others = service and not service.startswith(_TICKET_GRANTING)
        about = service if wanted != _AS_REQ else f"{user} ({service})" if others else user
        name = _NAMES.get(wanted, "")
        if kind == _AS_REP and not _proven(asked, messages[place + 1 :]):
            name = UNPROVEN
        client = asked.source if asked.source != server else asked.destination
        times = f"server time {message.first(_SERVER_TIME)}" if message.has(_SERVER_TIME) else ""
        yield Reply(
            "Kerberos", Kind.TICKET, message.stream, client, server, asked.frame, message.frame, name, about,
            str(code or 0), message.first(_ERROR_TEXT) or times, kind != _KRB_ERROR,
        )  # fmt: skip


LDAP = Dialect(
    "ldap", "ldap.protocolOp in {0, 1, 3, 4, 5} || (ldap.resultCode && ldap.resultCode > 0)",
    (_ID, _OPERATION, _RESULT, _ERROR, _NAME, _METHOD, _PASSWORD, _BASE, _ATTRIBUTE, _VALUE), ldap,
)  # fmt: skip
KERBEROS = Dialect(
    "kerberos", "kerberos.msg_type in {10, 11, 12, 13, 30}",
    (_TYPE, _CODE, _REALM, _SERVER_TIME, _CLIENT_NAME, _SERVICE, _ERROR_TEXT, _PREAUTH), kerberos,
)  # fmt: skip
