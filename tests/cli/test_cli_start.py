"""What is loaded when: help is quick, and tshark works while the heavy modules load."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cli.command import CLEAN

HEAVY = ["polars", "openai", "pyshark", "tiktoken", "cryptography", "jinja2", "explainer.pipeline"]
# Runs the command line while writing down, in order, each import and each process that is started.
DRIVER = """
import json, sys
events = []
def watch(event, arguments):
    if event == "import":
        events.append(["import", arguments[0]])
    elif event == "subprocess.Popen":
        events.append(["process", [str(word) for word in arguments[1]]])
sys.addaudithook(watch)
sys.argv = ["explainer", *sys.argv[2:]]
from explainer.cli.main import run
try:
    run()
finally:
    open({log!r}, "w").write(json.dumps([events, sorted(sys.modules)]))
"""


def watched(tmp_path: Path, *arguments: str | Path) -> tuple[list[tuple[str, object]], set[str]]:
    """Return what the command imported and started, in order, and the modules that it had loaded at its end."""
    log = tmp_path / "log.json"
    words = [sys.executable, "-c", DRIVER.format(log=str(log)), "--", *arguments]
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=CLEAN)
    assert done.returncode == 0, done.stderr
    events, modules = json.loads(log.read_text())
    return [(kind, what) for kind, what in events], set(modules)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["findings", "--help"], ["ask", "--help"]])
def test_help_loads_nothing_heavy(tmp_path: Path, arguments: list[str]) -> None:
    _, modules = watched(tmp_path, *arguments)
    assert "explainer.cli.main" in modules
    assert [name for name in HEAVY if name in modules] == []


@pytest.mark.parametrize("command", ["findings", "stats"])
def test_tshark_starts_before_anything_heavy_is_imported(tmp_path: Path, captures: Path, command: str) -> None:
    events, modules = watched(tmp_path, command, captures / "tls12_expired.pcapng")
    # Root tries first whether nobody can read the capture.
    started = next(
        at for at, (kind, what) in enumerate(events) if kind == "process" and "sh" not in str(what).split("'")
    )
    what = events[started][1]
    assert isinstance(what, list)
    assert "-r" in what
    assert "tshark" in [Path(word).name for word in what[: what.index("-r")]]  # after what ties its life to ours
    first = {
        what: at for at, (kind, what) in reversed(list(enumerate(events))) if kind == "import" and isinstance(what, str)
    }
    assert "polars" in modules
    assert [
        name for name in ("polars", "cryptography", "cryptography.x509") if first.get(name, started) < started
    ] == []


def test_a_question_without_a_model_loads_no_model_library(tmp_path: Path, captures: Path) -> None:
    _, modules = watched(tmp_path, "ask", captures / "tcp_refused.pcapng", "Why?")
    assert [name for name in ("openai", "tiktoken", "jinja2", "pyshark") if name in modules] == []
