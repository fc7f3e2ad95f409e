"""Plain text for a terminal: wrapped and coloured where there is one, one line a statement where there is none."""

from collections.abc import Iterable, Sequence
from typing import Literal

from rich.cells import cell_len
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from explainer.escape import visible
from explainer.inspection import Layer
from explainer.model import Analysis, Answer, Claim, Finding, RuleOutcome, RuleStatus, Severity, Stat
from explainer.registry import Renderer, Style, renderers
from explainer.render import cells
from explainer.render.printing import INDENT, grid, printed, safe
from explainer.wording import count, frame_list

_SEVERITY_STYLES = {Severity.HIGH: "bold red", Severity.MEDIUM: "yellow", Severity.LOW: "cyan", Severity.INFO: "dim"}
_GAP = 2
_FRAME_RUNS, _NARROW = 6, 100
_HEADER_WIDTH = 12


def _answers(answered: Sequence[tuple[Analysis, Answer]], style: Style) -> str:
    parts = list[RenderableType]()
    for analysis, answer in answered:
        if parts:
            parts.append(Text())
        if len(answered) > 1:
            parts.append(safe(analysis.info.file, "bold underline"))
        parts += [*_answer(answer, style.width), safe(_basis(analysis, answer), "dim")]
        parts += [safe(sentence, "dim") for sentence in analysis.info.selection]
    return printed(parts, style)


def _answer(answer: Answer, width: int) -> Iterable[RenderableType]:
    if answer.note:
        yield safe(answer.note, "yellow")
        yield Text()
    if answer.verdict_why:
        yield safe(f"NOT BORNE OUT BY THE PACKETS ({answer.verdict_why}):", "yellow")
    # A model's verdict may have lines of its own; a line feed in any other comes from the capture.
    yield from (safe(line, "bold") for line in (answer.verdict.splitlines() if answer.model else [answer.verdict]))
    if answer.cause:
        yield safe(answer.cause)
    if answer.act:
        yield safe(answer.act)
    yield Text()
    if answer.claims:
        yield safe("How we know", "bold")
        yield _claims(answer.claims, width)
        yield Text()
    if answer.found:
        yield safe("What the rules found, without the model", "bold")
        yield _claims(answer.found, width)
        yield Text()
    if answer.also:
        yield safe("Also found", "bold")
        yield _claims(answer.also, width)
        yield Text()
    if answer.next_steps:
        yield safe("What to do", "bold")
        yield grid(((f"{number}.", step) for number, step in enumerate(answer.next_steps, 1)), width)
        yield Text()
    labelled = [("See for yourself", text) for text in answer.filters]
    labelled += [("Not shown here", text) for text in answer.not_shown]
    labelled += [("Beware", text) for text in answer.doubts]
    labelled += [("Looked at", text) for text in answer.tool_calls]
    if labelled:
        yield grid(_label_once(labelled), width, indent="")


