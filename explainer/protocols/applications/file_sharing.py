"""Windows file sharing: SMB 1 (MS-CIFS) and SMB 2 and 3 (MS-SMB2), with NTLM logins (MS-NLMP)."""

from collections.abc import Iterator, Sequence

from explainer.protocols.applications.lines import server_of
from explainer.protocols.applications.messages import Dialect, Message, many
from explainer.protocols.applications.records import Kind, Record, Reply, Sign, Transfer
from explainer.protocols.tcp import Endpoint

_COMMAND, _STATUS, _RESPONSE = many("smb.cmd"), many("smb.nt_status"), many("smb.flags.response")
_PATH, _SUBCOMMAND, _DIALECTS = many("smb.path"), many("smb.trans2.cmd"), many("smb.dialect.name")
_FILE, _CHOSEN, _NO_DIALECT = many("smb.file"), many("smb.dialect.index"), 0xFFFF
_COMMAND_2, _STATUS_2, _RESPONSE_2 = many("smb2.cmd"), many("smb2.nt_status"), many("smb2.flags.response")
_ID_2, _TREE_2, _FILE_2 = many("smb2.msg_id"), many("smb2.tree"), many("smb2.filename")
_DIALECT_2 = many("smb2.dialect")
# MS-SMB2 2.2.4; 0x02FF only says that the client shall negotiate again.
_VERSIONS = {0x0202: "SMB 2.0.2", 0x0210: "SMB 2.1", 0x0300: "SMB 3.0", 0x0302: "SMB 3.0.2", 0x0311: "SMB 3.1.1"}
_USER, _DOMAIN = many("ntlmssp.auth.username"), many("ntlmssp.auth.domain")
_NOBODY, ANONYMOUS = "NULL", "anonymous"
"""How Wireshark writes a name that is empty, with which a session begins that is of nobody (MS-NLMP 3.2.5.1.2)."""

_NEGOTIATE, _SESSION_SETUP, _TREE_CONNECT, _TRANS2, _SESSION_SETUP_SUB = 0x72, 0x73, 0x75, 0x32, 0x000E
_KINDS = {_SESSION_SETUP: Kind.LOGIN, _TREE_CONNECT: Kind.CALL, 0xA2: Kind.FILE, 0x2D: Kind.FILE}
_KINDS_2 = {0: Kind.SESSION, 1: Kind.LOGIN, 3: Kind.CALL, 5: Kind.FILE}
_REQUESTS = {Kind.SESSION: "negotiate", Kind.LOGIN: "session setup", Kind.CALL: "tree connect", Kind.FILE: "create"}
_WRITES = (9, 17)  # WRITE, and SET_INFO, which makes room before (MS-SMB2 2.2.21, 2.2.39)
# MORE_PROCESSING_REQUIRED, PENDING, BUFFER_OVERFLOW, NO_MORE_FILES, STOPPED_ON_SYMLINK: steps, not failures (MS-ERREF).
_STEPS = (0xC0000016, 0x00000103, 0x80000005, 0x80000006, 0x8000002D)
_FAILURE = 0x80000000


