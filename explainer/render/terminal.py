"""Plain text for a terminal: wrapped and coloured where there is one, one line a statement where there is none."""

import io
from collections.abc import Iterable, Sequence
from typing import Literal

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from explainer.escape import visible
from explainer.inspection import Layer
from explainer.model import Analysis, Answer, Claim, Finding, RuleStatus, Severity, Stat
from explainer.registry import Renderer, Style, renderers
from explainer.render import cells
from explainer.wording import count, frame_list

_SEVERITY_STYLES = {Severity.HIGH: "bold red", Severity.MEDIUM: "yellow", Severity.LOW: "cyan", Severity.INFO: "dim"}
_GAP, _LABEL_GAP = 2, 3
_FRAME_RUNS, _NARROW = 6, 100
_HEADER_WIDTH = 12
_INDENT = "  "


def _answers(answered: Sequence[tuple[Analysis, Answer]], style: Style) -> str:
    parts = list[RenderableType]()
    for analysis, answer in answered:
        if parts:
            parts.append(Text())
        if len(answered) > 1:
            parts.append(_text(analysis.info.file, "bold underline"))
        parts += [*_answer(answer, style.width), _text(_basis(analysis, answer), "dim")]
        parts += [_text(sentence, "dim") for sentence in analysis.info.selection]
    return _printed(parts, style)


def _answer(answer: Answer, width: int) -> Iterable[RenderableType]:
    if answer.note:
        yield _text(answer.note, "yellow")
        yield Text()
    if answer.verdict_why:
        yield _text(f"NOT BORNE OUT BY THE PACKETS ({answer.verdict_why}):", "yellow")
    # A model's verdict may have lines of its own; a line feed in any other comes from the capture.
    yield from (_text(line, "bold") for line in (answer.verdict.splitlines() if answer.model else [answer.verdict]))
    if answer.cause:
        yield _text(answer.cause)
    if answer.act:
        yield _text(answer.act)
    yield Text()
    if answer.claims:
        yield _text("How we know", "bold")
        yield _claims(answer.claims, width)
        yield Text()
    if answer.found:
        yield _text("What the rules found, without the model", "bold")
        yield _claims(answer.found, width)
        yield Text()
    if answer.also:
        yield _text("Also found", "bold")
        yield _claims(answer.also, width)
        yield Text()
    if answer.next_steps:
        yield _text("What to do", "bold")
        yield _grid(((f"{number}.", step) for number, step in enumerate(answer.next_steps, 1)), width)
        yield Text()
    labelled = [("See for yourself", text) for text in answer.filters]
    labelled += [("Not shown here", text) for text in answer.not_shown]
    labelled += [("Beware", text) for text in answer.doubts]
    labelled += [("Looked at", text) for text in answer.tool_calls]
    if labelled:
        yield _grid(_label_once(labelled), width, indent="")


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
    return _grid(told, width)


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
        parts += [Text(), _text(f"{stat.title} ({stat.id})", "bold"), _table(stat, shown)]
        if dropped := [column.name for column in stat.columns[shown:]]:
            parts.append(_text(f"{_INDENT}too narrow for: {', '.join(dropped)}", "dim"))
        if hidden := stat.total_rows - len(stat.rows):
            parts.append(_text(f"{_INDENT}{count(hidden, 'more row')} (--top shows more)", "dim"))
        if stat.note:
            parts.append(_text(f"{_INDENT}{stat.note}", "dim"))
    return _printed(parts, style)


def _findings(analysis: Analysis, style: Style) -> str:
    parts: list[RenderableType] = [*_file(analysis)]
    for finding in analysis.findings:
        parts += [Text(), *_finding(finding, style.width)]
    if not analysis.findings:
        where = "among the frames that were looked at" if analysis.info.selection else "in this capture"
        parts += [Text(), _text(f"No findings: none of the faults that are looked for is {where}.", "bold")]
    parts.append(Text())
    for outcome in analysis.outcomes:
        if outcome.status is not RuleStatus.RAN:
            parts.append(_text(f"{outcome.title}: {outcome.status} ({outcome.reason})", "dim"))
    return _printed(parts, style)


