"""What each command prints when all is well."""

import json
import os
import pty
import shutil
import subprocess
from pathlib import Path

import pytest
from capture import programs
from capture.programs import program

from cli.command import CLEAN, COMMAND, explainer, inside

QUESTION = "Why does my TLS handshake fail?"
COMMANDS = ["ask", "stats", "findings", "show", "doctor"]
ON_A_CAPTURE = {
    "ask": ["ask", "CAPTURE", QUESTION],
    "findings": ["findings", "CAPTURE"],
    "stats": ["stats", "CAPTURE"],
    "show": ["show", "CAPTURE", "--frame", "6"],
}


def words(command: str, capture: Path) -> list[str | Path]:
    return [capture if word == "CAPTURE" else word for word in ON_A_CAPTURE[command]]


def test_version() -> None:
    done = explainer("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, "explainer 0.1.0\n", "")


def test_help_names_every_command() -> None:
    done = explainer("--help")
    assert done.returncode == 0
    assert all(command in done.stdout for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_each(command: str) -> None:
    done = inside(command, "--help")
    assert done.returncode == 0
    assert "Usage:" in done.stdout
    assert done.stderr == ""


def test_ask(captures: Path) -> None:
    done = inside("ask", captures / "tls12_expired.pcapng", QUESTION)
    assert (done.returncode, done.stderr) == (0, "")
    assert "payroll.example expired" in done.stdout.splitlines()[0]
    assert "How we know" in done.stdout


def test_space_around_a_question_changes_nothing(captures: Path) -> None:
    asked = "is FTP working?"
    said = [inside("ask", captures / "ftp_empty_folder_healthy.pcapng", q).stdout for q in (asked, f" {asked} ")]
    assert said[0] == said[1]


def test_ask_of_several_captures_answers_from_each(captures: Path) -> None:
    names = ["tls12_expired.pcapng", "tcp_refused.pcapng"]
    done = inside("ask", *(captures / name for name in names), "What fails?", "--format", "json")
    found = json.loads(done.stdout)
    assert [entry["capture"]["file"] for entry in found] == names
    assert found[0]["answer"]["verdict"] != found[1]["answer"]["verdict"]


def test_ask_offline_wins_over_a_configured_model(captures: Path) -> None:
    variables = {"EXPLAINER_MODEL": "gpt-x", "EXPLAINER_BASE_URL": "http://127.0.0.1:1"}
    done = inside("ask", captures / "tcp_refused.pcapng", "Why?", "--offline", variables=variables)
    assert done.returncode == 0
    assert "without a language model" in done.stdout


def test_findings_of_a_healthy_capture(captures: Path) -> None:
    done = inside("findings", captures / "tls12_healthy.pcapng")
    assert done.returncode == 0
    assert "No findings" in done.stdout


def test_stats_of_just_one(captures: Path) -> None:
    done = inside("stats", captures / "tls12_healthy.pcapng", "--only", "rtt", "--format", "json")
    assert [entry["id"] for entry in json.loads(done.stdout)["statistics"]] == ["rtt"]


def test_show(captures: Path) -> None:
    done = explainer("show", captures / "tls12_healthy.pcapng", "--frame", "1")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Source Address: 10.20.1.10" in done.stdout


@pytest.mark.parametrize("command", ON_A_CAPTURE)
def test_json_is_valid_and_ascii(captures: Path, command: str) -> None:
    done = inside(*words(command, captures / "tls12_hostile_names.pcapng"), "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)
    assert done.stdout.isascii()
    assert all(character == "\n" or character.isprintable() for character in done.stdout)


class TestDoctor:
    def test_all_is_there(self) -> None:
        done = inside("doctor")
        assert done.returncode == 0
        assert "tshark 4" in done.stdout

    def test_without_tshark(self, tmp_path: Path) -> None:
        done = inside("doctor", variables={"PATH": str(tmp_path)})
        assert done.returncode == 4
        assert "missing  tshark is not installed on this machine." in done.stdout
        assert "Traceback" not in done.stderr

    def test_with_an_old_tshark(self, tmp_path: Path) -> None:
        done = inside("doctor", "--tshark", program(tmp_path, programs.OLD))
        assert done.returncode == 4
        assert "3.6.2" in done.stdout

    def test_without_capinfos_captures_can_still_be_read(self, tmp_path: Path) -> None:
        path = program(tmp_path, f'exec {programs.TSHARK} "$@"\n')
        done = inside("doctor", variables={"PATH": str(path.parent)})
        assert done.returncode == 0
        assert "missing  capinfos" in done.stdout

    def test_a_key_is_never_shown(self) -> None:
        done = inside("doctor", variables={"OPENAI_API_KEY": "sk-very-secret", "EXPLAINER_MODEL": "gpt-x"})
        assert done.returncode == 0
        assert "gpt-x at OpenAI" in done.stdout
        assert "sk-very-secret" not in done.stdout + done.stderr


class TestTerminal:
    def on_a_terminal(self, arguments: list[str | Path], *, stream: str, variables: dict[str, str]) -> str:
        """Return what the command writes to stdout or stderr when that is a terminal."""
        main, side = pty.openpty()
        streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, stream: side}
        process = subprocess.Popen(
            [*COMMAND, *arguments], stdin=subprocess.DEVNULL, stdout=streams["stdout"], stderr=streams["stderr"],
            env={**CLEAN, "TERM": "xterm", **variables},
        )  # fmt: skip
        os.close(side)
        found = b""
        while True:
            try:
                piece = os.read(main, 65536)
            except OSError:  # Linux says so when the last writer has closed
                break
            if not piece:
                break
            found += piece
        os.close(main)
        assert process.wait() == 0
        return found.decode()

    def test_progress_shows_on_a_terminal(self, captures: Path, tmp_path: Path) -> None:
        slow = program(tmp_path, f'sleep 0.5; exec {programs.TSHARK} "$@"\n')
        path = captures / "http_download_healthy.pcapng"
        found = self.on_a_terminal(["stats", path, "--tshark", slow], stream="stderr", variables={})
        assert "reading http_download_healthy.pcapng: 204 frames" in found.replace("203", "204")
        assert found.endswith("\r\x1b[K")

    def test_colour_on_a_terminal(self, captures: Path) -> None:
        found = self.on_a_terminal(["findings", captures / "tcp_refused.pcapng"], stream="stdout", variables={})
        assert "\x1b[" in found

    def test_no_color(self, captures: Path) -> None:
        words: list[str | Path] = ["findings", captures / "tcp_refused.pcapng"]
        found = self.on_a_terminal(words, stream="stdout", variables={"NO_COLOR": "1"})
        assert "\x1b" not in found
        assert "refus" in found

    @pytest.mark.parametrize("columns", ["40", "200"])
    def test_lines_fit_the_terminal(self, captures: Path, columns: str) -> None:
        words: list[str | Path] = ["findings", captures / "tcp_refused.pcapng"]
        found = self.on_a_terminal(words, stream="stdout", variables={"NO_COLOR": "1", "COLUMNS": columns})
        assert max(map(len, found.splitlines())) <= int(columns)

    def test_a_pipe_gets_no_colour_and_no_progress(self, captures: Path) -> None:
        done = explainer("findings", captures / "tcp_refused.pcapng", variables={"TERM": "xterm"})
        assert "\x1b" not in done.stdout
        assert done.stderr == ""


class TestHostileNames:
    OWNED = Path("/tmp/owned")

    def check(self, text: str) -> None:
        bad = {f"{ord(c):#x}" for c in text if c != "\n" and not c.isprintable()}
        assert not bad
        assert not self.OWNED.exists()

    @pytest.mark.parametrize("command", ["ask", "findings", "stats"])
    def test_no_character_acts(self, captures: Path, command: str) -> None:
        self.OWNED.unlink(missing_ok=True)
        done = inside(*words(command, captures / "tls12_hostile_names.pcapng"))
        assert done.returncode == 0
        assert "red" in done.stdout
        self.check(done.stdout + done.stderr)

    @pytest.mark.parametrize("number", range(1, 12))
    def test_nor_in_the_dissection_of_any_frame(self, captures: Path, number: int) -> None:
        done = inside("show", captures / "tls12_hostile_names.pcapng", "--frame", str(number))
        assert done.returncode == 0, done.stderr
        self.check(done.stdout + done.stderr)

    def test_nor_on_a_terminal(self, captures: Path) -> None:
        words: list[str | Path] = ["ask", captures / "tls12_hostile_names.pcapng", QUESTION]
        found = TestTerminal().on_a_terminal(words, stream="stdout", variables={"NO_COLOR": "1"})
        self.check(found.replace("\r\n", "\n"))

    def test_the_pasted_command_runs_nothing_else(self, captures: Path, tmp_path: Path) -> None:
        self.OWNED.unlink(missing_ok=True)
        done = explainer("ask", captures / "tls12_hostile_names.pcapng", QUESTION)
        line = next(line for line in done.stdout.splitlines() if "openssl s_client" in line)
        for name in ("openssl", "id"):
            stand_in = program(tmp_path, 'printf \'%s\\n\' "$0" "$@"\n')
            stand_in.rename(tmp_path / name)
        path = f"{tmp_path}:{os.environ['PATH']}"
        pasted = subprocess.run(
            [shutil.which("bash") or "bash", "-c", line[line.index("openssl") :]],
            capture_output=True, text=True, check=True, env={"PATH": path},
        )  # fmt: skip
        printed = pasted.stdout.splitlines()
        assert printed[1:5] == ["s_client", "-connect", "10.20.2.20:443", "-servername"]
        assert len(printed) == 6
        assert not self.OWNED.exists()