def smb(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield that SMB 1 is in use, a pattern of its exploits, and its refusals."""
    server = server_of(messages, (139, 445))
    client = next((m.source for m in messages if m.source != server), messages[0].destination)
    stream, asked, user, told = messages[0].stream, dict[int, Message](), "", False
    for message in messages:
        commands = message.numbers(_COMMAND)
        if not commands or message.has(_COMMAND_2):
            continue
        command, answers = commands[0], message.number(_RESPONSE) == 1
        if answers and command == _NEGOTIATE and message.number(_CHOSEN) == _NO_DIALECT:
            request = asked.get(_NEGOTIATE)
            yield Reply(
                "SMB", Kind.SESSION, stream, client, server, request.frame if request else None, message.frame,
                "SMB version 1", ", ".join(request.all(_DIALECTS)) if request else "", "no dialect", "", ok=False,
            )  # fmt: skip
            continue
        if not told and (answers or command != _NEGOTIATE):
            told = True
            first = asked.get(_NEGOTIATE)
            if first:
                yield Sign("smb1", "SMB", stream, client, server, first.frame)
            yield Sign("smb1", "SMB", stream, client, server, message.frame)
        if command == _TRANS2 and message.number(_SUBCOMMAND) == _SESSION_SETUP_SUB:
            yield Sign("smb1-exploit", "SMB", stream, client, server, message.frame)
        if not answers:
            asked[command] = message
            user = _named_user(message) or user
            continue
        status, kind = message.number(_STATUS) or 0, _KINDS.get(command)
        request = asked.get(command)
        if kind and status not in _STEPS:
            about = user if kind is Kind.LOGIN else _named(request, _FILE, _PATH)
            yield Reply(
                "SMB", kind, stream, client, server, request.frame if request else None, message.frame, _REQUESTS[kind],
                about, f"0x{status:08x}", "", status < _FAILURE,
            )  # fmt: skip


def _named_user(message: Message) -> str:
    user = message.first(_USER)
    return ANONYMOUS if user == _NOBODY else user


def smb2(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield the refusals and the files of an SMB 2 or 3 session, as far as it is in clear."""
    server = server_of(messages, (445, 139))
    client = next((m.source for m in messages if m.source != server), messages[0].destination)
    stream, asked, user, opened = messages[0].stream, dict[str, Message](), "", set[str]()
    for message in messages:
        answers = message.number(_RESPONSE_2) == 1
        user = _named_user(message) or user
        ids, commands, statuses = message.all(_ID_2), message.numbers(_COMMAND_2), message.numbers(_STATUS_2)
        if not answers:
            asked.update(dict.fromkeys(ids, message))
            continue
        for number, command, status in zip(ids, commands, statuses, strict=False):
            kind, request = _KINDS_2.get(command), asked.get(number)
            if command in _WRITES and status >= _FAILURE and status not in _STEPS:
                yield _not_written(message, client, server, opened, status)
            if kind is None or status in _STEPS:
                continue
            about = user if kind is Kind.LOGIN else _named(request, _FILE_2 if kind is Kind.FILE else _TREE_2)
            if kind is Kind.SESSION:
                about = _VERSIONS.get(message.number(_DIALECT_2) or 0, "")
            if kind is Kind.FILE and about and request and status < _FAILURE:
                opened.add(about)
                yield Transfer(
                    "SMB", stream, client, server, "opens", about, request.frame, ok=True, reply_frame=message.frame
                )
            yield Reply(
                "SMB", kind, stream, client, server, request.frame if request else None, message.frame, _REQUESTS[kind],
                about, f"0x{status:08x}", "", status < _FAILURE,
            )  # fmt: skip


def _not_written(message: Message, client: Endpoint, server: Endpoint, opened: set[str], status: int) -> Reply:
    """Return the refusal of what was written: to which file, only where one alone was opened before."""
    about = next(iter(opened)) if len(opened) == 1 else ""
    return Reply(
        "SMB", Kind.OTHER, message.stream, client, server, None, message.frame, "write", about, f"0x{status:08x}", "",
        ok=False,
    )  # fmt: skip


def _named(request: Message | None, *columns: object) -> str:
    return next((request.first(c) for c in columns if request.has(c)), "") if request else ""  # type: ignore[arg-type]


SMB = Dialect(
    "smb", f"tcp && (smb.cmd in {{{_NEGOTIATE:#x}, {_SESSION_SETUP:#x}, {_TREE_CONNECT:#x}, 0xa2, 0x2d}}"
    f" || smb.trans2.cmd == {_SESSION_SETUP_SUB})",
    (_COMMAND, _STATUS, _RESPONSE, _PATH, _SUBCOMMAND, _FILE, _USER, _COMMAND_2, _DIALECTS, _CHOSEN), smb,
)  # fmt: skip
SMB2 = Dialect(
    "smb2",
    # What is written is of interest only where it fails: there is much of it.
    "smb2.cmd in {0, 1, 3, 5} || (smb2.cmd in {9, 17} && smb2.nt_status >= 0x80000000)",
    (_COMMAND_2, _STATUS_2, _RESPONSE_2, _ID_2, _TREE_2, _FILE_2, _USER, _DIALECT_2),
    smb2,
)


_SESSION_ERROR = many("nbss.error_code")


def netbios(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield that a file server ends a session before the first word of SMB (RFC 1002, section 4.3.4)."""
    for message in messages:
        code = message.number(_SESSION_ERROR)
        if code is not None:
            yield Reply(
                "SMB", Kind.SESSION, message.stream, message.destination, message.source, None, message.frame,
                "session", "", f"0x{code:02x}", "", ok=False,
            )  # fmt: skip


NETBIOS = Dialect("nbss", "nbss.type == 0x83", (_SESSION_ERROR,), netbios)

_STATUSES = (many("nfs.status2"), many("nfs.status3"), many("nfs.nfsstat4"))
_OPERATIONS, _PUTROOTFH, _LOOKUP = many("nfs.opcode"), 24, 15
EXPORT = "a folder below its root"
"""What a client looks for that mounts a folder by version 4, which has no mount of its own (RFC 7530, section 7)."""


def nfs(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield the errors to requests for files."""
    for message in messages:
        code = next((number for column in _STATUSES for number in message.numbers(column) if number), None)
        mounts = message.numbers(_OPERATIONS)[:2] == (_PUTROOTFH, _LOOKUP)
        if code:
            yield Reply(
                "NFS file", Kind.FILE, message.stream, message.destination, message.source, None, message.frame,
                EXPORT if mounts else "a file", "", str(code), "", ok=False,
            )  # fmt: skip


NFS = Dialect("nfs", "nfs.status2 > 0 || nfs.status3 > 0 || nfs.nfsstat4 > 0", (*_STATUSES, _OPERATIONS), nfs)
