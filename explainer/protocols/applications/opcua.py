"""OPC UA, of industrial machines: what a server says no to (OPC 10000-4 section 7.38, OPC 10000-6 section 7.1.5)."""

from collections.abc import Iterator, Sequence

from explainer.protocols.applications.lines import server_of
from explainer.protocols.applications.messages import Dialect, Message, many
from explainer.protocols.applications.records import Kind, Record, Reply

_SERVICE, _RESULT, _STATUS = many("opcua.servicenodeid.numeric"), many("opcua.ServiceResult"), many("opcua.StatusCode")
_ERROR, _WRITTEN = many("opcua.transport.error"), many("opcua.Results")
_PORT = 4840
_ACTIVATE, _PUBLISH, _REGISTER = 467, 826, (437, 12193)
_ROUTINE = (_PUBLISH, *_REGISTER)
"""Requests that wait until a session ends, or that are tried in a newer and in an older form."""
_REQUESTS = {
    428: "GetEndpoints", 446: "OpenSecureChannel", 461: "CreateSession", _ACTIVATE: "ActivateSession", 473:
    "CloseSession", 527: "Browse", 554: "TranslateBrowsePaths", 631: "Read", 673: "Write", 712: "Call", 751:
    "CreateMonitoredItems", 787: "CreateSubscription", _PUBLISH: "Publish",
}  # fmt: skip
"""By the numbers of their encodings (OPC 10000-6, annex A)."""
_BAD = 0x80000000


def opcua(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield the services that a server refuses, sessions that it opens, and answers of which every value is bad."""
    server = server_of(messages, (_PORT,))
    client = next((m.source for m in messages if m.source != server), messages[0].destination)
    asked: Message | None = None
    for message in messages:
        if message.source != server:
            asked = message
            continue
        service = (asked.number(_SERVICE) if asked else None) or 0
        refused = next((code for code in (*message.numbers(_RESULT), *message.numbers(_ERROR)) if code >= _BAD), 0)
        values = (*message.numbers(_STATUS), *message.numbers(_WRITTEN))
        bad = values[0] if values and all(code >= _BAD for code in values) else 0
        opens = service == _ACTIVATE and message.has(_RESULT)
        if service in _ROUTINE or not (refused or bad or opens):
            continue
        yield Reply(
            "OPC UA", Kind.LOGIN if service == _ACTIVATE else Kind.QUERY, message.stream, client, server,
            asked.frame if asked else None, message.frame, _REQUESTS.get(service, "a request"), "",
            f"0x{refused or bad:08x}" if refused or bad else "", "" if refused else "of a value", not (refused or bad),
        )  # fmt: skip
        asked = None


OPCUA = Dialect("opcua", "opcua", (_SERVICE, _RESULT, _STATUS, _ERROR, _WRITTEN), opcua)
