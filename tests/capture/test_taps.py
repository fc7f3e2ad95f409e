import subprocess
from pathlib import Path

import pytest

from capture import programs
from capture.programs import MARK, left_behind, program
from explainer.capture import taps, tshark
from explainer.facts import Tap

HIERARCHY = Tap("io,phs")


def tapped(path: Path, named: tshark.Tshark, wanted: list[Tap], time_limit_s: float) -> dict[str, str]:
    with taps.reading(path, named, wanted, time_limit_s) as texts:
        return texts.result()


def test_a_tap_s_text_is_what_tshark_prints(captures: Path) -> None:
    path = captures / "tls12_healthy.pcapng"
    alone = subprocess.run(
        ["tshark", "-n", "-q", "-r", path, "-z", "io,phs"], capture_output=True, text=True, check=True
    )
    found = tapped(path, tshark.find(None), [HIERARCHY], 60)
    counted = [line for line in alone.stdout.splitlines() if "frames:" in line]
    assert list(found) == ["io,phs"]
    assert [line for line in found["io,phs"].splitlines() if "frames:" in line] == counted
    assert counted


def test_none_wanted_runs_nothing(tmp_path: Path, captures: Path) -> None:
    log = tmp_path / "log"
    named = tshark.Tshark(program(tmp_path / "bin", programs.logging(log)))
    assert tapped(captures / "tls12_healthy.pcapng", named, [], 60) == {}
    assert log.read_text() == ""


def test_stopped_by_the_time_limit_there_is_no_text(
    tmp_path: Path, captures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MARK, str(tmp_path))
    silent = tshark.Tshark(program(tmp_path, programs.SILENT))
    assert tapped(captures / "tls12_healthy.pcapng", silent, [HIERARCHY], 0.3) == {}
    assert left_behind(str(tmp_path)) == []


@pytest.mark.parametrize("text", ["", "====\nSomething Else\n====\n", "Protocol Hierarchy Stat"])
def test_what_is_no_tap_is_nothing(text: str) -> None:
    assert taps.sections(text) == {}
