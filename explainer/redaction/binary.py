"""Binary protocols of applications: the numbers that say what is asked and answered, and no text.

PostgreSQL (its documentation, 55.7), LDAP (RFC 4511), ONC RPC (RFC 5531), SSH (RFC 4253).
"""

from collections.abc import Callable
from contextlib import suppress

from explainer.redaction.dn import nodes

BITTORRENT = b"\x13BitTorrent protocol"
Keep = Callable[[bytes, bytearray], None]
_WORD = 4
_RPC_CALL, _RPC_REPLY = 40, 24
_LAST_FRAGMENT = 1 << 31
_KEX_INIT = 20


def _postgresql(data: bytes, out: bytearray) -> None:
    """Keep types and lengths of messages; of an error its severity and its code."""
    at = 0
    if data[:1] == b"\0":  # the client's first message has no type: an SSL request, or the version
        size = int.from_bytes(data[:_WORD], "big")
        out[:8] = data[:8]
        at = size
        if size == 8 and data[8:9] == b"\0":
            inner = bytearray(len(data) - 8)
            _postgresql(data[8:], inner)
            out[8:] = inner
            return
    elif data in (b"N", b"S"):
        out[:] = data
        return
    elif data[:1] in b"NS" and data[1:2] in b"RE":
        out[:1], at = data[:1], 1
    while at + 5 <= len(data):
        kind, size = data[at : at + 1], int.from_bytes(data[at + 1 : at + 5], "big")
        end = min(at + 1 + size, len(data))
        out[at : at + 5] = data[at : at + 5]
        if kind == b"R":
            out[at + 5 : at + 9] = data[at + 5 : at + 9]
        elif kind == b"E":
            _error(data, out, at + 5, end)
        elif kind == b"Z":
            out[at + 5 : end] = data[at + 5 : end]
        if size < _WORD:
            return
        at = end


def _error(data: bytes, out: bytearray, at: int, end: int) -> None:
    while at < end and data[at]:
        stop = data.find(b"\0", at, end)
        stop = end if stop < 0 else stop
        out[at] = data[at]
        kept = data[at : at + 1] in b"SVC"
        out[at + 1 : stop] = data[at + 1 : stop] if kept else b"x" * (stop - at - 1)
        at = stop + 1


def numbers(data: bytes, out: bytearray) -> None:
    """Keep tags, lengths, numbers and times of BER, as LDAP and Kerberos use it."""
    with suppress(ValueError, IndexError):
        _ber(data, out, 0, len(data))


def _ber(data: bytes, out: bytearray, start: int, end: int) -> None:
    for node in nodes(data, start, end):
        out[node.start : node.content] = data[node.start : node.content]
        if node.tag & 0x20:
            _ber(data, out, node.content, node.end)
        elif node.tag in (0x01, 0x02, 0x0A, 0x18):
            out[node.content : node.end] = data[node.content : node.end]
        else:
            out[node.content : node.end] = b"x" * (node.end - node.content)


def _rpc(data: bytes, out: bytearray) -> None:
    """Keep which program is called, and whether it was accepted; over TCP each call follows its length."""
    at = 0
    if len(data) >= _WORD and int.from_bytes(data[:_WORD], "big") & _LAST_FRAGMENT:
        while at + _WORD <= len(data):
            size = int.from_bytes(data[at : at + _WORD], "big") & ~_LAST_FRAGMENT
            out[at : at + _WORD] = data[at : at + _WORD]
            _rpc_message(data, out, at + _WORD, min(at + _WORD + size, len(data)))
            at += _WORD + size
    else:
        _rpc_message(data, out, 0, len(data))


def _rpc_message(data: bytes, out: bytearray, at: int, end: int) -> None:
    call = data[at + 4 : at + 8] == b"\0\0\0\0"
    stop = min(at + (24 if call else _RPC_REPLY), end)
    out[at:stop] = data[at:stop]
    if call and data[at + 24 : at + 40] == bytes(16):  # no credentials: what follows is the call's own
        stop = min(at + 56, end)
        out[at + 24 : stop] = data[at + 24 : stop]


def _ssh(data: bytes, out: bytearray) -> None:
    """Keep the version and the lists of algorithms; keys and all that is encrypted go."""
    end = data.find(b"\n", 0, 256) + 1 if data.startswith(b"SSH-") else 0
    out[:end] = data[: min(data.find(b"-", 4) + 1, end)].ljust(end, b"x") if end else b""
    if end:
        out[end - 1 : end] = b"\n"
        if data[end - 2 : end - 1] == b"\r":
            out[end - 2 : end - 1] = b"\r"
    at = end
    if at + 22 <= len(data) and data[at + 5] == _KEX_INIT:
        size = int.from_bytes(data[at : at + _WORD], "big")
        stop = min(at + _WORD + size, len(data))
        out[at : at + 6] = data[at : at + 6]
        out[at + 22 : stop] = data[at + 22 : stop]
        at = stop
    while at + 6 <= len(data):
        size = int.from_bytes(data[at : at + _WORD], "big")
        if size > 35_000 or data[at + 5] not in (1, 2, 3, 4, 21, 30, 31, 32, 33, 34):
            return
        out[at : at + 6] = data[at : at + 6]
        at += _WORD + size


BY_PORT: dict[int, Keep] = {5432: _postgresql, 389: numbers, 111: _rpc, 22: _ssh}
