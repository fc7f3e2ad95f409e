"""Programs that stand in for tshark: each runs the real one where it can, and fails in one way of its own."""

import os
import shutil
import time
from collections.abc import Iterable
from pathlib import Path

TSHARK = shutil.which("tshark") or "tshark"
MARK = "EXPLAINER_TEST_MARK"
"""An environment variable that reaches every process of a run: how its processes are found again."""

_REAL_VERSION = f'case "$*" in -v|--version) exec {TSHARK} --version;; esac\n'
KILLED = _REAL_VERSION + f'{TSHARK} "$@" | head -c 300; kill -KILL $$\n'
SILENT = _REAL_VERSION + "exec sleep 600\n"
ENDLESS = _REAL_VERSION + f'{TSHARK} "$@"; exec sleep 600\n'
OLD = f'case "$*" in -v|--version) echo "TShark (Wireshark) 3.6.2 (Git v3.6.2)";; *) exec {TSHARK} "$@";; esac\n'
ANOTHER = 'echo "hello, I am another program"\n'
QUIET = "exit 0\n"
COMPLAINING = _REAL_VERSION + "echo 'tshark: the moon is in the wrong phase' >&2; exit 2\n"
FAILING_MUTELY = _REAL_VERSION + "exit 1\n"


def logging(log: Path, shown: str = "") -> str:
    """Return a tshark that writes down how it was called, each word as `shown`, or a line; whoever it runs as."""
    log.touch()
    log.chmod(0o666)
    written = f'"{shown}" "$@"' if shown else '"%s\\n" "$*"'
    return f'printf {written} >> "{log}"\nexec {TSHARK} "$@"\n'


def program(folder: Path, body: str) -> Path:
    """Return the path of an executable shell script called tshark."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "tshark"
    path.write_text(f"#!/bin/sh\n{body}")
    path.chmod(0o755)
    return path


def marked(mark: str) -> list[str]:
    """Return the command lines of the living processes that carry the mark, but for this one."""
    wanted = f"{MARK}={mark}".encode()
    return [
        words
        for folder in Path("/proc").glob("[0-9]*")
        if folder.name != str(os.getpid()) and wanted in _read(folder / "environ").split(b"\0")
        if (words := _read(folder / "cmdline").replace(b"\0", b" ").decode("utf-8", "replace"))
    ]


def wait_for(mark: str, word: str) -> None:
    """Wait until a marked process with the word in its command line runs; a minute is a failure."""
    for _ in range(1200):
        if any(word in line for line in marked(mark)):
            return
        time.sleep(0.05)
    raise AssertionError(f"no process with {word} was started: {marked(mark)}")


def left_behind(mark: str, words: Iterable[str] = ("tshark", "sleep")) -> list[str]:
    """Return the marked processes with one of these words that still live a moment later: death takes a little."""
    for _ in range(40):
        found = [line for line in marked(mark) if any(word in line for word in words)]
        if not found:
            return []
        time.sleep(0.05)
    return found


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # it ended in between, or is a kernel thread
        return b""
