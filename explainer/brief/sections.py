"""The parts of a brief: capture, findings, what the rules looked at, statistics; each a short text."""

from collections.abc import Iterable, Iterator

from explainer.brief.question import Question
from explainer.escape import visible
from explainer.model import Analysis, CaptureInfo, Cell, Finding, Stat
from explainer.wording import count, frame_list

_STAT_ROWS = 15


def ranked(findings: Iterable[Finding], question: Question) -> list[Finding]:
    """Return the findings for this question: causes before symptoms, then what it names, then the worst."""
    return sorted(
        findings, key=lambda f: (bool(f.explained_by), -question.closeness(f), f.severity.rank, f.confidence.rank)
    )


def texts(analysis: Analysis, question: Question) -> Iterator[tuple[str, str]]:
    """Yield the sections by key, the most needed first."""
    yield "capture", _capture(analysis.info)
    for finding in ranked(analysis.findings, question):
        yield f"finding {finding.id}", _finding(finding)
    yield "rules", _rules(analysis)
    for stat in analysis.stats:
        yield f"statistic {stat.id}", _stat(stat)


def _capture(info: CaptureInfo) -> str:
    lines = [
        f"CAPTURE {visible(info.file)}: {', '.join([count(info.frames, 'frame'), *info.link_types, info.format])}",
        f"from {info.first} to {info.last} ({info.duration_s:.3f} s)",
        *map(visible, info.selection),
        *info.warnings,
    ]
    if info.cut_frames:
        lines.append(f"{count(info.cut_frames, 'frame')} were stored shorter than they were sent")
    return "\n".join(lines)


def _finding(finding: Finding) -> str:
    lines = [
        f"FINDING {finding.id} [{finding.severity}, {finding.confidence}]: {finding.title}",
        f"who must act: {finding.act}",
        *(f"- {frame_list(s.frames)}: {s.text}" if s.frames else f"- {s.text}" for s in finding.evidence.steps),
        f"measured: {', '.join(f'{name}={value}' for name, value in finding.measured.items())}",
        f"filter: {finding.evidence.display_filter}",
    ]
    if finding.explained_by:
        lines.insert(1, f"symptom of {finding.explained_by}")
    return "\n".join(map(visible, lines))


def _rules(analysis: Analysis) -> str:
    lines = [
        f"- {o.title}: {count(len(o.findings), 'finding') if o.status == 'ran' else f'{o.status}, {o.reason}'}"
        for o in analysis.outcomes
    ]
    return "\n".join(["WHAT THE RULES LOOKED FOR", *map(visible, lines)])


def _stat(stat: Stat) -> str:
    header = " | ".join(f"{c.name} ({c.unit})" if c.unit else c.name for c in stat.columns)
    rows = [" | ".join(_cell(cell) for cell in row) for row in stat.rows[:_STAT_ROWS]]
    more = stat.total_rows - len(rows)
    tail = [f"({count(more, 'more row')})"] if more > 0 else []
    return "\n".join([f"STATISTIC {stat.id}: {stat.title}", header, *rows, *tail])


def _cell(cell: Cell) -> str:
    return "-" if cell is None else visible(str(cell))
