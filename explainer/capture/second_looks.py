"""Second looks that go on beside the rules: those that wait for one another and fit together share one tshark."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING

from explainer.capture.again import Again, Asked
from explainer.capture.background import in_background
from explainer.errors import TsharkError
from explainer.facts import Column, View

if TYPE_CHECKING:
    import polars as pl


class SecondLooks:
    """The looks at one capture, of which at most so many tsharks are at work at once; they begin in turn."""

    def __init__(self, again: Again, at_once: int) -> None:
        self._again = again
        self._at_once = at_once
        self._waiting = list[tuple[Asked, "Future[pl.DataFrame]"]]()
        self._working = 0
        self._change = threading.Lock()

    def begin(self, columns: Sequence[Column], view: View) -> "Future[pl.DataFrame]":
        """Return the future of a look: its columns, of what the view shows."""
        seen: Future[pl.DataFrame] = Future()
        with self._change:
            self._waiting.append((Asked(tuple(columns), view), seen))
            if self._working >= self._at_once:
                return seen
            self._working += 1
        in_background(self._work)
        return seen

    def _work(self) -> None:
        while wanted := self._next():
            try:
                tables = self._again.looks([asked for asked, _ in wanted])
                for (_, seen), table in zip(wanted, tables, strict=True):
                    seen.set_result(table)
            except BaseException as error:  # it is raised where the result is asked for
                for _, seen in wanted:
                    seen.set_exception(error)

    def _fit(self, looks: "Sequence[tuple[Asked, Future[pl.DataFrame]]]") -> bool:
        try:
            return self._again.together([asked for asked, _ in looks])
        except (TsharkError, OSError):  # each of them will say so, and none may wait for ever
            return False

    def _next(self) -> "list[tuple[Asked, Future[pl.DataFrame]]]":
        """Return the look whose turn it is, with those that can go along; none where none waits."""
        with self._change:
            taken, left = self._waiting[:1], list[tuple[Asked, "Future[pl.DataFrame]"]]()
            for waiting in self._waiting[1:]:
                (taken if self._fit([*taken, waiting]) else left).append(waiting)
            self._waiting = left
            self._working -= not taken
            return taken
