"""Where the packets lie in a capture file, so that some of them can be handed on as they are. No packet is dissected.

Rules: pcap and pcapng are read as they lie; any other format is first converted by editcap. What stands between the
packets (interfaces, secrets, names) goes along, in its place.
"""

import mmap
import struct
import tempfile
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from explainer.capture.process import running
from explainer.capture.tshark import INSTALL_HINT, Tshark
from explainer.errors import TsharkError

Bytes = bytes | mmap.mmap

_PCAP = {b"\xd4\xc3\xb2\xa1": "<", b"\x4d\x3c\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">", b"\xa1\xb2\x3c\x4d": ">"}
_PCAP_HEADER, _PCAP_RECORD, _LARGEST = 24, 16, 262_144
_SECTION, _MAGIC = b"\x0a\x0d\x0d\x0a", 0x1A2B3C4D
_INTERFACE, _OLD_PACKET, _SIMPLE_PACKET, _PACKET = 1, 2, 3, 6
_HEADS = {_OLD_PACKET: 28, _SIMPLE_PACKET: 12, _PACKET: 28}
"""How many bytes of a block of pcapng come before the packet's own."""
_OTHER_BLOCKS = frozenset({0x0A0D0D0A, _INTERFACE, 4, 5, 0x0A})  # section, interface, names, statistics, secrets
_SMALLEST_BLOCK = 12
_PIECE_BYTES = 1 << 20


@dataclass(frozen=True)
class Records:
    """A capture's bytes, and for each packet in file order where its record starts, its size, where its own bytes begin
    in it, and its link type (as in the file: LINKTYPE_...); `others` are first byte and end of what stands between.
    """

    data: Bytes
    starts: "array[int]" = field(default_factory=lambda: array("Q"))
    sizes: "array[int]" = field(default_factory=lambda: array("I"))
    heads: "array[int]" = field(default_factory=lambda: array("B"))
    links: "array[int]" = field(default_factory=lambda: array("H"))
    others: list[tuple[int, int]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def whole(self) -> bool:
        """Whether the last packet or block ends where the file ends."""
        last = max(self.starts[-1] + self.sizes[-1] if self.starts else 0, self.others[-1][1] if self.others else 0)
        return last == len(self.data)

    @property
    def sections(self) -> int:
        """How many sections the file has: a pcapng file may hold several, each with interfaces of its own."""
        return sum(self.data[first : first + 4] == _SECTION for first, _ in self.others)

    def add(self, start: int, size: int, head: int, link: int) -> None:
        """Take in a packet."""
        self.starts.append(start)
        self.sizes.append(size)
        self.heads.append(head)
        self.links.append(link)

    def captured(self, place: int) -> int:
        """Return how many bytes of a packet, by its place from 0, are in the file."""
        start, size, head = self.starts[place], self.sizes[place], self.heads[place]
        if head == _PCAP_RECORD:
            return size - head
        big = self.data[start : start + 2] == b"\0\0"  # a block's type begins with zeros in network order alone
        if head == _HEADS[_SIMPLE_PACKET]:
            return min(size - head - 4, int.from_bytes(self.data[start + 8 : start + 12], "big" if big else "little"))
        return int.from_bytes(self.data[start + 20 : start + 24], "big" if big else "little")

    def picked(self, frames: Iterable[int]) -> Iterator[bytes]:
        """Yield a capture of just these frames (from 1), in pieces of about a megabyte.

        They ascend, unless the file has one section alone: they may begin again from a smaller one then.
        """
        pieces, size = list[bytes](), 0
        for start, end in self._spans(frames):
            pieces.append(self.data[start:end])
            size += end - start
            if size >= _PIECE_BYTES:
                yield b"".join(pieces)
                pieces, size = [], 0
        yield b"".join(pieces)

    def _spans(self, frames: Iterable[int]) -> Iterator[tuple[int, int]]:
        others = iter([*self.others, (len(self.data), len(self.data))])
        other = next(others)
        for frame in frames:
            if frame > len(self.starts):
                break
            start = self.starts[frame - 1]
            while other[0] < start:
                yield other
                other = next(others)
            yield start, start + self.sizes[frame - 1]
        yield other
        yield from others


def records(path: Path, program: Tshark, frames: int, time_limit_s: float) -> Records:
    """Return the records of a capture that holds at least so many frames.

    Raises:
        TsharkError: it is neither pcap nor pcapng, and editcap is missing.
    """
    found = native(path)
    if found is not None and len(found) >= frames:
        return found
    return laid_out(_converted(path, program, time_limit_s)) or Records(b"")


def native(path: Path) -> Records | None:
    """Return the records of a capture that is pcap or pcapng, None for any other file."""
    with path.open("rb") as file:
        return laid_out(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def laid_out(data: Bytes) -> Records | None:
    """Return the records of a pcap or pcapng file, up to where it is cut off; None for anything else."""
    magic = bytes(data[:4])
    if magic in _PCAP and len(data) >= _PCAP_HEADER:
        return _pcap(data, _PCAP[magic])
    return _pcapng(data) if magic == _SECTION else None


def _pcap(data: Bytes, order: str) -> Records | None:
    found, at, size = Records(data, others=[(0, _PCAP_HEADER)]), _PCAP_HEADER, len(data)
    link = struct.unpack_from(f"{order}I", data, 20)[0] & 0xFFFF
    length = struct.Struct(f"{order}8xI").unpack_from
    while at + _PCAP_RECORD <= size:
        whole = _PCAP_RECORD + length(data, at)[0]
        if whole > _LARGEST + _PCAP_RECORD:
            return None
        if at + whole > size:
            break
        found.add(at, whole, _PCAP_RECORD, link)
        at += whole
    return found


def _pcapng(data: Bytes) -> Records | None:
    found, links, at, size = Records(data), list[int](), 0, len(data)
    order, head = "<", struct.Struct("<III").unpack_from
    while at + _SMALLEST_BLOCK <= size:
        if data[at : at + 4] == _SECTION:
            order = "<" if struct.unpack_from("<I", data, at + 8)[0] == _MAGIC else ">"
            head, links = struct.Struct(f"{order}III").unpack_from, []
        kind, length, word = head(data, at)
        if length < _SMALLEST_BLOCK or length % 4:
            return None
        if at + length > size:
            break
        if kind in _HEADS:
            interface = {_SIMPLE_PACKET: 0, _PACKET: word}.get(kind, word & 0xFFFF if order == "<" else word >> 16)
            if interface >= len(links):
                return None
            found.add(at, length, _HEADS[kind], links[interface])
        elif kind in _OTHER_BLOCKS:
            found.others.append((at, at + length))
            if kind == _INTERFACE:
                links.append(word & 0xFFFF if order == "<" else word >> 16)
        else:
            return None  # it may count as a frame
        at += length
    return found


def _converted(path: Path, program: Tshark, time_limit_s: float) -> Bytes:
    """Return a capture of another format as pcapng, from a file that has no name any more."""
    editcap = program.companion("editcap")
    if editcap is None:
        raise TsharkError("editcap, which comes with tshark, is not installed on this machine.", INSTALL_HINT)
    with (
        tempfile.TemporaryFile() as file,
        running(Tshark(editcap), ["-F", "pcapng", str(path.absolute()), "-"], time_limit_s) as run,
    ):
        for piece in run.chunks():
            file.write(piece)
        file.flush()
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if file.tell() else b""
