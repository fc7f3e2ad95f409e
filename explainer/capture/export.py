"""Exporting dissections: `tshark -T json` as a stream, into a file that appears whole or not at all."""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from explainer.capture import dissections, file, tshark
from explainer.capture.background import in_background
from explainer.capture.filters import check, check_filter
from explainer.capture.process import Run, running
from explainer.capture.read import Progress, frames_read, verdict
from explainer.capture.selection import Selection
from explainer.errors import OutputError, SettingsError
from explainer.escape import visible
from explainer.output import check_target, writable

LARGE_BYTES = 1_000_000_000
"""From this size on, the user hears of it before anything is written."""
SAMPLE_BYTES = 8_000_000
"""How much is dissected before the size is estimated; smaller exports need no estimate."""
KEYS = ("merge", "wireshark")
_ENCODERS: dict[tuple[str, str], dissections.Encode] = {
    ("merge", "json"): dissections.merged_lines,
    ("merge", "ndjson"): dissections.merged_line,
    ("wireshark", "json"): lambda frame: frame,
    ("wireshark", "ndjson"): dissections.one_line,
}
# By format: what stands before the first frame, between two, after the last one, and where there is none.
_FRAMING = {"json": (b"[\n", b",\n", b"\n]\n", b"[]\n"), "ndjson": (b"", b"\n", b"\n", b"")}
_NAME = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"


@dataclass(frozen=True)
class Shape:
    """What an export looks like.

    `keys` "wireshark" repeats a key as tshark does, "merge" makes a list of its values; `format` "json" is one list,
    "ndjson" a frame a line; `raw` adds each field's bytes; `protocols` are those whose fields are shown (none: all),
    the others are named alone; `terminal` escapes the characters that act on a terminal.

    Raises:
        SettingsError: one of these words is unknown.
    """

    keys: str = "merge"
    format: str = "json"
    raw: bool = False
    protocols: tuple[str, ...] = ()
    terminal: bool = False

    def __post_init__(self) -> None:
        if self.keys not in KEYS:
            raise SettingsError(f"There are no keys {visible(self.keys)}.", f"Choose from: {', '.join(KEYS)}.")
        if self.format not in _FRAMING:
            known = ", ".join(_FRAMING)
            raise SettingsError(f"There is no export format {visible(self.format)}.", f"Choose from: {known}.")
        for name in self.protocols:
            if not name or name.strip(_NAME):
                raise SettingsError(f'"{visible(name)}" is no protocol.', "Like this: --protocols tcp,tls")

    def arguments(self) -> list[str]:
        """Return tshark's arguments; merged frames keep their "frame" protocol, which holds their number."""
        kept = ("frame", *self.protocols) if self.keys == "merge" else self.protocols
        shown = ["-J", " ".join(kept)] if self.protocols else []
        return ["-T", "json", *(["-x"] if self.raw else []), *shown]

    def encode(self, frame: bytes) -> bytes:
        """Return a frame of tshark's in this shape."""
        encoded = _ENCODERS[self.keys, self.format](frame)
        return dissections.for_terminal(encoded) if self.terminal else encoded


@dataclass(frozen=True)
class Exported:
    """What was written, and warnings about a capture that was read in part or of which no frame matches."""

    frames: int
    bytes: int
    warnings: tuple[str, ...]


