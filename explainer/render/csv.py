"""CSV for spreadsheets: one table after the other, each under a line with its id where there are several."""

import csv
import io
from collections.abc import Iterable, Sequence

from explainer.escape import visible
from explainer.model import Analysis, Cell, Finding
from explainer.registry import Renderer, Style, renderers
from explainer.wording import frame_list

# A spreadsheet runs a cell that begins with one of these as a formula.
_FORMULA_STARTS = ("=", "+", "-", "@")
_FINDING_COLUMNS = ("id", "severity", "confidence", "side", "title", "act", "frames", "display_filter", "explained_by")


def _statistics(analysis: Analysis, style: Style) -> str:
    several = len(analysis.stats) > 1
    tables = [
        (f"# {stat.id}\n" if several else "") + _table([column.name for column in stat.columns], stat.rows)
        for stat in analysis.stats
    ]
    return _selection(analysis) + "\n".join(tables)


def _findings(analysis: Analysis, style: Style) -> str:
    return _selection(analysis) + _table(_FINDING_COLUMNS, map(_row, analysis.findings))


def _selection(analysis: Analysis) -> str:
    """Return what was chosen of the capture, a line each; nothing where that is everything."""
    return "".join(f"# {visible(sentence)}\n" for sentence in analysis.info.selection)


def _row(finding: Finding) -> tuple[Cell, ...]:
    return (
        finding.id,
        finding.severity,
        finding.confidence,
        finding.side,
        finding.title,
        finding.act,
        frame_list(finding.evidence.frames),
        finding.evidence.display_filter,
        finding.explained_by,
    )


def _table(names: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_cell(cell) for cell in row] for row in rows)
    return out.getvalue()


def _cell(cell: Cell) -> Cell:
    if not isinstance(cell, str):
        return cell
    text = visible(cell)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


renderers.add(Renderer("csv", _statistics, _findings))
