"""Running the tools that a model calls: those of a turn together, within limits; what goes wrong is told to it."""

import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from pydantic import ValidationError

from explainer.brief.sections import stat_text
from explainer.errors import ExplainerError
from explainer.escape import visible
from explainer.llm.model import Call, Schema
from explainer.llm.tools import ROWS, Toolbox
from explainer.model import Stat
from explainer.wording import listing

CALLS = 12
SECONDS = 60.0
LONGEST = 6000
"""Characters of one result: about 2,000 tokens."""


@dataclass
class Looks:
    """The looks that a model has taken at a capture, numbered look1, look2 …; `restore` translates its arguments."""

    toolbox: Toolbox
    restore: Callable[[str], str]
    limit: int = CALLS
    seconds: float = SECONDS
    taken: list[str] = field(default_factory=list)
    spent_s: float = 0.0

    @property
    def schemas(self) -> list[Schema]:
        """Return the tools that are offered, none once the limits are reached."""
        spent = len(self.taken) >= self.limit or self.spent_s >= self.seconds
        return [] if spent else [tool.schema for tool in self.toolbox.tools.values()]

    def run(self, calls: Sequence[Call]) -> list[Stat]:
        """Return a table for each call, in their order; what went wrong is said in a table's title."""
        started = time.monotonic()
        room = max(0, self.limit - len(self.taken))
        with ThreadPoolExecutor(max_workers=4) as pool:
            done = list(pool.map(self._one, calls[:room]))
        self.spent_s += time.monotonic() - started
        found = [
            stat.model_copy(update={"id": self._taken(call, stat)}) for call, stat in zip(calls, done, strict=False)
        ]
        none = Stat(id="none", title="No more looks are left: answer now.", columns=(), rows=(), total_rows=0)
        return found + [none] * (len(calls) - len(found))

    def _taken(self, call: Call, stat: Stat) -> str:
        self.taken.append(visible(f"{call.name}({self.restore(call.arguments)[:200]})"))
        return f"look{len(self.taken)}"

    def _one(self, call: Call) -> Stat:
        tool = self.toolbox.tools.get(call.name)
        if tool is None:
            return _failed(f"There is no tool of that name; there are: {listing(list(self.toolbox.tools))}.")
        try:
            given = json.loads(self.restore(call.arguments) or "{}")
            wanted = {name: adapter.validate_python(given[name]) for name, adapter in tool.parameters.items()}
        except (ValueError, KeyError, TypeError, ValidationError):
            return _failed(f"{call.name} needs: {listing(list(tool.parameters))}.")
        try:
            return tool.run(**wanted)
        except ExplainerError as error:
            return _failed(error.message.partition("\n")[0])


def text(stat: Stat) -> str:
    """Return a result as the model reads it: made visible, and capped."""
    return stat_text(stat, ROWS * 4)[:LONGEST]


def _failed(sentence: str) -> Stat:
    return Stat(id="note", title=sentence, columns=(), rows=(), total_rows=0)
