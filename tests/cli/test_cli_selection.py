import json
import subprocess
from pathlib import Path

import pytest

from cli.command import explainer, inside

COMMANDS = (["findings"], ["stats"], ["ask"], ["show", "--frame", "20"], ["export"])
FILTERED = "only frames that match: tcp.port == 443"
COUNTED = "10 of 70 frames match; what seems missing may be in the others"


@pytest.fixture
def capture(captures: Path) -> Path:
    return captures / "tls12_expired.pcapng"


def run(command: str | Path, *more: str | Path) -> "subprocess.CompletedProcess[str]":
    """Run a command; an export writes bytes, which a stand-in for standard output does not take."""
    return (explainer if command == "export" else inside)(command, *more)


def words(command: list[str], capture: Path, *flags: str | Path) -> list[str | Path]:
    question = ["why does it fail?"] if command == ["ask"] else []
    return [command[0], capture, *question, *command[1:], *flags]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
class TestEveryCommand:
    def test_a_wrong_filter_is_refused_with_marks(self, capture: Path, command: list[str]) -> None:
        done = run(*words(command, capture, "--filter", "tcp.prt == 1 \x1b"))
        assert (done.returncode, done.stdout) == (2, "")
        lines = done.stderr.splitlines()
        assert lines[0].startswith("explainer: --filter is wrong: ")
        assert lines[1] == r"    tcp.prt == 1 \x1b"
        assert set(lines[2].strip()) <= {"^", "~"}
        assert "man wireshark-filter" in lines[3]
        assert "\x1b" not in done.stderr

    def test_the_other_flags_are_checked_too(self, capture: Path, command: list[str]) -> None:
        for flag, wrong in (("--keylog", "/nonexistent"), ("--decode-as", "x"), ("--from", "x"), ("--to", "x")):
            done = run(*words(command, capture, flag, wrong))
            assert (done.returncode, done.stdout) == (2, ""), flag

    def test_all_flags_at_once(self, capture: Path, tmp_path: Path, command: list[str]) -> None:
        keys = tmp_path / "keys"
        keys.write_text("CLIENT_RANDOM aa bb\n")
        flags = (
            "--filter", "tcp", "--keylog", str(keys), "--decode-as", "tcp.port==81,http", "--decode-as",
            "tcp.port==82,tls", "--from", "0", "--to", "2026-12-31T00:00:00+01:00",
        )  # fmt: skip
        done = run(*words(command, capture, *flags))
        assert done.returncode == 0, done.stderr
        assert str(tmp_path) not in done.stdout + done.stderr


@pytest.mark.parametrize("command", COMMANDS[:3], ids=lambda command: command[0])
class TestAnalyses:
    @pytest.mark.parametrize("output", ["text", "markdown", "json", "csv"])
    def test_a_filtered_analysis_says_so(self, capture: Path, command: list[str], output: str) -> None:
        if command == ["ask"] and output == "csv":
            pytest.skip("an answer is no table")
        done = inside(*words(command, capture, "--filter", "tcp.port == 443", "--format", output))
        assert done.returncode == 0
        assert FILTERED in done.stdout.replace("\\", "")
        assert COUNTED in done.stdout

    def test_nothing_that_matches_is_said_plainly(self, capture: Path, command: list[str]) -> None:
        done = inside(*words(command, capture, "--filter", "tcp.port == 1"))
        assert (done.returncode, done.stderr) == (0, "")
        assert "no frame matches: 0 of 70 frames" in done.stdout

    def test_an_unfiltered_one_says_nothing(self, capture: Path, command: list[str]) -> None:
        done = inside(*words(command, capture, "--format", "json"))
        found = json.loads(done.stdout)
        assert (found[0] if isinstance(found, list) else found)["capture"]["selection"] == []


def test_findings_do_not_speak_for_the_whole_capture(capture: Path) -> None:
    done = inside("findings", capture, "--filter", "udp")
    assert "among the frames that were looked at" in done.stdout
    assert "in this capture." not in done.stdout


def test_an_answer_does_not_speak_for_the_whole_capture(capture: Path) -> None:
    done = inside("ask", capture, "why does it fail?", "--filter", "udp")
    assert "No fault was found in the frames that were looked at" in done.stdout


def test_frame_numbers_are_those_of_the_file(capture: Path) -> None:
    done = inside("findings", capture, "--filter", "tcp.stream == 1", "--format", "json")
    (expired,) = (f for f in json.loads(done.stdout)["findings"] if f["rule"] == "tls_certificate_expired")
    assert expired["evidence"]["frames"] == [20, 22, 24]


def test_a_brief_says_what_was_chosen(capture: Path) -> None:
    from explainer import analyse, pipeline

    analysis = analyse(capture, selection=pipeline.Selection('tcp.port == 443 || frame contains "\u202e"'))
    text = pipeline.brief(analysis, "why?").text
    assert 'only frames that match: tcp.port == 443 || frame contains "\\u202e"' in text


def test_a_hostile_filter_creates_no_file(capture: Path, tmp_path: Path) -> None:
    for hostile in (
        "-w owned",
        "tcp' -w owned '",
        "$(touch owned)",
        "tcp; touch owned",
        "tcp\n-w\nowned",
        "-Xlua_script:owned",
    ):
        done = explainer("findings", capture, "--filter", hostile, cwd=tmp_path)
        assert done.returncode == 2
    assert list(tmp_path.iterdir()) == []


def test_show_of_a_frame_that_does_not_match(capture: Path) -> None:
    done = inside("show", capture, "--frame", "20", "--filter", "udp")
    assert (done.returncode, done.stdout) == (3, "")
    assert "has no frame 20 that matches." in done.stderr
