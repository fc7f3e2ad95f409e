"""A capture file → its Capture: facts about the file, one typed table, and the taps' text."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from explainer.capture import file, table, taps, tshark
from explainer.capture.link_types import link_type
from explainer.capture.process import Ending, Run, running
from explainer.errors import CaptureError, TsharkError
from explainer.escape import visible
from explainer.facts import Column, Tap
from explainer.lazy import pl
from explainer.model import CaptureInfo, Interface
from explainer.protocols.frame import CAPTURED_LENGTH, INTERFACE, INTERFACE_NAME, LENGTH, LINK_TYPE, TIME

T = TypeVar("T")
Progress = Callable[[int], None]
"""Called with the number of frames read so far."""


FILE_COLUMNS = (TIME, CAPTURED_LENGTH, LINK_TYPE, INTERFACE, INTERFACE_NAME)


@dataclass(frozen=True)
class Capture:
    """A capture as tshark dissected it: `frames` holds a row a frame, `taps` the text of each tap by its argument."""

    info: CaptureInfo
    frames: "pl.DataFrame"
    taps: dict[str, str]


def read(
    path: Path,
    program: tshark.Tshark,
    columns: Sequence[Column],
    wanted_taps: Sequence[Tap],
    *,
    time_limit_s: float,
    progress: Progress = lambda frames: None,
) -> Capture:
    """Return the capture with these columns and taps.

    Raises:
        CaptureError: the file cannot be opened, is no capture, or holds no packet.
        TsharkError: tshark is too old, cannot be started, or ended before its work was done.
    """
    file.check(path)
    asked = table.ordered([*FILE_COLUMNS, *(column for column in columns if column not in FILE_COLUMNS)])
    arguments = ["-n", "-r", str(path.absolute()), *table.arguments(asked)]
    with running(program, arguments, time_limit_s) as run:
        tapped = _in_background(lambda: taps.read(path, program, wanted_taps, time_limit_s))
        version = _in_background(lambda: tshark.version(program))
        checksum = _in_background(lambda: file.sha256(path))
        container = _in_background(lambda: file.container(program, path))
        frames = _collect(run, asked, progress)
        ending = run.ending()
    known_version = version.result()
    warnings = _verdict(ending, path, frames.height, time_limit_s)
    info = _info(path, frames, checksum.result(), container.result(), known_version, warnings)
    return Capture(info, frames, tapped.result())


def _in_background(work: Callable[[], T]) -> "Future[T]":
    """Return the future of work that runs beside tshark; its exception comes out of `result`."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # it is raised where the result is asked for
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


def _collect(run: Run, columns: Sequence[Column], progress: Progress) -> "pl.DataFrame":
    parts, frames = [table.empty(columns)], 0
    for lines in table.whole_lines(run.chunks()):
        parts.append(table.read(lines, columns))
        frames += parts[-1].height
        progress(frames)
    return pl.concat(parts)


def _verdict(ending: Ending, path: Path, frames: int, time_limit_s: float) -> tuple[str, ...]:
    """Return the warnings about a file that was read in part, or raise when nothing came of it."""
    name, complaint = visible(path.name), ending.complaint
    if ending.timed_out:
        if not frames:
            raise TsharkError(
                f"tshark read no frame of {name} within {time_limit_s:g} seconds.", "Allow it more with --time-limit."
            )
        return (
            f"Only the first {frames:,} frames were read: tshark was stopped after {time_limit_s:g} seconds"
            " (--time-limit allows it more).",
        )
    if ending.exit_code < 0 or (ending.exit_code and not complaint):
        raise TsharkError(
            f"tshark ended before it had read {name} (it was killed, or crashed; exit code {ending.exit_code}).",
            "Try again with more memory free; if it goes on, update tshark.",
        )
    if ending.exit_code == 0 and frames:
        return ()
    if frames:
        return (_damage(complaint, frames),)
    if ending.exit_code == 0:
        raise CaptureError(f"{name} holds no packets.", "Record again while the problem happens.")
    if "isn't a capture file" in complaint:
        raise CaptureError(f"{name} is not a capture file.", file.BRING_ANOTHER)
    if "cut short" in complaint or "damaged" in complaint or "doesn't support" in complaint:
        raise CaptureError(
            f"{name} is damaged, and no packet in it can be read.", "Copy it again in binary mode, or record it anew."
        )
    raise TsharkError(
        f"tshark cannot read {name}: {visible(complaint.splitlines()[0])}", "Check it with: explainer doctor"
    )


def _damage(complaint: str, frames: int) -> str:
    if "cut short" in complaint:
        return f"The file is cut off in the middle of a packet: the {frames:,} frames up to there were read."
    return f"The file is damaged after frame {frames:,}: what came before was read."


def _info(
    path: Path,
    frames: "pl.DataFrame",
    sha256: str,
    container: file.Container | None,
    version: str,
    warnings: tuple[str, ...],
) -> CaptureInfo:
    times = frames[TIME.field].drop_nulls()
    first, last = times.min(), times.max()
    known = isinstance(first, int) and isinstance(last, int)
    return CaptureInfo(
        file=path.name,
        sha256=sha256,
        bytes=path.stat().st_size,
        format=container.format if container else "unknown (capinfos is not installed)",
        link_types=tuple(link_type(number) for number in frames[LINK_TYPE.field].drop_nulls().unique().sort()),
        frames=frames.height,
        first=_moment(first) if isinstance(first, int) else None,
        last=_moment(last) if isinstance(last, int) else None,
        duration_s=(last - first) / 1e9 if known and isinstance(first, int) and isinstance(last, int) else 0.0,
        snap_length=container.snap_length if container else None,
        cut_frames=int((frames[CAPTURED_LENGTH.field] < frames[LENGTH.field]).sum()),
        interfaces=_interfaces(frames),
        tshark_version=version,
        warnings=warnings,
    )


def _moment(nanoseconds: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=nanoseconds // 1000)
    except OverflowError:  # a damaged file can claim any time
        return None


def _interfaces(frames: "pl.DataFrame") -> tuple[Interface, ...]:
    number, name = INTERFACE.field, INTERFACE_NAME.field
    used = frames.filter(pl.col(number).is_not_null()).group_by(number).agg(pl.col(name).first(), pl.len().alias("n"))
    return tuple(
        Interface(number=row[0], name=row[1] or "unknown", frames=row[2]) for row in used.sort(number).iter_rows()
    )
