"""`explainer stats`."""

from typing import Annotated

import typer

from explainer.cli import common


def stats(
    capture: common.Capture,
    only: Annotated[list[str] | None, typer.Option(metavar="ID", help="Just this statistic; may be repeated.")] = None,
    top: Annotated[int | None, typer.Option(min=1, metavar="N", help="Just the first N rows of each.")] = None,
    sort: Annotated[str | None, typer.Option(metavar="COLUMN", help="Order rows by a column, largest first.")] = None,
    output: common.Format = "text",
    display_filter: common.Filter = "",
    keylog: common.Keylog = None,
    decode_as: common.DecodeAs = None,
    start: common.From = "",
    end: common.To = "",
    tshark: common.Tshark = None,
    time_limit: common.TimeLimit = None,
) -> None:
    """Show the numbers of a capture: protocols, destinations, ports, round-trip times."""
    renderer = common.renderer(output)
    settings = common.settings(tshark=tshark, time_limit_s=time_limit)
    from explainer import pipeline

    selection = common.selection(display_filter, keylog, decode_as, start, end)
    with common.progress(capture.name) as progress:
        analysis = pipeline.analyse(
            capture, settings=settings, selection=selection, only_statistics=only, rules=False, progress=progress
        )
    arranged = pipeline.arranged(analysis, sort=sort, top=top)
    typer.echo(renderer.statistics(arranged, common.style()), nl=False)
