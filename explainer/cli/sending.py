"""What leaves this machine: whether the user agrees, what would be sent, and an answer whichever way it can be had."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from explainer.cli.progress import progress as showing
from explainer.errors import ExplainerError, LeakError, ModelError, SettingsError
from explainer.escape import visible

if TYPE_CHECKING:
    from explainer.capture.selection import Selection
    from explainer.inspection import Request
    from explainer.model import Analysis, Answer
    from explainer.settings import Settings

Budget = Annotated[int | None, typer.Option(metavar="TOKENS", help="How much the model is given to read.")]
Redact = Annotated[
    bool | None,
    typer.Option(
        "--redact/--no-redact",
        help="Replace addresses and names before they are sent.",
        show_default="on, unless the server is on this machine",
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show exactly what would be sent, and send nothing.")]
ShowPrompt = Annotated[bool, typer.Option("--show-prompt", help="Show the prompt (on standard error), then ask.")]


@dataclass(frozen=True)
class Model:
    """Flags that name a model, and let it be asked."""

    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="A language model to ask; without one, the findings answer.")
    ] = None
    base_url: Annotated[str | None, typer.Option(metavar="URL", help="An OpenAI-compatible server of your own.")] = None
    yes: Annotated[bool | None, typer.Option("--yes", help="Send without asking, also to a server elsewhere.")] = None

    def flags(self) -> dict[str, object]:
        """Return the settings that they stand for."""
        return {"model": self.model, "base_url": self.base_url, "consent": self.yes}


def agree(settings: "Settings") -> None:
    """Ask whether a brief may be sent to a server elsewhere, once for each server.

    Raises:
        SettingsError: the user says no, or cannot be asked.
    """
    if not settings.model or settings.is_local or settings.consent or settings.server in _agreed():
        return
    if not settings.base_url and not settings.api_key.get_secret_value():
        return  # nothing can be sent without a key, which is said when it is needed
    what = "addresses and names replaced by pseudonyms" if settings.redacts else "WITH its real addresses and names"
    question = f"Send what was found in the capture, {what}, to {visible(settings.server)}?"
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise SettingsError(
            f"Nothing was sent to {visible(settings.server)}: you have not agreed to it yet.",
            "Agree with --yes or consent = true in the settings; --dry-run shows what would be sent.",
        )
    if not typer.confirm(question, err=True):
        raise SettingsError("Nothing was sent.", "Ask without --model: the answer from the findings needs no model.")
    file = _agreements()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(sorted({*_agreed(), settings.server})) + "\n", "utf-8")


@dataclass(frozen=True)
class Asked:
    """A question about an analysed capture."""

    analysis: "Analysis"
    question: str
    settings: "Settings"
    capture: Path
    selection: "Selection"


def analysed(
    capture: Path, question: str, settings: "Settings", selection: "Selection", meanwhile: Callable[[], object]
) -> Asked:
    """Return the question with the analysis that its answer needs, showing how far it has come.

    `meanwhile` is loaded while tshark is at work.
    """
    from explainer import pipeline

    wanted = pipeline.answered_from(question, settings)
    with showing(capture, meanwhile=meanwhile) as progress:
        analysis = pipeline.analyse(
            capture, settings=settings, selection=selection, only_statistics=wanted, progress=progress
        )
    return Asked(analysis, question, settings, capture, selection)


def answered(asked: Asked, *, chosen: bool, show_prompt: bool) -> "Answer":
    """Return the model's answer, or the one from the findings where a model that was only configured cannot be asked.

    Raises:
        ModelError: the model was `chosen` for this question and cannot be asked, or something would have leaked.
    """
    from explainer import pipeline

    analysis, question, settings = asked.analysis, asked.question, asked.settings
    if show_prompt and settings.model:
        print("\n".join(map(visible, _request(asked).prompt.split("\n"))), file=sys.stderr)
    try:
        return pipeline.ask(
            analysis, question, settings=settings, capture=asked.capture, selection=asked.selection, heard=heard()
        )
    except (ModelError, SettingsError) as error:
        if chosen or isinstance(error, LeakError) or not settings.model:
            raise
        return instead(analysis, question, settings, error)
    finally:
        clear()


def instead(analysis: "Analysis", question: str, settings: "Settings", error: ExplainerError) -> "Answer":
    """Return the answer from the findings, which says why the model did not give one."""
    from explainer import pipeline

    answer = pipeline.ask(analysis, question, settings=settings.model_copy(update={"model": ""}))
    note = f"{error.message} So this is the answer from the findings, without {settings.model}."
    return answer.model_copy(update={"note": note})


def show(asked: Asked) -> str:
    """Return what would be sent, byte for byte; its size and price are said on standard error.

    Raises:
        SettingsError: no model is set.
        LeakError: something in it must not be sent.
    """
    settings = asked.settings
    if not settings.model:
        raise SettingsError("Nothing would be sent: no model is set.", "Name one with --model.")
    request = _request(asked)
    price = "" if request.price is None else f", {request.price:.4f} {request.priced} for reading it"
    print(
        f"{request.tokens:,} tokens ({request.counter}){price}, to {visible(settings.server)};"
        f" {'with pseudonyms' if settings.redacts else 'with the real addresses and names'}; nothing was sent",
        file=sys.stderr,
    )
    if request.leaks:
        raise LeakError(f"This would be refused: it still holds {request.leaks[0]}.", "Please report this.")
    return request.body


def _request(asked: Asked) -> "Request":
    from explainer import consultation

    opened = consultation.opened(asked.analysis, asked.settings, asked.capture, asked.selection, heard())
    return opened.request(asked.question)


def heard() -> Callable[[str], None] | None:
    """Return what shows on a terminal that the model is writing; its words are shown when they have been checked."""
    if not sys.stderr.isatty():
        return None
    written = 0

    def count(words: str) -> None:
        nonlocal written
        written += len(words)
        print(f"\r\x1b[Kthe model writes: {written:,} characters, not checked yet", end="", file=sys.stderr, flush=True)

    return count


def clear() -> None:
    """Take the line about the model's writing away."""
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _agreed() -> set[str]:
    try:
        return set(_agreements().read_text("utf-8").split())
    except (OSError, UnicodeDecodeError):
        return set()


def _agreements() -> Path:
    import platformdirs

    return Path(platformdirs.user_state_dir("explainer", appauthor=False)) / "agreed_servers"
