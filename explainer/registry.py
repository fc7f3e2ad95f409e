"""Named collections that load themselves: a rule, statistic or renderer exists as soon as its file does.

Rules: an entry registers itself with a decorator; a registry imports every module of its package at first use and hands
its entries out sorted by id; two entries of one id are an error of the programmer.
"""

import importlib
import pkgutil
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeAlias, TypeVar

from explainer.facts import Facts, Need

if TYPE_CHECKING:
    from explainer.inspection import Layer
    from explainer.model import Analysis, Answer, Finding, Stat
    from explainer.report import Report


class Named(Protocol):
    """Whatever has an id."""

    @property
    def id(self) -> str: ...  # noqa: D102  # the class says it


Entry = TypeVar("Entry", bound=Named)


class Registry(Generic[Entry]):
    """The entries that the modules of one package register."""

    def __init__(self, package: str) -> None:
        self._package = package
        self._entries: dict[str, Entry] = {}
        self._loaded = False
        # Formats are loaded beside other work: whoever comes meanwhile waits until all are there.
        self._loading = threading.RLock()

    def add(self, entry: Entry) -> None:
        """Register an entry.

        Raises:
            ValueError: the id is taken.
        """
        if entry.id in self._entries:
            raise ValueError(f"{entry.id} is registered twice")
        self._entries[entry.id] = entry

    def __iter__(self) -> Iterator[Entry]:
        """Return the entries, sorted by id."""
        self._load()
        return iter([self._entries[name] for name in sorted(self._entries)])

    def get(self, name: str) -> Entry | None:
        """Return the entry of that id, or None."""
        self._load()
        return self._entries.get(name)

    def _load(self) -> None:
        with self._loading:
            if self._loaded:
                return
            self._loaded = True
            package = importlib.import_module(self._package)
            for module in pkgutil.iter_modules(package.__path__):
                importlib.import_module(f"{self._package}.{module.name}")


StatMaker: TypeAlias = "Callable[[Facts], Stat]"
RuleCheck: TypeAlias = "Callable[[Facts], Iterator[Finding]]"


@dataclass(frozen=True)
class Statistic:
    """A registered statistic: what it means, what it needs, how it is computed."""

    id: str
    title: str
    meaning: str
    needs: tuple[Need, ...]
    compute: StatMaker


@dataclass(frozen=True)
class Rule:
    """A registered rule.

    `subject` is what it looks at, as a plural noun; it does not apply where the first of its needs is empty. `area` is
    what is in order where no rule of it finds anything. A symptom gives way to a cause whose evidence holds all its
    frames. `evidence` says what must be in the capture for it to find anything, `limits` what it cannot
    tell, as phrases.
    """

    id: str
    title: str
    subject: str
    area: str
    meaning: str
    symptom: bool
    needs: tuple[Need, ...]
    check: RuleCheck
    evidence: str = ""
    limits: str = ""


@dataclass(frozen=True)
class Style:
    """How wide a line may be (characters) and whether colours are wanted; formats that have neither ignore it."""

    width: int
    colour: bool


@dataclass(frozen=True)
class Renderer:
    """A registered output format: each kind of result in, one string out.

    An answer comes with its analysis; None stands for what a format cannot hold.
    """

    id: str
    statistics: "Callable[[Analysis, Style], str]"
    findings: "Callable[[Analysis, Style], str]"
    answers: "Callable[[Sequence[tuple[Analysis, Answer]], Style], str] | None" = None
    layers: "Callable[[Sequence[Layer], Style], str] | None" = None


@dataclass(frozen=True)
class Reporter:
    """A registered form of a report: a report in, one string out; `words` are those that stand in every one."""

    id: str
    report: "Callable[[Report], str]"
    words: Callable[[], str] = str


statistics: Registry[Statistic] = Registry("explainer.stats")
rules: Registry[Rule] = Registry("explainer.rules")
renderers: Registry[Renderer] = Registry("explainer.render")
reporters: Registry[Reporter] = Registry("explainer.render")


def statistic(title: str, *needs: Need) -> Callable[[StatMaker], StatMaker]:
    """Return a decorator that registers a function as the statistic of its name."""

    def decorate(compute: StatMaker) -> StatMaker:
        statistics.add(Statistic(_name(compute), title, _meaning(compute), needs, compute))
        return compute

    return decorate


def rule(
    title: str,
    *needs: Need,
    subject: str,
    area: str,
    symptom: bool = False,
    evidence: str = "",
    limits: str = "",
) -> Callable[[RuleCheck], RuleCheck]:
    """Return a decorator that registers a function as the rule of its name."""

    def decorate(check: RuleCheck) -> RuleCheck:
        rules.add(Rule(_name(check), title, subject, area, _meaning(check), symptom, needs, check, evidence, limits))
        return check

    return decorate


def _name(function: Callable[..., object]) -> str:
    return function.__name__


def _meaning(function: Callable[..., object]) -> str:
    return " ".join((function.__doc__ or "").split())


def standing_words() -> str:
    """Return the words that stand in every report: a name of a capture that is one of them is not told by it."""
    return " ".join(entry.words() for entry in reporters)
