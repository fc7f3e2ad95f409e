"""A capture and questions in, a report out: what `explainer report` shows, and what a ticket's pack is made of."""

import hashlib
import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from explainer import __version__, pipeline, registry
from explainer.capture import tshark
from explainer.capture.selection import EVERYTHING, Selection
from explainer.capture_access import CaptureAccess
from explainer.errors import OutputError, SettingsError
from explainer.escape import shell_word, visible
from explainer.inspection import Field, Layer
from explainer.llm import field_values
from explainer.model import Analysis, Finding
from explainer.privacy.leaks import leaks
from explainer.privacy.mapping import Mapping
from explainer.privacy.names import FittedWords
from explainer.privacy.values import pseudonymised
from explainer.report import Ladder, Report, Rung
from explainer.settings import Settings

if TYPE_CHECKING:
    from explainer.protocols.frame_index import Sight

PDF = "pdf"
OPEN_QUESTION = "what is wrong here?"
_LIMIT_S, _LIMIT_S_PER_BYTE = 60.0, 1e-6
_MOST_RUNGS, _BEGINNING, _AROUND, _END = 36, 6, 2, 3
_MOST_READ = 100_000
# Of other protocols the Info column repeats what was said: passwords, cookies, names of persons.
_WORDED = re.compile(
    r"TCP|UDP|(?:D?TLS|SSL)v?[\d.]*|QUIC|M?DNS|ARP|ICMP(?:v6)?|DHCP(?:v6)?|NTP|SSHv\d|IPv[46]|GRE|ESP|Portmap"
)
_TWICE = re.compile(r"(?:eth|ip|ipv6)\.addr|(?:tcp|udp)\.port|_ws\..*|eth\.type|.*\.flags\.\w+")


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
        ladder=_ladder(access(path, settings, selection), path, analysis, settings, selection),
        settings=_settings(settings, selection),
        commands=tuple(commands(path.name, questions, settings, selection)),
    )


def access(path: Path, settings: Settings, selection: Selection) -> CaptureAccess:
    """Return the capture for looking at single frames."""
    limit = settings.time_limit_s or _LIMIT_S + _LIMIT_S_PER_BYTE * path.stat().st_size
    return CaptureAccess(path, tshark.find(settings.tshark), selection.unfiltered(), limit)


def redacted(made: Report, mapping: Mapping) -> Report:
    """Return the report with pseudonyms."""
    hidden = pseudonymised(made, mapping)
    commitment = hashlib.sha256(made.analysis.info.sha256.encode()).hexdigest()
    told = made.analysis.info
    info = hidden.analysis.info.model_copy(
        update={"sha256": commitment, "tshark_version": told.tshark_version, "format": told.format}
    )
    analysis = hidden.analysis.model_copy(update={"info": info})
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


def _ladder(
    opened: CaptureAccess, path: Path, analysis: Analysis, settings: Settings, selection: Selection
) -> Ladder | None:
    """Return the conversation of the worst finding's last framed step; None where nothing was found."""
    finding = next((f for f in analysis.findings if not f.explained_by), None)
    if finding is None:
        return None
    failing = _failing(finding)
    sight = opened.index.get(failing)
    if sight is None:
        return None
    stream = sight.stream
    if stream:
        held = opened.index.of_stream(stream, _MOST_READ)
        beside = [opened.index.get(number) for number in finding.evidence.frames]
        held += [one for one in beside if one is not None and one.stream != stream and not one.stream]
        held.sort(key=lambda one: one.frame)
    else:
        held = [one for number in finding.evidence.frames if (one := opened.index.get(number))]
    transport, _, number = stream.partition(":")
    shown = _chosen([one.frame for one in held], {*finding.evidence.frames, failing})
    told = _fields(path, shown, settings, selection)
    left, right = held[0].ends
    rungs, skipped = _rungs(held, shown, finding, failing, told)
    return Ladder(
        finding=finding.id,
        left=left,
        right=right,
        display_filter=f"{transport}.stream == {number}" if stream else finding.evidence.display_filter,
        rungs=rungs,
        skipped=skipped,
    )


def _failing(finding: Finding) -> int:
    """Return the frame at which things went wrong: what the last step shows."""
    steps = [step for step in finding.evidence.steps if step.frames]
    return steps[-1].frames[-1] if steps else finding.evidence.frames[-1]


def _chosen(frames: Sequence[int], cited: set[int]) -> tuple[int, ...]:
    """Return which frames are shown: all of a short conversation, else its beginning and end and what is cited."""
    if len(frames) <= _MOST_RUNGS:
        return tuple(frames)
    places = {*range(_BEGINNING), *range(len(frames) - _END, len(frames))}
    for place, frame in enumerate(frames):
        if frame in cited and len(places) < _MOST_RUNGS:
            places.update(range(max(0, place - _AROUND), min(len(frames), place + _AROUND + 1)))
    return tuple(frames[place] for place in sorted(places))


def _rungs(
    held: "Sequence[Sight]", shown: Sequence[int], finding: Finding, failing: int, told: dict[int, Any]
) -> tuple[tuple[Rung, ...], int]:
    rungs, skipped = list[Rung](), 0
    for sight in held:
        if sight.frame not in shown:
            skipped += 1
            continue
        source, destination = sight.ends
        rungs.append(
            Rung(
                frame=sight.frame, time_s=sight.time_s, source=source, destination=destination,
                length=sight.length, protocol=sight.protocol, info=_info(sight), skipped=skipped,
                said=tuple(step.text for step in finding.evidence.steps if sight.frame in step.frames),
                cited=sight.frame in finding.evidence.frames, failing=sight.frame == failing,
                fields=told.get(sight.frame, ()),
            )
        )  # fmt: skip
        skipped = 0
    return tuple(rungs), skipped


def _info(sight: "Sight") -> str:
    """Return Wireshark's words for a packet where they hold nothing that a user has typed."""
    return sight.info if _WORDED.fullmatch(sight.protocol) else f"{sight.length:,} bytes"


def _fields(path: Path, frames: Sequence[int], settings: Settings, selection: Selection) -> dict[int, Any]:
    """Return of each frame the fields that hold numbers, addresses and names, and no bytes or free text."""
    written = io.BytesIO()
    chosen = Selection(keylog=selection.keylog, decode_as=selection.decode_as, frames=",".join(map(str, frames)))
    pipeline.export(path, written, settings=settings, selection=chosen)
    found = dict[int, Any]()
    for packet in json.loads(written.getvalue()):
        layers = packet["_source"]["layers"]
        seen = [Layer(name=name, fields=tuple(_leaves(value))) for name, value in layers.items()]
        rows = field_values.rows(seen, lambda name: not _TWICE.fullmatch(name), lambda original: None)
        found[int(layers["frame"]["frame.number"])] = tuple(rows)
    return found


def _leaves(value: Any, name: str = "") -> Iterator[Field]:
    match value:
        case dict():
            for key, inner in value.items():
                yield from _leaves(inner, key)
        case list():
            for inner in value:
                yield from _leaves(inner, name)
        case str():
            yield Field(name=name, value=value, text=visible(value))
