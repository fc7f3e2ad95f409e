"""`explainer report`."""

from typing import Annotated

import typer

from explainer.cli import common, sending, writing
from explainer.cli.groups import grouped
from explainer.cli.progress import progress as showing


@grouped
def report(
    capture: common.Capture,
    *,
    target: writing.Output = None,
    question: writing.Question = None,
    output: Annotated[
        str, typer.Option("--format", metavar="html|markdown|json|pdf", help="How it is written.")
    ] = "html",
    redact: writing.Hide = False,
    force: writing.Force = False,
    model: sending.Model,
    part: common.Part,
    judging: common.Judging,
    reading: common.Reading,
) -> None:
    """Write a report that convinces without the tool: verdict, evidence, findings, charts, numbers, limits."""
    settings = common.settings(**reading.flags(), **judging.flags(), **model.flags())
    selection = part.selection()
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
