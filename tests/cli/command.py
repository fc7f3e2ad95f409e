"""Running `explainer`: as a process of its own where that matters, else within this one."""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from unittest import mock

from explainer.cli.main import run

# What the machine that runs the tests has set must not matter.
CLEAN = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith(("EXPLAINER_", "OPENAI_", "NO_COLOR", "TERM"))
} | {"XDG_CONFIG_HOME": "/nonexistent", "EXPLAINER_CACHE": ""}
COMMAND = [sys.executable, "-m", "explainer"]


def explainer(
    *arguments: str | Path, variables: Mapping[str, str] | None = None, cwd: Path | None = None
) -> "subprocess.CompletedProcess[str]":
    """Return what the command printed and its exit code."""
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, check=False, cwd=cwd, env={**CLEAN, **(variables or {})}
    )


def shell(script: str, *arguments: str | Path, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
    """Return what a shell script prints in which "$@" is the command with these arguments."""
    words = ["bash", "-c", script, "bash", *COMMAND, *arguments]
    return subprocess.run(words, capture_output=True, text=True, check=False, env=CLEAN, cwd=cwd)


def inside(
    *arguments: str | Path, variables: Mapping[str, str] | None = None, cwd: Path | None = None
) -> "subprocess.CompletedProcess[str]":
    """Return the same as `explainer`, from this process: ten times as quick, but blind to what happens at its exit."""
    words = ["explainer", *map(str, arguments)]
    on_sigterm = signal.getsignal(signal.SIGTERM)
    out, err, exit_code = io.StringIO(), io.StringIO(), 0
    with (
        mock.patch.dict(os.environ, {**CLEAN, **(variables or {})}, clear=True), mock.patch.object(sys, "argv", words),
        chdir(cwd or Path.cwd()), redirect_stdout(out), redirect_stderr(err),
    ):  # fmt: skip
        try:
            run()
        except SystemExit as end:
            exit_code = end.code if isinstance(end.code, int) else int(end.code is not None)
        finally:
            signal.signal(signal.SIGTERM, on_sigterm)
    return subprocess.CompletedProcess(words, exit_code, out.getvalue(), err.getvalue())
