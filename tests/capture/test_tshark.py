import os
from pathlib import Path

import factories
import pytest
from sessions import session

from capture import programs
from capture.programs import program
from explainer.capture import tshark
from explainer.errors import SettingsError, TsharkError


class TestFind:
    def test_the_one_on_the_path(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        mine = program(tmp_path, programs.QUIET)
        monkeypatch.setenv("PATH", str(tmp_path))
        assert tshark.find(None).path == mine

    def test_the_named_one_wins(self, tmp_path: Path) -> None:
        mine = program(tmp_path, programs.QUIET)
        assert tshark.find(mine).path == mine

    def test_home_is_expanded(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        mine = program(tmp_path, programs.QUIET)
        monkeypatch.setenv("HOME", str(tmp_path))
        assert tshark.find(Path("~/tshark")).path == mine

    def test_a_relative_one_is_made_absolute(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        program(tmp_path, programs.QUIET)
        monkeypatch.chdir(tmp_path)
        assert tshark.find(Path("./tshark")).path.is_absolute()

    def test_none(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(TsharkError, match="not installed") as raised:
            tshark.find(None)
        assert "apt-get install tshark" in raised.value.hint

    def test_a_named_one_that_is_not_there_is_never_replaced(self, tmp_path: Path) -> None:
        with pytest.raises(SettingsError, match=r"nowhere/tshark is not a program"):
            tshark.find(tmp_path / "nowhere" / "tshark")

    def test_a_named_file_without_execute_permission(self, tmp_path: Path) -> None:
        mine = program(tmp_path, programs.QUIET)
        mine.chmod(0o644)
        with pytest.raises(SettingsError, match="is not a program that can be run"):
            tshark.find(mine)

    def test_a_named_folder(self, tmp_path: Path) -> None:
        with pytest.raises(SettingsError, match="is not a program that can be run"):
            tshark.find(tmp_path)


class TestCompanion:
    def test_beside_it_first(self, tmp_path: Path) -> None:
        (tmp_path / "capinfos").touch(0o755)
        assert tshark.Tshark(tmp_path / "tshark").companion("capinfos") == tmp_path / "capinfos"

    def test_then_on_the_path(self, tmp_path: Path) -> None:
        found = tshark.Tshark(tmp_path / "tshark").companion("capinfos")
        assert found is not None
        assert found.parent != tmp_path

    def test_or_none(self, tmp_path: Path) -> None:
        assert tshark.Tshark(tmp_path / "tshark").companion("no-such-program") is None


class TestVersion:
    def test_of_the_real_one(self) -> None:
        found = tshark.version(tshark.find(None))
        assert tuple(map(int, found.split(".")[:2])) >= (4, 0)
        assert found[-1].isdigit()

    @pytest.mark.parametrize(
        ("printed", "version"),
        [
            ("TShark (Wireshark) 4.0.17 (Git v4.0.17 packaged as 4.0.17-0+deb12u1)", "4.0.17"),
            ("TShark (Wireshark) 4.4.0.", "4.4.0"),
            ("TShark (Wireshark) 4.5.0rc1-12-gabcdef (v4.5.0)", "4.5.0rc1-12-gabcdef"),
            ("Running as user root\nTShark (Wireshark) 10.0.1 (x)", "10.0.1"),
        ],
    )
    def test_of_others(self, tmp_path: Path, printed: str, version: str) -> None:
        assert tshark.version(tshark.Tshark(program(tmp_path, f"echo '{printed}'\n"))) == version

    def test_too_old(self, tmp_path: Path) -> None:
        with pytest.raises(TsharkError, match=r"is version 3\.6\.2; version 4\.0 or newer is needed"):
            tshark.version(tshark.Tshark(program(tmp_path, programs.OLD)))

    @pytest.mark.parametrize("body", [programs.ANOTHER, programs.QUIET, "printf '\\377\\376\\n'\n"])
    def test_not_tshark(self, tmp_path: Path, body: str) -> None:
        with pytest.raises(TsharkError, match="does not answer as tshark does"):
            tshark.version(tshark.Tshark(program(tmp_path, body)))

    def test_a_program_that_cannot_start(self, tmp_path: Path) -> None:
        broken = tmp_path / "tshark"
        broken.write_bytes(b"\x7fELF nonsense")
        broken.chmod(0o755)
        with pytest.raises(TsharkError, match="does not run"):
            tshark.version(tshark.Tshark(broken))


class TestEnvironment:
    def test_what_could_change_the_output_is_gone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        hostile = {
            "WIRESHARK_CONFIG_DIR": "/x", "WIRESHARK_DATA_DIR": "/x", "WIRESHARK_PLUGIN_DIR": "/x",
            "LANG": "de_DE.UTF-8", "LC_NUMERIC": "de_DE.UTF-8", "LANGUAGE": "de", "XDG_CONFIG_HOME": "/x",
            "XDG_DATA_HOME": "/x",
            "SSLKEYLOGFILE": "/x", "TZ": "Asia/Kolkata", "LC_ALL": "de_DE.UTF-8",
        }  # fmt: skip
        for name, value in hostile.items():
            monkeypatch.setenv(name, value)
        with tshark.environment() as variables:
            assert not {name for name, value in hostile.items() if variables.get(name) == value}
            assert (variables["LC_ALL"], variables["TZ"]) == ("C", "UTC")

    def test_home_is_an_empty_folder_that_goes_away(self) -> None:
        with tshark.environment() as variables:
            home = Path(variables["HOME"])
            assert list(home.iterdir()) == []
        assert not home.exists()

    def test_the_rest_stays(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SOMETHING_ELSE", "1")
        with tshark.environment() as variables:
            assert variables["SOMETHING_ELSE"] == "1"
            assert variables["PATH"] == os.environ["PATH"]


@pytest.mark.parametrize(
    ("version", "doubled"), [("4.0.17", False), ("4.2.2", False), ("4.4.0rc1", True), ("4.4.19", True), ("5.0.0", True)]
)
def test_which_versions_double_backslashes(version: str, doubled: bool) -> None:
    assert tshark.doubles_backslashes(version) is doubled


def test_this_tshark_writes_backslashes_as_its_version_does(tmp_path: Path) -> None:
    capture = session(tmp_path / "c.pcap", 80, (True, b"GET /a\\b HTTP/1.1\r\nHost: h\r\n\r\n"))
    printed = factories.tshark(capture, "-Y", "http", "-T", "fields", "-e", "http.request.uri").strip()
    doubled = tshark.doubles_backslashes(tshark.version(tshark.find(None)))
    assert printed == (r"/a\\b" if doubled else r"/a\b")
