"""A look at less than an analysis: one frame, one conversation, one port, or the headers alone."""

from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from explainer import dissected
from explainer.capture import read, tshark
from explainer.capture.first_look import FirstLook
from explainer.capture.first_look import first_look as look
from explainer.capture.records import native
from explainer.capture.selection import EVERYTHING, Selection, narrowed
from explainer.facts import Facts
from explainer.settings import Settings

if TYPE_CHECKING:
    from explainer.inspection import Layer
    from explainer.model import Analysis, Stat

_DEFAULTS = Settings()
_FIRST_LOOK_S = 1.5


def frame(
    capture: str | PathLike[str], number: int, *, settings: Settings = _DEFAULTS, selection: Selection = EVERYTHING
) -> "tuple[Layer, ...]":
    """Return the whole dissection of one frame, counted from 1.

    Raises:
        SettingsError: tshark refuses the selection.
        CaptureError: the file is no capture, has no such frame, or the frame is not selected.
        TsharkError: tshark is missing, too old, or fails.
    """
    from explainer.capture.frame import dissection

    program = tshark.find(settings.tshark)
    tshark.version(program)
    return dissection(program, Path(capture), number, selection=selection)


def ladder(
    capture: str | PathLike[str],
    transport: str,
    stream: int,
    *,
    settings: Settings = _DEFAULTS,
    selection: Selection = EVERYTHING,
    progress: Callable[[int], None] = lambda frames: None,
) -> "Analysis":
    """Return an analysis whose one statistic is a "tcp" or "udp" conversation, packet by packet.

    Raises:
        ExplainerError: as `analyse`.
    """
    from explainer.stats.drilldown import LADDER_NEEDS
    from explainer.stats.drilldown import ladder as rungs

    chosen = narrowed(selection, f"{transport}.stream == {stream}")
    captured = dissected.captured(Path(capture), LADDER_NEEDS, settings, chosen, progress)
    stat = rungs(Facts(captured.frames, captured.taps), transport, stream)
    return _looked_at(captured, stat)


def port(
    capture: str | PathLike[str],
    number: int,
    *,
    settings: Settings = _DEFAULTS,
    selection: Selection = EVERYTHING,
    progress: Callable[[int], None] = lambda frames: None,
) -> "Analysis":
    """Return an analysis whose one statistic is who talks to whom on a TCP or UDP port.

    Raises:
        ExplainerError: as `analyse`.
    """
    from explainer.stats.drilldown import PORT_NEEDS, on_port

    chosen = narrowed(selection, f"tcp.port == {number} || udp.port == {number}")
    captured = dissected.captured(Path(capture), PORT_NEEDS, settings, chosen, progress)
    return _looked_at(captured, on_port(Facts(captured.frames, captured.taps), number))


def _looked_at(captured: read.Capture, stat: "Stat") -> "Analysis":
    from explainer.model import Analysis

    return Analysis(info=captured.info, stats=(stat,), outcomes=())


def first_look(capture: Path) -> FirstLook | None:
    """Return what the headers tell within a second or two; None of what is neither pcap nor pcapng, or unreadable."""
    try:
        found = native(capture)
    except (OSError, ValueError):  # an empty file cannot be mapped
        return None
    return look(found, _FIRST_LOOK_S) if found else None