def _label_once(rows: Sequence[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    """Yield the rows with each label only where it begins."""
    previous = ""
    for label, text in rows:
        yield ("" if label == previous else label), text
        previous = label


def _claims(claims: Sequence[Claim], width: int) -> RenderableType:
    # Where a line is short, frame numbers must leave room for the words.
    runs = _FRAME_RUNS if width >= _NARROW else _FRAME_RUNS // 3
    told = ((frame_list(claim.frames, runs) if claim.frames else "", _told(claim)) for claim in claims)
    return grid(told, width)


def _told(claim: Claim) -> str:
    return claim.text if claim.backed else f"NOT BACKED ({claim.why}): {claim.text}"


def _basis(analysis: Analysis, answer: Answer) -> str:
    if answer.model:
        used = answer.usage
        tokens = f" · {used.prompt_tokens:,} tokens read, {used.completion_tokens:,} written" if used else ""
        held = f"{answer.backed} of {count(answer.statements, 'statement')} borne out by the packets"
        return f"Answered by {answer.model}: {held}{tokens}"
    found = sum(not f.explained_by and f.severity is not Severity.INFO for f in analysis.findings)
    connections = analysis.stat("rtt")
    seen = [count(analysis.info.frames, "frame")]
    if connections and connections.total_rows:
        seen.append(count(connections.total_rows, "TCP connection"))
    findings = count(found, "finding") if found else "no findings"
    return f"Answered from the findings, without a language model · {', '.join(seen)} · {findings}"


def _statistics(analysis: Analysis, style: Style) -> str:
    parts: list[RenderableType] = [*_file(analysis)]
    for stat in map(_as_tree, analysis.stats):
        shown = _columns_that_fit(stat, style.width)
        parts += [Text(), safe(f"{stat.title} ({stat.id})", "bold"), _table(stat, shown)]
        if dropped := [column.name for column in stat.columns[shown:]]:
            parts.append(safe(f"{INDENT}too narrow for: {', '.join(dropped)}", "dim"))
        if hidden := stat.total_rows - len(stat.rows):
            parts.append(safe(f"{INDENT}{count(hidden, 'more row')} (--top shows more)", "dim"))
        if stat.note:
            parts.append(safe(f"{INDENT}{stat.note}", "dim"))
    return printed(parts, style)


def _findings(analysis: Analysis, style: Style) -> str:
    parts: list[RenderableType] = [*_file(analysis)]
    for finding in analysis.findings:
        parts += [Text(), *_finding(finding, style.width)]
    if not analysis.findings:
        where = "among the frames that were looked at" if analysis.info.selection else "in this capture"
        parts += [Text(), safe(f"No findings: none of the faults that are looked for is {where}.", "bold")]
    parts += [Text(), *(safe(line, "dim") for line in _looked_for(analysis.outcomes))]
    return printed(parts, style)


def _looked_for(outcomes: Sequence[RuleOutcome]) -> Iterable[str]:
    """Yield what was looked for and not found, what this capture holds none of, and what failed."""
    clean = [outcome.title for outcome in outcomes if outcome.status is RuleStatus.RAN and not outcome.findings]
    if clean:
        yield f"Looked for and not found: {'; '.join(clean)}."
    reasons = [outcome.reason for outcome in outcomes if outcome.status is RuleStatus.NOT_APPLICABLE]
    if reasons:
        absent = dict.fromkeys(reason.removesuffix(" in this capture") for reason in reasons)
        yield f"{count(len(reasons), 'rule')} had nothing to look at in this capture: {'; '.join(absent)}."
    for outcome in outcomes:
        if outcome.status is RuleStatus.FAILED:
            yield f"Could not be checked: {outcome.title} ({outcome.reason})"


def _finding(finding: Finding, width: int) -> Iterable[RenderableType]:
    severity = Text(f"{finding.severity.upper()} ", style=_SEVERITY_STYLES[finding.severity])
    yield severity + safe(finding.title, "bold")
    if finding.explained_by:
        yield safe(f"{INDENT}a symptom of {finding.explained_by}")
        return
    yield safe(f"{INDENT}{finding.act}")
    yield _claims([Claim(text=step.text, frames=step.frames) for step in finding.evidence.steps], width)
    measured = ", ".join(f"{name} {value}" for name, value in finding.measured.items())
    rows = [
        ("filter", finding.evidence.display_filter),
        ("measured", measured),
        ("certainty", finding.confidence.value),
    ]
    yield grid([*rows, *(("not shown here", text) for text in finding.limitations)], width)


def _layers(layers: Sequence[Layer], style: Style) -> str:
    parts = list[RenderableType]()
    for layer in layers:
        parts += [safe(layer.name, "bold"), *(safe(f"{INDENT}{field.text}") for field in layer.fields)]
    return printed(parts, style)


def _file(analysis: Analysis) -> Iterable[RenderableType]:
    info = analysis.info
    span = f", {info.first:%Y-%m-%d %H:%M:%S} UTC, {info.duration_s:.3f} s" if info.first else ""
    about = ", ".join([count(info.frames, "frame"), *info.link_types, info.format])
    yield safe(f"{info.file}: {about}{span}")
    yield from (safe(sentence, "cyan") for sentence in info.selection)
    yield from (safe(warning, "yellow") for warning in info.warnings)


def _as_tree(stat: Stat) -> Stat:
    """Return a table of paths as a tree, its names indented by their depth; any other as it is."""
    if [column.name for column in stat.columns[:3]] != ["path", "protocol", "depth"]:
        return stat
    rows = tuple((f"{INDENT * int(str(depth))}{name}", *rest) for _, name, depth, *rest in stat.rows)
    return stat.model_copy(update={"columns": (stat.columns[1], *stat.columns[3:]), "rows": rows})


def _columns_that_fit(stat: Stat, width: int) -> int:
    """Return how many columns, counted from the left, fit side by side: a table folded into itself cannot be read."""
    used = 0
    for index in range(len(stat.columns)):
        texts = [visible(cells.shown(row[index], stat.columns[index])) for row in stat.rows]
        used += max(cell_len(text) for text in [*_header(stat, index).split("\n"), *texts]) + _GAP
        if used - _GAP > width:
            return max(index, 1)
    return len(stat.columns)


def _table(stat: Stat, shown: int) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0))
    for index in range(shown):
        numeric = all(isinstance(row[index], int | float) or row[index] is None for row in stat.rows)
        justify: Literal["left", "right"] = "right" if numeric else "left"
        table.add_column(Text(_header(stat, index)), justify=justify, overflow="fold", header_style="dim")
    for row in stat.rows:
        table.add_row(*(safe(cells.shown(row[index], stat.columns[index])) for index in range(shown)))
    return table


def _header(stat: Stat, index: int) -> str:
    """Return the column's name, broken at its underscores so that it is hardly wider than its numbers."""
    lines = [""]
    for word in cells.heading(stat.columns[index]).split("_"):
        if lines[-1] and len(lines[-1]) + len(word) >= _HEADER_WIDTH:
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
    return "\n".join(lines)


renderers.add(Renderer("text", _statistics, _findings, answers=_answers, layers=_layers))
