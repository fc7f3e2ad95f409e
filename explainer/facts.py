"""Facts: what is asked of tshark, and what is made of it, each declared where it is used.

Rules: a column is a tshark field with a type; a fact is a function from the frame table (and other facts) to a typed
value, computed once; whoever reads a fact declares it, so that the columns asked for are exactly those that are needed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future

    import polars as pl

    from explainer.frame_table import FrameTable

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Kind(Enum):
    """How a column's text is read."""

    TEXT = auto()
    INT = auto()  # decimal or 0x…
    FLOAT = auto()
    FLAG = auto()  # tshark prints nothing for an unset analysis flag: absent is False
    TIME = auto()  # seconds since 1970 with up to 9 decimals → nanoseconds


@dataclass(frozen=True)
class Column:
    """A tshark field; `many` keeps all its occurrences in a frame, in order, otherwise the first one counts."""

    field: str
    kind: Kind = Kind.TEXT
    many: bool = False


@dataclass(frozen=True)
class Tap:
    """A tshark statistics tap (`-z`)."""

    argument: str


@dataclass(frozen=True)
class View:
    """Some frames by number, ascending, how they are dissected ("Decode As" rules, preferences "name:value"), and which
    of them are shown (all without a filter), with which of the look's columns (all where none is named).

    They are dissected without the others: a segment alone cannot be reassembled, and streams are numbered anew.
    """

    frames: tuple[int, ...]
    display_filter: str = ""
    decode_as: tuple[str, ...] = ()
    preferences: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()


@dataclass(frozen=True, eq=False)
class Look:
    """A second look at some frames, dissected another way than Wireshark does by default.

    `view` says which frames and how, or None where no second look is needed; `needs` are what it decides by.
    """

    title: str
    needs: tuple["Need", ...]
    columns: tuple[Column, ...]
    view: Callable[["Facts"], View | None]


@dataclass(frozen=True, eq=False)
class Fact(Generic[T_co]):
    """Facts of one kind: how they are called in a sentence, what they need, and how they are made."""

    title: str
    needs: tuple["Need", ...]
    extract: Callable[["Facts"], T_co]


@dataclass(frozen=True)
class Given:
    """Something that the user gave beside the capture, such as certificates that he trusts."""

    name: str


Need = Column | Tap | Look | Given | Fact[Any]
LookAgain = Callable[[Look, View], "Future[pl.DataFrame]"]
"""Begins to dissect the view's frames once more, for the look's columns of those that it shows."""


class UndeclaredNeedError(LookupError):
    """A fact was read by somebody who had not declared it."""


class Facts:
    """The frame table, the taps' text, and the facts made of them, each once."""

    def __init__(
        self,
        frames: "FrameTable",
        taps: Mapping[str, str],
        allowed: Iterable[Need] | None = None,
        *,
        look_again: LookAgain | None = None,
        given: Mapping[Given, bytes] | None = None,
    ) -> None:
        self._frames = frames
        self._taps = taps
        self._look_again = look_again
        self._given = given or {}
        self._made: dict[Need, Any] = {}
        self._allowed = None if allowed is None else frozenset(allowed)

    def limited_to(self, needs: Iterable[Need]) -> "Facts":
        """Return the same facts, of which only those in `needs` can be read."""
        view = Facts(self._frames, self._taps, needs, look_again=self._look_again, given=self._given)
        view._made = self._made
        return view

    def __getitem__(self, fact: Fact[T]) -> T:
        """Return the fact's value.

        Raises:
            UndeclaredNeedError: whoever asks did not declare it.
        """
        self._check(fact, fact.title)
        if fact not in self._made:
            self._made[fact] = fact.extract(self.limited_to(fact.needs))
        made: T = self._made[fact]
        return made

    def frames(self, *columns: Column) -> "pl.DataFrame":
        """Return the frame table, a row a frame in file order, with just these columns."""
        for column in columns:
            self._check(column, column.field)
        return self._frames.select([column.field for column in columns])

    def frames_with(self, present: Sequence[Column], *others: Column) -> "pl.DataFrame":
        """Return the rows of the frames that hold any of these columns, in file order, with them and the others."""
        columns = dict.fromkeys((*present, *others))
        for column in columns:
            self._check(column, column.field)
        return self._frames.having([column.field for column in present], [column.field for column in columns])

    def tap(self, tap: Tap) -> str:
        """Return the text that the tap printed, empty when tshark was stopped before it could."""
        self._check(tap, tap.argument)
        return self._taps.get(tap.argument, "")

    def given(self, given: Given) -> bytes | None:
        """Return what the user gave, None where he gave nothing."""
        self._check(given, given.name)
        return self._given.get(given)

    def done(self, look: Look) -> bool:
        """Return whether a second look was begun and needs no more waiting for."""
        begun: Future[pl.DataFrame] | None = self._made.get(look)
        return look in self._made and (begun is None or begun.done())

    def begin(self, look: Look) -> None:
        """Begin a second look where it is needed, so that it goes on beside whatever comes next."""
        self._check(look, look.title)
        if look not in self._made:
            view = look.view(self.limited_to(look.needs))
            asked = replace(look, columns=view.columns) if view and view.columns else look
            self._made[look] = self._look_again(asked, view) if view and self._look_again else None

    def look(self, look: Look) -> "pl.DataFrame | None":
        """Return the frames of a second look, as `frames`; None where it was not needed, or there is no capture."""
        self.begin(look)
        seen: Future[pl.DataFrame] | None = self._made[look]
        return None if seen is None else seen.result()

    def _check(self, need: Need, name: str) -> None:
        if self._allowed is not None and need not in self._allowed:
            raise UndeclaredNeedError(f"{name} is read but not declared")


def fact(title: str, *needs: Need) -> Callable[[Callable[[Facts], T]], Fact[T]]:
    """Return a decorator that makes a function of Facts a fact."""

    def decorate(extract: Callable[[Facts], T]) -> Fact[T]:
        return Fact(title, needs, extract)

    return decorate


def looks(needs: Iterable[Need]) -> tuple[Look, ...]:
    """Return the looks behind `needs`, each once, after those that it needs itself."""
    return tuple(dict.fromkeys(look for need in needs for look in _looks_behind(need)))


@cache
def _looks_behind(need: Need) -> tuple[Look, ...]:
    if not isinstance(need, Look | Fact):
        return ()
    return (*looks(need.needs), need) if isinstance(need, Look) else looks(need.needs)


def required(needs: Iterable[Need]) -> tuple[tuple[Column, ...], tuple[Tap, ...]]:
    """Return the columns and taps behind `needs`, each once, sorted by name.

    Raises:
        ValueError: two columns read the same field in different ways.
    """
    columns: dict[str, Column] = {}
    taps: dict[str, Tap] = {}
    queue, seen = list(needs), set[Need]()
    while queue:
        need = queue.pop()
        if need in seen:
            continue
        seen.add(need)
        match need:
            case Column():
                if columns.setdefault(need.field, need) != need:
                    raise ValueError(f"two different columns read {need.field}")
            case Tap():
                taps[need.argument] = need
            case Look() | Fact():
                queue.extend(need.needs)
    return tuple(columns[name] for name in sorted(columns)), tuple(taps[name] for name in sorted(taps))
