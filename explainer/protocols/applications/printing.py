"""Printing: the Internet Printing Protocol inside HTTP (RFC 8010, RFC 8011)."""

from collections.abc import Iterator, Sequence

from explainer.protocols.applications.lines import server_of
from explainer.protocols.applications.messages import Dialect, Message, many
from explainer.protocols.applications.records import Kind, Record, Reply
from explainer.protocols.tcp import Endpoint

_OPERATION, _STATUS, _URI = many("ipp.operation_id"), many("ipp.status_code"), many("http.request.uri")
_NAME, _ENUM = many("ipp.name"), many("ipp.enum_value")
_STATE, _STOPPED = "printer-state", 5
_ENUMS = ("finishings", "job-state", "operations-", "orientation-", "print-quality", "printer-type")
"""Attributes whose values are numbers of that kind, too (RFC 8011, section 5): tshark lists names and values apart."""
_JOBS = ("Print-Job", "Create-Job")
_LOOKS = "Get-Printer-Attributes"
_OPERATIONS = {
    2: "Print-Job", 3: "Print-URI", 4: "Validate-Job", 5: "Create-Job", 6: "Send-Document",
    0x0B: _LOOKS,
}  # fmt: skip
"""What a printer is asked for; that CUPS has no default printer, for example, is no failure."""
_FAILURE = 0x0400
_WORDS = {
    0x0400: "bad-request", 0x0401: "forbidden", 0x0402: "not-authenticated", 0x0403: "not-authorized",
    0x0404: "not-possible", 0x0405: "timeout", 0x0406: "not-found", 0x0407: "gone", 0x0408: "request-entity-too-large",
    0x040A: "document-format-not-supported", 0x040B: "attributes-or-values-not-supported", 0x0500: "internal-error",
    0x0501: "operation-not-supported", 0x0502: "service-unavailable", 0x0503: "version-not-supported",
    0x0504: "device-error", 0x0505: "temporary-error", 0x0506: "not-accepting-jobs", 0x0507: "busy",
    0x0508: "job-canceled", 0x050B: "account-disabled",
}  # fmt: skip


def ipp(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield how the printer answers (RFC 8011 section 5.4.15 and appendix B), and jobs that a stopped one takes."""
    server = server_of(messages, (631,))
    stopped = dict[str, tuple[Message, Message]]()
    asked: tuple[Message, str] | None = None
    failed = False
    for message in messages:
        if message.source != server:
            operation = message.number(_OPERATION)
            asked = (message, _OPERATIONS[operation]) if operation in _OPERATIONS else None
            continue
        status = message.number(_STATUS)
        if asked is None or status is None:
            continue
        request, name = asked
        good = status < _FAILURE
        failed = failed or not good
        where = request.first(_URI)
        if good and name == _LOOKS and _STATE in message.all(_NAME):
            stopped.pop(where, None)
            stopped |= {where: (request, message)} if _state(message) == _STOPPED else {}
        elif good and name in _JOBS and where in stopped:
            yield _stopped(server, where, *stopped[where])
        if good and name == _LOOKS and not failed:  # clients look at a printer again and again
            asked = None
            continue
        yield Reply(
            "IPP", Kind.QUERY, message.stream, request.source, server, request.frame, message.frame, name,
            where, "" if good else f"0x{status:04x}", _WORDS.get(status, ""), good,
        )  # fmt: skip
        asked = None


def _stopped(server: Endpoint, where: str, looked: Message, told: Message) -> Reply:
    return Reply(
        "IPP", Kind.OTHER, told.stream, looked.source, server, looked.frame, told.frame, _STATE, where, "stopped", "",
        ok=False,
    )  # fmt: skip


def _state(message: Message) -> int | None:
    """Return the printer's state: the first number of its kind, unless another attribute of that kind comes before."""
    names = message.all(_NAME)
    before = names[: names.index(_STATE)]
    return None if any(name.startswith(_ENUMS) for name in before) else message.number(_ENUM)


IPP = Dialect("ipp", "ipp", (_OPERATION, _STATUS, _URI, _NAME, _ENUM), ipp)
