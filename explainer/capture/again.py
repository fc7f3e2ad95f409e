"""A second look at some frames of a capture, dissected another way.

Rule: tshark is given those frames alone, so that a look costs what they cost, however large the capture is.
"""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from explainer.capture import table
from explainer.capture.payloads import payload
from explainer.capture.process import running
from explainer.capture.records import Records, records
from explainer.capture.selection import Selection
from explainer.capture.tshark import Tshark
from explainer.facts import Column, View
from explainer.lazy import pl
from explainer.protocols.frame import FRAME, LENGTH
from explainer.protocols.tcp import CONTENT

_CONTENTS = (FRAME, CONTENT)


class Again:
    """What looks at a capture of so many frames once more, the user's way of dissecting kept."""

    def __init__(self, path: Path, program: Tshark, frames: int, selection: Selection, time_limit_s: float) -> None:
        self._path = path
        self._program = program
        self._frames = frames
        self._how = selection.dissection()
        self._limit_s = time_limit_s

    @cached_property
    def _records(self) -> Records:
        return records(self._path, self._program, self._frames, self._limit_s)

    def look(self, columns: Sequence[Column], view: View) -> "pl.DataFrame":
        """Return the columns of what the view shows, with the frame numbers of the whole capture.

        Where it takes too long: what was read until then.

        Raises:
            TsharkError: tshark cannot be started, or the capture has to be converted and editcap is missing.
        """
        if tuple(columns) == _CONTENTS and view == View(view.frames):
            return self._payloads(view.frames)
        return self._dissected(columns, view)

    def _payloads(self, frames: Sequence[int]) -> "pl.DataFrame":
        """Return what segments carry: from the file itself, and of those that are not plain from tshark."""
        read = {frame: payload(self._records, frame) for frame in frames}
        plain = [(frame, octets.hex() or None) for frame, octets in read.items() if octets is not None]
        table = pl.DataFrame(plain, schema={FRAME.field: pl.Int64, CONTENT.field: pl.String}, orient="row")
        others = tuple(frame for frame, octets in read.items() if octets is None)
        if not others:
            return table
        return pl.concat([table, self._dissected(_CONTENTS, View(others)).select(table.columns)]).sort(FRAME.field)

    def _dissected(self, columns: Sequence[Column], view: View) -> "pl.DataFrame":
        asked = table.ordered([LENGTH, *columns])
        how = [*self._how, *(word for rule in view.decode_as for word in ("-d", rule))]
        how += [word for preference in view.preferences for word in ("-o", preference)]
        shown = ["-Y", view.display_filter] if view.display_filter else []
        arguments = ["-n", "-r", "-", *how, *shown, *table.arguments(asked)]
        with running(self._program, arguments, self._limit_s, feed=self._records.picked(view.frames)) as run:
            parts = [table.read(lines, asked) for lines in table.whole_lines(run.chunks())]
        seen = table.together(parts, asked)
        numbers = pl.Series(view.frames, dtype=pl.Int64)
        return seen.with_columns(numbers.gather(seen[FRAME.field] - 1).alias(FRAME.field))
