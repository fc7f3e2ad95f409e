"""Finding tshark, and running it so that only the file and our arguments decide what it prints."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from explainer.capture import launch
from explainer.errors import SettingsError, TsharkError
from explainer.escape import visible

OLDEST = (4, 0)
QUICK = ("-o", "vnc.desegment:FALSE")
"""VNC's messages are not put together: tshark would dissect each anew from its start with each segment, 2 MB in a
minute instead of a fifth of a second (4.0.17); what facts are made of fits into a segment. The taps keep Wireshark's
defaults."""
_DOUBLING = (4, 4)
INSTALL_HINT = (
    "Install it (Debian, Ubuntu: apt-get install tshark; macOS: brew install wireshark; Windows: wireshark.org), "
    "or name it with --tshark or EXPLAINER_TSHARK."
)
_VERSION = re.compile(r"TShark \(Wireshark\) (\d+)\.(\d+)\.(\S+)")
_DROPPED_VARIABLES = ("WIRESHARK_", "LC_", "LANG", "XDG_", "SSLKEYLOGFILE", "G_MESSAGES_DEBUG")

_LARGE_PAGES = "glibc.malloc.hugetlb=1:glibc.malloc.top_pad=67108864"
"""Memory from Linux in large pieces: tshark starts in 0.14 s instead of 0.17, for 10 MB more."""


@dataclass(frozen=True)
class Tshark:
    """A tshark program on this machine; `answered` is the version that it gave before, where that is known."""

    path: Path
    answered: str = field(default="", compare=False)

    def state(self) -> tuple[int, int]:
        """Return what changes when another program takes its place: time (ns) and size.

        Raises:
            TsharkError: it cannot be looked at.
        """
        try:
            status = self.path.stat()
        except OSError as error:
            raise TsharkError(f"{self.path} does not run: {error}.", INSTALL_HINT) from error
        return status.st_mtime_ns, status.st_size

    def companion(self, name: str) -> Path | None:
        """Return the path of another program of the same installation (capinfos, editcap …), or None."""
        beside = self.path.with_name(name + self.path.suffix)
        if beside.exists():
            return beside
        found = shutil.which(name)
        return Path(found) if found else None


def find(configured: Path | None) -> Tshark:
    """Return the tshark that the user named, or else the one on the PATH.

    Raises:
        SettingsError: the user named a program that is not there or cannot be run.
        TsharkError: there is none.
    """
    if configured is not None:
        found = shutil.which(configured.expanduser())
        if found is None:
            raise SettingsError(f"{visible(str(configured))} is not a program that can be run.", INSTALL_HINT)
        return Tshark(Path(found).absolute())
    usual = [None] if sys.platform != "win32" else [None, r"C:\Program Files\Wireshark"]
    for folder in usual:
        found = shutil.which("tshark", path=folder)
        if found:
            return Tshark(Path(found).absolute())
    raise TsharkError("tshark is not installed on this machine.", INSTALL_HINT)


def version(tshark: Tshark) -> str:
    """Return its version, such as "4.0.17"; a program is asked once, since that takes it as long as a small capture.

    Raises:
        TsharkError: it does not run, is not tshark, or is older than 4.0.
    """
    return tshark.answered or _answered_version(tshark, tshark.state())


def doubles_backslashes(version: str) -> bool:
    """Return whether a tshark of this version writes a backslash in a field's text twice: from 4.4 on."""
    major, minor = version.split(".")[:2]
    return (int(major), int(minor)) >= _DOUBLING


@cache
def _answered_version(tshark: Tshark, state: tuple[int, int]) -> str:
    try:
        with environment(tshark) as variables:
            done = subprocess.run(
                [*launch.prefix(tshark.path, ()), tshark.path, "--version"],
                capture_output=True, text=True, errors="replace", env=variables, timeout=60, check=False,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise TsharkError(f"{tshark.path} does not run: {error}.", INSTALL_HINT) from error
    if done.returncode in launch.NOT_STARTED:
        raise TsharkError(f"{tshark.path} does not run: {visible(done.stderr.strip())}.", INSTALL_HINT)
    match = _VERSION.search(done.stdout)
    if match is None:
        raise TsharkError(f"{tshark.path} does not answer as tshark does.", INSTALL_HINT)
    if (int(match[1]), int(match[2])) < OLDEST:
        found = f"{match[1]}.{match[2]}.{match[3]}"
        raise TsharkError(f"{tshark.path} is version {found}; version 4.0 or newer is needed.", INSTALL_HINT)
    return f"{match[1]}.{match[2]}.{match[3].rstrip('.')}"


@contextmanager
def environment(quick: Tshark | None = None) -> Iterator[dict[str, str]]:
    """Yield the environment variables for a tshark that sees an empty profile, UTC and the C locale.

    `quick` is one that starts without the tables that launch.without_tables names.
    HOME moves too: personal plugins are looked for below it, not in the configuration folder (tshark 4.0).
    """
    with tempfile.TemporaryDirectory(prefix="explainer-", ignore_cleanup_errors=True) as empty:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_DROPPED_VARIABLES)}
        kept.setdefault("GLIBC_TUNABLES", _LARGE_PAGES)
        if quick is not None:
            kept |= launch.without_tables(quick.path, Path(empty, "data"))
        yield kept | {
            "HOME": empty,
            "APPDATA": empty,
            "WIRESHARK_CONFIG_DIR": empty,
            "LC_ALL": "C",
            "TZ": "UTC",
        }
