"""`explainer stats`."""

from typing import Annotated

import typer

from explainer.cli import common
from explainer.cli.groups import grouped
from explainer.cli.progress import progress as showing

_READABLE_ROWS = 20


@grouped
def stats(
    capture: common.Capture,
    *,
    only: Annotated[list[str] | None, typer.Option(metavar="ID", help="Just this statistic; may be repeated.")] = None,
    top: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Just the first N rows of each.", show_default="20 to read, all as json or csv"
        ),
    ] = None,
    sort: Annotated[str | None, typer.Option(metavar="COLUMN", help="Order rows by a column, largest first.")] = None,
    output: common.Format = "text",
    part: common.Part,
    reading: common.Reading,
) -> None:
    """Show the numbers of a capture: protocols, destinations, ports, round-trip times."""
    render = common.rendering(output, lambda form: form.statistics)
    settings = common.settings(**reading.flags())
    from explainer import pipeline

    with showing(capture, meanwhile=render) as progress:
        analysis = pipeline.analyse(
            capture, settings=settings, selection=part.selection(), only_statistics=only, rules=False,
            progress=progress,
        )  # fmt: skip
    most = top or (_READABLE_ROWS if output in ("text", "markdown") else None)
    arranged = pipeline.arranged(analysis, sort=sort, top=most)
    typer.echo(render()(arranged, common.style()), nl=False)
