"""What goes wrong has one clear sentence, an exit code, and no traceback.

What is written when Python ends (by pyshark, by a buffer that cannot be flushed) shows in a process of its own only.
"""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest
from capture import programs
from capture.programs import MARK, left_behind, program, wait_for

from cli.command import CLEAN, COMMAND, explainer, inside, shell

SETTINGS, CAPTURE, TSHARK, MODEL = 2, 3, 4, 5
# The two ways to a capture: the analysis, which findings and stats take, too, and a frame's dissection.
COMMANDS = {"ask": ["ask", "CAPTURE", "Why?"], "show": ["show", "CAPTURE", "--frame", "1"]}


@pytest.fixture(params=COMMANDS)
def command(request: pytest.FixtureRequest) -> str:
    """Each way to a capture."""
    name: str = request.param
    return name


def words(command: str, capture: Path | str) -> list[str | Path]:
    return [capture if word == "CAPTURE" else word for word in COMMANDS[command]]


def assert_fails(done: "subprocess.CompletedProcess[str]", exit_code: int, said: str) -> None:
    assert done.returncode == exit_code, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("explainer: ")
    assert said in done.stderr.splitlines()[0]
    assert len(done.stderr.splitlines()) <= 2, done.stderr


@pytest.fixture
def healthy(captures: Path) -> Path:
    return captures / "tls12_healthy.pcapng"


