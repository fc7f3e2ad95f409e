import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from capture import programs
from capture.programs import program
from explainer.capture import launch, process
from explainer.capture.tshark import Tshark, environment, find
from explainer.protocols.frame import FRAME

REAL = Path(programs.TSHARK)
AS_ROOT = pytest.mark.skipif(
    os.geteuid() != 0 or not launch.bound(), reason="only root on Linux, with setpriv, starts programs as nobody"
)


def said(body: str, folder: Path, *arguments: str) -> str:
    with process.running(Tshark(program(folder, body)), arguments, 60) as run:
        return b"".join(run.chunks()).decode()


@AS_ROOT
class TestNobody:
    def test_a_program_that_reads_is_not_root(self, tmp_path: Path) -> None:
        assert said("id -u; id -g; id -G", tmp_path).split() == ["65534"] * 3

    def test_it_reads_what_root_alone_may_read(self, tmp_path: Path) -> None:
        secret = tmp_path / "capture.pcap"
        secret.write_text("packets")
        secret.chmod(0o600)
        assert said('cat "$2"', tmp_path / "bin", "-r", str(secret)) == "packets"

    def test_it_changes_nothing(self, tmp_path: Path) -> None:
        mine = tmp_path / "mine"
        mine.write_text("as it was")
        assert said(f'echo other > "{mine}" || rm -f "{mine}" || echo refused', tmp_path / "bin") == "refused\n"
        assert mine.read_text() == "as it was"

    def test_a_program_that_only_root_can_run_is_run_by_root(self, tmp_path: Path) -> None:
        path = program(tmp_path, "id -u")
        path.chmod(0o700)
        with process.running(Tshark(path), (), 60) as run:
            assert b"".join(run.chunks()) == b"0\n"

    def test_who_writes_stays_root(self, tmp_path: Path) -> None:
        with process.running(Tshark(program(tmp_path, "id -u")), (), 60, writes=True) as run:
            assert b"".join(run.chunks()) == b"0\n"


def test_who_is_not_root_stays_who_he_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(os, "getegid", lambda: 1000)
    assert launch.prefix(REAL, ["-r", "/capture"]) == launch.bound()


def test_without_setpriv_programs_are_started_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "_SETPRIV", None)
    assert launch.prefix(REAL, ()) == launch.bound() == []


class TestTables:
    def test_all_but_those_that_are_not_read(self, tmp_path: Path) -> None:
        data = tmp_path / "share" / "wireshark"
        (data / "radius").mkdir(parents=True)
        for name in ("manuf", "services", "enterprises.tsv", "init.lua", "tshark.html"):
            (data / name).touch()
        (tmp_path / "bin").mkdir()
        variables = launch.without_tables(tmp_path / "bin" / "tshark", tmp_path / "data")
        assert variables == {"WIRESHARK_DATA_DIR": str(tmp_path / "data")}
        assert {path.name for path in (tmp_path / "data").iterdir()} == {"radius", "init.lua"}

    def test_nothing_where_the_program_holds_them_itself(self, tmp_path: Path) -> None:
        (tmp_path / "share" / "wireshark").mkdir(parents=True)
        assert launch.without_tables(tmp_path / "bin" / "tshark", tmp_path / "data") == {}

    @pytest.mark.skipif(sys.platform != "linux", reason="where tshark keeps its data is known of Linux")
    def test_this_tshark_does_not_open_them(self, captures: Path) -> None:
        strace = shutil.which("strace")
        if strace is None:
            pytest.skip("strace is not installed: which files tshark opens cannot be seen")
        arguments = ["-n", "-r", str(captures / "tcp_refused.pcapng"), "-T", "fields", "-e", FRAME.field]
        with environment(find(None)) as variables:
            words = [*launch.prefix(REAL, arguments), strace, "-f", "-e", "trace=openat", str(REAL), *arguments]
            done = subprocess.run(words, capture_output=True, text=True, env=variables, check=True)
        opened = [line for line in done.stderr.splitlines() if "ENOENT" not in line]
        assert opened
        assert not any("enterprises.tsv" in line or "/manuf" in line or "/services" in line for line in opened)
