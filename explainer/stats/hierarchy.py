"""Statistics → Protocol Hierarchy."""

import re

from explainer.facts import Facts, Tap
from explainer.model import Cell, Stat, StatColumn
from explainer.registry import statistic

# It cannot be rebuilt from frame.protocols (reassembled and nested protocols count there in other ways).
HIERARCHY = Tap("io,phs")
_LINE = re.compile(r"^( *)(\S+) +frames:(\d+) bytes:(\d+)$", re.MULTILINE)
_INDENT = 2


@statistic("Protocol hierarchy", HIERARCHY)
def protocol_hierarchy(facts: Facts) -> Stat:
    """Frames and bytes of each protocol under the one that carries it; equals `tshark -z io,phs`."""
    text = facts.tap(HIERARCHY)
    path, rows = list[str](), list[tuple[Cell, ...]]()
    for indent, protocol, frames, size in _LINE.findall(text):
        depth = len(indent) // _INDENT
        path[depth:] = [protocol]
        rows.append(("/".join(path), protocol, depth, int(frames), int(size)))
    all_frames, all_bytes = _totals(rows)
    shared = tuple((*row, _percent(row[3], all_frames), _percent(row[4], all_bytes)) for row in rows)
    return Stat(
        id="protocol_hierarchy",
        title="Protocol hierarchy",
        columns=(
            StatColumn(name="path"),
            StatColumn(name="protocol"),
            StatColumn(name="depth"),
            StatColumn(name="frames"),
            StatColumn(name="bytes", unit="bytes"),
            StatColumn(name="frame_share", unit="%"),
            StatColumn(name="byte_share", unit="%"),
        ),
        rows=shared,
        total_rows=len(shared),
        note="" if text else "not counted: tshark was stopped before the end of the file",
    )


def _totals(rows: list[tuple[Cell, ...]]) -> tuple[int, int]:
    """Return all frames and bytes: the sum of the roots, one a link type."""
    roots = [row for row in rows if row[2] == 0]
    return sum(int(str(row[3])) for row in roots), sum(int(str(row[4])) for row in roots)


def _percent(part: Cell, whole: int) -> float:
    return round(100 * int(str(part)) / whole, 2) if whole else 0.0
