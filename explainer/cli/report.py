"""`explainer report`."""

from typing import Annotated

import typer

from explainer.cli import common, sending, writing
from explainer.cli.progress import progress as showing


def report(
    capture: common.Capture,
    target: writing.Output = None,
    question: writing.Question = None,
    output: Annotated[
        str, typer.Option("--format", metavar="html|markdown|json|pdf", help="How it is written.")
    ] = "html",
    redact: writing.Hide = False,
    force: writing.Force = False,
    model: sending.Model = None,
    base_url: sending.BaseUrl = None,
    yes: sending.Yes = None,
    display_filter: common.Filter = "",
    keylog: common.Keylog = None,
    decode_as: common.DecodeAs = None,
    start: common.From = "",
    end: common.To = "",
    trust_store: common.TrustStore = None,
    policy: common.Policy = None,
    tshark: common.Tshark = None,
    time_limit: common.TimeLimit = None,
    jobs: common.Jobs = None,
    max_memory: common.MaxMemory = None,
    no_cache: common.NoCache = False,
) -> None:
    """Write a report that convinces without the tool: verdict, evidence, findings, charts, numbers, limits."""
    settings = common.settings(
        tshark=tshark, time_limit_s=time_limit, jobs=jobs, max_memory_gb=max_memory, no_cache=no_cache,
        trust_store=trust_store, policy=policy, model=model, base_url=base_url, consent=yes,
    )  # fmt: skip
    selection = common.selection(display_filter, keylog, decode_as, start, end)
    sources = (capture, settings.trust_store, settings.policy, selection.keylog)
    sending.agree(settings)
    from explainer import reporting

    reporting.check_form(output)
    writing.check(target, sources, binary=output == reporting.PDF, force=force)
    with showing(capture) as progress:
        made = reporting.report(capture, question or (), settings=settings, selection=selection, progress=progress)
    mapping = reporting.mapping_of(made) if redact else None
    written = reporting.written(made, output, mapping)
    if mapping is not None:
        writing.keep(mapping, capture)
    writing.to(target, written)
