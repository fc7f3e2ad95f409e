"""`explainer ask`."""

from pathlib import Path
from typing import Annotated

import typer

from explainer.cli import common, sending, writing
from explainer.cli.groups import grouped
from explainer.errors import SettingsError


@grouped
def ask(
    words: Annotated[
        list[str], typer.Argument(metavar="CAPTURE... QUESTION", help="Capture files, then the question.")
    ],
    *,
    output: common.Format = "text",
    model: sending.Model,
    offline: Annotated[bool, typer.Option("--offline", help="Ask no model, whatever the settings say.")] = False,
    budget: sending.Budget = None,
    redact: sending.Redact = None,
    dry_run: sending.DryRun = False,
    show_prompt: sending.ShowPrompt = False,
    part: common.Part,
    judging: common.Judging,
    reading: common.Reading,
    save: writing.Save = None,
) -> None:
    """Answer a question about a capture, or each of several, in plain words, with the frames that prove it."""
    captures, question = _captures_and_question(words)
    render = common.rendering(output, lambda form: form.answers, "An answer")
    named = model.flags() | ({"model": ""} if offline else {})
    settings = common.settings(**reading.flags(), **judging.flags(), **named, budget=budget, redact=redact)
    selection = part.selection()
    writing.check_appendable(save, (*captures, selection.keylog, settings.trust_store, settings.policy))
    asked = (sending.analysed(capture, question, settings, selection, render) for capture in captures)
    if dry_run:
        for one in asked:
            typer.echo(sending.show(one))
        return
    sending.agree(settings)
    answered = [
        (one.analysis, sending.answered(one, chosen=model.model is not None, show_prompt=show_prompt)) for one in asked
    ]
    writing.append_answers(save, answered)
    typer.echo(render()(answered, common.style()), nl=False)


def _captures_and_question(words: list[str]) -> tuple[list[Path], str]:
    *captures, question = words
    if not captures or not question.strip():
        raise SettingsError("A capture and a question are needed.", 'Like this: explainer ask capture.pcapng "why?"')
    return [Path(capture) for capture in captures], question.strip()
