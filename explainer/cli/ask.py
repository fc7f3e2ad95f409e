"""`explainer ask`."""

from pathlib import Path
from typing import Annotated

import typer

from explainer.cli import common
from explainer.errors import SettingsError


def ask(
    words: Annotated[
        list[str], typer.Argument(metavar="CAPTURE... QUESTION", help="Capture files, then the question.")
    ],
    output: common.Format = "text",
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="A language model to ask; without one, the findings answer.")
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Ask no model, whatever the settings say.")] = False,
    base_url: Annotated[
        str | None, typer.Option(metavar="URL", help="An OpenAI-compatible server of your own.")
    ] = None,
    budget: Annotated[int | None, typer.Option(metavar="TOKENS", help="How much the model is given to read.")] = None,
    display_filter: common.Filter = "",
    keylog: common.Keylog = None,
    decode_as: common.DecodeAs = None,
    start: common.From = "",
    end: common.To = "",
    trust_store: common.TrustStore = None,
    tshark: common.Tshark = None,
    time_limit: common.TimeLimit = None,
) -> None:
    """Answer a question about a capture in plain words, with the frames that prove it.

    With several captures, each is answered from on its own.
    """
    *captures, question = words
    if not captures or not question.strip():
        raise SettingsError("A capture and a question are needed.", 'Like this: explainer ask capture.pcapng "why?"')
    render = common.supported(common.renderer(output).answers, "An answer", output)
    settings = common.settings(
        tshark=tshark, time_limit_s=time_limit, trust_store=trust_store, model="" if offline else model,
        base_url=base_url, budget=budget,
    )  # fmt: skip
    from explainer import pipeline

    selection = common.selection(display_filter, keylog, decode_as, start, end)
    answered = []
    for capture in map(Path, captures):
        with common.progress(capture.name) as progress:
            analysis = pipeline.analyse(
                capture,
                settings=settings,
                selection=selection,
                only_statistics=pipeline.answered_from(question, settings),
                progress=progress,
            )
        answered.append((analysis, pipeline.ask(analysis, question, settings=settings)))
    typer.echo(render(answered, common.style()), nl=False)
