"""One frame's whole dissection, through pyshark: layer by layer, field by field."""

import asyncio
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from explainer.capture import file
from explainer.capture.filters import check
from explainer.capture.process import running
from explainer.capture.read import verdict
from explainer.capture.selection import EVERYTHING, Selection
from explainer.capture.tshark import Tshark, environment
from explainer.errors import CaptureError, TsharkError
from explainer.escape import visible
from explainer.inspection import Field, Layer

_LOOK_LIMIT_S = 600.0


def dissection(tshark: Tshark, path: Path, number: int, *, selection: Selection = EVERYTHING) -> tuple[Layer, ...]:
    """Return the frame's layers, in the order of the frame.

    Raises:
        SettingsError: tshark refuses the filter or a "Decode As" rule.
        CaptureError: the file cannot be opened, holds no such frame, or the frame is not selected.
        TsharkError: tshark failed.
    """
    # Imported here: pyshark is needed for single frames only.
    import pyshark
    from pyshark.capture.capture import TSharkCrashException

    file.check(path)
    check(tshark, selection)
    wanted = f"frame.number == {number}"
    wanted = f"{selection.condition} && {wanted}" if selection.condition else wanted
    arguments = ["-c", str(number), *selection.dissection()]
    _look_for(tshark, path, number, [*arguments, "-Y", wanted], filtered=bool(selection.condition))
    loop = asyncio.new_event_loop()  # an explicit loop keeps pyshark off the deprecated child watchers
    with environment() as variables, _process_environment(variables):
        capture = pyshark.FileCapture(
            str(path.absolute()),
            tshark_path=str(tshark.path), keep_packets=False, eventloop=loop,
            display_filter=wanted, custom_parameters=arguments,
        )  # fmt: skip
        packet = None
        try:
            packet = next(iter(capture), None)
            capture.close()
        except TSharkCrashException as error:
            if packet is None:  # with a packet in hand, tshark only complains of the file's damaged end
                raise TsharkError(
                    f"tshark could not read frame {number} of {visible(path.name)}.",
                    "Look at the whole file first: explainer findings",
                ) from error
        finally:
            capture._running_processes.clear()  # or its destructor would close them again, on the closed loop
            loop.close()
    if packet is None:
        raise TsharkError(f"tshark printed frame {number} once and not again.", "Try again.")
    return tuple(map(_layer, [packet.frame_info, *packet.layers]))


def _look_for(tshark: Tshark, path: Path, number: int, arguments: Sequence[str], *, filtered: bool) -> None:
    """Make sure that the frame is there: of a tshark that fails or prints nothing, pyshark cannot tell which it was."""
    words = ["-n", "-r", str(path.absolute()), *arguments, "-T", "fields", "-e", "frame.number"]
    with running(tshark, words, _LOOK_LIMIT_S) as run:
        found = b"".join(run.chunks()).split() == [str(number).encode()]
        ending = run.ending()
    verdict(ending, path, 0 if "isn't a capture file" in ending.complaint else None, _LOOK_LIMIT_S)
    if found:
        return
    name = visible(path.name)
    if filtered:
        raise CaptureError(
            f"{name} has no frame {number} that matches.", "Choose another frame, or ask for it without a filter."
        )
    raise CaptureError(f"{name} has no frame {number}.", "Choose a smaller number.")


def _layer(layer: Any) -> Layer:
    fields = (field for container in layer._all_fields.values() for field in container.all_fields)
    return Layer(
        name=layer.layer_name,
        fields=tuple(Field(name=f.name or "", value=f.show or "", text=f.showname or f.show or "") for f in fields),
    )


@contextmanager
def _process_environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Give this process the environment: pyshark hands its own on to tshark and offers no other way."""
    kept = dict(os.environ)
    os.environ.clear()
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)
