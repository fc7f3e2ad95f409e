import json
import os
import pty
import signal
import subprocess
import time
from pathlib import Path

import factories
import pytest
from capture import programs

from cli.command import CLEAN, COMMAND, explainer, shell


@pytest.fixture
def capture(captures: Path) -> Path:
    return captures / "tls12_expired.pcapng"


def test_standard_output_is_json_and_nothing_else(capture: Path) -> None:
    for more in ((), ("-o", "-")):
        done = explainer("export", capture, "--frames", "3-4", *more)
        assert (done.returncode, done.stderr) == (0, "")
        numbers = [frame["_source"]["layers"]["frame"]["frame.number"] for frame in json.loads(done.stdout)]
        assert numbers == ["3", "4"]


def test_a_file(capture: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.json"
    done = explainer(
        "export", capture, "-o", target, "--filter", "tls", "--format", "ndjson", "--protocols", "tcp, tls"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len([json.loads(line) for line in target.read_text().splitlines()]) == 3
    again = explainer("export", capture, "-o", target)
    assert again.returncode == 2
    assert "exists already" in again.stderr
    assert explainer("export", capture, "-o", target, "--force", "--raw").returncode == 0


def test_wireshark_keys_are_byte_for_byte(capture: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.json"
    assert explainer("export", capture, "-o", target, "--keys", "wireshark", "--raw").returncode == 0
    assert target.read_text() == factories.tshark(capture, "-T", "json", "-x")


def test_a_cut_capture_is_a_warning(captures: Path) -> None:
    done = explainer("export", captures / "tls12_capture_cut.pcapng", "--protocols", "frame")
    assert done.returncode == 0
    assert len(json.loads(done.stdout)) == 69
    assert done.stderr == "The file is cut off in the middle of a packet: the 69 frames up to there were read.\n"


def test_nothing_that_matches_is_a_warning(capture: Path) -> None:
    done = explainer("export", capture, "--filter", "stp")
    assert (done.returncode, done.stdout) == (0, "[]\n")
    assert done.stderr == "No frame matches: there was nothing to export.\n"


@pytest.mark.parametrize(
    ("flags", "exit_code", "sentence"),
    [
        (["--filter", "tcp.prt == 1"], 2, "--filter is wrong: "),
        (["--protocols", "nonsense"], 2, "--protocols is wrong: "),
        (["--protocols", "tcp,"], 2, '"" is no protocol.'),
        (["--frames", "x"], 2, "x is no frame number"),
        (["--from", "x"], 2, "x is no time."),
        (["--keys", "x"], 2, "There are no keys x."),
        (["--format", "xml"], 2, "There is no export format xml."),
        (["--keylog", "/nonexistent"], 2, "The key log /nonexistent cannot be read"),
        (["--decode-as", "x"], 2, "--decode-as is wrong: "),
        (["-o", "/nonexistent/x"], 2, "/nonexistent/x cannot be written"),
        (["-o", "/dev/full"], 2, "/dev/full cannot be written: No space left on device."),
        (["--tshark", "/nonexistent"], 2, "is not a program"),
    ],
)
def test_what_is_wrong_is_one_sentence(capture: Path, flags: list[str], exit_code: int, sentence: str) -> None:
    done = explainer("export", capture, *flags)
    assert (done.returncode, done.stdout) == (exit_code, "")
    assert done.stderr.startswith(f"explainer: {sentence}") or sentence in done.stderr.splitlines()[0]
    assert "Traceback" not in done.stderr


def test_a_file_that_is_no_capture(tmp_path: Path) -> None:
    (tmp_path / "a.pcap").write_text("no packets\n" * 20)
    done = explainer("export", tmp_path / "a.pcap")
    assert (done.returncode, done.stdout) == (3, "")


def test_standard_output_that_is_full(capture: Path) -> None:
    done = shell('"$@" > /dev/full', "export", capture)
    assert done.returncode == 2
    assert "The output cannot be written: No space left on device." in done.stderr


def test_a_reader_that_has_seen_enough(captures: Path) -> None:
    done = shell('"$@" | head -c 100', "export", captures / "http_download_healthy.pcapng")
    assert (done.returncode, done.stderr, len(done.stdout)) == (0, "", 100)


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_end_from_outside_leaves_neither_half_a_file_nor_a_process(
    captures: Path, tmp_path: Path, number: signal.Signals, exit_code: int
) -> None:
    program, folder, mark = programs.program(tmp_path / "bin", programs.ENDLESS), tmp_path / "to", str(tmp_path)
    folder.mkdir()
    words: list[str | Path] = [
        *COMMAND,
        "export",
        captures / "tcp_refused.pcapng",
        "-o",
        folder / "out.json",
        "--tshark",
        program,
    ]
    with subprocess.Popen(
        words, env={**CLEAN, programs.MARK: mark}, stderr=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        programs.wait_for(mark, "sleep")
        time.sleep(0.5)
        process.send_signal(number)
        process.communicate(timeout=30)
    assert process.returncode == exit_code
    assert list(folder.iterdir()) == []
    assert programs.left_behind(mark) == []


def test_a_terminal_gets_no_character_that_acts_on_it(captures: Path) -> None:
    leader, follower = pty.openpty()
    words: list[str | Path] = [
        *COMMAND,
        "export",
        captures / "tls12_hostile_names.pcapng",
        "--keys",
        "wireshark",
        "--frames",
        "4-6",
    ]
    with subprocess.Popen(words, stdout=follower, stderr=subprocess.DEVNULL, env=CLEAN) as process:
        os.close(follower)
        pieces = list[bytes]()
        try:
            while piece := os.read(leader, 65536):
                pieces.append(piece)
        except OSError:  # the other end is closed
            pass
    os.close(leader)
    text = b"".join(pieces).decode().replace("\r\n", "\n")
    assert process.returncode == 0
    assert len(json.loads(text)) == 3
    assert [c for c in text if c != "\n" and not c.isprintable()] == []


def test_progress_goes_to_a_terminal_on_standard_error(capture: Path, tmp_path: Path) -> None:
    leader, follower = pty.openpty()
    done = subprocess.run([*COMMAND, "export", capture, "-o", tmp_path / "o"], stderr=follower, env=CLEAN, check=False)
    os.close(follower)
    shown = os.read(leader, 65536).decode()
    os.close(leader)
    assert done.returncode == 0
    assert "frames" in shown or shown == "\r\x1b[K"
