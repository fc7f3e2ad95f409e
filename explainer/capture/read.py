"""A capture file → its Capture: facts about the file, one typed table, and the taps' text."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from explainer.capture import file, table, taps, tshark
from explainer.capture.background import in_background
from explainer.capture.filters import check
from explainer.capture.link_types import link_type
from explainer.capture.passes import Pass, Workers
from explainer.capture.process import Ending, running
from explainer.capture.selection import EVERYTHING, Selection
from explainer.errors import CaptureError, TsharkError
from explainer.escape import visible
from explainer.facts import Column, Tap
from explainer.frame_table import FrameTable
from explainer.lazy import model, pl
from explainer.protocols.frame import CAPTURED_LENGTH, INTERFACE, INTERFACE_NAME, LENGTH, LINK_TYPE, TIME

if TYPE_CHECKING:
    from explainer.model import CaptureInfo, Interface

Progress = Callable[[int], None]
"""Called with the number of frames read so far."""
_FIRST_FRAME_LIMIT_S = 60.0

ALONE = Workers()
FILE_COLUMNS = (TIME, CAPTURED_LENGTH, LINK_TYPE, INTERFACE, INTERFACE_NAME)


@dataclass(frozen=True)
class Capture:
    """A capture as tshark dissected it: `frames` holds a row a frame, `taps` the text of each tap by its argument."""

    info: "CaptureInfo"
    frames: FrameTable
    taps: dict[str, str]


def read(
    path: Path,
    program: tshark.Tshark,
    columns: Sequence[Column],
    wanted_taps: Sequence[Tap],
    *,
    time_limit_s: float,
    workers: Workers = ALONE,
    progress: Progress = lambda frames: None,
    selection: Selection = EVERYTHING,
) -> Capture:
    """Return the capture with these columns and taps, of the selected frames.

    Raises:
        SettingsError: tshark refuses the filter or a "Decode As" rule.
        CaptureError: the file cannot be opened, is no capture, or holds no packet.
        TsharkError: tshark is too old, cannot be started, or ended before its work was done.
    """
    file.check(path)
    asked = table.ordered([*FILE_COLUMNS, *(column for column in columns if column not in FILE_COLUMNS)])
    room = workers.room(selection)
    with taps.reading(path, program, wanted_taps, time_limit_s, selection=selection, room=room) as tapped:
        beside = _Beside(path, program, selection)
        reading = Pass(path, program, asked, selection, time_limit_s, progress, beside.begin)
        frames, ending = reading.in_parts(workers) or reading.whole(workers)
        tap_texts = tapped.result()
    version, known = beside.begin().result(), beside.container.result()
    beside.accepted.result()
    total: int | None = frames.height
    if selection.condition:  # rows tell of the frames that match alone
        total = None if ending.timed_out else frames_read(program, path, frames.height, known)
    warnings = verdict(ending, path, total, time_limit_s) or (full(frames.height, workers, known) if room else ())
    said = (*selection.sentences(), *matching(selection, frames.height, total))
    info = _info(path, frames, beside.checksum.result(), known, version, warnings, said)
    return Capture(info, frames, tap_texts)


class _Beside:
    """What is found out about the file and about tshark while that is at work: it starts first."""

    def __init__(self, path: Path, program: tshark.Tshark, selection: Selection) -> None:
        self._path, self._program, self._selection = path, program, selection

    def begin(self) -> "Future[str]":
        """Begin, where that was not done before, and return the future of tshark's version."""
        return self._version

    @cached_property
    def _version(self) -> "Future[str]":
        self.accepted = in_background(lambda: check(self._program, self._selection))
        self.checksum = in_background(lambda: file.sha256(self._path))
        self.container = in_background(lambda: file.container(self._program, self._path))
        return in_background(lambda: tshark.version(self._program))


def frames_read(program: tshark.Tshark, path: Path, matching: int, container: file.Container | None) -> int | None:
    """Return how many frames a filtered pass went through, None for "some": their rows do not tell."""
    if container and container.frames is not None:
        return container.frames
    if matching:
        return None
    first = ["-n", "-r", str(path.absolute()), "-c", "1", "-T", "fields", "-e", "frame.number"]
    with running(program, first, _FIRST_FRAME_LIMIT_S) as run:
        return None if b"".join(run.chunks()).strip() else 0


def matching(selection: Selection, frames: int, total: int | None) -> tuple[str, ...]:
    """Return how many frames match, as a sentence; nothing where all were asked for."""
    if not selection.condition:
        return ()
    of_all = "" if total is None else f" of {total:,}"
    if not frames:
        return (f"no frame matches: 0{of_all} frames",)
    return (f"{frames:,}{of_all} frames match; what seems missing may be in the others",)


