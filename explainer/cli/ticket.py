"""`explainer ticket`."""

from pathlib import Path
from typing import Annotated

import typer

from explainer.cli import common, sending, writing
from explainer.cli.progress import progress as showing


def ticket(
    capture: common.Capture,
    target: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE.zip", help="Where to write.", show_default="CAPTURE.ticket.zip"),
    ] = None,
    question: writing.Question = None,
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
    """Pack what a ticket needs: the report, the frames that prove it as a capture of their own, checksums."""
    settings = common.settings(
        tshark=tshark, time_limit_s=time_limit, jobs=jobs, max_memory_gb=max_memory, no_cache=no_cache,
        trust_store=trust_store, policy=policy, model=model, base_url=base_url, consent=yes,
    )  # fmt: skip
    selection = common.selection(display_filter, keylog, decode_as, start, end)
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
