"""One frame's whole dissection, through pyshark: layer by layer, field by field."""

import asyncio
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from explainer.capture import file
from explainer.capture.filters import check
from explainer.capture.selection import EVERYTHING, Selection
from explainer.capture.tshark import Tshark, environment
from explainer.errors import CaptureError, TsharkError
from explainer.escape import visible
from explainer.model import Field, Layer

# What asyncio makes of the exit code when another thread has seen the process end: it says nothing about tshark.
_ENDED_UNSEEN = "(retcode: 255)"


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
    loop = asyncio.new_event_loop()  # an explicit loop keeps pyshark off the deprecated child watchers
    with environment() as variables, _process_environment(variables):
        capture = pyshark.FileCapture(
            str(path.absolute()),
            tshark_path=str(tshark.path), keep_packets=False, eventloop=loop,
            display_filter=f"{selection.condition} && {wanted}" if selection.condition else wanted,
            custom_parameters=["-c", str(number), *selection.dissection()],
        )  # fmt: skip
        packet = None
        try:
            packet = next(iter(capture), None)
            capture.close()
        except TSharkCrashException as error:
            # With a packet in hand, tshark only complains of the file's damaged end.
            if packet is None and _ENDED_UNSEEN not in str(error):
                raise TsharkError(
                    f"tshark could not read frame {number} of {visible(path.name)}.",
                    "Look at the whole file first: explainer findings",
                ) from error
        finally:
            capture._running_processes.clear()  # or its destructor would close them again, on the closed loop
            loop.close()
    if packet is None and selection.condition:
        raise CaptureError(
            f"{visible(path.name)} has no frame {number} that matches.",
            "Choose another frame, or ask for it without a filter.",
        )
    if packet is None:
        raise CaptureError(f"{visible(path.name)} has no frame {number}.", "Choose a smaller number.")
    return tuple(map(_layer, [packet.frame_info, *packet.layers]))


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
