"""`explainer show`."""

import json
from typing import Annotated

import typer

from explainer.cli import common
from explainer.escape import visible


def show(
    capture: common.Capture,
    frame: Annotated[int, typer.Option(min=1, metavar="N", help="The number of the frame.")],
    output: common.Format = "text",
    display_filter: common.Filter = "",
    keylog: common.Keylog = None,
    decode_as: common.DecodeAs = None,
    start: common.From = "",
    end: common.To = "",
    tshark: common.Tshark = None,
) -> None:
    """Show the whole dissection of one frame."""
    common.renderer(output)
    settings = common.settings(tshark=tshark)
    from explainer import pipeline

    selection = common.selection(display_filter, keylog, decode_as, start, end)
    layers = pipeline.frame(capture, frame, settings=settings, selection=selection)
    if output == "json":
        typer.echo(json.dumps([layer.model_dump(mode="json") for layer in layers], indent=2, ensure_ascii=True))
        return
    for layer in layers:
        typer.echo(visible(layer.name))
        for field in layer.fields:
            typer.echo(f"  {visible(field.text)}")
