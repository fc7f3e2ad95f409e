"""The pass over a whole capture that gives its table: by one tshark, or by several that each take a part."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from explainer.capture import table
from explainer.capture.process import Ending, Run, running
from explainer.capture.selection import Selection
from explainer.capture.tshark import QUICK, Tshark, doubles_backslashes
from explainer.facts import Column
from explainer.frame_table import FrameTable, gathered
from explainer.protocols.frame import PROTOCOLS

if TYPE_CHECKING:
    import polars as pl

SPLIT_FROM_BYTES = 12_000_000
"""From this size on, several tsharks are quicker than one: each takes some tenths of a second to start."""
_TSHARK_BYTES, _BYTES_A_PACKET = 165_000_000, 640
"""What a tshark takes: at its start, and for each packet that it has seen (4.0.17)."""
_MOST_PARTS = 64
_QUOTING = "_ws.col."
"""Columns of the packet list, whose words may name other frames."""


@dataclass(frozen=True)
class Workers:
    """How many tsharks may be at work at once, how many bytes of memory all of them may take (None: any), and of how
    many frames there is room for what they print (None: of any).
    """

    jobs: int = 1
    memory: int | None = None
    frames: int | None = None

    def parts(self, packets: int) -> int:
        """Return into how many parts a capture is split: at least one for each job, more where memory is short."""
        if self.memory is None:
            return self.jobs
        room = self.memory // self.jobs - _TSHARK_BYTES
        return max(self.jobs, min(_MOST_PARTS, -(-packets * _BYTES_A_PACKET // room) if room > 0 else _MOST_PARTS))

    def room(self, selection: Selection) -> list[str]:
        """Return tshark's arguments that end its reading where there is no room for more; a selection is small."""
        return [] if self.frames is None or selection.condition else ["-c", str(self.frames)]


@dataclass(frozen=True)
class Pass:
    """What is to be read of a capture; `started` is called when tshark is at work, and tells its version."""

    path: Path
    program: Tshark
    columns: Sequence[Column]
    selection: Selection
    time_limit_s: float
    progress: Callable[[int], None]
    started: Callable[[], "Future[str]"]

    def in_parts(self, workers: Workers) -> "tuple[FrameTable, Ending] | None":
        """Return the table that several tsharks make of the capture, and how that ended; None where one has to.

        One has to where the frames of a selection are numbered, and where the columns do not show what else a packet
        depends on.
        """
        quoting = any(column.field.startswith(_QUOTING) for column in self.columns)
        if self.selection.condition or quoting or PROTOCOLS not in self.columns:
            return None
        if self.path.stat().st_size < SPLIT_FROM_BYTES:
            return None
        from explainer.capture import parts  # most captures are small: tshark starts sooner without
        from explainer.capture.records import native
        from explainer.capture.splitting import split

        records = native(self.path)
        if records is None or not records.whole or (workers.frames is not None and len(records) > workers.frames):
            return None
        wanted = workers.parts(len(records))
        plan = split(records, wanted) if wanted > 1 else None
        if plan is None:
            return None
        how = [*QUICK, *self.selection.dissection(), *table.arguments(self.columns)]
        reading = parts.Reading(records, plan, self.program, self.columns, how, self.time_limit_s, self.progress)
        return reading.table(workers.jobs, self.started)

    def whole(self, workers: Workers) -> "tuple[FrameTable, Ending]":
        """Return the table that one tshark makes of the capture, as far as there is room, and how it ended."""
        source = ["-n", "-r", str(self.path.absolute()), *workers.room(self.selection)]
        arguments = [*source, *QUICK, *self.selection.arguments(), *table.arguments(self.columns)]
        with running(self.program, arguments, self.time_limit_s) as run:
            return collected(run, self.columns, self.started(), self.progress), run.ending()


def collected(
    run: Run, columns: Sequence[Column], version: "Future[str]", progress: Callable[[int], None]
) -> FrameTable:
    """Return the table that a tshark prints, whose version will be known; tell how many frames there are so far."""

    def pieces() -> "Iterator[pl.DataFrame]":
        frames = 0
        for lines in table.whole_lines(run.chunks()):
            doubled = doubles_backslashes(version.result())  # what is no tshark has none, and prints no table
            yield (piece := table.read(lines, columns, doubled=doubled))
            frames += piece.height
            progress(frames)
        if not frames:
            yield table.empty(columns)

    return gathered(pieces())
