"""`explainer findings`."""

import typer

from explainer.cli import common


def findings(
    capture: common.Capture,
    output: common.Format = "text",
    tshark: common.Tshark = None,
    time_limit: common.TimeLimit = None,
) -> None:
    """List everything that is wrong in a capture, with the frames that prove it."""
    renderer = common.renderer(output)
    settings = common.settings(tshark=tshark, time_limit_s=time_limit)
    from explainer import pipeline

    with common.progress(capture.name) as progress:
        analysis = pipeline.analyse(capture, settings=settings, only_statistics=(), progress=progress)
    typer.echo(renderer.findings(analysis, common.style()), nl=False)
