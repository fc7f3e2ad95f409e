"""The pack as one ZIP file, whose bytes depend on the capture, the settings and the versions alone."""

import hashlib
import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from explainer import pipeline, reporting
from explainer.capture.selection import EVERYTHING, Selection
from explainer.errors import OutputError
from explainer.privacy.mapping import Mapping as Pseudonyms
from explainer.redaction import words
from explainer.report import Report
from explainer.settings import Settings
from explainer.ticket import leaks
from explainer.ticket.evidence import NAME, Evidence, gathered

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a ZIP file knows
_MODE = 0o644 << 16
_UNIX = 3


def pack(
    capture: Path,
    *,
    settings: Settings = pipeline.DEFAULTS,
    selection: Selection = EVERYTHING,
    questions: tuple[str, ...] = (),
    redact: bool = False,
    progress: Callable[[int], None] = lambda frames: None,
) -> tuple[bytes, Pseudonyms | None]:
    """Return the pack, and where it is redacted, the pseudonyms in it.

    Raises:
        OutputError: something of the capture is left in a redacted pack.
        ExplainerError: as `analyse` and `ask`.
    """
    report = reporting.report(capture, questions, settings=settings, selection=selection, progress=progress)
    mapping = reporting.mapping_of(report) if redact else None
    if mapping:
        mapping.excuse(words.TEXT)  # which stay in the packets
    evidence = gathered(capture, report, settings, selection, mapping)
    files = {
        "report.html": reporting.written(report, "html", mapping),
        "report.md": reporting.written(report, "markdown", mapping),
        "analysis.json": reporting.written(report, "json", mapping),
        NAME: evidence.capture,
        leaks.DISSECTION: _dissection(evidence.capture, settings, selection),
        "commands.txt": _commands(report, evidence, mapping),
    }
    files["manifest.json"] = _manifest(report, evidence, files, mapping)
    if mapping:
        _check(files, mapping)
    return _zipped(files), mapping


def _check(files: Mapping[str, bytes], mapping: Pseudonyms) -> None:
    for name, content in files.items():
        if found := leaks.found(name, content, mapping):
            raise OutputError(f"The pack was not written: {name} would still hold {found}.", "Please report this.")


def _dissection(capture: bytes, settings: Settings, selection: Selection) -> bytes:
    written = io.BytesIO()
    with tempfile.TemporaryDirectory(prefix="explainer-") as folder:
        place = Path(folder, NAME)
        place.write_bytes(capture)
        pipeline.export(place, written, settings=settings, selection=selection.unfiltered())
    return written.getvalue()


def _commands(report: Report, evidence: Evidence, mapping: Pseudonyms | None) -> bytes:
    hidden = mapping.pseudonymise if mapping else str
    lines = [
        "# Look at the evidence:",
        f"wireshark {NAME}",
        f"explainer findings {NAME}",
        "# The same report again, from the original capture:",
        *map(hidden, report.commands),
        "# Of the original, these frames are in the evidence, in this order:",
        " ".join(map(str, evidence.frames)),
    ]
    return ("\n".join(lines) + "\n").encode()


def _manifest(report: Report, evidence: Evidence, files: Mapping[str, bytes], mapping: Pseudonyms | None) -> bytes:
    told = reporting.redacted(report, mapping) if mapping else report
    info = told.analysis.info
    held: dict[str, Any] = {
        "schema_version": report.schema_version,
        "explainer": report.tool_version,
        "tshark": info.tshark_version,
        "redacted": mapping is not None,
        "original": {
            "file": info.file,
            "sha256_of_sha256" if mapping else "sha256": info.sha256,
            "bytes": info.bytes,
            "frames": info.frames,
        },
        "evidence": {
            "frames": len(evidence.frames),
            "cut_to_the_bound": evidence.bounded,
            "shows_alone": list(evidence.shown),
            "does_not_show_alone": list(evidence.lost),
            "shows_beside": list(evidence.extra),
            "holds_tls_secrets": evidence.secrets,
        },
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())},
    }
    return (json.dumps(held, indent=2) + "\n").encode()


def _zipped(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr, entry.create_system, entry.compress_type = _MODE, _UNIX, zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return out.getvalue()
