"""The parts of a brief, the most needed first: capture, findings, what the question is about, rules, statistics.

Each part has a full text and shorter ones, for when there is little room.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from explainer.brief.question import Question
from explainer.brief.subjects import shared
from explainer.escape import visible
from explainer.model import Analysis, CaptureInfo, Cell, Finding, RuleStatus, Stat
from explainer.wording import count, frame_list, listing

_STAT_ROWS, _FEW_ROWS = 15, 4
_ABOUT_ROWS = 6
_ABOUT = ("tls", "dns", "http", "rtt", "timing", "tcp_health", "icmp", "quic", "ports")
_SHORT_LINE = 160
_LOWER = "address_duplicate"
"""What explains failures above it, of equal weight: an address that two hosts have is refused by the wrong one."""


@dataclass(frozen=True)
class Part:
    """A part of a brief: its texts, the fullest first; `needed` before any statistic."""

    key: str
    texts: tuple[str, ...]
    needed: bool = False


def ranked(findings: Iterable[Finding], question: Question) -> list[Finding]:
    """Return the findings for this question: causes before symptoms, then what it names, then the worst.

    Of one weight, those first of whose paths, names or services it speaks.
    """
    return sorted(
        findings,
        key=lambda f: (
            bool(f.explained_by),
            -question.closeness(f),
            f.severity.rank,
            -shared(question.text, f),
            not question.asks_of_page(f),
            f.confidence.rank,
            _LOWER not in f.rule,
        ),
    )


def parts(analysis: Analysis, question: Question) -> Iterator[Part]:
    """Yield the parts by key, the most needed first."""
    yield Part("capture", (_capture(analysis.info),), needed=True)
    found = ranked(analysis.findings, question)
    for finding in found:
        yield Part(f"finding {finding.id}", (finding_text(finding), _short(finding)), needed=True)
    for stat in analysis.stats:
        if stat.id in _ABOUT and (rows := _concerned(stat, question, found)):
            part = stat.model_copy(update={"rows": tuple(rows[:_ABOUT_ROWS]), "total_rows": len(rows)})
            text = stat_text(part).replace("STATISTIC", "ASKED ABOUT, OF STATISTIC", 1)
            yield Part(f"about {stat.id}", (text,))
    yield Part("rules", (_rules(analysis),))
    for stat in analysis.stats:
        if stat.rows:
            yield Part(f"statistic {stat.id}", (stat_text(stat), stat_text(stat, _FEW_ROWS)))


def finding_text(finding: Finding) -> str:
    """Return a finding with its proof, a line each."""
    lines = [
        f"FINDING {finding.id} [{finding.severity}, {finding.confidence}]: {finding.title}",
        f"who must act: {finding.act}",
        *(f"- {frame_list(s.frames)}: {s.text}" if s.frames else f"- {s.text}" for s in finding.evidence.steps),
        f"{frame_list(finding.evidence.frames)} of {finding.evidence.total}",
        f"measured: {', '.join(f'{name}={value}' for name, value in finding.measured.items())}",
        f"filter: {finding.evidence.display_filter}",
    ]
    if finding.explained_by:
        lines.insert(1, f"symptom of {finding.explained_by}")
    if finding.limitations:
        lines.append(f"not shown here: {'; '.join(finding.limitations)}")
    return "\n".join(map(visible, lines))


def stat_text(stat: Stat, most: int = _STAT_ROWS) -> str:
    """Return a statistic's first rows, with the names and units of its columns."""
    header = " | ".join(f"{c.name} ({c.unit})" if c.unit else c.name for c in stat.columns)
    rows = [" | ".join(_cell(cell) for cell in row) for row in stat.rows[:most]]
    more = stat.total_rows - len(rows)
    tail = [f"({count(more, 'more row')})"] if more > 0 else []
    return "\n".join([visible(f"STATISTIC {stat.id}: {stat.title}"), header, *rows, *tail])


def closing(analysis: Analysis, kept: Sequence[str], left_out: Sequence[str]) -> str:
    """Return what did not fit, by name and count, and how many of the frames the parts rest on."""
    frames = {n for f in analysis.findings if f"finding {f.id}" in kept for n in f.evidence.frames}
    share = 100 * len(frames) / max(analysis.info.frames, 1)
    lines = [f"The findings above name {len(frames)} of {count(analysis.info.frames, 'frame')} ({share:.0f} %)."]
    if left_out:
        lines.append(f"LEFT OUT for lack of room ({len(left_out)}): {', '.join(left_out)}")
    return visible(" ".join(lines))


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


def _short(finding: Finding) -> str:
    frames = frame_list(finding.evidence.frames[:_FEW_ROWS])
    title = f"FINDING {finding.id} [{finding.severity}]: {finding.title}"
    return visible(f"{title[:_SHORT_LINE]} {finding.act[:_SHORT_LINE]} ({frames})")


def _concerned(stat: Stat, question: Question, found: Sequence[Finding]) -> list[tuple[Cell, ...]]:
    """Return the rows that hold what the question names; if it names nothing, what the first finding is about."""
    words = {*question.addresses, *question.names}
    ports, frames = set(question.ports), set(question.frames)
    if not (words or ports or frames) and found:
        words = {name.lower() for name in found[0].scope.names} or set(found[0].scope.addresses)
        frames = set(found[0].evidence.frames)
    named = [index for index, column in enumerate(stat.columns) if column.name.endswith(("frame", "port"))]
    return [
        row
        for row in stat.rows
        if any(isinstance(cell, str) and _holds(cell, words, ports) for cell in row)
        or any(row[index] in (ports if stat.columns[index].name.endswith("port") else frames) for index in named)
    ]


def _holds(cell: str, words: set[str], ports: set[int]) -> bool:
    host, _, port = cell.rpartition(":")
    return cell.lower() in words or host.strip("[]").lower() in words or (port.isdecimal() and int(port) in ports)


def _rules(analysis: Analysis) -> str:
    """Return what was looked for: what was found, what was not, what was not there to look at, what failed."""
    ran = [o for o in analysis.outcomes if o.status is RuleStatus.RAN]
    clean = [o.title for o in ran if not o.findings]
    absent = sorted({o.reason for o in analysis.outcomes if o.status is RuleStatus.NOT_APPLICABLE})
    failed = [f"{o.title} ({o.reason})" for o in analysis.outcomes if o.status is RuleStatus.FAILED]
    lines = [f"LOOKED FOR AND NOT FOUND (rules): {listing(clean) or 'nothing'}."]
    if absent:
        lines.append(f"Not there to look at: {listing(absent)}.")
    if failed:
        lines.append(f"Could not be checked: {listing(failed)}.")
    return "\n".join(map(visible, lines))


def _cell(cell: Cell) -> str:
    return "-" if cell is None else visible(str(cell))
