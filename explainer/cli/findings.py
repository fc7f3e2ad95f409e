"""`explainer findings`."""

from typing import Annotated

import typer

from explainer.cli import common
from explainer.cli.groups import grouped
from explainer.cli.progress import progress as showing
from explainer.severity import Severity


@grouped
def findings(
    capture: common.Capture,
    *,
    output: common.Format = "text",
    part: common.Part,
    judging: common.Judging,
    fail_on: Annotated[
        Severity | None, typer.Option(help="Exit with 1 where a finding is as severe as this, or worse.")
    ] = None,
    reading: common.Reading,
) -> None:
    """List everything that is wrong in a capture, with the frames that prove it.

    With --policy, it exits with 1 where the policy is broken.
    """
    render = common.rendering(output, lambda form: form.findings)
    settings = common.settings(**reading.flags(), **judging.flags())
    from explainer import pipeline

    with showing(capture, meanwhile=render) as progress:
        analysis = pipeline.analyse(
            capture, settings=settings, selection=part.selection(), only_statistics=(), progress=progress
        )
    typer.echo(render()(analysis, common.style()), nl=False)
    broken = judging.policy is not None and any(f.rule == "policy_forbidden" for f in analysis.findings)
    if broken or (fail_on and any(f.severity.rank <= fail_on.rank for f in analysis.findings)):
        raise typer.Exit(1)
