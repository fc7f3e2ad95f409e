"""`explainer restore`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from explainer.errors import SettingsError
from explainer.escape import visible


def restore(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The reply: its words, a file, or - for standard input.")],
    table: Annotated[
        Path, typer.Option("--map", metavar="FILE", help="The file ending in .pseudonyms.json beside the capture.")
    ],
) -> None:
    """Translate a reply to a redacted report back: pseudonyms become what they stand for."""
    from explainer.pseudonyms import restore as translated

    shown = translated(_read(text), table)
    # Line feeds and tabs are the reply's own layout; whatever else could act on a terminal is made visible.
    lines = ("\t".join(map(visible, line.split("\t"))) for line in shown.split("\n"))
    typer.echo("\n".join(lines), nl=not shown.endswith("\n"))


def _read(text: str) -> str:
    if text == "-":
        return sys.stdin.read()
    try:
        if Path(text).is_file():
            return Path(text).read_text("utf-8", "replace")
    except (OSError, ValueError) as error:
        if not isinstance(error, OSError) or (len(text) < 256 and "\n" not in text):
            raise SettingsError(f"{visible(text)} cannot be read.", "Name a file with text in it.") from error
    return text
