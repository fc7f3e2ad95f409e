"""A capture and questions in, a report out: what `explainer report` shows, and what a ticket's pack is made of."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from os import PathLike
from pathlib import Path

from explainer import __version__, deciding, pipeline, registry
from explainer.capture.selection import EVERYTHING, Selection
from explainer.errors import OutputError, SettingsError
from explainer.escape import shell_word, visible
from explainer.llm import field_values
from explainer.privacy.leaks import leaks
from explainer.privacy.mapping import Mapping
from explainer.privacy.names import FittedWords
from explainer.privacy.originals import WIRESHARKS_WORDS
from explainer.privacy.values import pseudonymised
from explainer.report import Report
from explainer.settings import Settings

PDF = "pdf"
OPEN_QUESTION = "what is wrong here?"


def report(
    capture: str | PathLike[str],
    questions: Sequence[str] = (),
    *,
    settings: Settings = pipeline.DEFAULTS,
    selection: Selection = EVERYTHING,
    progress: Callable[[int], None] = lambda frames: None,
) -> Report:
    """Return the report of a capture, with the answer to each question (none: what is wrong).

    Raises:
        ExplainerError: as `analyse` and `ask`.
    """
    path = Path(capture)
    analysis = pipeline.analyse(path, settings=settings, selection=selection, progress=progress)
    asked = tuple(questions) or (OPEN_QUESTION,)
    answers = tuple(
        pipeline.ask(analysis, question, settings=settings, capture=path, selection=selection) for question in asked
    )
    return Report(
        tool_version=__version__,
        analysis=analysis,
        answers=answers,
        ladder=deciding.ladder(path, analysis, settings, selection),
        settings=_settings(settings, selection),
        commands=tuple(commands(path.name, questions, settings, selection)),
    )


def redacted(made: Report, mapping: Mapping) -> Report:
    """Return the report with pseudonyms."""
    hidden = pseudonymised(made, mapping)
    commitment = hashlib.sha256(made.analysis.info.sha256.encode()).hexdigest()
    told = made.analysis.info
    info = hidden.analysis.info.model_copy(
        update={"sha256": commitment, "tshark_version": told.tshark_version, "format": told.format}
    )
    pairs = zip(made.analysis.stats, hidden.analysis.stats, strict=True)
    stats = tuple(own if own.id in WIRESHARKS_WORDS else other for own, other in pairs)
    analysis = hidden.analysis.model_copy(update={"info": info, "stats": stats})
    return hidden.model_copy(update={"analysis": analysis, "pseudonyms": True, "tool_version": made.tool_version})


def mapping_of(made: Report) -> Mapping:
    """Return the pseudonyms of a report: as long as what they stand for, so that they fit into its packets, too."""
    mapping = Mapping.of(made.analysis, FittedWords)
    mapping.excuse(registry.standing_words())
    for rung in made.ladder.rungs if made.ladder else ():
        for name, value in rung.fields:
            if original := field_values.original(name, value):
                mapping.learn(original)
    return mapping


def written(made: Report, form: str, mapping: Mapping | None = None) -> bytes:
    """Return the report as a file holds it; with a mapping, with pseudonyms.

    Raises:
        SettingsError: there is no such form, or this machine has no browser for a PDF.
        OutputError: something of the capture is left in it.
    """
    reporter = registry.reporters.get("html" if form == PDF else check_form(form))
    assert reporter is not None  # it was checked
    text = reporter.report(redacted(made, mapping) if mapping else made)
    if mapping:
        checked(text, mapping, "The report")
    if form != PDF:
        return text.encode()
    from explainer.capture.browser import pdf

    return pdf(text)


def check_form(name: str) -> str:
    """Return the name of a form that a report can be written in.

    Raises:
        SettingsError: it is none.
    """
    known = [*(entry.id for entry in registry.reporters), PDF]
    if name not in known:
        raise SettingsError(f"There is no report format {visible(name)}.", f"Choose from: {', '.join(known)}.")
    return name


def checked(text: str, mapping: Mapping, name: str) -> str:
    """Return a text that is to leave this machine.

    Raises:
        OutputError: something of the capture is left in it.
    """
    from html import unescape

    if found := leaks(text.encode(), mapping) or leaks(unescape(text).encode(), mapping):
        raise OutputError(f"{name} was not written: it would still hold {found[0]}.", "Please report this.")
    return text


def commands(file: str, questions: Sequence[str], settings: Settings, selection: Selection) -> Iterator[str]:
    """Yield the command lines that make the same report again, and that look closer; each is safe to paste."""
    name = shell_word(file)
    asked = "".join(f" --question {shell_word(question)}" for question in questions)
    how = "".join(f" {flag} {shell_word(value)}" for flag, value in _flags(settings, selection))
    yield f"explainer report {name}{asked}{how}"
    yield f"explainer findings {name}{how}"
    yield f"explainer ask {name} {shell_word(questions[0] if questions else OPEN_QUESTION)}{how}"


def _flags(settings: Settings, selection: Selection) -> Iterator[tuple[str, str]]:
    chosen = {
        "--filter": selection.display_filter, "--from": selection.start, "--to": selection.end,
        "--keylog": selection.keylog.name if selection.keylog else "",
        "--trust-store": settings.trust_store.name if settings.trust_store else "",
        "--policy": settings.policy.name if settings.policy else "",
        "--time-limit": f"{settings.time_limit_s:g}" if settings.time_limit_s else "", "--model": settings.model,
    }  # fmt: skip
    yield from ((flag, value) for flag, value in chosen.items() if value)
    yield from (("--decode-as", rule) for rule in selection.decode_as)


def _settings(settings: Settings, selection: Selection) -> dict[str, str]:
    return {flag.removeprefix("--"): value for flag, value in _flags(settings, selection)}
