"""`explainer stats`."""

from typing import Annotated

import typer

from explainer.cli import common


def stats(
    capture: common.Capture,
    only: Annotated[list[str] | None, typer.Option(metavar="ID", help="Just this statistic; may be repeated.")] = None,
    output: common.Format = "text",
    tshark: common.Tshark = None,
    time_limit: common.TimeLimit = None,
) -> None:
    """Show the numbers of a capture: protocols, destinations, ports, round-trip times."""
    renderer = common.renderer(output)
    settings = common.settings(tshark=tshark, time_limit_s=time_limit)
    from explainer import pipeline

    with common.progress(capture.name) as progress:
        analysis = pipeline.analyse(capture, settings=settings, only_statistics=only, rules=False, progress=progress)
    typer.echo(renderer.statistics(analysis, common.style()), nl=False)
