"""Machines that answer each request by number: BACnet (ASHRAE 135) and Siemens S7."""

from collections.abc import Iterator, Sequence

from explainer.protocols.applications.messages import Dialect, Message, many
from explainer.protocols.applications.records import Kind, Record, Reply

_TYPE, _INVOKE, _SERVICE = many("bacapp.type"), many("bacapp.invoke_id"), many("bacapp.confirmed_service")
_ERROR, _REJECT, _ABORT = many("bacapp.error_code"), many("bacapp.reject_reason"), many("bacapp.abort_reason")
_ASKED, _SIMPLE_ACK, _COMPLEX_ACK = 0, 2, 3
_SERVICES = {
    0: "acknowledgeAlarm", 2: "confirmedEventNotification", 5: "subscribeCOV", 6: "atomicReadFile",
    7: "atomicWriteFile", 8: "addListElement", 9: "removeListElement", 10: "createObject", 11: "deleteObject",
    12: "readProperty", 14: "readPropertyMultiple", 15: "writeProperty", 16: "writePropertyMultiple",
    17: "deviceCommunicationControl", 18: "confirmedPrivateTransfer", 20: "reinitializeDevice", 26: "readRange",
}  # fmt: skip
_ERRORS = {
    2: "configuration-in-progress", 3: "device-busy", 5: "file-access-denied", 7: "inconsistent-parameters",
    9: "invalid-data-type", 16: "missing-required-parameter", 17: "no-objects-of-specified-type",
    18: "no-space-for-object", 20: "no-space-to-write-property", 22: "property-is-not-a-list",
    23: "object-deletion-not-permitted", 24: "object-identifier-already-exists", 25: "operational-problem",
    26: "password-failure", 27: "read-access-denied", 29: "service-request-denied", 30: "timeout", 31: "unknown-object",
    32: "unknown-property", 36: "unsupported-object-type", 37: "value-out-of-range", 40: "write-access-denied",
    42: "invalid-array-index", 43: "cov-subscription-failed", 44: "not-cov-property",
    45: "optional-functionality-not-supported", 47: "datatype-not-supported", 50: "property-is-not-an-array",
}  # fmt: skip
_REJECTS = {
    1: "buffer-overflow", 2: "inconsistent-parameters", 3: "invalid-parameter-data-type", 4: "invalid-tag",
    5: "missing-required-parameter", 6: "parameter-out-of-range", 7: "too-many-arguments", 8: "undefined-enumeration",
    9: "unrecognized-service",
}  # fmt: skip
_ABORTS = {
    1: "buffer-overflow", 2: "invalid-apdu-in-this-state", 3: "preempted-by-higher-priority-task",
    4: "segmentation-not-supported", 9: "out-of-resources", 10: "tsm-timeout", 11: "apdu-too-long",
}  # fmt: skip
_NOES = {5: ("error", _ERROR, _ERRORS), 6: ("reject", _REJECT, _REJECTS), 7: ("abort", _ABORT, _ABORTS)}


def bacnet(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield how confirmed requests are answered: by an acknowledgement, an error, a reject or an abort (clause 20)."""
    asked = dict[tuple[str, str], Message]()
    for message in messages:
        kind, number = message.number(_TYPE), message.first(_INVOKE)
        if kind == _ASKED:
            asked[message.source.address, number] = message
            continue
        good = kind in (_SIMPLE_ACK, _COMPLEX_ACK)
        request = asked.get((message.destination.address, number))
        if request is None or not (good or kind in _NOES):
            continue
        code, text = "", ""
        if not good:
            word, column, names = _NOES[kind or 0]
            reason = message.number(column)
            if reason is None:
                continue
            code, text = f"{word} {reason}", names.get(reason, "")
        service = request.number(_SERVICE)
        yield Reply(
            "BACnet", Kind.QUERY, None, message.destination, message.source, request.frame, message.frame,
            "the service", _SERVICES.get(service if service is not None else -1, ""), code, text, good,
        )  # fmt: skip


_JOB, _ANSWER = 1, 3
_S7_KIND, _S7_CLASS, _S7_CODE = many("s7comm.header.rosctr"), many("s7comm.header.errcls"), many("s7comm.header.errcod")
_S7_FUNCTION, _S7_ITEM = many("s7comm.param.func"), many("s7comm.data.returncode")
_S7_FUNCTIONS = {0x04: "reading variables", 0x05: "writing variables", 0xF0: "setting up the connection",
                 0x28: "the program", 0x29: "stopping the PLC"}  # fmt: skip
_S7_ITEMS = {1: "hardware fault", 3: "access not allowed", 5: "address out of range", 6: "data type not supported",
             7: "data type inconsistent", 10: "object does not exist"}  # fmt: skip
_S7_CLASSES = {0x81: "application relationship error", 0x82: "object definition error", 0x83: "no resources available",
               0x84: "error on service processing", 0x85: "error on supplies", 0x87: "access error"}  # fmt: skip
_DONE = 0xFF
"""An item that was read or written."""


def s7(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield how jobs are answered: an error of the whole, or of every item that was asked for."""
    asked: Message | None = None
    for message in messages:
        kind = message.number(_S7_KIND)
        if kind == _JOB:
            asked = message
        if kind != _ANSWER:
            continue
        error, items = message.number(_S7_CLASS) or 0, message.numbers(_S7_ITEM)
        code, text = "", ""
        if error:
            code, text = f"0x{error:02x}{message.number(_S7_CODE) or 0:02x}", _S7_CLASSES.get(error, "")
        elif items and _DONE not in items:
            if not _S7_ITEMS.keys() >= set(items):  # what is no return code was not read rightly
                continue
            code, text = f"0x{items[0]:02x}", _S7_ITEMS.get(items[0], "")
        yield Reply(
            "S7", Kind.QUERY, message.stream, message.destination, message.source, asked.frame if asked else None,
            message.frame, "the job of", _S7_FUNCTIONS.get(message.number(_S7_FUNCTION) or 0, "a service"), code, text,
            not code,
        )  # fmt: skip
        asked = None


BACNET = Dialect("bacapp", "bacapp.type != 1", (_TYPE, _INVOKE, _SERVICE, _ERROR, _REJECT, _ABORT), bacnet)
S7 = Dialect("s7comm", "s7comm.header.rosctr in {1, 3}", (_S7_KIND, _S7_CLASS, _S7_CODE, _S7_FUNCTION, _S7_ITEM), s7)