class TestFiles:
    def test_missing(self, tmp_path: Path, command: str) -> None:
        assert_fails(inside(*words(command, tmp_path / "gone.pcap")), CAPTURE, "gone.pcap does not exist.")

    def test_directory(self, tmp_path: Path) -> None:
        assert_fails(inside("findings", tmp_path), CAPTURE, "is a directory.")

    def test_empty(self, tmp_path: Path) -> None:
        (tmp_path / "e.pcap").touch()
        assert_fails(inside("findings", tmp_path / "e.pcap"), CAPTURE, "e.pcap is empty")

    def test_named_pipe(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "p.pcap")
        assert_fails(inside("findings", tmp_path / "p.pcap"), CAPTURE, "p.pcap is not a regular file.")

    def test_text(self, tmp_path: Path, command: str) -> None:
        (tmp_path / "t.pcap").write_text("some text\n" * 30)
        assert_fails(explainer(*words(command, tmp_path / "t.pcap")), CAPTURE, "t.pcap is not a capture file.")

    def test_no_packets(self, tmp_path: Path, healthy: Path, command: str) -> None:
        path = tmp_path / "none.pcap"
        subprocess.run(["editcap", "-F", "pcap", "-r", healthy, path, "1000000"], check=True, capture_output=True)
        said = "none.pcap has no frame 1." if command == "show" else "none.pcap holds no packets."
        assert_fails(explainer(*words(command, path)), CAPTURE, said)

    def test_the_last_of_several_is_missing(self, tmp_path: Path, healthy: Path) -> None:
        assert_fails(inside("ask", healthy, tmp_path / "gone.pcap", "Why?"), CAPTURE, "gone.pcap does not exist.")

    def test_a_cut_file_is_answered_from_what_could_be_read(self, captures: Path) -> None:
        done = inside("findings", captures / "tls12_capture_cut.pcapng")
        assert (done.returncode, done.stderr) == (0, "")
        assert "cut off in the middle of a packet" in done.stdout

    def test_no_such_frame(self, healthy: Path) -> None:
        assert_fails(explainer("show", healthy, "--frame", "99"), CAPTURE, "tls12_healthy.pcapng has no frame 99.")

    def test_a_frame_beyond_the_cut(self, captures: Path) -> None:
        done = explainer("show", captures / "tls12_capture_cut.pcapng", "--frame", "70")
        assert done.returncode in (CAPTURE, TSHARK)
        assert_fails(done, done.returncode, "tls12_capture_cut.pcapng")

    def test_a_hostile_missing_name(self, tmp_path: Path) -> None:
        done = inside("findings", tmp_path / "a\x1b[31m\nb\u202e.pcap")
        assert_fails(done, CAPTURE, r"a\x1b[31m\x0ab\u202e.pcap does not exist.")

    @pytest.mark.parametrize("name", ["a\x1b[31m\nb\u202e.pcapng", "- r.pcapng", "[red]x.pcapng"])
    def test_a_hostile_name_of_a_good_file(self, tmp_path: Path, captures: Path, name: str) -> None:
        (tmp_path / name).write_bytes((captures / "tcp_refused.pcapng").read_bytes())
        done = inside("findings", tmp_path / name)
        assert (done.returncode, done.stderr) == (0, "")
        assert not [c for c in done.stdout if c != "\n" and not c.isprintable()]
        shown = name.replace("\x1b", r"\x1b").replace("\n", r"\x0a").replace("\u202e", r"\u202e")
        assert done.stdout.startswith(f"{shown}: ")
        found = json.loads(inside("findings", tmp_path / name, "--format", "json").stdout)
        assert found["capture"]["file"] == name

    def test_a_leading_dash(self, tmp_path: Path, healthy: Path) -> None:
        (tmp_path / "-r.pcapng").write_bytes(healthy.read_bytes())
        done = inside("findings", "--", "-r.pcapng", cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")

    def test_a_name_that_is_no_utf_8(self, tmp_path: Path, healthy: Path) -> None:
        path = os.fsdecode(os.fsencode(tmp_path) + b"/c\xff.pcapng")
        Path(path).write_bytes(healthy.read_bytes())
        for output in ("text", "json"):
            done = explainer("findings", path, "--format", output)
            assert (done.returncode, done.stderr) == (0, "")


class TestTshark:
    def test_not_installed(self, tmp_path: Path, healthy: Path, command: str) -> None:
        done = explainer(*words(command, healthy), variables={"PATH": str(tmp_path)})
        assert_fails(done, TSHARK, "tshark is not installed on this machine.")

    @pytest.mark.parametrize("by", ["flag", "variable"])
    def test_named_but_missing(self, tmp_path: Path, healthy: Path, by: str) -> None:
        nowhere = tmp_path / "nowhere"
        flag: list[str | Path] = ["--tshark", nowhere] if by == "flag" else []
        variables = {"EXPLAINER_TSHARK": str(nowhere)} if by == "variable" else {}
        assert_fails(inside("findings", healthy, *flag, variables=variables), SETTINGS, "nowhere is not a program")

    @pytest.mark.parametrize(
        ("body", "said"),
        [
            (programs.KILLED, "tls12_healthy.pcapng"),
            (programs.OLD, "version 3.6.2"),
            (programs.QUIET, "does not answer as tshark does"),
            (programs.ANOTHER, "does not answer as tshark does"),
        ],
        ids=["killed", "old", "silent", "talking"],
    )
    @pytest.mark.parametrize("command", ["ask", "show"])
    def test_misbehaving(self, tmp_path: Path, healthy: Path, command: str, body: str, said: str) -> None:
        assert_fails(explainer(*words(command, healthy), "--tshark", program(tmp_path, body)), TSHARK, said)

    def test_the_time_limit(self, tmp_path: Path, healthy: Path) -> None:
        flags: list[str | Path] = ["--time-limit", "0.3", "--tshark", program(tmp_path, programs.SILENT)]
        done = inside("findings", healthy, *flags, variables={MARK: str(tmp_path)})
        assert_fails(done, TSHARK, "tshark read no frame of tls12_healthy.pcapng within 0.3 seconds.")
        assert left_behind(str(tmp_path)) == []

    @pytest.mark.parametrize(
        ("number", "exit_code"),
        [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)],
        ids=lambda n: str(n),
    )
    @pytest.mark.parametrize("command", ["findings", "stats"])
    def test_a_signal_leaves_no_tshark_behind(
        self, tmp_path: Path, healthy: Path, command: str, number: signal.Signals, exit_code: int
    ) -> None:
        slow = program(tmp_path, programs.SILENT)
        process = subprocess.Popen(
            [*COMMAND, command, healthy, "--tshark", slow], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**CLEAN, MARK: str(tmp_path)},
        )  # fmt: skip
        try:
            wait_for(str(tmp_path), "sleep")
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
            found = left_behind(str(tmp_path), ["sleep"])
        finally:
            process.kill()
            for folder in Path("/proc").glob("[0-9]*"):
                _kill_if_marked(folder, str(tmp_path))
        assert found == []
        # Where SIGINT comes while Python compiles a text (as for named tuples), CPython ends itself by it at the end.
        assert process.returncode in (exit_code, -number)
        assert out == ""
        assert "Traceback" not in err


def _kill_if_marked(folder: Path, mark: str) -> None:
    try:
        if f"{MARK}={mark}".encode() in (folder / "environ").read_bytes().split(b"\0"):
            os.kill(int(folder.name), signal.SIGKILL)
    except OSError:
        return


class TestOutput:
    @pytest.mark.parametrize("output", ["text", "json"])
    def test_disk_full(self, healthy: Path, command: str, output: str) -> None:
        done = shell('"$@" > /dev/full', *words(command, healthy), "--format", output)
        assert_fails(done, SETTINGS, "The output cannot be written: No space left on device.")

    def test_a_reader_that_has_seen_enough(self, captures: Path, command: str) -> None:
        capture = captures / "http_download_healthy.pcapng"
        done = shell('"$@" | head -1; exit ${PIPESTATUS[0]}', *words(command, capture), "--format", "json")
        assert (done.returncode, done.stderr) == (0, "")

    def test_a_closed_stdout(self, healthy: Path) -> None:
        done = shell('"$@" >&-', "findings", healthy)
        assert "Traceback" not in done.stderr

    def test_unknown_format(self, healthy: Path, command: str) -> None:
        done = inside(*words(command, healthy), "--format", "y\x1baml")
        assert_fails(done, SETTINGS, r"There is no output format y\x1baml.")
        assert all(name in done.stderr.splitlines()[1] for name in ("json", "text"))


