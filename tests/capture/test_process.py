import threading
from pathlib import Path

import pytest

from capture import programs
from capture.programs import MARK, left_behind, program
from explainer.capture import launch, process
from explainer.capture.tshark import Tshark
from explainer.errors import TsharkError

LONG_S = 300.0


@pytest.fixture
def mark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A mark that all processes of this test carry."""
    monkeypatch.setenv(MARK, str(tmp_path))
    return str(tmp_path)


def fake(folder: Path, body: str) -> Tshark:
    return Tshark(program(folder, body))


def test_output_exit_code_and_complaint(tmp_path: Path) -> None:
    with process.running(fake(tmp_path, "printf 'a\\nb'; echo oh >&2; exit 3\n"), [], LONG_S) as run:
        assert b"".join(run.chunks()) == b"a\nb"
        assert run.ending() == process.Ending(3, "oh", timed_out=False)


def test_arguments_arrive_unchanged(tmp_path: Path) -> None:
    words = ["-n", "a b", "$(id)", "\x1b", "ü", ""]
    with process.running(fake(tmp_path, "printf '%s\\n' \"$@\"\n"), words, LONG_S) as run:
        assert b"".join(run.chunks()).decode().split("\n")[:-1] == words


def test_much_output_comes_in_chunks_and_whole(tmp_path: Path) -> None:
    size = 3 * process.CHUNK_BYTES + 17
    with process.running(fake(tmp_path, f"head -c {size} /dev/zero\n"), [], LONG_S) as run:
        chunks = list(run.chunks())
    assert sum(map(len, chunks)) == size
    assert len(chunks) > 2


def test_much_said_on_standard_error_does_not_block(tmp_path: Path) -> None:
    body = "head -c 3000000 /dev/zero | tr '\\0' x >&2; echo done\n"
    with process.running(fake(tmp_path, body), [], LONG_S) as run:
        assert b"".join(run.chunks()) == b"done\n"
        assert 0 < len(run.ending().complaint) <= 1 << 16


def test_what_tshark_says_on_each_call_is_no_complaint(tmp_path: Path) -> None:
    body = 'echo \'Running as user "root" and group "root". This could be dangerous.\' >&2\necho >&2; echo real >&2\n'
    with process.running(fake(tmp_path, body), [], LONG_S) as run:
        list(run.chunks())
        assert run.ending().complaint == "real"


def test_a_killed_program_has_a_negative_exit_code(tmp_path: Path) -> None:
    with process.running(fake(tmp_path, "kill -KILL $$\n"), [], LONG_S) as run:
        assert list(run.chunks()) == [b""]
        assert run.ending().exit_code == -9


@pytest.fixture
def broken(tmp_path: Path) -> Tshark:
    program = tmp_path / "tshark"
    program.write_bytes(b"\x7fELF nonsense")
    program.chmod(0o755)
    return Tshark(program)


def test_a_program_that_cannot_start(broken: Tshark, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "_SETPRIV", None)
    with pytest.raises(TsharkError, match="does not run"), process.running(broken, [], LONG_S):
        pass


@pytest.mark.skipif(not launch.bound(), reason="setpriv, which comes with Linux, is not on this machine")
def test_on_linux_its_ending_says_so(broken: Tshark) -> None:
    with process.running(broken, [], LONG_S) as run:
        assert run.ending().exit_code in launch.NOT_STARTED


@pytest.mark.parametrize(
    "body", ["exec sleep 600\n", "trap '' INT; exec sleep 600\n"], ids=["polite", "deaf to SIGINT"]
)
def test_the_time_limit_ends_it(tmp_path: Path, mark: str, body: str) -> None:
    with process.running(fake(tmp_path, "echo row\n" + body), [], 0.3) as run:
        assert b"".join(run.chunks()) == b"row\n"
        ending = run.ending()
    assert ending.timed_out
    assert ending.exit_code < 0
    assert left_behind(mark) == []


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_whatever_is_raised_inside_nothing_is_left(tmp_path: Path, mark: str, error: type[BaseException]) -> None:
    def interrupted() -> None:
        with process.running(fake(tmp_path, "exec sleep 600\n"), [], LONG_S):
            programs.wait_for(mark, "sleep")
            raise error

    with pytest.raises(error):
        interrupted()
    assert left_behind(mark) == []


def test_a_reader_that_stops_early_leaves_nothing(tmp_path: Path, mark: str) -> None:
    with process.running(fake(tmp_path, "exec cat /dev/zero\n"), [], LONG_S) as run:
        assert next(run.chunks())
    assert left_behind(mark, ["cat"]) == []


def timers() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)}


def test_the_limit_s_timer_ends_with_the_run(tmp_path: Path) -> None:
    before = timers()
    with process.running(fake(tmp_path, programs.QUIET), [], LONG_S) as run:
        own = timers() - before
        list(run.chunks())
    assert own
    for timer in own:
        timer.join(LONG_S / 2)  # one that is cancelled needs a moment to end
    assert not any(timer.is_alive() for timer in own)
