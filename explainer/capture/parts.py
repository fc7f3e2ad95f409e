"""One table from several tsharks, each of which dissects a part of the capture.

Rule: the table is equal to that of one tshark over the whole: frames, streams and relative times are numbered anew.
"""

import re
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial

from explainer.capture.background import in_background
from explainer.capture.passes import collected
from explainer.capture.process import Ending, Run, running
from explainer.capture.records import Records
from explainer.capture.splitting import Split
from explainer.capture.tshark import Tshark
from explainer.facts import Column
from explainer.frame_table import FrameTable, Held, joined
from explainer.lazy import pl
from explainer.protocols import tcp, udp
from explainer.protocols.fragments import PARTS
from explainer.protocols.frame import FRAME, PROTOCOLS, RELATIVE_TIME, TIME

Frames = Sequence[int]
"""The frames of a part, by their numbers in the capture, ascending."""

_PART, _NEW, _OLD, _ROW = "part", "new", "old", "row"
_STREAMS = (tcp.STREAM.field, udp.STREAM.field)
_NAMING = ("_ws.expert.message",)
"""Columns whose words name other frames: "Original request in frame 57"."""
_NUMBERING = tuple(column.field for column in PARTS)
"""Columns whose values are numbers of other frames."""
_IP = r"(?:^|:)ip(?:v6)?(?:$|:)"
_NAMED = re.compile(r"\bframe (\d+)")


@dataclass(frozen=True)
class Reading:
    """A capture that is read in parts; `how` are tshark's arguments, `known` counts the frames of each part so far."""

    records: Records
    split: Split
    program: Tshark
    columns: Sequence[Column]
    how: Sequence[str]
    time_limit_s: float
    progress: Callable[[int], None]
    known: dict[int, int] = field(default_factory=dict)

    def table(self, at_once: int, started: Callable[[], Future[str]]) -> "tuple[FrameTable, Ending] | None":
        """Return the table of all parts, of which some are read at once, and how their reading ended.

        Where time ran out, the table ends before the first frame that was not read. None where a tshark failed or said
        something, and where a packet is not what it was taken for: then one tshark has to read the whole.
        """
        parts, tables, endings = self.split.parts, list[FrameTable](), list[Ending]()
        deadline = time.monotonic() + self.time_limit_s
        for first in range(0, len(parts), at_once):
            left_s = max(deadline - time.monotonic(), 0.01)
            for seen, ending in self._together(range(first, min(first + at_once, len(parts))), left_s, started):
                tables.append(seen)
                endings.append(ending)
        late = next((ending for ending in endings if ending.timed_out), None)
        unread = [frames[seen.height] for seen, frames in zip(tables, parts, strict=True) if seen.height < len(frames)]
        if late is None and (unread or any(ending.exit_code or ending.complaint for ending in endings)):
            return None
        if unread:
            tables = [seen.head(bisect_left(frames, min(unread))) for seen, frames in zip(tables, parts, strict=True)]
        merged = _merged([_renamed(seen, frames) for seen, frames in zip(tables, parts, strict=True)], parts)
        return (merged, late or endings[0]) if _as_expected(merged, self.split) else None

    def _together(
        self, numbers: Iterable[int], limit_s: float, started: Callable[[], Future[str]]
    ) -> list[tuple[FrameTable, Ending]]:
        arguments = ["-n", "-r", "-", *self.how]
        with ExitStack() as stack:
            runs = dict[int, Run]()
            for part in numbers:
                feed = self.records.picked(self.split.parts[part])
                runs[part] = stack.enter_context(running(self.program, arguments, limit_s, feed=feed))
            version = started()
            pending = [in_background(partial(self._collected, part, run, version)) for part, run in runs.items()]
            tables = [future.result() for future in pending]
            return [(seen, run.ending()) for seen, run in zip(tables, runs.values(), strict=True)]

    def _collected(self, part: int, run: Run, version: Future[str]) -> FrameTable:
        def known(frames: int) -> None:
            self.known[part] = frames
            self.progress(sum(self.known.values()))

        return collected(run, self.columns, version, known)


def _as_expected(merged: FrameTable, split: Split) -> bool:
    """Return whether tshark saw no more addresses in any packet than were read of it, and no time that is damaged."""
    times = merged.column(TIME.field)
    if times.has_nulls() or (times < 0).any():
        return False
    read = pl.Series(split.headers, dtype=pl.Int64).head(merged.height)
    layers = merged.column(PROTOCOLS.field).str.replace_all(":", "::", literal=True)
    return not (layers.str.count_matches(_IP).fill_null(0) > read).any()


def _renamed(seen: FrameTable, frames: Frames) -> FrameTable:
    """Return a part's table in which columns that name frames name those of the capture."""
    naming = {name: _in_words(seen.held(name), frames) for name in _NAMING if name in seen.names}
    return seen.replaced(
        naming | {name: _by_number(seen.held(name), frames) for name in _NUMBERING if name in seen.names}
    )


def _in_words(held: Held, frames: Frames) -> Held:
    def in_the_capture(match: re.Match[str]) -> str:
        number = int(match[1])
        return f"frame {frames[number - 1]}" if 0 < number <= len(frames) else match[0]

    words = held.values
    if not words.list.eval(pl.element().str.contains(_NAMED.pattern)).list.any().any():
        return held
    new = [None if texts is None else [_NAMED.sub(in_the_capture, text) for text in texts] for texts in words.to_list()]
    return held._replace(values=pl.Series(words.name, new, dtype=words.dtype))


def _by_number(held: Held, frames: Frames) -> Held:
    new = [None if each is None else [frames[number - 1] for number in each] for each in held.values.to_list()]
    return held._replace(values=pl.Series(held.values.name, new, dtype=held.values.dtype))


def _merged(tables: Sequence[FrameTable], parts: Sequence[Frames]) -> FrameTable:
    """Return the tables as one, sorted by frame and numbered anew."""
    read = [pl.Series(frames[: seen.height], dtype=pl.UInt32) for seen, frames in zip(tables, parts, strict=True)]
    whole = joined(tables, [frames - 1 for frames in read])
    part = pl.concat([pl.repeat(number, len(frames), dtype=pl.Int64, eager=True) for number, frames in enumerate(read)])
    numbers = pl.DataFrame({FRAME.field: pl.concat(read).cast(pl.Int64), _PART: part}).sort(FRAME.field)
    new = {FRAME.field: Held(numbers[FRAME.field])}
    for stream in _STREAMS:
        if stream in whole.names:
            new[stream] = _renumbered(whole.held(stream), numbers[_PART])
    if RELATIVE_TIME.field in whole.names:
        time = whole.column(TIME.field)
        new[RELATIVE_TIME.field] = Held((time - time.first()).alias(RELATIVE_TIME.field))
    return whole.replaced(new)


def _renumbered(held: Held, part: "pl.Series") -> Held:
    """Return the streams numbered in the order in which they first appear."""
    rows = held.there()
    each = pl.DataFrame({_ROW: rows, _PART: part.gather(rows), _OLD: held.among(rows)}).explode(_OLD)
    known = each.unique([_PART, _OLD], keep="first", maintain_order=True).select(_PART, _OLD).with_row_index(_NEW)
    renamed = each.join(known, on=[_PART, _OLD], how="left", maintain_order="left")
    lists = renamed.group_by(_ROW, maintain_order=True).agg(pl.col(_NEW).cast(pl.Int64))
    new = Held(lists[_NEW].alias(held.values.name), rows)
    return new if held.rows is not None else Held(new.of(len(part)))
