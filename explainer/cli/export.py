"""`explainer export`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from explainer.cli import common
from explainer.cli.groups import grouped
from explainer.cli.progress import progress as showing
from explainer.escape import visible


@grouped
def export(
    capture: common.Capture,
    *,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Where to write.", show_default="standard output"),
    ] = None,
    frames: Annotated[str, typer.Option(metavar="4,7-9", help="Only the frames with these numbers.")] = "",
    protocols: Annotated[
        str, typer.Option(metavar="tcp,tls", help="Show the fields of these protocols, and name the others.")
    ] = "",
    raw: Annotated[bool, typer.Option("--raw", help="Add each field's bytes, as tshark -x does.")] = False,
    keys: Annotated[
        str,
        typer.Option(metavar="merge|wireshark", help="A repeated key: a list of its values, or repeated as by tshark."),
    ] = "merge",
    output_format: Annotated[
        str, typer.Option("--format", metavar="json|ndjson", help="One list, or a frame a line.")
    ] = "json",
    force: Annotated[bool, typer.Option("--force", help="Replace FILE, and write even with too little room.")] = False,
    part: common.Part,
    tshark: common.Tshark = None,
    time_limit: common.ExportTimeLimit = None,
) -> None:
    """Write the whole dissection of frames as JSON, in the shape of Wireshark's Export Packet Dissections."""
    settings = common.settings(tshark=tshark, time_limit_s=time_limit)
    from explainer import pipeline

    selection = part.selection(frames)
    to_stdout = output is None or str(output) == "-"
    named = tuple(name.strip() for name in protocols.split(",")) if protocols else ()
    shape = pipeline.Shape(keys, output_format, raw, named, terminal=to_stdout and sys.stdout.isatty())
    with showing(capture, "exporting", quiet=shape.terminal) as progress:
        done = pipeline.export(
            capture, sys.stdout.buffer if output is None or to_stdout else output,
            settings=settings, selection=selection, shape=shape, force=force, progress=progress, notice=_say,
        )  # fmt: skip
    for warning in done.warnings:
        _say(warning)


def _say(sentence: str) -> None:
    print(visible(sentence), file=sys.stderr)
