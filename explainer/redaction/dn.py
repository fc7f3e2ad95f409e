"""DER in place: distinguished names, and what else a certificate says of somebody (X.690, RFC 5280)."""

from collections.abc import Iterator
from dataclasses import dataclass

from explainer.redaction.stand_ins import StandIns, masked

SEQUENCE, SET, OID, INTEGER, BITS, OCTETS = 0x30, 0x31, 0x06, 0x02, 0x03, 0x04
_STRINGS = frozenset({0x0C, 0x12, 0x13, 0x14, 0x15, 0x16, 0x19, 0x1A, 0x1C, 0x1E})
_COUNTRY = bytes.fromhex("550406")
_CONSTRUCTED = 0x20


@dataclass(frozen=True)
class Node:
    """A value of DER by its place: where it begins, where its content does, and where it ends."""

    tag: int
    start: int
    content: int
    end: int


def nodes(data: bytes, start: int, end: int) -> Iterator[Node]:
    """Yield the values side by side in a part of DER.

    Raises:
        ValueError: it is no DER.
    """
    at = start
    while at < end:
        tag, size, content = data[at], data[at + 1], at + 2
        if size & 0x80:
            length = size & 0x7F
            content += length
            size = int.from_bytes(data[at + 2 : content], "big")
        if content + size > end or (tag & 0x1F) == 0x1F:
            raise ValueError("no DER")
        yield Node(tag, at, content, content + size)
        at = content + size


def rename(data: bytes, out: bytearray, start: int, end: int, stand_ins: StandIns) -> None:
    """Replace the values of the distinguished names in a part of DER; a country stays."""
    for node in nodes(data, start, end):
        if node.tag not in (SEQUENCE, SET):
            continue
        inner = list(nodes(data, node.content, node.end))
        if node.tag == SEQUENCE and len(inner) == 2 and inner[0].tag == OID and inner[1].tag in _STRINGS:
            if data[inner[0].content : inner[0].end] != _COUNTRY:
                value = data[inner[1].content : inner[1].end]
                plain = inner[1].tag != 0x1E  # UTF-16, of which no part may be taken for a letter
                out[inner[1].content : inner[1].end] = stand_ins.value(value) if plain else bytes(len(value))
        else:
            rename(data, out, node.content, node.end, stand_ins)


def distinguished_names(listed: bytes, stand_ins: StandIns) -> bytes:
    """Return a list of distinguished names, each after its length, with other values."""
    out, at = bytearray(listed), 0
    while at + 2 <= len(listed):
        size = int.from_bytes(listed[at : at + 2], "big")
        try:
            rename(listed, out, at + 2, min(at + 2 + size, len(listed)), stand_ins)
        except (ValueError, IndexError):
            out[at + 2 : at + 2 + size] = masked(listed[at + 2 : at + 2 + size])
        at += 2 + size
    return bytes(out)
