"""The straight line: a capture and a question in, an answer out. The only module that knows every stage.

Rule: tshark starts first; what is heavy to import is imported while it works.
"""

from collections.abc import Callable, Collection, Iterable
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from explainer import dissected, registry
from explainer.analysis import analysis, needs, touching
from explainer.capture import tshark
from explainer.capture.export import Exported as Exported
from explainer.capture.export import Shape as Shape
from explainer.capture.export import export as write_dissections
from explainer.capture.selection import EVERYTHING
from explainer.capture.selection import Selection as Selection
from explainer.errors import SettingsError
from explainer.escape import visible
from explainer.facts import Facts
from explainer.protocols.frame import FRAME
from explainer.settings import Settings
from explainer.wording import listing

if TYPE_CHECKING:
    from explainer.cache.memory import Memory
    from explainer.inspection import Check
    from explainer.llm.model import Heard
    from explainer.model import Analysis, Answer, Brief, CaptureInfo, RuleOutcome, Stat
    from explainer.protocols.frame_index import Sight

DEFAULTS = Settings()
PLAIN = Shape()
_FEW_COLUMNS = 40
_EXPORT_LIMIT_S, _EXPORT_LIMIT_S_PER_BYTE = 60.0, 60e-6


def analyse(
    capture: str | PathLike[str],
    *,
    settings: Settings = DEFAULTS,
    selection: Selection = EVERYTHING,
    only_statistics: Collection[str] | None = None,
    rules: bool = True,
    progress: Callable[[int], None] = lambda frames: None,
    strict: bool = False,
) -> "Analysis":
    """Return the analysis of a capture file: its facts, statistics and findings.

    Args:
        capture: path of a capture that Wireshark can open.
        settings: where tshark is, how long it may take.
        selection: which frames are looked at, and how they are dissected; none that matches is no error.
        only_statistics: ids of the statistics to compute; None computes all.
        rules: whether to look for findings.
        progress: called with the number of frames read so far.
        strict: let a rule's exception out instead of recording it as a failed outcome.

    Raises:
        SettingsError: tshark is not where the settings say, a statistic is unknown, or tshark refuses the selection.
        CaptureError: the file is no capture or holds no packets.
        TsharkError: tshark is missing, too old, or fails.
    """
    path, wanted = Path(capture), _statistics(only_statistics)
    known = dissected.memory(path, settings, selection)
    outcomes = known.outcomes() if rules and not strict else None
    stats = {entry.id: known.stat(entry.id) for entry in wanted}
    missing = tuple(entry for entry in wanted if stats[entry.id] is None)
    judged = rules and outcomes is None
    info = known.info()
    if info is None or missing or judged:
        made = _analysed(path, missing, judged, settings, selection, progress, known, strict=strict)
        known.keep_analysis(made)
        stats |= {stat.id: stat for stat in made.stats}
        info, outcomes = made.info, outcomes or made.outcomes
    return _document(info.model_copy(update={"file": path.name}), stats.values(), outcomes or ())


def _analysed(
    path: Path,
    statistics: tuple[registry.Statistic, ...],
    judged: bool,
    settings: Settings,
    selection: Selection,
    progress: Callable[[int], None],
    known: "Memory",
    *,
    strict: bool,
) -> "Analysis":
    """Return the analysis by these statistics, and where it is to be judged by all rules."""
    if judged and selection.condition:
        # What a rule misses among the selected frames may well be in the others: it has to look at all of them.
        everything = selection.unfiltered()
        of_all = dissected.memory(path, settings, everything)
        rules = tuple(registry.rules)
        whole = dissected.captured(path, needs((), rules), settings, everything, progress, of_all)
        part = dissected.captured(path, (FRAME, *needs(statistics, ())), settings, selection, progress, known)
        found = analysis(whole.info, dissected.facts(path, whole, settings, selection), (), rules, strict=strict)
        facts = Facts(part.frames, part.taps, given=dissected.version(part))
        counted = analysis(part.info, facts, statistics, ())
        return counted.model_copy(update={"outcomes": touching(found.outcomes, set(part.frames.column(FRAME.field)))})
    by_rules = needs((), registry.rules) if judged and not known.keeps else ()  # loading them can wait otherwise
    needed = (FRAME, *needs(statistics, ()), *by_rules)
    captured = dissected.captured(path, needed, settings, selection, progress, known, judged=judged)
    facts = dissected.facts(path, captured, settings, selection)
    return analysis(captured.info, facts, statistics, registry.rules if judged else (), strict=strict)


def _document(info: "CaptureInfo", stats: Iterable["Stat | None"], outcomes: "tuple[RuleOutcome, ...]") -> "Analysis":
    from explainer.model import Analysis

    return Analysis(info=info, stats=tuple(stat for stat in stats if stat is not None), outcomes=outcomes)


