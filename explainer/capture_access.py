"""What a model's tools may see of a capture, each thing read once: one dissection serves a whole conversation."""

from functools import cached_property
from pathlib import Path

from explainer.capture import read, session, tshark
from explainer.capture.filters import check_filter
from explainer.capture.frame import dissection
from explainer.capture.selection import Selection, narrowed
from explainer.errors import SettingsError
from explainer.facts import Facts, required
from explainer.inspection import Layer
from explainer.protocols.frame import FRAME
from explainer.protocols.frame_index import INDEX_NEEDS, FrameIndex, frame_index


class CaptureAccess:
    """A capture file, read-only; the selection decides which frames there are."""

    def __init__(self, path: Path, program: tshark.Tshark, selection: Selection, time_limit_s: float) -> None:
        self._path = path
        self._program = program
        self._selection = selection
        self._limit_s = time_limit_s
        self._dissected: dict[int, tuple[Layer, ...]] = {}
        self._complaints: dict[str, str] = {}

    @cached_property
    def index(self) -> FrameIndex:
        """Return every frame by its number."""
        columns, taps = required(INDEX_NEEDS)
        captured = read.read(
            self._path, self._program, columns, taps, time_limit_s=self._limit_s, selection=self._selection
        )
        return Facts(captured.frames, captured.taps)[frame_index]

    @cached_property
    def _session(self) -> session.Session | None:
        """Return a sharkd with the capture, unless it is to be dissected with keys or "Decode As", which it cannot."""
        if self._selection.dissection():
            return None
        return session.opened(self._program, self._path, self._limit_s)

    def matching(self, display_filter: str) -> tuple[int, ...]:
        """Return the frames that a display filter finds.

        Raises:
            SettingsError: tshark refuses it.
        """
        # Alone, before it is joined with anything: it cannot close a parenthesis that it did not open.
        if complaint := self.complaint(display_filter):
            raise SettingsError(complaint)
        chosen = narrowed(self._selection, display_filter)
        if self._session and (found := self._session.matching(chosen.condition)) is not None:
            return found
        captured = read.read(
            self._path, self._program, (FRAME,), (), time_limit_s=self._limit_s,
            selection=chosen,
        )  # fmt: skip
        return tuple(captured.frames.column(FRAME.field))

    def dissection(self, frame: int) -> tuple[Layer, ...]:
        """Return a frame's fields.

        Raises:
            CaptureError: there is no such frame.
        """
        if frame not in self._dissected:
            self._dissected[frame] = dissection(self._program, self._path, frame, selection=self._selection)
        return self._dissected[frame]

    def complaint(self, display_filter: str) -> str:
        """Return why tshark refuses a display filter, or nothing."""
        if display_filter not in self._complaints:
            said = self._session.complaint(display_filter) if self._session and display_filter.strip() else None
            if said is not None:
                self._complaints[display_filter] = said
                return said
            try:
                check_filter(self._program, display_filter, "The filter")
                self._complaints[display_filter] = ""
            except SettingsError as error:
                self._complaints[display_filter] = error.message.partition("\n")[0]
        return self._complaints[display_filter]
