"""Protocols whose error replies are a number or a word in one field: a table of where it stands, one way to read it.

Rules
* Only what the protocol itself calls an error is a reply here; what it means is a rule's matter.
* A success is not kept, but where a row names the value that means one: a refusal that is overcome is none.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from explainer.facts import Column
from explainer.protocols.applications.messages import CONTENT, Dialect, Message, many
from explainer.protocols.applications.records import Kind, Record, Reply
from explainer.protocols.tcp import Endpoint

_TEXT = 300
_LINE_END = re.compile(r"(?:\\r\\n)+$")
"""What tshark keeps of a line behind its words."""


class Coded(NamedTuple):
    """Where a protocol's error replies stand.

    `code` holds the number, which is an error where `fails` says so; `text` is what is said beside it, `about` and
    `asks` what the request was about and how it is called; `called` names what `about` says in numbers. `frames` is a
    display filter for what is read. Where the same field of a step holds another number, `outcomes` are those that end.
    """

    layer: str
    protocol: str
    frames: str
    code: Column
    fails: Callable[[int], bool] = bool
    text: Column | None = None
    about: Column | None = None
    asks: str = "a request"
    kind: Kind = Kind.QUERY
    names: Mapping[int, str] | None = None
    called: Mapping[str, str] | None = None
    outcomes: tuple[int, ...] = ()

    def read(self, messages: Sequence[Message]) -> Iterator[Record]:
        """Yield the errors, and the good answers to the same, of one conversation."""
        asked: Message | None = None
        for message in messages:
            numbers = message.numbers(self.code)
            if not numbers or (self.outcomes and not set(self.outcomes) & set(numbers)):
                asked = message
                continue
            if asked is not None and message.source == asked.source:
                asked = None
            failed = next(filter(self.fails, numbers), None)
            about = asked.first(self.about) if asked and self.about else ""
            about = (about or (message.first(self.about) if self.about else "")).strip()
            yield Reply(
                self.protocol, self.kind, message.stream, message.destination, message.source,
                asked.frame if asked else None, message.frame, self.asks, (self.called or {}).get(about, about),
                "" if failed is None else str(failed),
                "" if failed is None else self._said(message, failed), failed is None,
            )  # fmt: skip

    def _said(self, message: Message, code: int) -> str:
        return (self.names or {}).get(code, "") or (
            _LINE_END.sub("", message.first(self.text))[:_TEXT] if self.text else ""
        )

    def dialect(self) -> Dialect:
        """Return how it is read."""
        columns = tuple(column for column in (self.code, self.text, self.about) if column is not None)
        return Dialect(self.layer, self.frames, columns, self.read)


def from_least(least: int) -> Callable[[int], bool]:
    """Return what tells codes from this one on."""
    return lambda code: code >= least


_MODBUS = {
    1: "illegal function", 2: "illegal data address", 3: "illegal data value", 4: "server device failure",
    5: "acknowledge", 6: "server device busy", 8: "memory parity error", 10: "gateway path unavailable",
    11: "gateway target device failed to respond",
}  # fmt: skip
_MOUNT = {1: "not owner", 2: "no such file or directory", 5: "I/O error", 13: "permission denied", 20: "not a"
" directory",
          22: "invalid argument", 63: "name too long", 10004: "not supported", 10006: "server fault"}  # fmt: skip
_COAP = {"4.00": "Bad Request", "4.01": "Unauthorized", "4.02": "Bad Option", "4.03": "Forbidden", "4.04": "Not Found",
         "4.05": "Method Not Allowed", "4.06": "Not Acceptable", "4.13": "Request Entity Too Large",
         "5.00": "Internal Server Error", "5.01": "Not Implemented", "5.03": "Service Unavailable",
         "5.04": "Gateway Timeout"}  # fmt: skip
_RDP = {"1": "TLS required by the server", "2": "TLS not allowed by the server", "3": "no TLS certificate on the"
" server",
        "4": "inconsistent flags", "5": "CredSSP (NLA) required by the server", "6": "TLS with a certificate of the"
        " client"
        " required"}  # fmt: skip
_TABLE = (
    # Modbus Application Protocol 1.1b3, section 7: an answer with an exception code.
    Coded("modbus", "Modbus", "modbus.exception_code", many("modbus.exception_code"), about=many("modbus.func_code"),
          asks="function", names=_MODBUS),
    # RFC 6733, section 7.1: 1xxx and 2xxx are no errors.
    Coded("diameter", "Diameter", "diameter.Result-Code", many("diameter.Result-Code"), from_least(3000)),
    Coded("cql", "Cassandra", "cql.error_code", many("cql.error_code"), lambda code: True, many("cql.string")),
    # RFC 3748, section 4: 3 is Success, 4 is Failure; of RADIUS the steps before them are read, too.
    Coded("eap", "EAP", "eap.code in {3, 4}", many("eap.code"), lambda code: code == 4, kind=Kind.LOGIN,
          asks="the login", outcomes=(3, 4)),
    Coded("mount", "NFS", "mount", many("mount.status"), about=many("mount.path"), asks="the mount of",
          kind=Kind.FILE, names=_MOUNT),
)  # fmt: skip
_COAP_CODE, _COAP_PATH = many("coap.code"), many("coap.opt.uri_path_recon")
_COAP_ANSWER, _COAP_ERROR = 64, 128


def coap(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield the answers to CoAP requests by class (RFC 7252, section 5.9: 4.04 is 132)."""
    asked = dict[str, Message]()
    for message in messages:
        code, path = message.number(_COAP_CODE) or 0, message.first(_COAP_PATH)
        if 0 < code < _COAP_ANSWER:
            asked[path] = message
        elif code >= _COAP_ANSWER:
            word = f"{code >> 5}.{code & 31:02d}"
            request = asked.get(path) or next(iter(asked.values()), None)
            path = path or (request.first(_COAP_PATH) if request else "")
            yield Reply(
                "CoAP", Kind.QUERY, None, message.destination, message.source, request.frame if request else None,
                message.frame, "the resource", path, word, _COAP.get(word, ""), code < _COAP_ERROR,
            )  # fmt: skip


