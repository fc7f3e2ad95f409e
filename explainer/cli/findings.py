"""`explainer findings`."""

import typer

from explainer.cli import common


def findings(
    capture: common.Capture,
    output: common.Format = "text",
    display_filter: common.Filter = "",
    keylog: common.Keylog = None,
    decode_as: common.DecodeAs = None,
    start: common.From = "",
    end: common.To = "",
    trust_store: common.TrustStore = None,
    tshark: common.Tshark = None,
    time_limit: common.TimeLimit = None,
) -> None:
    """List everything that is wrong in a capture, with the frames that prove it."""
    renderer = common.renderer(output)
    settings = common.settings(tshark=tshark, time_limit_s=time_limit, trust_store=trust_store)
    from explainer import pipeline

    selection = common.selection(display_filter, keylog, decode_as, start, end)
    with common.progress(capture.name) as progress:
        analysis = pipeline.analyse(
            capture, settings=settings, selection=selection, only_statistics=(), progress=progress
        )
    typer.echo(renderer.findings(analysis, common.style()), nl=False)