def verdict(ending: Ending, path: Path, frames: int | None, time_limit_s: float) -> tuple[str, ...]:
    """Return the warnings about a file of which `frames` (None: some) were read, or raise when nothing came of it."""
    name, complaint = visible(path.name), ending.complaint
    known = f"{frames:,} frames" if frames else "frames"
    if ending.timed_out:
        if frames == 0:
            raise TsharkError(
                f"tshark read no frame of {name} within {time_limit_s:g} seconds.", "Allow it more with --time-limit."
            )
        return (
            f"Only the first {known} were read: tshark was stopped after {time_limit_s:g} seconds"
            " (--time-limit allows it more).",
        )
    if ending.exit_code < 0 or (ending.exit_code and not complaint):
        raise TsharkError(
            f"tshark ended before it had read {name} (it was killed, or crashed; exit code {ending.exit_code}).",
            "Try again with more memory free; if it goes on, update tshark.",
        )
    if ending.exit_code == 0 and frames != 0:
        return ()
    if frames != 0:
        if "cut short" in complaint:
            return (f"The file is cut off in the middle of a packet: the {known} up to there were read.",)
        place = f"after frame {frames:,}" if frames else "somewhere"
        return (f"The file is damaged {place}: what came before was read.",)
    raise _unreadable(ending, name)


def full(frames: int, workers: Workers, container: file.Container | None) -> tuple[str, ...]:
    """Return the warning about a file of which there was no room for more than so many frames."""
    total = container.frames if container else None
    if workers.frames is None or frames < workers.frames or total == frames:
        return ()
    of_all = "" if total is None else f" of {total:,}"
    return (
        f"Only the first {frames:,}{of_all} frames were read: this machine has not enough free memory for more"
        " (split the file with: editcap -c).",
    )


def _unreadable(ending: Ending, name: str) -> CaptureError | TsharkError:
    """Return the error about a file of which no frame was read."""
    complaint = ending.complaint
    if ending.exit_code == 0:
        return CaptureError(f"{name} holds no packets.", "Record again while the problem happens.")
    if "isn't a capture file" in complaint:
        return CaptureError(f"{name} is not a capture file.", file.BRING_ANOTHER)
    if "cut short" in complaint or "damaged" in complaint or "doesn't support" in complaint:
        return CaptureError(
            f"{name} is damaged, and no packet in it can be read.", "Copy it again in binary mode, or record it anew."
        )
    return TsharkError(
        f"tshark cannot read {name}: {visible(complaint.splitlines()[0])}", "Check it with: explainer doctor"
    )


def _info(
    path: Path,
    frames: FrameTable,
    sha256: str,
    container: file.Container | None,
    version: str,
    warnings: tuple[str, ...],
    selection: tuple[str, ...],
) -> "CaptureInfo":
    times = frames.column(TIME.field).drop_nulls()
    first, last = times.min(), times.max()
    known = isinstance(first, int) and isinstance(last, int)
    return model.CaptureInfo(
        file=path.name,
        sha256=sha256,
        bytes=path.stat().st_size,
        format=container.format if container else "unknown (capinfos is not installed)",
        link_types=tuple(link_type(number) for number in frames.column(LINK_TYPE.field).drop_nulls().unique().sort()),
        frames=frames.height,
        first=_moment(first) if isinstance(first, int) else None,
        last=_moment(last) if isinstance(last, int) else None,
        duration_s=(last - first) / 1e9 if known and isinstance(first, int) and isinstance(last, int) else 0.0,
        snap_length=container.snap_length if container else None,
        cut_frames=int((frames.column(CAPTURED_LENGTH.field) < frames.column(LENGTH.field)).sum()),
        interfaces=_interfaces(frames),
        tshark_version=version,
        warnings=warnings,
        selection=selection,
    )


def _moment(nanoseconds: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=nanoseconds // 1000)
    except OverflowError:  # a damaged file can claim any time
        return None


def _interfaces(frames: FrameTable) -> "tuple[Interface, ...]":
    number, name = INTERFACE.field, INTERFACE_NAME.field
    table = frames.having([number], [number, name])
    used = table.group_by(number).agg(pl.col(name).first(), pl.len().alias("n"))
    return tuple(
        model.Interface(number=row[0], name=row[1] or "unknown", frames=row[2]) for row in used.sort(number).iter_rows()
    )
