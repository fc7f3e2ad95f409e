"""The pcapng format (IETF draft-ietf-opsawg-pcapng), as far as evidence needs it. Pure.

Rules: what is written holds one little-endian section, and of the machine that recorded it no more than the names of
its interfaces; a packet's time and lengths are kept as they are.
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

ETHERNET, NULL, LOOP, RAW, SLL, SLL2 = 1, 0, 108, (12, 14, 101, 228, 229), 113, 276
"""Link types, as files name them (LINKTYPE_..., tcpdump.org)."""

SECTION, INTERFACE, PACKET, SECRETS = 0x0A0D0D0A, 1, 6, 0x0A
_MAGIC = 0x1A2B3C4D
_COMMENT, _END = 1, 0
_NAME, _RESOLUTION, _OFFSET, _FLAGS, _APPLICATION = 2, 9, 14, 2, 4
_PACKET_HEAD, _INTERFACE_HEAD, _FRAME = 20, 8, 12


@dataclass(frozen=True)
class Link:
    """A capture interface: its link type, snap length and name, and how its times are counted (raw options)."""

    link_type: int
    snap_length: int
    name: str = ""
    clock: tuple[tuple[int, bytes], ...] = ()

    @property
    def unit_s(self) -> float:
        """Return the unit of its times in seconds."""
        exponent = dict(self.clock).get(_RESOLUTION, b"\6")[0]
        return float(2.0 ** -(exponent & 0x7F) if exponent & 0x80 else 10.0**-exponent)


@dataclass(frozen=True)
class Packet:
    """A packet: its interface by number, its time in the units of that, bytes, length on the wire, raw options."""

    link: int
    time: int
    data: bytes
    length: int
    options: tuple[tuple[int, bytes], ...] = ()


@dataclass(frozen=True)
class Section:
    """A capture: interfaces, packets, and the TLS secrets that it holds (raw blocks)."""

    links: tuple[Link, ...]
    packets: tuple[Packet, ...]
    secrets: tuple[bytes, ...] = field(default=(), repr=False)


def read(capture: bytes) -> Section:
    """Return the one section of a capture as Wireshark's programs write it.

    Raises:
        ValueError: it is no such capture.
    """
    links, packets, secrets = list[Link](), list[Packet](), list[bytes]()
    order = "<"
    for kind, body, order in _blocks(capture):
        match kind:
            case _ if kind == INTERFACE:
                links.append(_link(body, order))
            case _ if kind == PACKET:
                packets.append(_packet(body, order))
            case _ if kind == SECRETS:
                secrets.append(_secrets(body, order))
    return Section(tuple(links), tuple(packets), tuple(secrets))


def write(section: Section, application: str, comments: Sequence[Sequence[str]] = ()) -> bytes:
    """Return the section as a file; `comments` are those of each packet, before the ones that it has."""
    parts = [_block(SECTION, struct.pack("<IHHq", _MAGIC, 1, 0, -1) + _options([(_APPLICATION, application.encode())]))]
    for link in section.links:
        named = [(_NAME, link.name.encode())] if link.name else []
        head = struct.pack("<HHI", link.link_type, 0, link.snap_length)
        parts.append(_block(INTERFACE, head + _options([*named, *link.clock])))
    parts += [_block(SECRETS, body) for body in section.secrets]
    for place, packet in enumerate(section.packets):
        said = [(_COMMENT, text.encode()) for text in comments[place]] if comments else []
        head = struct.pack(
            "<IIIII", packet.link, packet.time >> 32, packet.time & 0xFFFFFFFF, len(packet.data), packet.length
        )
        parts.append(_block(PACKET, head + _padded(packet.data) + _options([*said, *packet.options])))
    return b"".join(parts)


def _blocks(capture: bytes) -> Iterator[tuple[int, bytes, str]]:
    at, order = 0, "<"
    while at < len(capture):
        if len(capture) - at < _FRAME:
            raise ValueError("a block is cut off")
        if capture[at : at + 4] == SECTION.to_bytes(4, "big"):
            order = "<" if struct.unpack_from("<I", capture, at + 8)[0] == _MAGIC else ">"
        kind, length = struct.unpack_from(f"{order}II", capture, at)
        if length < _FRAME or at + length > len(capture):
            raise ValueError("a block is cut off")
        yield kind, capture[at + 8 : at + length - 4], order
        at += length


def _link(body: bytes, order: str) -> Link:
    link_type, _, snap = struct.unpack_from(f"{order}HHI", body)
    options = dict(_listed(body[_INTERFACE_HEAD:], order))
    offset = options.get(_OFFSET)
    clock = [(_RESOLUTION, options[_RESOLUTION])] if _RESOLUTION in options else []
    if offset is not None:
        clock.append((_OFFSET, struct.pack("<q", *struct.unpack(f"{order}q", offset))))
    return Link(link_type, snap, options.get(_NAME, b"").decode("utf-8", "replace"), tuple(clock))


def _packet(body: bytes, order: str) -> Packet:
    link, high, low, size, length = struct.unpack_from(f"{order}IIIII", body)
    after = _PACKET_HEAD + (size + 3) // 4 * 4
    kept = [(code, value) for code, value in _listed(body[after:], order) if code in (_COMMENT, _FLAGS)]
    options = tuple((c, struct.pack("<I", *struct.unpack(f"{order}I", v)) if c == _FLAGS else v) for c, v in kept)
    return Packet(link, high << 32 | low, body[_PACKET_HEAD : _PACKET_HEAD + size], length, options)


def _secrets(body: bytes, order: str) -> bytes:
    kind, size = struct.unpack_from(f"{order}II", body)
    return struct.pack("<II", kind, size) + _padded(body[8 : 8 + size])


def _listed(area: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(area):
        code, size = struct.unpack_from(f"{order}HH", area, at)
        if code == _END:
            return
        yield code, area[at + 4 : at + 4 + size]
        at += 4 + (size + 3) // 4 * 4


def _options(options: Iterable[tuple[int, bytes]]) -> bytes:
    made = b"".join(struct.pack("<HH", code, len(value)) + _padded(value) for code, value in options)
    return made + b"\0\0\0\0" if made else b""


def _block(kind: int, body: bytes) -> bytes:
    length = len(body) + _FRAME
    return struct.pack("<II", kind, length) + body + struct.pack("<I", length)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
