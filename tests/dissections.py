"""The lab's captures as tshark dissects them, kept in a folder that the processes of a test run share."""

import json
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import polars as pl

from explainer import registry
from explainer.analysis import needs
from explainer.capture import read, tshark
from explainer.capture.again import Again
from explainer.capture.background import in_background
from explainer.capture.selection import EVERYTHING
from explainer.dissected import version
from explainer.facts import Facts, Look, View, required
from explainer.frame_table import FrameTable
from explainer.given import given
from explainer.model import CaptureInfo
from explainer.settings import Settings

_LIMIT_S = 60
_COLUMNS, _TAPS = required(needs(registry.statistics, registry.rules))
DISSECTED = {*_COLUMNS, *_TAPS}
"""What a kept dissection holds."""


def written(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file so that others see the whole of it or nothing."""
    # Second looks are taken by threads, at the same time.
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
    write(unfinished)
    unfinished.replace(path)


@dataclass(frozen=True)
class Dissection:
    """What one reading of a capture gives: facts about the file, and the facts behind all statistics and rules."""

    info: CaptureInfo
    facts: Facts

    @classmethod
    def of(cls, capture: Path, folder: Path) -> "Dissection":
        """Return the dissection, from the folder where it is kept there."""
        frames_file, rest = folder / f"{capture.stem}.frames", folder / f"{capture.stem}.rest"
        program = tshark.find(None)
        if not rest.exists():
            captured = read.read(capture, program, _COLUMNS, _TAPS, time_limit_s=_LIMIT_S)
            written(frames_file, captured.frames.select(captured.frames.names).write_parquet)
            kept = json.dumps({"info": captured.info.model_dump_json(), "taps": captured.taps})
            written(rest, lambda path: path.write_text(kept, "utf-8"))

        frames = FrameTable.of(pl.read_parquet(frames_file))
        again = Again(capture, program, frames.height, EVERYTHING, _LIMIT_S)

        def look(look: Look, view: View) -> pl.DataFrame:
            seen = folder / f"{capture.stem}.{sha256(repr((look.title, look.columns, view)).encode()).hexdigest()[:16]}"
            if not seen.exists():
                written(seen, again.look(look.columns, view).write_parquet)
            return pl.read_parquet(seen)

        found = json.loads(rest.read_text("utf-8"))
        info = CaptureInfo.model_validate_json(found["info"])
        facts = Facts(
            frames,
            found["taps"],
            look_again=lambda asked, view: in_background(lambda: look(asked, view)),
            given=given(Settings()) | version(read.Capture(info, frames, found["taps"])),
        )
        return cls(info, facts)