def _finding(finding: Finding, width: int) -> Iterable[RenderableType]:
    severity = Text(f"{finding.severity.upper()} ", style=_SEVERITY_STYLES[finding.severity])
    yield severity + _text(finding.title, "bold")
    if finding.explained_by:
        yield _text(f"{_INDENT}a symptom of {finding.explained_by}")
        return
    yield _text(f"{_INDENT}{finding.act}")
    yield _claims([Claim(text=step.text, frames=step.frames) for step in finding.evidence.steps], width)
    measured = ", ".join(f"{name} {value}" for name, value in finding.measured.items())
    rows = [
        ("filter", finding.evidence.display_filter),
        ("measured", measured),
        ("certainty", finding.confidence.value),
    ]
    yield _grid([*rows, *(("not shown here", text) for text in finding.limitations)], width)


def _layers(layers: Sequence[Layer], style: Style) -> str:
    parts = list[RenderableType]()
    for layer in layers:
        parts += [_text(layer.name, "bold"), *(_text(f"{_INDENT}{field.text}") for field in layer.fields)]
    return _printed(parts, style)


def _file(analysis: Analysis) -> Iterable[RenderableType]:
    info = analysis.info
    span = f", {info.first:%Y-%m-%d %H:%M:%S} UTC, {info.duration_s:.3f} s" if info.first else ""
    about = ", ".join([count(info.frames, "frame"), *info.link_types, info.format])
    yield _text(f"{info.file}: {about}{span}")
    yield from (_text(sentence, "cyan") for sentence in info.selection)
    yield from (_text(warning, "yellow") for warning in info.warnings)


def _as_tree(stat: Stat) -> Stat:
    """Return a table of paths as a tree, its names indented by their depth; any other as it is."""
    if [column.name for column in stat.columns[:3]] != ["path", "protocol", "depth"]:
        return stat
    rows = tuple((f"{_INDENT * int(str(depth))}{name}", *rest) for _, name, depth, *rest in stat.rows)
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
        table.add_row(*(_text(cells.shown(row[index], stat.columns[index])) for index in range(shown)))
    return table


def _header(stat: Stat, index: int) -> str:
    """Return the column's name, broken at its underscores so that it is hardly wider than its numbers."""
    lines = [""]
    for word in cells.heading(stat.columns[index]).split("_"):
        if lines[-1] and len(lines[-1]) + len(word) >= _HEADER_WIDTH:
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
    return "\n".join(lines)


def _grid(rows: Iterable[tuple[str, str]], width: int, indent: str = _INDENT) -> RenderableType:
    """Return labels with their texts beside them."""
    labelled = [(visible(f"{indent}{label}"), visible(text)) for label, text in rows]
    column = max((cell_len(label) for label, _ in labelled), default=0) + _LABEL_GAP
    if all(column + cell_len(text) <= width for _, text in labelled):  # a table takes twenty times as long
        lines = Text(overflow="fold")
        for place, (label, text) in enumerate(labelled):
            lines.append("\n" if place else "").append(label, "cyan")
            lines.append(f"{' ' * (column - cell_len(label))}{text}")
        return lines
    grid = Table.grid(padding=(0, _LABEL_GAP, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for label, text in labelled:
        grid.add_row(Text(label, "cyan", overflow="fold"), Text(text, overflow="fold"))
    return grid


def _text(text: str, style: str = "") -> Text:
    # A Text is never parsed for markup: a captured "[red]" stays what it is.
    return Text(visible(text), style=style, overflow="fold")


def _joined(parts: Iterable[RenderableType]) -> Iterable[RenderableType]:
    """Yield the parts, those that are text and follow each other as one: to print many takes long."""
    texts = list[Text]()
    for part in parts:
        if isinstance(part, Text):
            texts.append(part)
            continue
        if texts:
            yield Text("\n").join(texts)
            texts = []
        yield part
    if texts:
        yield Text("\n").join(texts)


def _printed(parts: Iterable[RenderableType], style: Style) -> str:
    out = io.StringIO()
    console = Console(
        file=out, width=style.width, force_terminal=style.colour, no_color=not style.colour, legacy_windows=False,
        color_system="standard" if style.colour else None, highlight=False, markup=False, emoji=False,
    )  # fmt: skip
    for part in _joined(parts):
        fits = isinstance(part, Text) and 2 * max(map(len, part.plain.split("\n"))) <= style.width
        if fits and not style.colour:
            out.write(f"{part}\n")  # as the console would print it, ten times as fast
        else:
            console.print(part, soft_wrap=fits)
    return "\n".join(line.rstrip() for line in out.getvalue().rstrip().splitlines()) + "\n"


renderers.add(Renderer("text", _statistics, _findings, answers=_answers, layers=_layers))
