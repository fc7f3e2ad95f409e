"""Answers of machines and stores: Modbus/TCP, Diameter (RFC 6733), NFS and its mount service (RFC 1813, 7530)."""

from collections.abc import Iterator, Sequence

from explainer.protocols.applications.messages import Dialect, Message, many
from explainer.protocols.applications.records import Kind, Record, Reply

_EXCEPTION, _FUNCTION = many("modbus.exception_code"), many("modbus.func_code")


def modbus(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield the exceptions that a device answers with (Modbus specification, section 7)."""
    for message in messages:
        code = message.number(_EXCEPTION)
        if code:
            function = message.number(_FUNCTION)
            yield Reply(
                "Modbus", Kind.QUERY, message.stream, message.destination, message.source, None, message.frame,
                f"function {function}" if function else "a request", "", str(code), "", ok=False,
            )  # fmt: skip


_RESULT, _COMMAND = many("diameter.Result-Code"), many("diameter.cmd.code")
_FIRST_FAILURE = 3000


def diameter(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield the results that say no."""
    for message in messages:
        code = message.number(_RESULT)
        if code and code >= _FIRST_FAILURE:
            yield Reply(
                "Diameter", Kind.CALL, message.stream, message.destination, message.source, None, message.frame,
                f"command {message.first(_COMMAND)}", "", str(code), "", ok=False,
            )  # fmt: skip


_MOUNT, _PATH = many("mount.status"), many("mount.path")


def mount(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield whether a folder may be mounted (RFC 1813, section 5.2.1)."""
    asked: Message | None = None
    for message in messages:
        status = message.number(_MOUNT)
        if message.has(_PATH) and status is None:
            asked = message
        elif status is not None:
            yield Reply(
                "NFS", Kind.CALL, message.stream, message.destination, message.source, asked.frame if asked else None,
                message.frame, "mount", asked.first(_PATH) if asked else "", "" if status == 0 else str(status), "",
                status == 0,
            )  # fmt: skip


_STATUSES = (many("nfs.status2"), many("nfs.status3"), many("nfs.nfsstat4"))


def nfs(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield the errors to requests for files."""
    for message in messages:
        code = next((number for column in _STATUSES for number in message.numbers(column) if number), None)
        if code:
            yield Reply(
                "NFS", Kind.FILE, message.stream, message.destination, message.source, None, message.frame, "a file",
                "", str(code), "", ok=False,
            )  # fmt: skip


MODBUS = Dialect("modbus", "modbus.exception_code", (_EXCEPTION, _FUNCTION), modbus)
DIAMETER = Dialect("diameter", f"diameter.Result-Code >= {_FIRST_FAILURE}", (_RESULT, _COMMAND), diameter)
MOUNT = Dialect("mount", "mount.path || mount.status", (_MOUNT, _PATH), mount)
NFS = Dialect("nfs", "nfs.status2 > 0 || nfs.status3 > 0 || nfs.nfsstat4 > 0", _STATUSES, nfs)
