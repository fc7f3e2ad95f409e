"""`explainer chat`."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from explainer.cli import common, sending
from explainer.cli.groups import grouped
from explainer.cli.progress import progress as showing
from explainer.errors import ExplainerError, LeakError, ModelError, SettingsError
from explainer.escape import visible

if TYPE_CHECKING:
    from explainer.model import Analysis, Answer

_HELP = "Ask on, or: /show 56 (a frame), /why (what the last answer rests on), /report (everything found), /quit"


@grouped
def chat(
    capture: common.Capture,
    *,
    model: sending.Model,
    budget: sending.Budget = None,
    redact: sending.Redact = None,
    part: common.Part,
    judging: common.Judging,
    reading: common.Reading,
    output: Annotated[str, typer.Option("--format", metavar="text|markdown", help="How answers are written.")] = "text",
) -> None:
    """Ask one question after the other about a capture, which is read once; without a model, the findings answer."""
    settings = common.settings(**reading.flags(), **judging.flags(), **model.flags(), budget=budget, redact=redact)
    selection = part.selection()
    sending.agree(settings)
    from explainer import closeup, consultation, pipeline

    with showing(capture) as progress:
        analysis = pipeline.analyse(capture, settings=settings, selection=selection, progress=progress)

    talk = consultation.opened(analysis, settings, capture, selection, sending.heard()) if settings.model else None

    def ask(question: str) -> "Answer":
        if talk is None:
            return pipeline.ask(analysis, question, settings=settings)
        try:
            return talk.ask(question)
        except (ModelError, SettingsError) as error:
            if model.model is not None or isinstance(error, LeakError):
                raise
            return sending.instead(analysis, question, settings, error)

    def shown(frame: int) -> str:
        layers = closeup.frame(capture, frame, settings=settings, selection=selection)
        return common.rendering(output, lambda form: form.layers, "A dissection")()(layers, common.style())

    _talk(analysis, ask, shown, output)


def _talk(analysis: "Analysis", ask: Callable[[str], "Answer"], shown: Callable[[int], str], output: str) -> None:
    """Read questions and commands until there are no more; what goes wrong ends a question, not the talk."""
    answers = common.rendering(output, lambda form: form.answers, "An answer")()
    findings = common.rendering(output, lambda form: form.findings)()
    print(_HELP, file=sys.stderr)
    last: Answer | None = None
    while (line := _read()) not in (None, "/quit", "/exit"):
        word, _, rest = (line or "").partition(" ")
        try:
            match word:
                case "":
                    continue
                case "/show":
                    text = shown(int(rest)) if rest.strip().isdecimal() else f"{_HELP}\n"
                case "/why":
                    text = _why(last)
                case "/report":
                    text = findings(analysis, common.style())
                case _ if word.startswith("/"):
                    text = f"{_HELP}\n"
                case _:
                    last = ask(line or "")
                    sending.clear()
                    text = answers([(analysis, last)], common.style())
        except ExplainerError as error:
            sending.clear()
            text = f"{visible(error.message)} {visible(error.hint)}\n"
        typer.echo(text, nl=False)


def _read() -> str | None:
    try:
        return input("> " if sys.stdin.isatty() else "").strip()
    except EOFError:
        return None


def _why(answer: "Answer | None") -> str:
    """Return what each statement of an answer rests on."""
    if answer is None:
        return "Nothing has been answered yet.\n"
    lines = [f"{'backed' if not answer.verdict_why else answer.verdict_why}: {answer.verdict}"]
    for claim in (*answer.claims, *answer.found):
        rests = ", ".join([*(f"frame {frame}" for frame in claim.frames), *claim.sources]) or "nothing"
        lines.append(f"{'backed' if claim.backed else claim.why}: {claim.text} [{rests}]")
    return "".join(f"{visible(line)}\n" for line in [*lines, *answer.tool_calls])
