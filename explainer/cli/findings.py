"""`explainer findings`."""

from typing import Annotated

import typer

from explainer.cli import common
from explainer.cli.progress import progress as showing
from explainer.severity import Severity


def findings(
    capture: common.Capture,
    output: common.Format = "text",
    display_filter: common.Filter = "",
    keylog: common.Keylog = None,
    decode_as: common.DecodeAs = None,
    start: common.From = "",
    end: common.To = "",
    trust_store: common.TrustStore = None,
    policy: common.Policy = None,
    fail_on: Annotated[
        Severity | None, typer.Option(help="Exit with 1 where a finding is as severe as this, or worse.")
    ] = None,
    tshark: common.Tshark = None,
    time_limit: common.TimeLimit = None,
    jobs: common.Jobs = None,
    max_memory: common.MaxMemory = None,
    no_cache: common.NoCache = False,
) -> None:
    """List everything that is wrong in a capture, with the frames that prove it.

    With --policy, it exits with 1 where the policy is broken.
    """
    renderer = common.renderer(output)
    settings = common.settings(
        tshark=tshark, time_limit_s=time_limit, jobs=jobs, max_memory_gb=max_memory, no_cache=no_cache,
        trust_store=trust_store, policy=policy,
    )  # fmt: skip
    from explainer import pipeline

    selection = common.selection(display_filter, keylog, decode_as, start, end)
    with showing(capture) as progress:
        analysis = pipeline.analyse(
            capture, settings=settings, selection=selection, only_statistics=(), progress=progress
        )
    typer.echo(renderer.findings(analysis, common.style()), nl=False)
    broken = policy is not None and any(f.rule == "policy_forbidden" for f in analysis.findings)
    if broken or (fail_on and any(f.severity.rank <= fail_on.rank for f in analysis.findings)):
        raise typer.Exit(1)
