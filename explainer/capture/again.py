"""A second look at some frames of a capture, dissected another way.

Rule: tshark is given those frames alone, so that a look costs what they cost, however large the capture is. To start it
costs as much as some thousand frames: looks at different frames, dissected in one way, share one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path

from explainer.capture import table
from explainer.capture.payloads import payload
from explainer.capture.process import running
from explainer.capture.records import Records, records
from explainer.capture.selection import Selection
from explainer.capture.tshark import QUICK, Tshark, doubles_backslashes, version
from explainer.facts import Column, View
from explainer.lazy import pl
from explainer.protocols.frame import FRAME, LENGTH
from explainer.protocols.tcp import CONTENT

_CONTENTS = (FRAME, CONTENT)


@dataclass(frozen=True)
class Asked:
    """What is to be looked at: the view, and the columns of what it shows."""

    columns: tuple[Column, ...]
    view: View

    @property
    def of_payloads(self) -> bool:
        """Whether nothing is wanted but what segments carry, which stands in the file."""
        return self.columns == _CONTENTS and self.view == View(self.view.frames)


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
        return self.looks([Asked(tuple(columns), view)])[0]

    def looks(self, asked: Sequence[Asked]) -> "list[pl.DataFrame]":
        """Return what each of these looks sees, which must fit together, as `look` does."""
        if len(asked) == 1 and asked[0].of_payloads:
            return [self._payloads(asked[0].view.frames)]
        return self._dissected(asked)

    def together(self, asked: Sequence[Asked]) -> bool:
        """Return whether one tshark can take all these looks.

        It dissects in one way, each frame once, and reads a field in one way; and since the frames of one look come
        after those of another, the interfaces of all must be those of one section (pcapng).
        """
        ways = {(each.view.decode_as, each.view.preferences) for each in asked}
        fields = {column.field: column for each in asked for column in each.columns}
        return (
            len(ways) == 1
            and not any(each.of_payloads for each in asked)
            and all(fields[column.field] == column for each in asked for column in each.columns)
            and len(set[int]().union(*(each.view.frames for each in asked))) == sum(len(a.view.frames) for a in asked)
            and self._records.sections <= 1
        )

    def _payloads(self, frames: Sequence[int]) -> "pl.DataFrame":
        """Return what segments carry: from the file itself, and of those that are not plain from tshark."""
        read = {frame: payload(self._records, frame) for frame in frames}
        plain = [(frame, octets.hex() or None) for frame, octets in read.items() if octets is not None]
        table = pl.DataFrame(plain, schema={FRAME.field: pl.Int64, CONTENT.field: pl.String}, orient="row")
        others = tuple(frame for frame, octets in read.items() if octets is None)
        if not others:
            return table
        (seen,) = self._dissected([Asked(_CONTENTS, View(others))])
        return pl.concat([table, seen.select(table.columns)]).sort(FRAME.field)

    def _dissected(self, asked: Sequence[Asked]) -> "list[pl.DataFrame]":
        """Return what one tshark shows of the frames of these looks, which it is given one look after another."""
        columns = table.ordered(dict.fromkeys([LENGTH, *chain.from_iterable(each.columns for each in asked)]))
        frames = [frame for each in asked for frame in each.view.frames]
        shown, way = _shown(asked), asked[0].view
        how = [*QUICK, *self._how, *(word for rule in way.decode_as for word in ("-d", rule))]
        how += [word for preference in way.preferences for word in ("-o", preference)]
        arguments = ["-n", "-r", "-", *how, *(["-Y", shown] if shown else []), *table.arguments(columns)]
        doubled = doubles_backslashes(version(self._program))
        with running(self._program, arguments, self._limit_s, feed=self._records.picked(frames)) as run:
            parts = [table.read(lines, columns, doubled=doubled) for lines in table.whole_lines(run.chunks())]
        seen = pl.concat(parts) if parts else table.empty(columns)
        place, numbers = pl.col(FRAME.field), pl.Series(frames, dtype=pl.Int64)
        of_each = (seen.filter(place.is_between(first, last)) for first, last in _places(asked))
        return [
            rows.select(column.field for column in table.ordered([LENGTH, *each.columns])).with_columns(
                numbers.gather(rows[FRAME.field] - 1).alias(FRAME.field)
            )
            for rows, each in zip(of_each, asked, strict=True)
        ]


def _places(asked: Sequence[Asked]) -> list[tuple[int, int]]:
    """Return which frames, of those that tshark is given, are whose: the first and the last one's number."""
    found, given = list[tuple[int, int]](), 0
    for each in asked:
        found.append((given + 1, given + len(each.view.frames)))
        given = found[-1][1]
    return found


def _shown(asked: Sequence[Asked]) -> str:
    """Return the display filter that shows what each look shows, of its own frames."""
    if len(asked) == 1:
        return asked[0].view.display_filter
    return " || ".join(
        f"(frame.number >= {first} && frame.number <= {last}"
        + (f" && ({each.view.display_filter}))" if each.view.display_filter else ")")
        for each, (first, last) in zip(asked, _places(asked), strict=True)
    )