def ask(
    analysis: "Analysis",
    question: str,
    *,
    settings: Settings = DEFAULTS,
    capture: str | PathLike[str] | None = None,
    selection: Selection = EVERYTHING,
    heard: "Heard | None" = None,
) -> "Answer":
    """Return the answer to a question about an analysed capture.

    With `settings.model` that model answers from a brief, and each of its statements is held against the capture;
    otherwise the answer is made from the findings, offline. With the `capture` itself, the model may look closer, and
    what it says of frames is held against them. `heard` is given its words as they come, unchecked.

    Raises:
        ModelError: the model cannot be reached, or does not answer, or something would have leaked to it.
        SettingsError: a prompt template is wrong.
    """
    if not settings.model:
        from explainer.llm import offline

        return offline.answer(analysis, question, _asked_for(question, settings, capture, selection))
    from explainer import consultation

    return consultation.opened(analysis, settings, capture, selection, heard).ask(question)


def _asked_for(
    question: str, settings: Settings, capture: str | PathLike[str] | None, selection: Selection
) -> "tuple[Sight, ...]":
    """Return the frames that a question names where it asks what they are, if there is a capture to look into."""
    from explainer.brief.question import Topic, parse

    asked = parse(question)
    if capture is None or Topic.FRAME not in asked.topics:
        return ()
    from explainer.capture.selection import narrowed
    from explainer.protocols.frame_index import INDEX_NEEDS, frame_index

    wanted = ", ".join(map(str, sorted(asked.frames)))
    chosen = narrowed(selection, f"frame.number in {{{wanted}}}")
    captured = dissected.captured(Path(capture), INDEX_NEEDS, settings, chosen, lambda _: None)
    index = Facts(captured.frames, captured.taps)[frame_index]
    return tuple(sight for number in sorted(asked.frames) if (sight := index.get(number)))


def answered_from(question: str, settings: Settings) -> tuple[str, ...] | None:
    """Return the statistics that the answer reads; None for all: a model is shown every one."""
    if settings.model:
        return None
    from explainer.llm import lookup

    return lookup.statistics(question)


def brief(analysis: "Analysis", question: str, *, settings: Settings = DEFAULTS) -> "Brief":
    """Return what a model is given to read: the analysis, ranked for the question, within the token budget."""
    from explainer.brief.build import build
    from explainer.llm.vocabulary import counter

    return build(analysis, question, budget=settings.budget, counter=counter(settings.model))


def arranged(analysis: "Analysis", *, sort: str | None, top: int | None) -> "Analysis":
    """Return the analysis with the rows of its statistics ordered by a column, and cut to the first `top`.

    Raises:
        SettingsError: no statistic in it has that column.
    """
    from explainer.stats.tables import arranged as in_order

    columns = {column.name for stat in analysis.stats for column in stat.columns}
    if sort is not None and sort not in columns:
        few = len(columns) <= _FEW_COLUMNS
        known = f"Choose from: {listing(sorted(columns))}." if few else "Each statistic names its columns."
        raise SettingsError(f"There is no column {visible(sort)} to sort by.", known)
    return analysis.model_copy(update={"stats": tuple(in_order(stat, sort, top) for stat in analysis.stats)})


def export(
    capture: str | PathLike[str],
    target: Path | BinaryIO,
    *,
    settings: Settings = DEFAULTS,
    selection: Selection = EVERYTHING,
    shape: Shape = PLAIN,
    force: bool = False,
    progress: Callable[[int], None] = lambda frames: None,
    notice: Callable[[str], None] = lambda sentence: None,
) -> Exported:
    """Write the dissections of the selected frames as JSON, as Wireshark's File → Export Packet Dissections does.

    Args:
        capture: path of a capture that Wireshark can open.
        target: a path, where the whole export or nothing appears; or an open binary file.
        settings: where tshark is, how long it may take (None: a minute, and one more for each megabyte).
        selection: which frames are written, and how they are dissected.
        shape: keys, format, bytes, protocols; by default JSON in which a repeated key holds a list.
        force: replace the target, and write even where there seems to be too little room.
        progress: called with the number of frames written so far.
        notice: called with a sentence about the size, before anything is written, where it will pass 1 GB.

    Returns:
        how many frames and bytes were written, and warnings about a file that was read in part.

    Raises:
        SettingsError: tshark refuses the selection, or the target exists.
        OutputError: the target cannot be written.
        CaptureError: the file is no capture or holds no packets.
        TsharkError: tshark is missing, too old, or fails.
    """
    path, program = Path(capture), tshark.find(settings.tshark)
    limit = settings.time_limit_s or _EXPORT_LIMIT_S + _EXPORT_LIMIT_S_PER_BYTE * dissected.size(path)
    return write_dissections(
        path, program, target, shape, selection,
        time_limit_s=limit, force=force, progress=progress, notice=notice,
    )  # fmt: skip


def checks(settings: Settings = DEFAULTS) -> "tuple[Check, ...]":
    """Return what this machine has and lacks for reading captures and asking a model."""
    from explainer import diagnosis

    return diagnosis.checks(settings)


def _statistics(only: Collection[str] | None) -> tuple[registry.Statistic, ...]:
    if only is not None and not only:
        return ()
    every = tuple(registry.statistics)
    if only is None:
        return every
    for name in only:
        if registry.statistics.get(name) is None:
            known = ", ".join(entry.id for entry in every)
            raise SettingsError(f"There is no statistic named {visible(name)}.", f"Choose from: {known}.")
    return tuple(entry for entry in every if entry.id in only)
