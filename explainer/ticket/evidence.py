"""The evidence: frames cut out of a capture and commented, redacted where that is wanted, and analysed on their own."""

import hashlib
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from explainer import __version__, pcapng, pipeline
from explainer.capture import cutting, tshark
from explainer.capture.selection import Selection
from explainer.deciding import access
from explainer.errors import TsharkError
from explainer.escape import visible
from explainer.model import Analysis, Severity
from explainer.pcapng import Section
from explainer.privacy.mapping import Mapping as Pseudonyms
from explainer.report import Report
from explainer.settings import Settings
from explainer.ticket import selecting

_LIMIT_S, _LIMIT_S_PER_BYTE = 60.0, 1e-6
_MOST_COMMENT = 1_000
NAME = "evidence.pcapng"


@dataclass(frozen=True)
class Evidence:
    """A capture of the frames that prove what was found.

    `frames` are their numbers in the original, in the order in which they now stand; `shown` and `lost` are the rules
    that find something in it alone and those that do not any more, `extra` those that find something only here.
    `secrets` says that the keys of its TLS connections are in it, as they are in the original; redacted, other keys.
    """

    capture: bytes
    frames: tuple[int, ...]
    bounded: bool
    shown: tuple[str, ...]
    lost: tuple[str, ...]
    extra: tuple[str, ...]
    secrets: bool


def rules_of(analysis: Analysis) -> set[str]:
    """Return the rules that found a cause, or what else somebody should act on."""
    return {f.rule for f in analysis.findings if not f.explained_by and f.severity is not Severity.INFO}


def gathered(
    capture: Path, report: Report, settings: Settings, selection: Selection, mapping: Pseudonyms | None
) -> Evidence:
    """Return the least evidence that shows what the report says; else the most that is within the bound.

    Raises:
        ExplainerError: as `analyse`; TsharkError where editcap is missing.
    """
    marked = selecting.cited(report.analysis, report.answers)
    index = access(capture, settings, selection).index
    best: Evidence | None = None
    for chosen in selecting.choices(marked, index):
        found = _made(capture, report, settings, selection, mapping, chosen, marked)
        if best is None or (len(found.lost), len(found.extra)) < (len(best.lost), len(best.extra)):
            best = found
        if not best.lost and not best.extra:
            break
    assert best is not None  # there is always one choice
    return best


def _made(
    capture: Path, report: Report, settings: Settings, selection: Selection, mapping: Pseudonyms | None,
    chosen: frozenset[int], marked: Mapping[int, tuple[str, ...]],
) -> Evidence:  # fmt: skip
    program = tshark.find(settings.tshark)
    limit = settings.time_limit_s or _LIMIT_S + _LIMIT_S_PER_BYTE * capture.stat().st_size
    section = _section(cutting.cut(capture, program, chosen, limit), capture)
    numbers = [n for first, last in cutting.ranges(chosen) for n in range(first, last + 1)][: len(section.packets)]
    hidden = mapping.pseudonymise if mapping else str
    if mapping:
        section = _redacted(section, report, mapping, selection)
    comments = [_comments(number, marked, hidden) for number in numbers]
    written = pcapng.write(section, f"explainer {__version__}", comments)
    got, wanted = rules_of(analysed(written, settings, selection)), rules_of(report.analysis)
    return Evidence(
        capture=written,
        frames=tuple(numbers),
        bounded=len(chosen) >= selecting.MOST_FRAMES,
        shown=tuple(sorted(wanted & got)),
        lost=tuple(sorted(wanted - got)),
        extra=tuple(sorted(got - wanted)),
        secrets=bool(section.secrets),
    )


def analysed(written: bytes, settings: Settings, selection: Selection) -> Analysis:
    """Return the analysis of a capture that is not in a file of its own yet."""
    with tempfile.TemporaryDirectory(prefix="explainer-") as folder:
        place = Path(folder, NAME)
        place.write_bytes(written)
        return pipeline.analyse(place, settings=settings, selection=selection.unfiltered(), only_statistics=())


def _section(raw: bytes, capture: Path) -> Section:
    try:
        return pcapng.read(raw)
    except ValueError as error:
        raise TsharkError(
            f"What editcap cut out of {visible(capture.name)} cannot be read: {error}.", "Update Wireshark."
        ) from error


def _redacted(section: Section, report: Report, mapping: Pseudonyms, selection: Selection) -> Section:
    # They load what most runs do not need.
    from explainer.redaction.capture import redacted
    from explainer.redaction.stand_ins import StandIns

    key = hashlib.sha256(bytes.fromhex(report.analysis.info.sha256)).digest()
    more_secrets = selection.keylog.read_bytes() if selection.keylog else b""
    return redacted(section, StandIns(mapping, key), more_secrets)


def _comments(number: int, marked: Mapping[int, tuple[str, ...]], hidden: Callable[[str], str]) -> Sequence[str]:
    said = marked.get(number)
    if said is None:
        return ()
    return (hidden(visible("; ".join((f"frame {number} of the original", *said))))[:_MOST_COMMENT],)
