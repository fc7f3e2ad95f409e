"""What is remembered of one capture: its columns and taps, the numbers made of them, and what the rules found.

Rule: everything is remembered under a key of all that it depends on (content, tshark, selection, this very program), so
that nothing has to be thrown away when one of them changes: it is no longer found.
"""

import io
import json
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from explainer.cache.store import Store
from explainer.frame_table import FrameTable, gathered
from explainer.lazy import model, pl

if TYPE_CHECKING:
    import polars
    from pydantic import TypeAdapter

    from explainer.model import Analysis, CaptureInfo, RuleOutcome, Stat

T = TypeVar("T")

_INFO, _FRAMES, _TAPS = "info.json", "frames-{}.parquet", "taps.json"
_ROWS = 50_000
"""So many frames are in one file: less memory is needed to write and to read it."""


@cache
def _about() -> "TypeAdapter[CaptureInfo]":
    from pydantic import TypeAdapter

    return TypeAdapter(model.CaptureInfo)


@cache
def _numbers() -> "TypeAdapter[Stat]":
    from pydantic import TypeAdapter

    return TypeAdapter(model.Stat)


@cache
def _found() -> "TypeAdapter[tuple[RuleOutcome, ...]]":
    from pydantic import TypeAdapter

    return TypeAdapter(tuple[model.RuleOutcome, ...])


class _LostError(Exception):
    """A part of what was kept is there no more, or not whole."""


class Memory:
    """What is known of a capture that is dissected in one way; without a store, nothing ever is."""

    def __init__(self, store: Store | None, depends_on: Iterable[str] = (), judged_by: Iterable[str] = ()) -> None:
        """Take what the dissection depends on, and what the rules go by beside it (files that the user gave)."""
        self._store = store
        self._key = _digest(fingerprint(), *depends_on) if store else ""
        self._writing: threading.Thread | None = None
        self._found = f"outcomes-{_digest(*judged_by)[:16]}.json" if store else ""

    @property
    def keeps(self) -> bool:
        """Whether what is made now will be known later."""
        return self._store is not None

    def info(self) -> "CaptureInfo | None":
        """Return what is known of the file itself."""
        return self._model(_INFO, _about)

    def stat(self, name: str) -> "Stat | None":
        """Return the statistic of this id."""
        return self._model(f"stat-{name}.json", _numbers)

    def outcomes(self) -> "tuple[RuleOutcome, ...] | None":
        """Return what became of every rule."""
        return self._model(self._found, _found)

    def frames(self, count: int, fields: Collection[str] | None = None) -> FrameTable | None:
        """Return the table of so many frames, with these columns or all."""
        names = [_FRAMES.format(number) for number in range(max(1, -(-count // _ROWS)))]
        try:
            return gathered(self._rows(name, fields) for name in names)
        except _LostError:
            return None

    def _rows(self, name: str, fields: Collection[str] | None) -> "polars.DataFrame":
        held = self._read(name)
        if held is None:
            raise _LostError
        try:
            return pl.read_parquet(io.BytesIO(held), columns=list(fields) if fields else None)
        except pl.exceptions.PolarsError:
            self._forget(name)
            raise _LostError from None

    def taps(self) -> dict[str, str]:
        """Return the text of each tap that is known, by its argument."""
        held = self._read(_TAPS)
        return json.loads(held) if held else {}

    def keep_capture(self, info: "CaptureInfo", frames: FrameTable, taps: Mapping[str, str]) -> None:
        """Begin to remember a dissection; not one with warnings: it may be of a part of the file."""
        if self._store is not None and not info.warnings:
            self._writing = threading.Thread(target=self._write_capture, args=(info, frames, taps))
            self._writing.start()

    def _write_capture(self, info: "CaptureInfo", frames: FrameTable, taps: Mapping[str, str]) -> None:
        for number, rows in enumerate(frames.slices(_ROWS)):
            table = io.BytesIO()
            rows.write_parquet(table, compression="zstd", compression_level=1, statistics=False)
            self._write(_FRAMES.format(number), table.getvalue())
        self._write(_TAPS, json.dumps({**self.taps(), **taps}).encode())
        self._write(_INFO, _about().dump_json(info))

    def keep_analysis(self, analysis: "Analysis") -> None:
        """Remember numbers and findings, in which every rule was asked or none, and end what was begun."""
        if self._store is None or analysis.info.warnings:
            return
        if self._writing is not None:
            self._writing.join()
        self._write(_INFO, _about().dump_json(analysis.info))
        for stat in analysis.stats:
            self._write(f"stat-{stat.id}.json", _numbers().dump_json(stat))
        if analysis.outcomes:
            self._write(self._found, _found().dump_json(analysis.outcomes))
        self._store.prune()

    def _model(self, name: str, kind: "Callable[[], TypeAdapter[T]]") -> T | None:
        held = self._read(name)
        try:
            return None if held is None else kind().validate_json(held)
        except ValueError:
            self._forget(name)
            return None

    def _read(self, name: str) -> bytes | None:
        return self._store.read(self._key, name) if self._store else None

    def _write(self, name: str, content: bytes) -> None:
        if self._store:
            self._store.write(self._key, name, content)

    def _forget(self, name: str) -> None:
        if self._store:
            self._store.drop(self._key, name)


def name_of(store: Store, key: str) -> str:
    """Return the name of the file that an entry is about, empty where the entry is about none."""
    held = store.read(key, _INFO, using=False)
    return str(json.loads(held)["file"]) if held else ""


@cache
def fingerprint() -> str:
    """Return what tells this very program from another: the sizes and times of its files."""
    package = Path(__file__).parents[1]
    states = ((place, place.stat()) for place in sorted(package.rglob("*")) if place.suffix not in (".pyc", ""))
    return _digest(*(f"{place}:{state.st_size}:{state.st_mtime_ns}" for place, state in states))


def _digest(*parts: str) -> str:
    return sha256(json.dumps(parts).encode()).hexdigest()


NOTHING = Memory(None)
