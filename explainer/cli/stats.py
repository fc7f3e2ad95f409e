"""`explainer stats`."""

from typing import Annotated

import typer

from explainer.cli import common
from explainer.cli.progress import progress as showing

_READABLE_ROWS = 20


def stats(
    capture: common.Capture,
    only: Annotated[list[str] | None, typer.Option(metavar="ID", help="Just this statistic; may be repeated.")] = None,
    top: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Just the first N rows of each.", show_default="20 to read, all as json or csv"
        ),
    ] = None,
    sort: Annotated[str | None, typer.Option(metavar="COLUMN", help="Order rows by a column, largest first.")] = None,
    output: common.Format = "text",
    display_filter: common.Filter = "",
    keylog: common.Keylog = None,
    decode_as: common.DecodeAs = None,
    start: common.From = "",
    end: common.To = "",
    tshark: common.Tshark = None,
    time_limit: common.TimeLimit = None,
    jobs: common.Jobs = None,
    max_memory: common.MaxMemory = None,
    no_cache: common.NoCache = False,
) -> None:
    """Show the numbers of a capture: protocols, destinations, ports, round-trip times."""
    renderer = common.renderer(output)
    settings = common.settings(
        tshark=tshark, time_limit_s=time_limit, jobs=jobs, max_memory_gb=max_memory, no_cache=no_cache,
    )  # fmt: skip
    from explainer import pipeline

    selection = common.selection(display_filter, keylog, decode_as, start, end)
    with showing(capture) as progress:
        analysis = pipeline.analyse(
            capture, settings=settings, selection=selection, only_statistics=only, rules=False, progress=progress
        )
    most = top or (_READABLE_ROWS if output in ("text", "markdown") else None)
    arranged = pipeline.arranged(analysis, sort=sort, top=most)
    typer.echo(renderer.statistics(arranged, common.style()), nl=False)
