"""The straight line: a capture and a question in, an answer out. The only module that knows every stage.

Rule: tshark starts first; what is heavy to import is imported while it works.
"""

from collections.abc import Callable, Collection, Iterable
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from explainer import registry
from explainer.analysis import analysis, needs, touching
from explainer.capture import read, tshark
from explainer.capture.again import Again
from explainer.capture.background import in_background
from explainer.capture.export import Exported as Exported
from explainer.capture.export import Shape as Shape
from explainer.capture.export import export as write_dissections
from explainer.capture.selection import EVERYTHING, narrowed
from explainer.capture.selection import Selection as Selection
from explainer.errors import SettingsError
from explainer.escape import visible
from explainer.facts import Facts, Look, Need, View, required
from explainer.given import given
from explainer.protocols.frame import FRAME
from explainer.settings import Settings
from explainer.wording import listing

if TYPE_CHECKING:
    from concurrent.futures import Future

    import polars as pl

    from explainer.inspection import Check, Layer
    from explainer.llm.model import Heard
    from explainer.model import Analysis, Answer, Brief, Stat

DEFAULTS = Settings()
PLAIN = Shape()
_FEW_COLUMNS = 40
_LIMIT_S, _LIMIT_S_PER_BYTE = 30.0, 1e-6
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
    wanted_statistics = _statistics(only_statistics)
    wanted_rules = tuple(registry.rules) if rules else ()
    if wanted_rules and selection.condition:
        # What a rule misses among the selected frames may well be in the others: it has to look at all of them.
        whole = _read(Path(capture), needs((), wanted_rules), settings, selection.unfiltered(), progress)
        part = _read(Path(capture), (FRAME, *needs(wanted_statistics, ())), settings, selection, progress)
        facts = _facts(Path(capture), whole, settings, selection)
        found = analysis(whole.info, facts, (), wanted_rules, strict=strict)
        counted = analysis(part.info, Facts(part.frames, part.taps), wanted_statistics, ())
        return counted.model_copy(update={"outcomes": touching(found.outcomes, set(part.frames[FRAME.field]))})
    captured = _read(Path(capture), needs(wanted_statistics, wanted_rules), settings, selection, progress)
    facts = _facts(Path(capture), captured, settings, selection)
    return analysis(captured.info, facts, wanted_statistics, wanted_rules, strict=strict)


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

        return offline.answer(analysis, question)
    from explainer import consultation

    return consultation.opened(analysis, settings, capture, selection, heard).ask(question)


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


def frame(
    capture: str | PathLike[str], number: int, *, settings: Settings = DEFAULTS, selection: Selection = EVERYTHING
) -> "tuple[Layer, ...]":
    """Return the whole dissection of one frame, counted from 1.

    Raises:
        SettingsError: tshark refuses the selection.
        CaptureError: the file is no capture, has no such frame, or the frame is not selected.
        TsharkError: tshark is missing, too old, or fails.
    """
    from explainer.capture.frame import dissection

    program = tshark.find(settings.tshark)
    tshark.version(program)
    return dissection(program, Path(capture), number, selection=selection)


def ladder(
    capture: str | PathLike[str],
    transport: str,
    stream: int,
    *,
    settings: Settings = DEFAULTS,
    selection: Selection = EVERYTHING,
    progress: Callable[[int], None] = lambda frames: None,
) -> "Analysis":
    """Return an analysis whose one statistic is a "tcp" or "udp" conversation, packet by packet.

    Raises:
        ExplainerError: as `analyse`.
    """
    from explainer.stats.drilldown import LADDER_NEEDS
    from explainer.stats.drilldown import ladder as rungs

    chosen = narrowed(selection, f"{transport}.stream == {stream}")
    captured = _read(Path(capture), LADDER_NEEDS, settings, chosen, progress)
    stat = rungs(Facts(captured.frames, captured.taps), transport, stream)
    return _looked_at(captured, stat)


def port(
    capture: str | PathLike[str],
    number: int,
    *,
    settings: Settings = DEFAULTS,
    selection: Selection = EVERYTHING,
    progress: Callable[[int], None] = lambda frames: None,
) -> "Analysis":
    """Return an analysis whose one statistic is who talks to whom on a TCP or UDP port.

    Raises:
        ExplainerError: as `analyse`.
    """
    from explainer.stats.drilldown import PORT_NEEDS, on_port

    chosen = narrowed(selection, f"tcp.port == {number} || udp.port == {number}")
    captured = _read(Path(capture), PORT_NEEDS, settings, chosen, progress)
    return _looked_at(captured, on_port(Facts(captured.frames, captured.taps), number))


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
    limit = settings.time_limit_s or _EXPORT_LIMIT_S + _EXPORT_LIMIT_S_PER_BYTE * _size(path)
    return write_dissections(
        path, program, target, shape, selection,
        time_limit_s=limit, force=force, progress=progress, notice=notice,
    )  # fmt: skip


def checks(settings: Settings = DEFAULTS) -> "tuple[Check, ...]":
    """Return what this machine has and lacks for reading captures and asking a model."""
    from explainer import diagnosis

    return diagnosis.checks(settings)


def _read(
    path: Path,
    needed: Iterable[Need],
    settings: Settings,
    selection: Selection,
    progress: Callable[[int], None],
) -> read.Capture:
    columns, taps = required(needed)
    program = tshark.find(settings.tshark)
    limit = _time_limit_s(path, settings)
    return read.read(path, program, columns, taps, time_limit_s=limit, progress=progress, selection=selection)


def _facts(path: Path, captured: read.Capture, settings: Settings, selection: Selection) -> Facts:
    """Return the facts of a capture, which may look at it again."""
    program, limit = tshark.find(settings.tshark), _time_limit_s(path, settings)
    again = Again(path, program, captured.frames.height, selection, limit)

    def look_again(look: Look, view: View) -> "Future[pl.DataFrame]":
        return in_background(lambda: again.look(look.columns, view))

    return Facts(captured.frames, captured.taps, look_again=look_again, given=given(settings))


def _time_limit_s(path: Path, settings: Settings) -> float:
    return settings.time_limit_s or _LIMIT_S + _LIMIT_S_PER_BYTE * _size(path)


def _looked_at(captured: read.Capture, stat: "Stat") -> "Analysis":
    from explainer.model import Analysis

    return Analysis(info=captured.info, stats=(stat,), outcomes=())


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
