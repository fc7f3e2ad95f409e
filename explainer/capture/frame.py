"""One frame's whole dissection, through pyshark: layer by layer, field by field."""

import asyncio
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from explainer.capture import file
from explainer.capture.tshark import Tshark, environment
from explainer.errors import CaptureError, TsharkError
from explainer.escape import visible
from explainer.model import Field, Layer


def dissection(tshark: Tshark, path: Path, number: int) -> tuple[Layer, ...]:
    """Return the frame's layers, in the order of the frame.

    Raises:
        CaptureError: the file cannot be opened, or holds no such frame.
        TsharkError: tshark failed.
    """
    # Imported here: pyshark is needed for single frames only.
    import pyshark
    from pyshark.capture.capture import TSharkCrashException

    file.check(path)
    loop = asyncio.new_event_loop()  # an explicit loop keeps pyshark off the deprecated child watchers
    with environment() as variables, _process_environment(variables):
        capture = pyshark.FileCapture(
            str(path.absolute()),
            tshark_path=str(tshark.path), display_filter=f"frame.number == {number}", keep_packets=False,
            eventloop=loop, custom_parameters=["-c", str(number)],
        )  # fmt: skip
        try:
            packet = next(iter(capture), None)
            capture.close()
        except TSharkCrashException as error:
            raise TsharkError(
                f"tshark could not read frame {number} of {visible(path.name)}.",
                "Look at the file with: explainer findings",
            ) from error
        finally:
            loop.close()
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
