"""`explainer ask`."""

from pathlib import Path
from typing import Annotated

import typer

from explainer.cli import common, sending, writing
from explainer.errors import SettingsError


def ask(
    words: Annotated[
        list[str], typer.Argument(metavar="CAPTURE... QUESTION", help="Capture files, then the question.")
    ],
    output: common.Format = "text",
    model: sending.Model = None,
    offline: Annotated[bool, typer.Option("--offline", help="Ask no model, whatever the settings say.")] = False,
    base_url: sending.BaseUrl = None,
    budget: sending.Budget = None,
    redact: sending.Redact = None,
    yes: sending.Yes = None,
    dry_run: sending.DryRun = False,
    show_prompt: sending.ShowPrompt = False,
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
    save: writing.Save = None,
) -> None:
    """Answer a question about a capture, or each of several, in plain words, with the frames that prove it."""
    captures, question = _captures_and_question(words)
    render = common.supported(common.renderer(output).answers, "An answer", output)
    settings = common.settings(
        tshark=tshark, time_limit_s=time_limit, jobs=jobs, max_memory_gb=max_memory, no_cache=no_cache,
        trust_store=trust_store, policy=policy, model="" if offline else model, base_url=base_url, budget=budget,
        redact=redact, consent=yes,
    )  # fmt: skip
    selection = common.selection(display_filter, keylog, decode_as, start, end)
    writing.check_appendable(save, (*captures, selection.keylog, settings.trust_store, settings.policy))
    asked = (sending.analysed(capture, question, settings, selection) for capture in captures)
    if dry_run:
        for one in asked:
            typer.echo(sending.show(one))
        return
    sending.agree(settings)
    answered = [
        (one.analysis, sending.answered(one, chosen=model is not None, show_prompt=show_prompt)) for one in asked
    ]
    writing.append_answers(save, answered)
    typer.echo(render(answered, common.style()), nl=False)


def _captures_and_question(words: list[str]) -> tuple[list[Path], str]:
    *captures, question = words
    if not captures or not question.strip():
        raise SettingsError("A capture and a question are needed.", 'Like this: explainer ask capture.pcapng "why?"')
    return [Path(capture) for capture in captures], question
