"""Frames cut out of a capture, by editcap, which comes with tshark."""

from collections.abc import Collection
from pathlib import Path

from explainer.capture.process import running
from explainer.capture.tshark import INSTALL_HINT, Tshark
from explainer.errors import TsharkError
from explainer.escape import visible

MOST_RANGES = 500
"""editcap 4.0 takes 512 ranges of frames in one run."""


def ranges(frames: Collection[int]) -> list[tuple[int, int]]:
    """Return first and last frame of each run; where there are too many, the narrowest gaps are filled."""
    ordered = sorted(frames)
    found = list[list[int]]()
    for frame in ordered:
        if found and frame == found[-1][1] + 1:
            found[-1][1] = frame
        else:
            found.append([frame, frame])
    if len(found) > MOST_RANGES:
        gaps = sorted(range(1, len(found)), key=lambda place: (found[place][0] - found[place - 1][1], place))
        filled = set(gaps[: len(found) - MOST_RANGES])
        joined = list[list[int]]()
        for place, run in enumerate(found):
            if place in filled:
                joined[-1][1] = run[1]
            else:
                joined.append(run)
        found = joined
    return [(first, last) for first, last in found]


def cut(path: Path, program: Tshark, chosen: Collection[int], time_limit_s: float) -> bytes:
    """Return the chosen frames of a capture as pcapng, as `ranges` rounds them.

    Raises:
        TsharkError: editcap is missing, or did not do its work.
    """
    editcap = program.companion("editcap")
    if editcap is None:
        raise TsharkError("editcap, which comes with tshark, is not installed on this machine.", INSTALL_HINT)
    words = [f"{first}-{last}" if last > first else f"{first}" for first, last in ranges(chosen)]
    arguments = ["-F", "pcapng", "-r", str(path.absolute()), "-", *words]
    with running(Tshark(editcap), arguments, time_limit_s) as run:
        written = b"".join(run.chunks())
        ending = run.ending()
    # Of a file that is cut off, editcap complains after it has written what there is.
    if ending.timed_out or not written:
        said = visible(ending.complaint.partition("\n")[0]) or "it was stopped"
        raise TsharkError(f"editcap cut nothing out of {visible(path.name)}: {said}", "Check it with: explainer doctor")
    return written
