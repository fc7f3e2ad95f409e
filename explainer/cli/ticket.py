"""`explainer ticket`."""

from pathlib import Path
from typing import Annotated

import typer

from explainer.cli import common, sending, writing
from explainer.cli.groups import grouped
from explainer.cli.progress import progress as showing


@grouped
def ticket(
    capture: common.Capture,
    *,
    target: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE.zip", help="Where to write.", show_default="CAPTURE.ticket.zip"),
    ] = None,
    question: writing.Question = None,
    redact: writing.Hide = False,
    force: writing.Force = False,
    model: sending.Model,
    part: common.Part,
    judging: common.Judging,
    reading: common.Reading,
) -> None:
    """Pack what a ticket needs: the report, the frames that prove it as a capture of their own, checksums."""
    settings = common.settings(**reading.flags(), **judging.flags(), **model.flags())
    selection = part.selection()
    place = target or capture.with_name(f"{capture.name}.ticket.zip")
    sources = (capture, settings.trust_store, settings.policy, selection.keylog)
    writing.check(place, sources, binary=True, force=force)
    sending.agree(settings)
    from explainer.ticket.pack import pack

    with showing(capture) as progress:
        packed, mapping = pack(
            capture, settings=settings, selection=selection, questions=tuple(question or ()), redact=redact,
            progress=progress,
        )  # fmt: skip
    if mapping is not None:
        writing.keep(mapping, capture)
    writing.to(place, packed)