class TestSettings:
    def test_unknown_statistic(self, healthy: Path) -> None:
        done = inside("stats", healthy, "--only", "rrt")
        assert_fails(done, SETTINGS, "There is no statistic named rrt.")
        assert "rtt" in done.stderr.splitlines()[1]

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("budget = [", "The settings file"),
            ("budget = 'many'", "The setting budget is wrong"),
            ("bugdet = 5000", "The setting bugdet is wrong"),
            ("budget = 1", "The setting budget is wrong"),
            ("[tshark]\npath = '/x'", "The setting tshark is wrong"),
        ],
    )
    def test_a_wrong_settings_file(self, tmp_path: Path, healthy: Path, text: str, said: str) -> None:
        (tmp_path / "explainer").mkdir()
        (tmp_path / "explainer" / "config.toml").write_text(text)
        done = inside("findings", healthy, variables={"XDG_CONFIG_HOME": str(tmp_path)})
        assert_fails(done, SETTINGS, said)
        assert "config.toml" in done.stderr

    def test_a_settings_file_that_is_no_utf_8(self, tmp_path: Path, healthy: Path) -> None:
        (tmp_path / "explainer").mkdir()
        (tmp_path / "explainer" / "config.toml").write_bytes(b"model = '\xff\xfe'")
        done = inside("findings", healthy, variables={"XDG_CONFIG_HOME": str(tmp_path)})
        assert_fails(done, SETTINGS, "The settings file")

    @pytest.mark.parametrize(
        ("name", "value"),
        [("EXPLAINER_BUDGET", "many"), ("EXPLAINER_TIME_LIMIT_S", "-1"), ("EXPLAINER_MODEL_TIMEOUT_S", "nan")],
    )
    def test_a_wrong_variable(self, healthy: Path, name: str, value: str) -> None:
        done = inside("findings", healthy, variables={name: value})
        assert_fails(done, SETTINGS, f"The setting {name.removeprefix('EXPLAINER_').lower()} is wrong")
        assert name in done.stderr

    @pytest.mark.parametrize("value", ["0", "-1", "nan", "inf"])
    def test_a_wrong_flag(self, healthy: Path, value: str) -> None:
        done = inside("findings", healthy, "--time-limit", value)
        assert_fails(done, SETTINGS, "The setting time_limit_s is wrong")

    @pytest.mark.parametrize("arguments", [["why?"], ["CAPTURE", " "]])
    def test_ask_without_a_capture_or_a_question(self, healthy: Path, arguments: list[str]) -> None:
        found = [str(healthy) if word == "CAPTURE" else word for word in arguments]
        assert_fails(inside("ask", *found), SETTINGS, "A capture and a question are needed.")

    @pytest.mark.parametrize("arguments", [["nonsense"], ["findings"], ["findings", "a", "--nonsense"], ["show", "a"]])
    def test_usage(self, arguments: list[str]) -> None:
        done = inside(*arguments)
        assert done.returncode == SETTINGS
        assert done.stdout == ""
        assert "Traceback" not in done.stderr


class TestModel:
    def test_nobody_listens(self, healthy: Path) -> None:
        flags = ["--model", "any", "--base-url", "http://127.0.0.1:1/v1"]
        assert_fails(explainer("ask", healthy, "Why?", *flags), MODEL, "The model's server cannot be reached.")

    def test_no_key(self, healthy: Path) -> None:
        done = inside("ask", healthy, "Why?", "--model", "gpt-x")
        assert_fails(done, SETTINGS, "No key for the model is set.")

    @pytest.mark.parametrize("url", ["not a url", "ftp://x", "http://[::1", "http://exa mple/v1"])
    def test_a_base_url_that_is_none(self, healthy: Path, url: str) -> None:
        done = explainer("ask", healthy, "Why?", "--model", "any", "--base-url", url)
        assert_fails(done, done.returncode, "")
        assert done.returncode in (SETTINGS, MODEL)

    def test_a_key_that_no_header_can_hold(self, healthy: Path) -> None:
        flags = ["--model", "any", "--base-url", "http://127.0.0.1:1/v1"]
        done = explainer("ask", healthy, "Why?", *flags, variables={"OPENAI_API_KEY": "sk-\u20ac-secret\n"})
        assert_fails(done, done.returncode, "")
        assert "secret" not in done.stderr
