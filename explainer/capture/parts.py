"""One table from several tsharks, each of which dissects a part of the capture.

Rule: the table is equal to that of one tshark over the whole: frames, streams and relative times are numbered anew.
"""

import re
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial

from explainer.capture import table
from explainer.capture.background import in_background
from explainer.capture.process import Ending, Run, running
from explainer.capture.records import Records
from explainer.capture.splitting import Split
from explainer.capture.tshark import Tshark, doubles_backslashes
from explainer.facts import Column
from explainer.lazy import pl
from explainer.protocols import tcp, udp
from explainer.protocols.fragments import PARTS
from explainer.protocols.frame import FRAME, PROTOCOLS, RELATIVE_TIME, TIME

Frames = Sequence[int]
"""The frames of a part, by their numbers in the capture, ascending."""

_AT_A_TIME = 16
_PART, _NEW, _ROW = "part", "new", "row"
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

    def table(self, at_once: int, started: Callable[[], Future[str]]) -> "tuple[pl.DataFrame, Ending] | None":
        """Return the table of all parts, of which some are read at once, and how their reading ended.

        Where time ran out, the table ends before the first frame that was not read. None where a tshark failed or said
        something, and where a packet is not what it was taken for: then one tshark has to read the whole.
        """
        parts, tables, endings = self.split.parts, list["pl.DataFrame"](), list[Ending]()
        deadline = time.monotonic() + self.time_limit_s
        for first in range(0, len(parts), at_once):
            left_s = max(deadline - time.monotonic(), 0.01)
            for seen, ending in self._together(range(first, min(first + at_once, len(parts))), left_s, started):
                tables.append(seen)
                endings.append(ending)
            del seen  # the tables are emptied while they are merged
        late = next((ending for ending in endings if ending.timed_out), None)
        unread = [frames[seen.height] for seen, frames in zip(tables, parts, strict=True) if seen.height < len(frames)]
        if late is None and (unread or any(ending.exit_code or ending.complaint for ending in endings)):
            return None
        merged = _merged([_numbered(tables.pop(0), frames) for frames in parts])
        if unread:
            merged = merged.filter(pl.col(FRAME.field) < min(unread))
        return (merged, late or endings[0]) if _as_expected(merged, self.split) else None

    def _together(
        self, numbers: Iterable[int], limit_s: float, started: Callable[[], Future[str]]
    ) -> "list[tuple[pl.DataFrame, Ending]]":
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

    def _collected(self, part: int, run: Run, version: Future[str]) -> "pl.DataFrame":
        pieces = list[pl.DataFrame]()
        for lines in table.whole_lines(run.chunks()):
            doubled = doubles_backslashes(version.result())
            pieces.append(table.read(lines, self.columns, doubled=doubled))
            self.known[part] = self.known.get(part, 0) + pieces[-1].height
            self.progress(sum(self.known.values()))
        return table.together(pieces, self.columns)


def _as_expected(merged: "pl.DataFrame", split: Split) -> bool:
    """Return whether tshark saw no more addresses in any packet than were read of it, and no time that is damaged."""
    times = merged[TIME.field]
    if times.has_nulls() or (times < 0).any():
        return False
    read = pl.Series(split.headers, dtype=pl.Int64).head(merged.height)
    seen = merged[PROTOCOLS.field].str.replace_all(":", "::", literal=True).str.count_matches(_IP).fill_null(0)
    return not (seen > read).any()


def _numbered(seen: "pl.DataFrame", frames: Frames) -> "pl.DataFrame":
    """Return a part's table with the frame numbers of the capture, also in words that name frames."""
    numbers = pl.Series(FRAME.field, frames, dtype=pl.Int64)
    naming = [_renamed(seen[column], frames) for column in _NAMING if column in seen.columns]
    naming += [_of_capture(seen[column], frames) for column in _NUMBERING if column in seen.columns]
    return seen.with_columns(numbers.gather(seen[FRAME.field] - 1), *naming)


def _renamed(words: "pl.Series", frames: Frames) -> "pl.Series":
    def in_the_capture(match: re.Match[str]) -> str:
        number = int(match[1])
        return f"frame {frames[number - 1]}" if 0 < number <= len(frames) else match[0]

    rows = words.list.eval(pl.element().str.contains(_NAMED.pattern)).list.any().arg_true()
    return _replaced(words, rows, [[_NAMED.sub(in_the_capture, text) for text in words[row]] for row in rows])


def _of_capture(numbers: "pl.Series", frames: Frames) -> "pl.Series":
    rows = numbers.is_not_null().arg_true()
    return _replaced(numbers, rows, [[frames[number - 1] for number in numbers[row]] for row in rows])


def _replaced(values: "pl.Series", rows: "pl.Series", new: Sequence[Sequence[str | int]]) -> "pl.Series":
    """Return the column with new values in these rows."""
    if rows.is_empty():
        return values
    replacing = pl.DataFrame([rows.alias(_ROW), pl.Series(_NEW, new, dtype=values.dtype)])
    table = values.to_frame().with_row_index(_ROW).join(replacing, on=_ROW, how="left", maintain_order="left")
    return table.select(pl.coalesce(_NEW, values.name).alias(values.name)).to_series()


def _merged(tables: Sequence["pl.DataFrame"]) -> "pl.DataFrame":
    """Return the tables as one, sorted by frame. They are emptied: a few columns of all are merged at a time, so that
    there is never a second copy of the whole.
    """
    names, merged = tables[0].columns, list["pl.Series"]()
    streams = [name for name in names if name in _STREAMS]
    others = [name for name in names if name not in (FRAME.field, *streams)]
    numbered = [seen.select(pl.lit(part).alias(_PART), FRAME.field, *streams) for part, seen in enumerate(tables)]
    whole = pl.concat(numbered).sort(FRAME.field)
    for stream in streams:
        whole = _renumbered(whole, stream)
    merged += whole.drop(_PART).get_columns()
    for first in range(0, len(others), _AT_A_TIME):
        some = others[first : first + _AT_A_TIME]
        taken = [pl.DataFrame([seen[FRAME.field], *map(seen.drop_in_place, some)]) for seen in tables]
        merged += pl.concat(taken).sort(FRAME.field).drop(FRAME.field).get_columns()
    together = pl.DataFrame(merged).select(names)
    if RELATIVE_TIME.field not in names:
        return together
    time = pl.col(TIME.field)
    return together.with_columns((time - time.first()).alias(RELATIVE_TIME.field))


def _renumbered(whole: "pl.DataFrame", stream: str) -> "pl.DataFrame":
    """Return the table with the streams numbered in the order in which they first appear."""
    each = whole.select(FRAME.field, _PART, stream).explode(stream).drop_nulls(stream)
    known = each.unique([_PART, stream], keep="first", maintain_order=True).select(_PART, stream).with_row_index(_NEW)
    renamed = each.join(known, on=[_PART, stream], how="left", maintain_order="left")
    lists = renamed.group_by(FRAME.field, maintain_order=True).agg(pl.col(_NEW).cast(pl.Int64))
    joined = whole.join(lists, on=FRAME.field, how="left", maintain_order="left")
    return joined.with_columns(pl.col(_NEW).alias(stream)).drop(_NEW)
