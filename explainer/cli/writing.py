"""Where a command writes its result: a file that appears whole or not at all, or standard output."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from explainer.cli import common
from explainer.errors import SettingsError

if TYPE_CHECKING:
    from explainer.model import Analysis, Answer
    from explainer.privacy.mapping import Mapping

Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Where to write.", show_default="standard output"),
]
Force = Annotated[bool, typer.Option("--force", help="Replace FILE.")]
Question = Annotated[
    list[str] | None,
    typer.Option(
        "--question", metavar="Q", help="To be answered; may be repeated.", show_default="what is wrong here?"
    ),
]
Save = Annotated[Path | None, typer.Option(metavar="FILE.md", help="Append question and answer to this report, too.")]
Hide = Annotated[bool, typer.Option("--redact", help="Replace addresses and names by pseudonyms, throughout.")]


def check(target: Path | None, sources: tuple[Path | None, ...], *, binary: bool = False, force: bool = False) -> None:
    """Make sure, before anything takes time, that the result may be written.

    Raises:
        SettingsError: it is no text, and would go to a terminal.
        OutputError: the target exists and is not to be replaced, or is one of the sources.
    """
    if _is_stdout(target):
        if binary and sys.stdout.isatty():
            raise SettingsError("This is no text for a terminal.", "Name a file with -o FILE.")
        return
    from explainer.output import check_target

    assert target is not None
    check_target(target, sources, force=force)


def to(target: Path | None, content: bytes) -> None:
    """Write the content; without a target, or with "-", to standard output.

    Raises:
        OutputError: it cannot be written.
    """
    from explainer.output import writable

    with writable(sys.stdout.buffer if target is None or _is_stdout(target) else target) as out:
        out.write(content)


def check_appendable(target: Path | None, sources: tuple[Path | None, ...]) -> None:
    """Make sure, before anything takes time, that text may be appended to a file, which may not exist yet.

    Raises:
        OutputError: it is no file of text, or one of the sources.
    """
    if target is None:
        return
    from explainer.output import check_target

    check_target(target, sources, force=True)
    _text_of(target)


def append_answers(target: Path | None, answered: "Sequence[tuple[Analysis, Answer]]") -> None:
    """Append questions and answers to a report in Markdown: all of them, or nothing.

    Raises:
        OutputError: it cannot be written, or is no text.
    """
    if target is None:
        return
    markdown = common.rendering("markdown", lambda form: form.answers, "An answer")()
    text, before = markdown(answered, common.style()), _text_of(target)
    to(target, f"{before.rstrip()}\n\n{text}".encode() if before.strip() else text.encode())


def _text_of(target: Path) -> str:
    from explainer.errors import OutputError
    from explainer.escape import visible

    try:
        return target.read_text("utf-8") if target.is_file() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise OutputError(f"{visible(str(target))} is no text that can be read.", "Name another file.") from error


def keep(mapping: "Mapping", capture: Path) -> None:
    """Keep the pseudonyms beside the capture, and say where; nobody but the user may read them.

    Raises:
        OutputError: they cannot be written there, or another capture's are in their place.
    """
    from explainer.escape import visible
    from explainer.pseudonyms import kept

    place = kept(mapping, capture)
    print(f"What the pseudonyms stand for is in {visible(str(place))}: keep it, and do not send it.", file=sys.stderr)


def _is_stdout(target: Path | None) -> bool:
    return target is None or str(target) == "-"
