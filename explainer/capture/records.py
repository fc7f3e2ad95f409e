"""Where the packets lie in a capture file, so that some of them can be handed on as they are. No packet is dissected.

Rules: pcap and pcapng are read as they lie; any other format is first converted by editcap. What stands between the
packets (interfaces, secrets, names) goes along, in its place.
"""

import mmap
import struct
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from explainer.capture.process import running
from explainer.capture.tshark import INSTALL_HINT, Tshark
from explainer.errors import TsharkError

Span = tuple[int, int]
"""First byte, and the one after the last."""

_PCAP = {b"\xd4\xc3\xb2\xa1": "<", b"\x4d\x3c\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">", b"\xa1\xb2\x3c\x4d": ">"}
_PCAP_HEADER, _PCAP_RECORD, _LARGEST = 24, 16, 262_144
_SECTION, _MAGIC = b"\x0a\x0d\x0d\x0a", 0x1A2B3C4D
_SECTION_BLOCK = 0x0A0D0D0A
_PACKET_BLOCKS = frozenset({2, 3, 6})
_OTHER_BLOCKS = frozenset({_SECTION_BLOCK, 1, 4, 5, 0x0A})  # section, interface, names, statistics, secrets
_SMALLEST_BLOCK = 12
_PIECE_BYTES = 1 << 20


@dataclass(frozen=True)
class Records:
    """A capture's bytes, the span of each packet's record in file order, and those of what stands between."""

    data: "bytes | mmap.mmap"
    packets: tuple[Span, ...]
    others: tuple[Span, ...]

    def picked(self, frames: Collection[int]) -> Iterator[bytes]:
        """Yield a capture of just these frames (from 1), in pieces of about a megabyte."""
        chosen = (self.packets[frame - 1] for frame in sorted(frames) if frame <= len(self.packets))
        pieces, size = list[bytes](), 0
        for start, end in sorted([*self.others, *chosen]):
            pieces.append(self.data[start:end])
            size += end - start
            if size >= _PIECE_BYTES:
                yield b"".join(pieces)
                pieces, size = [], 0
        yield b"".join(pieces)


def records(path: Path, program: Tshark, frames: int, time_limit_s: float) -> Records:
    """Return the records of a capture that holds at least so many frames.

    Raises:
        TsharkError: it is neither pcap nor pcapng, and editcap is missing.
    """
    with path.open("rb") as file:
        found = laid_out(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    if found is not None and len(found.packets) >= frames:
        return found
    return laid_out(_converted(path, program, time_limit_s)) or Records(b"", (), ())


def laid_out(data: "bytes | mmap.mmap") -> Records | None:
    """Return the records of a pcap or pcapng file, up to where it is cut off; None for anything else."""
    magic = bytes(data[:4])
    if magic in _PCAP and len(data) >= _PCAP_HEADER:
        return _pcap(data, _PCAP[magic])
    return _pcapng(data) if magic == _SECTION else None


def _pcap(data: "bytes | mmap.mmap", order: str) -> Records | None:
    sizes, at, size, packets = struct.Struct(f"{order}8xI").unpack_from, _PCAP_HEADER, len(data), list[Span]()
    while at + _PCAP_RECORD <= size:
        end = at + _PCAP_RECORD + sizes(data, at)[0]
        if end - at > _LARGEST + _PCAP_RECORD:
            return None
        if end > size:
            break
        packets.append((at, end))
        at = end
    return Records(data, tuple(packets), ((0, _PCAP_HEADER),))


def _pcapng(data: "bytes | mmap.mmap") -> Records | None:
    packets, others, at, size = list[Span](), list[Span](), 0, len(data)
    head = struct.Struct("<II").unpack_from
    while at + _SMALLEST_BLOCK <= size:
        if data[at : at + 4] == _SECTION:
            order = "<" if struct.unpack_from("<I", data, at + 8)[0] == _MAGIC else ">"
            head = struct.Struct(f"{order}II").unpack_from
        kind, length = head(data, at)
        if length < _SMALLEST_BLOCK or length % 4:
            return None
        if at + length > size:
            break
        if kind in _PACKET_BLOCKS:
            packets.append((at, at + length))
        elif kind in _OTHER_BLOCKS:
            others.append((at, at + length))
        else:
            return None  # it may count as a frame
        at += length
    return Records(data, tuple(packets), tuple(others))


def _converted(path: Path, program: Tshark, time_limit_s: float) -> "mmap.mmap | bytes":
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
