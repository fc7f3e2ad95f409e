"""A second question is answered from what was kept, and as if nothing had been."""

import random
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from capture import programs
from capture.programs import MARK, left_behind, program

from cli.command import CLEAN, COMMAND, inside

QUESTION = "why does my TLS handshake fail?"
KILLS = 20


@pytest.fixture
def kept(tmp_path: Path) -> dict[str, str]:
    return {"EXPLAINER_CACHE": str(tmp_path / "kept")}


@pytest.fixture
def expired(captures: Path) -> Path:
    return captures / "tls12_expired.pcapng"


def reads(log: Path) -> int:
    """Return how often tshark read a capture."""
    return sum("-r" in line.split() for line in log.read_text(errors="replace").splitlines()) if log.exists() else 0


def test_a_second_question_reads_nothing(expired: Path, tmp_path: Path, kept: dict[str, str]) -> None:
    log = tmp_path / "log"
    named = program(tmp_path / "bin", programs.logging(log))
    answers = [inside("ask", expired, QUESTION, "--tshark", named, variables=kept) for _ in range(2)]
    assert "expired" in answers[0].stdout
    assert answers[0].stdout == answers[1].stdout
    first = reads(log)
    assert inside("ask", expired, "who talks to whom?", "--tshark", named, variables=kept).returncode == 0
    assert inside("findings", expired, "--tshark", named, variables=kept).returncode == 0
    assert reads(log) == first > 0


def test_numbers_that_nobody_asked_for_before_are_made_of_what_was_kept(expired: Path, kept: dict[str, str]) -> None:
    assert inside("findings", expired, variables=kept).returncode == 0
    known = inside("stats", expired, "--format", "json", variables=kept)
    assert known.stdout == inside("stats", expired, "--format", "json", "--no-cache", variables=kept).stdout
    assert known.stdout == inside("stats", expired, "--format", "json", variables=kept).stdout


@pytest.mark.parametrize("flags", [("--filter", "tcp.stream == 0"), ("--decode-as", "tcp.port==443,http")])
def test_another_selection_is_another_answer(expired: Path, kept: dict[str, str], flags: tuple[str, str]) -> None:
    for words in ((), flags, ()):
        known = inside("findings", expired, *words, "--format", "json", variables=kept)
        assert known.stdout == inside("findings", expired, *words, "--format", "json", "--no-cache").stdout


def test_other_content_of_the_same_name_is_read(captures: Path, tmp_path: Path, kept: dict[str, str]) -> None:
    capture = tmp_path / "capture.pcapng"
    shutil.copy(captures / "tls12_expired.pcapng", capture)
    assert "expired" in inside("ask", capture, QUESTION, variables=kept).stdout
    shutil.copy(captures / "tcp_refused.pcapng", capture)
    assert "refuse" in inside("ask", capture, QUESTION, variables=kept).stdout


def test_the_same_content_of_another_name_has_that_name(expired: Path, tmp_path: Path, kept: dict[str, str]) -> None:
    inside("findings", expired, variables=kept)
    shutil.copy(expired, tmp_path / "copy.pcapng")
    assert inside("findings", tmp_path / "copy.pcapng", variables=kept).stdout.startswith("copy.pcapng:")


def test_nothing_is_kept_without_a_cache_or_with_keys(expired: Path, tmp_path: Path, kept: dict[str, str]) -> None:
    keys = tmp_path / "keys"
    keys.write_text("")
    for flags in (["--no-cache"], ["--keylog", keys]):
        assert inside("findings", expired, *flags, variables=kept).returncode == 0
    assert not list(Path(kept["EXPLAINER_CACHE"]).rglob("frames*"))


def test_what_is_kept_is_listed_and_forgotten(expired: Path, kept: dict[str, str]) -> None:
    inside("findings", expired, variables=kept)
    listed = inside("cache", "list", variables=kept).stdout
    assert re.search(r"^\d{4}-\d\d-\d\d \d\d:\d\d UTC +\d+\.\d MB  tls12_expired\.pcapng$", listed, re.MULTILINE)
    assert f"1 dissection, {0.0 if ' 0.0 MB in' in listed else 0.1} MB in {kept['EXPLAINER_CACHE']}" in listed
    assert inside("cache", "clear", variables=kept).stdout.endswith(" MB were freed.\n")
    assert inside("cache", "list", variables=kept).stdout.startswith("0 dissections")
    assert inside("cache", "list").stdout == "Nothing is kept: the cache is switched off.\n"


def test_a_damaged_entry_is_made_anew(expired: Path, kept: dict[str, str]) -> None:
    first = inside("findings", expired, variables=kept).stdout
    for place in Path(kept["EXPLAINER_CACHE"]).rglob("*.*"):
        place.write_bytes(place.read_bytes()[:-3])
    assert inside("findings", expired, variables=kept).stdout == first


def test_killed_at_any_moment_it_leaves_a_working_cache_and_no_process(
    captures: Path, tmp_path: Path, kept: dict[str, str]
) -> None:
    capture = captures / "tcp_loss.pcapng"
    words: list[str | Path] = [*COMMAND, "report", capture, "--format", "json", "-o"]
    variables = {**CLEAN, **kept, MARK: str(tmp_path)}
    begun = time.monotonic()
    whole = tmp_path / "whole.json"
    subprocess.run([*words, whole, "--no-cache"], env=variables, check=True)
    usual_s = time.monotonic() - begun
    moments = random.Random(8)
    for _ in range(KILLS):
        process = subprocess.Popen([*words, tmp_path / "killed.json"], env=variables, stderr=subprocess.DEVNULL)
        time.sleep(moments.random() * usual_s)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert left_behind(str(tmp_path)) == []
    for name in ("first.json", "second.json"):
        subprocess.run([*words, tmp_path / name], env=variables, check=True)
        assert (tmp_path / name).read_bytes() == whole.read_bytes()
