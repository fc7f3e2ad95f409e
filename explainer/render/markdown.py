"""Markdown that pastes into a ticket: short, with tables that survive, and without HTML."""

import re
from collections.abc import Iterable, Iterator, Sequence

from explainer.escape import visible
from explainer.model import Analysis, Answer, Cell, Claim, Finding, Stat
from explainer.registry import Renderer, Reporter, Style, renderers, reporters
from explainer.report import Report
from explainer.wording import count, frame_list

_STANDING = "capture severity finding frames display filter fact value file recorded made with same again pseudonyms"
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!&])")


def _answers(answered: Sequence[tuple[Analysis, Answer]], style: Style) -> str:
    parts = list[str]()
    for analysis, answer in answered:
        parts += [f"## {_text(analysis.info.file)}: {_text(answer.question)}", *_answer(answer)]
        parts += map(_text, analysis.info.selection)
    return "\n\n".join(parts) + "\n"


def _answer(answer: Answer) -> Iterator[str]:
    if answer.note:
        yield _text(answer.note)
    unproved = f"NOT BORNE OUT BY THE PACKETS ({_text(answer.verdict_why)}): " if answer.verdict_why else ""
    yield f"{unproved}**{_text(answer.verdict)}**"
    if answer.cause:
        yield _text(answer.cause)
    if answer.act:
        yield _text(answer.act)
    if answer.claims:
        yield "How we know:\n\n" + _list(map(_claim, answer.claims))
    if answer.found:
        yield "What the rules found, without the model:\n\n" + _list(map(_claim, answer.found))
    if answer.also:
        yield "Also found:\n\n" + _list(map(_claim, answer.also))
    if answer.next_steps:
        yield "What to do:\n\n" + "\n".join(f"{n}. {_text(step)}" for n, step in enumerate(answer.next_steps, 1))
    if answer.filters:
        yield "Display filter:\n\n" + _list(_code(text) for text in answer.filters)
    if answer.not_shown:
        yield "Not shown here: " + "; ".join(map(_text, answer.not_shown))
    if answer.doubts:
        yield "Beware:\n\n" + _list(map(_text, answer.doubts))
    held = f"{answer.backed} of {count(answer.statements, 'statement')} borne out by the packets"
    by_model = f"Answered by {_text(answer.model)}: {held}"
    yield by_model if answer.model else "Answered from the findings, without a language model"


def report(made: Report) -> str:
    """Return the report as a ticket holds it: the answers, the findings, where the capture is, and how to look."""
    analysis = made.analysis
    info = analysis.info
    parts = [part for answer in made.answers for part in (f"## {_text(answer.question)}", *_answer(answer))]
    parts += map(_text, (*info.selection, *info.warnings))
    told = [finding for finding in analysis.findings if not finding.explained_by]
    if told:
        parts.append(f"## {count(len(told), 'finding')}")
        rows = [
            (f.severity.value, _text(f.title), frame_list(f.evidence.frames, 3), _cell_code(f.evidence.display_filter))
            for f in told
        ]
        parts.append(_grid(("severity", "finding", "frames", "display filter"), rows))
    parts.append("## The capture")
    facts = {
        "file": f"{_text(info.file)}, {info.bytes:,} bytes",
        "SHA-256 of its SHA-256" if made.pseudonyms else "SHA-256": info.sha256,
        "frames": f"{info.frames:,} ({', '.join(map(_text, info.link_types))})",
        "recorded": f"{info.first:%Y-%m-%d %H:%M:%S} UTC, {info.duration_s:,.3f} s" if info.first else "unknown",
        "made with": f"explainer {made.tool_version}, tshark {_text(info.tshark_version)}",
    }
    parts.append(_grid(("fact", "value"), facts.items()))
    if made.pseudonyms:
        parts.append("Addresses and names are replaced by pseudonyms: the same one for the same thing throughout.")
    parts.append("The same again:\n\n" + _list([_code(command) for command in made.commands]))
    return "\n\n".join(parts) + "\n"


def _grid(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def _cell_code(text: str) -> str:
    # Within a table a bar ends the cell, also in a code span; GitHub takes the backslash away.
    return _code(text).replace("|", "\\|")


def _claim(claim: Claim) -> str:
    said = _text(claim.text) if claim.backed else f"NOT BACKED ({_text(claim.why)}): {_text(claim.text)}"
    return f"{frame_list(claim.frames)}: {said}" if claim.frames else said


def _statistics(analysis: Analysis, style: Style) -> str:
    return "\n\n".join([_heading(analysis), *(part for stat in analysis.stats for part in _stat(stat))]) + "\n"


def _stat(stat: Stat) -> Iterator[str]:
    yield f"## {stat.title}"
    names = (f"{column.name} ({column.unit})" if column.unit else column.name for column in stat.columns)
    shown = ([_cell(cell) for cell in row] for row in stat.rows)
    yield _grid(list(names), shown)
    if hidden := stat.total_rows - len(stat.rows):
        yield count(hidden, "more row")
    if stat.note:
        yield _text(stat.note)


def _findings(analysis: Analysis, style: Style) -> str:
    parts = [_heading(analysis)]
    for finding in analysis.findings:
        parts += _finding(finding)
    if not analysis.findings:
        where = "among the frames that were looked at" if analysis.info.selection else "in this capture"
        parts.append(f"No findings: none of the faults that are looked for is {where}.")
    return "\n\n".join(parts) + "\n"


def _finding(finding: Finding) -> Iterator[str]:
    yield f"## {finding.severity}: {_text(finding.title)}"
    if finding.explained_by:
        yield f"A symptom of {_code(finding.explained_by)}."
        return
    yield _text(finding.act)
    steps = [_claim(Claim(text=step.text, frames=step.frames)) for step in finding.evidence.steps]
    yield _list([*steps, f"display filter: {_code(finding.evidence.display_filter)}"])


def _heading(analysis: Analysis) -> str:
    info = analysis.info
    lines = [
        f"# {_text(info.file)}",
        f"{count(info.frames, 'frame')}, sha256 {info.sha256}, tshark {info.tshark_version}",
    ]
    return "\n\n".join([*lines, *map(_text, info.selection), *map(_text, info.warnings)])


def _list(lines: Iterator[str] | Sequence[str]) -> str:
    return "\n".join(f"* {line}" for line in lines)


def _cell(cell: Cell) -> str:
    return "" if cell is None else _text(str(cell))


def _code(text: str) -> str:
    # A backtick cannot be escaped inside a code span: filters hold none, captured strings might.
    return f"`{visible(text).replace('`', chr(39))}`"


def _text(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", visible(text))


renderers.add(Renderer("markdown", _statistics, _findings, answers=_answers))
reporters.add(Reporter("markdown", report, lambda: _STANDING))
