"""What the commands share: flags, settings, output format."""

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from explainer.errors import SettingsError
from explainer.escape import visible

if TYPE_CHECKING:
    from explainer.capture.selection import Selection
    from explainer.registry import Renderer, Style
    from explainer.settings import Settings

Capture = Annotated[Path, typer.Argument(metavar="CAPTURE", help="A capture file: pcap, pcapng, .cap, gzipped or not.")]
Tshark = Annotated[
    Path | None, typer.Option(metavar="PATH", help="The tshark to use.", show_default="the one on the PATH")
]
TimeLimit = Annotated[
    float | None,
    typer.Option(metavar="SECONDS", help="How long tshark may work on a capture.", show_default="30 and 1 for each MB"),
]
ExportTimeLimit = Annotated[
    float | None,
    typer.Option(metavar="SECONDS", help="How long tshark may work on a capture.", show_default="60 and 60 a MB"),
]
Format = Annotated[str, typer.Option("--format", metavar="text|json|csv|markdown", help="How the result is written.")]

T = TypeVar("T")

_PIPE_WIDTH = 100_000
_DEFAULT = "text"


@dataclass(frozen=True)
class Part:
    """Flags that choose a part of a capture, and how it is dissected."""

    display_filter: Annotated[
        str, typer.Option("--filter", metavar="FILTER", help="Only frames that match this Wireshark display filter.")
    ] = ""
    keylog: Annotated[
        Path | None, typer.Option("--keylog", metavar="FILE", help="TLS secrets to decrypt with (SSLKEYLOGFILE).")
    ] = None
    decode_as: Annotated[
        list[str] | None,
        typer.Option("--decode-as", metavar="tcp.port==8443,tls", help="How to dissect a port; may be repeated."),
    ] = None
    start: Annotated[
        str,
        typer.Option(
            "--from", metavar="TIME", help="Only frames from this time on: ISO (UTC), or seconds from the start."
        ),
    ] = ""
    end: Annotated[str, typer.Option("--to", metavar="TIME", help="Only frames up to this time.")] = ""

    def selection(self, frames: str = "") -> "Selection":
        """Return what these flags choose, of the frames with these numbers."""
        from explainer.pipeline import Selection

        keylog = self.keylog and self.keylog.expanduser()
        return Selection(self.display_filter, keylog, tuple(self.decode_as or ()), self.start, self.end, frames)


@dataclass(frozen=True)
class Judging:
    """Flags that name what the rules go by beside the capture."""

    trust_store: Annotated[
        Path | None,
        typer.Option("--trust-store", metavar="FILE", help="Root certificates (PEM) that your clients trust, too."),
    ] = None
    policy: Annotated[
        Path | None, typer.Option("--policy", metavar="FILE", help="What your network allows and forbids (TOML).")
    ] = None

    def flags(self) -> dict[str, object]:
        """Return the settings that they stand for."""
        return {"trust_store": self.trust_store, "policy": self.policy}


@dataclass(frozen=True)
class Reading:
    """Flags that say how a whole capture is read."""

    tshark: Tshark = None
    time_limit: TimeLimit = None
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="How many tsharks read a large capture at once.", show_default="all cores"
        ),
    ] = None
    max_memory: Annotated[
        float | None,
        typer.Option(metavar="GB", help="How much memory all of them may take.", show_default="half of what is free"),
    ] = None
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Neither use nor keep what was dissected before.")] = (
        False
    )

    def flags(self) -> dict[str, object]:
        """Return the settings that they stand for."""
        return {
            "tshark": self.tshark, "time_limit_s": self.time_limit, "jobs": self.jobs,
            "max_memory_gb": self.max_memory, "cache": "" if self.no_cache else None,
        }  # fmt: skip


def settings(**flags: object) -> "Settings":
    """Return the settings of the file, the environment and these flags."""
    import platformdirs

    from explainer.settings import load

    folder = Path(platformdirs.user_config_dir("explainer", appauthor=False))
    kept = {"cache": platformdirs.user_cache_dir("explainer", appauthor=False)}
    return load(folder / "config.toml", os.environ, flags, kept)


def renderer(name: str) -> "Renderer":
    """Return the output format of that name.

    Raises:
        SettingsError: there is none.
    """
    from explainer.registry import renderers

    found = renderers.get(name)
    if found is None:
        known = ", ".join(entry.id for entry in renderers)
        raise SettingsError(f"There is no output format {visible(name)}.", f"Choose from: {known}.")
    return found


def rendering(name: str, of: "Callable[[Renderer], T | None]", what: str = "This") -> Callable[[], T]:
    """Return what loads the part of a format that `of` takes.

    The default loads when it is used, since tshark starts before anything heavy is loaded; any other at once: a wrong
    name costs no analysis.

    Raises:
        SettingsError: there is no such format, or `what` cannot be written in it.
    """

    @cache
    def load() -> T:
        render = of(renderer(name))
        if render is None:
            raise SettingsError(f"{what} cannot be written as {visible(name)}.", "Choose text or json.")
        return render

    if name != _DEFAULT:
        load()
    return load


def style() -> "Style":
    """Return how wide and colourful the terminal is; a pipe or a file gets whole lines without colour."""
    from explainer.registry import Style

    terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if terminal else _PIPE_WIDTH
    return Style(width=width, colour=terminal and not os.environ.get("NO_COLOR"))