def export(
    path: Path,
    program: tshark.Tshark,
    target: Path | BinaryIO,
    shape: Shape,
    selection: Selection,
    *,
    time_limit_s: float,
    force: bool,
    progress: Progress,
    notice: Callable[[str], None],
) -> Exported:
    """Write the selected frames' dissections to the target.

    Raises:
        SettingsError: tshark refuses the selection or a protocol, or the target exists.
        OutputError: the target cannot be written.
        CaptureError: the file cannot be opened, is no capture, or holds no packet.
        TsharkError: tshark is too old, cannot be started, or ended before its work was done.
    """
    file.check(path)
    if isinstance(target, Path):
        check_target(target, (path, selection.keylog), force=force)
    # What comes after the last frame that is asked for need not be read.
    enough = ["-c", str(selection.last_frame)] if selection.last_frame else []
    arguments = ["-n", "-r", str(path.absolute()), *enough, *selection.arguments(), *shape.arguments()]
    with running(program, arguments, time_limit_s, tables=True) as run:
        accepted = in_background(lambda: _check(program, selection, shape))
        container = in_background(lambda: file.container(program, path))
        stream = dissections.split(run.chunks())
        sample = list(_first(stream, SAMPLE_BYTES))
        accepted.result()
        whole = sum(map(len, sample)) < SAMPLE_BYTES
        if whole:  # a capture that cannot be read leaves nothing behind, not even on standard output
            warnings = _warnings(run, program, path, selection, len(sample), container, time_limit_s)
        else:
            _announce(_estimate(sample, shape, selection, container.result()), target, notice, force=force)
        with writable(target) as out:
            frames, size = _write(chain(sample, stream), shape, out, progress)
            if not whole:
                warnings = _warnings(run, program, path, selection, frames, container, time_limit_s)
    return Exported(frames, size, warnings)


def _warnings(
    run: Run,
    program: tshark.Tshark,
    path: Path,
    selection: Selection,
    frames: int,
    container: "Future[file.Container | None]",
    time_limit_s: float,
) -> tuple[str, ...]:
    """Return the warnings about the whole run, or raise when nothing came of it."""
    ending = run.ending()
    total: int | None = frames
    if selection.condition:  # what was printed tells of the frames that match alone
        total = None if ending.timed_out else frames_read(program, path, frames, container.result())
    said = verdict(ending, path, total, time_limit_s)
    return said if frames else (*said, "No frame matches: there was nothing to export.")


def _check(program: tshark.Tshark, selection: Selection, shape: Shape) -> None:
    tshark.version(program)
    check(program, selection)
    check_filter(program, " || ".join(shape.protocols), "--protocols")


def _first(frames: Iterator[bytes], size: int) -> Iterator[bytes]:
    """Yield frames until they hold so many bytes together."""
    seen = 0
    while seen < size and (frame := next(frames, None)) is not None:
        seen += len(frame)
        yield frame


def _write(frames: Iterable[bytes], shape: Shape, out: BinaryIO, progress: Progress) -> tuple[int, int]:
    """Return how many frames and bytes were written."""
    before, between, after, without_any = _FRAMING[shape.format]
    written = size = 0
    for frame in frames:
        size += out.write((between if written else before) + shape.encode(frame))
        written += 1
        progress(written)
    return written, size + out.write(after if written else without_any)


def _estimate(sample: list[bytes], shape: Shape, selection: Selection, container: file.Container | None) -> int | None:
    """Return how many bytes the whole export takes, as the sample says, or None where the capture's length is unknown.

    A sample's bytes come from all frames up to its last, of which a filter may match a few.
    """
    if container is None or container.frames is None:
        return None
    last = dissections.number(sample[-1]) or len(sample)
    frames = min(container.frames, selection.last_frame or container.frames)
    measured = sample[:: max(1, len(sample) // 100)]
    return round(sum(map(len, map(shape.encode, measured))) * len(sample) / len(measured) * max(1.0, frames / last))


def _announce(estimate: int | None, target: Path | BinaryIO, notice: Callable[[str], None], *, force: bool) -> None:
    if estimate is None or estimate < LARGE_BYTES:
        return
    notice(f"The export will take about {estimate / 1e9:.1f} GB.")
    if not isinstance(target, Path) or force:
        return
    free = shutil.disk_usage(Path(os.path.realpath(target)).parent).free
    if free < estimate:
        raise OutputError(
            f"The export will take about {estimate / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free there.",
            "Write it elsewhere, choose fewer frames (--filter, --frames), or try all the same with --force.",
        )
