"""The straight line: a capture and a question in, an answer out. The only module that knows every stage.

Rule: tshark starts first; what is heavy to import is imported while it works.
"""

from collections.abc import Callable, Collection
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from explainer import registry
from explainer.analysis import analysis, needs
from explainer.capture import read, tshark
from explainer.errors import SettingsError
from explainer.escape import visible
from explainer.facts import Facts, required
from explainer.settings import Settings

if TYPE_CHECKING:
    from explainer.model import Analysis, Answer, Brief, Check, Layer

DEFAULTS = Settings()
_LIMIT_S, _LIMIT_S_PER_BYTE = 30.0, 1e-6


def analyse(
    capture: str | PathLike[str],
    *,
    settings: Settings = DEFAULTS,
    only_statistics: Collection[str] | None = None,
    rules: bool = True,
    progress: Callable[[int], None] = lambda frames: None,
    strict: bool = False,
) -> "Analysis":
    """Return the analysis of a capture file: its facts, statistics and findings.

    Args:
        capture: path of a capture that Wireshark can open.
        settings: where tshark is, how long it may take.
        only_statistics: ids of the statistics to compute; None computes all.
        rules: whether to look for findings.
        progress: called with the number of frames read so far.
        strict: let a rule's exception out instead of recording it as a failed outcome.

    Raises:
        SettingsError: tshark is not where the settings say, or a statistic is unknown.
        CaptureError: the file is no capture or holds no packets.
        TsharkError: tshark is missing, too old, or fails.
    """
    path = Path(capture)
    wanted_statistics = _statistics(only_statistics)
    wanted_rules = tuple(registry.rules) if rules else ()
    columns, taps = required(needs(wanted_statistics, wanted_rules))
    program = tshark.find(settings.tshark)
    limit = settings.time_limit_s or _LIMIT_S + _LIMIT_S_PER_BYTE * _size(path)
    captured = read.read(path, program, columns, taps, time_limit_s=limit, progress=progress)
    facts = Facts(captured.frames, captured.taps)
    return analysis(captured.info, facts, wanted_statistics, wanted_rules, strict=strict)


def ask(analysis: "Analysis", question: str, *, settings: Settings = DEFAULTS) -> "Answer":
    """Return the answer to a question about an analysed capture.

    With `settings.model` that model answers from a brief; otherwise the answer is made from the findings, offline.

    Raises:
        ModelError: the model cannot be reached, or does not answer.
        SettingsError: a prompt template is wrong.
    """
    if not settings.model:
        from explainer.llm import offline

        return offline.answer(analysis, question)
    from explainer.llm import conversation
    from explainer.llm.openai import OpenAIModel

    return conversation.answer(OpenAIModel.of(settings), brief(analysis, question, settings=settings))


def brief(analysis: "Analysis", question: str, *, settings: Settings = DEFAULTS) -> "Brief":
    """Return what a model is given to read: the analysis, ranked for the question, within the token budget."""
    from explainer.brief.build import build
    from explainer.llm.vocabulary import counter

    return build(analysis, question, budget=settings.budget, counter=counter(settings.model))


def frame(capture: str | PathLike[str], number: int, *, settings: Settings = DEFAULTS) -> "tuple[Layer, ...]":
    """Return the whole dissection of one frame, counted from 1.

    Raises:
        CaptureError: the file is no capture or has no such frame.
        TsharkError: tshark is missing, too old, or fails.
    """
    from explainer.capture.frame import dissection

    program = tshark.find(settings.tshark)
    tshark.version(program)
    return dissection(program, Path(capture), number)


def checks(settings: Settings = DEFAULTS) -> "tuple[Check, ...]":
    """Return what this machine has and lacks for reading captures and asking a model."""
    from explainer import diagnosis

    return diagnosis.checks(settings)


def _statistics(only: Collection[str] | None) -> tuple[registry.Statistic, ...]:
    every = tuple(registry.statistics)
    if only is None:
        return every
    for name in only:
        if registry.statistics.get(name) is None:
            known = ", ".join(entry.id for entry in every)
            raise SettingsError(f"There is no statistic named {visible(name)}.", f"Choose from: {known}.")
    return tuple(entry for entry in every if entry.id in only)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # reading it says what is the matter
