"""The text that tshark's `-z` taps print, one section a tap.

The taps run in a lean tshark of their own, beside the one that prints the columns: `-T fields` makes the whole protocol
tree visible, and then `-z io,phs` counts other protocols than it does alone (tshark 4.0.17).
"""

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

from explainer.capture.background import in_background
from explainer.capture.process import Run, running
from explainer.capture.selection import EVERYTHING, Selection
from explainer.capture.tshark import Tshark
from explainer.facts import Tap

_SECTIONS = {
    "io,phs": re.compile(r"^Protocol Hierarchy Statistics\n(.*?)^=+$", re.MULTILINE | re.DOTALL),
    "expert": re.compile(
        r"^(?:Errors|Warns|Notes|Chats|Comments) \(\d+\)\n=+\n.*?(?=^=+\nProtocol Hier|\Z)", re.MULTILINE | re.DOTALL
    ),
}


@contextmanager
def reading(
    path: Path,
    program: Tshark,
    taps: Sequence[Tap],
    time_limit_s: float,
    *,
    selection: Selection = EVERYTHING,
    room: Sequence[str] = (),
) -> Iterator["Future[dict[str, str]]"]:
    """Yield the future of each tap's text by its argument; the tshark that prints them is killed on the way out.

    There are none where tshark was stopped or failed before it could print them. A selection's filter goes to each tap:
    `-Y` does not reach them (tshark 4.0.17). `room` are the arguments that end the reading early.
    """
    if not taps:
        nothing: Future[dict[str, str]] = Future()
        nothing.set_result({})
        yield nothing
        return
    asked = (word for tap in taps for word in ("-z", selection.tap(tap.argument)))
    arguments = ["-n", "-q", "-r", str(path.absolute()), *room, *selection.dissection(), *asked]
    with running(program, arguments, time_limit_s) as run:
        yield in_background(lambda: _texts(run, selection))


def read(
    path: Path, program: Tshark, taps: Sequence[Tap], time_limit_s: float, *, selection: Selection = EVERYTHING
) -> dict[str, str]:
    """Return each tap's text by its argument."""
    with reading(path, program, taps, time_limit_s, selection=selection) as texts:
        return texts.result()


def _texts(run: Run, selection: Selection) -> dict[str, str]:
    text = b"".join(run.chunks()).decode("utf-8", "replace")
    if run.ending().timed_out:
        return {}
    # The hierarchy repeats its filter, which could look like a line of the table.
    return sections(text.replace(f"\nFilter: {selection.condition}\n", "\nFilter: \n"))


def sections(text: str) -> dict[str, str]:
    """Return the text of each tap that is in tshark's output, by the tap's argument."""
    found = ((argument, pattern.search(text)) for argument, pattern in _SECTIONS.items())
    return {argument: match[0] for argument, match in found if match}