# What a server that talks in lines begins an error with, by layer; of the frames only those that hold one are read.
_WORDS: dict[str, tuple[str, tuple[bytes, ...], str]] = {
    "rsync": ("rsync", (b"@ERROR",), 'rsync && tcp.payload contains "ERROR: "'),
    "memcache": (
        "memcached", (b"SERVER_ERROR", b"CLIENT_ERROR", b"ERROR\r\n"), 'memcache && tcp.payload contains "ERROR"'
    ),
    "git": ("git", (b"ERR ",), 'git && tcp.payload contains "ERR "'),
}  # fmt: skip
_GIT_LENGTH = 4
_RSYNC_ERRORS = re.compile(rb".{3}[\x08\x0a]\n?(?=ERROR: )", re.DOTALL)
"""What stands before an error of rsync's behind the login: length and kind, MSG_ERROR_XFER or MSG_ERROR (its io.h)."""


def worded(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield the errors that a server says in a word at the beginning of a segment."""
    layer = next((name for name in _WORDS if name in messages[0].layers), "")
    protocol, words, _ = _WORDS[layer]
    for message in messages:
        data = message.payload[_GIT_LENGTH:] if layer == "git" else message.payload
        behind = _RSYNC_ERRORS.match(data) if layer == "rsync" else None
        data = data[behind.end() :] if behind else data
        if behind or data.startswith(words):
            code, _, text = data.partition(b"\n")[0].decode("utf-8", "replace").strip().partition(" ")
            yield Reply(
                protocol, Kind.SESSION, message.stream, message.destination, message.source, None, message.frame,
                "a request", "", code.strip(":@"), text[:_TEXT], ok=False,
            )  # fmt: skip


_RPC_CALL, _RPC_TYPE, _RPC_ID = 0, many("rpc.msgtyp"), many("rpc.xid")
_RPC_STATE, _RPC_REPLY, _RPC_PROGRAM = many("rpc.state_accept"), many("rpc.replystat"), many("rpc.program")
_MAPPED_PORT, _MAPPED_PROGRAM = many("portmap.port"), many("portmap.prog")
_BOUND_PROGRAM, _BOUND_ADDRESS = many("portmap.rpcb.prog"), many("portmap.uaddr")
_BIND_PROCEDURES, _GETADDR = (many("portmap.procedure_v4"), many("portmap.procedure_v3")), 3
_PROGRAMS = {100000: "portmapper", 100003: "NFS", 100005: "mountd", 100021: "nlockmgr", 100024: "status"}
_DENIED = 1


def _program(number: int) -> str:
    return _PROGRAMS.get(number, f"program {number}" if number else "")


def rpc(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield the calls that an RPC server does not take (RFC 5531, section 9), and programs that are not registered."""
    asked = dict[str, Message]()
    for message in messages:
        number = message.first(_RPC_ID)
        if message.number(_RPC_TYPE) == _RPC_CALL:
            asked[number] = message
            continue
        request = asked.pop(number, None)
        wanted = request.number(_MAPPED_PROGRAM) if request else None
        asks_address = request and any(request.number(column) == _GETADDR for column in _BIND_PROCEDURES)
        bound = request.number(_BOUND_PROGRAM) if request and asks_address else None
        program = wanted or bound or (request.number(_RPC_PROGRAM) if request else None) or 0
        code = ""
        if message.number(_RPC_REPLY) == _DENIED:
            code = "denied"
        elif message.number(_RPC_STATE):
            code = {1: "PROG_UNAVAIL", 2: "PROG_MISMATCH", 3: "PROC_UNAVAIL"}.get(
                message.number(_RPC_STATE) or 0, "error"
            )
        elif (wanted and message.number(_MAPPED_PORT) == 0) or (bound and not message.first(_BOUND_ADDRESS)):
            code = "not registered"
        yield Reply(
            "RPC", Kind.CALL, message.stream, message.destination, message.source, request.frame if request else None,
            message.frame, "the port of", _program(program), code, "", not code,
        )  # fmt: skip


_RDP_FAILURE, _RDP_ASKED = many("rdp.neg_type"), many("rdp.rt_cookie")
_RESPONSE_TYPE, _FAILURE_TYPE, _FAILURE_AT = 2, 3, 8


def rdp_answer(message: Message, client: Endpoint, asked: Message | None) -> Reply | None:
    """Return how RDP's negotiation ended (MS-RDPBCGR 2.2.1.2); a failure's code is the frame's last four bytes.

    A client that is refused one way of encryption tries another one, on a connection of its own.
    """
    kind = message.number(_RDP_FAILURE)
    if kind not in (_RESPONSE_TYPE, _FAILURE_TYPE) or len(message.payload) < _FAILURE_AT:
        return None
    code = str(int.from_bytes(message.payload[-4:], "little")) if kind == _FAILURE_TYPE else ""
    return Reply(
        "RDP", Kind.SESSION, message.stream, client, message.source, asked.frame if asked else None, message.frame,
        "the connection", "", code, _RDP.get(code, ""), not code,
    )  # fmt: skip


CODED = (
    *(row.dialect() for row in _TABLE),
    Dialect("coap", "coap", (_COAP_CODE, _COAP_PATH), coap),
    *(Dialect(layer, frames, (CONTENT,), worded) for layer, (_, _, frames) in _WORDS.items()),
)  # fmt: skip
RPC_COLUMNS = (_RPC_TYPE, _RPC_ID, _RPC_STATE, _RPC_REPLY, _RPC_PROGRAM, _MAPPED_PORT, _MAPPED_PROGRAM,
               _BOUND_PROGRAM, _BOUND_ADDRESS, *_BIND_PROCEDURES)  # fmt: skip
