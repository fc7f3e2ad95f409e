"""One run of a program over a capture: its output as a stream, with a time limit, and nothing left running."""

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO

from explainer.capture import launch
from explainer.capture.background import in_background
from explainer.capture.tshark import Tshark, environment
from explainer.errors import TsharkError

CHUNK_BYTES, _PIPE_BYTES = 4 << 20, 1 << 20
_FIRST_BYTES = 1 << 20
# As root tshark warns on each call; it says nothing about the file.
_NOISE = (b"Running as user",)


@dataclass(frozen=True)
class Ending:
    """How a run ended: exit code (negative for a signal), what it said on standard error, and whether time ran out."""

    exit_code: int
    complaint: str
    timed_out: bool


class Run:
    """A running tshark."""

    def __init__(self, process: "subprocess.Popen[bytes]", errors: IO[bytes]) -> None:
        self._process = process
        self._errors = errors
        self._timed_out = False

    def chunks(self) -> Iterator[bytes]:
        """Yield its standard output as it comes, until it ends: in small pieces at first: one waits for the last."""
        assert self._process.stdout is not None  # it was asked for
        descriptor = self._process.stdout.fileno()
        pieces, size, before = list[bytes](), 0, 0
        while piece := os.read(descriptor, CHUNK_BYTES):
            pieces.append(piece)
            size += len(piece)
            if size >= min(max(before // 4, _FIRST_BYTES), CHUNK_BYTES):  # a pipe hands out 64 KiB at a time
                yield b"".join(pieces)
                pieces, size, before = [], 0, before + size
        yield b"".join(pieces)

    def ending(self) -> Ending:
        """Wait for its end and return how it ended; what tshark says on each call is left out of the complaint."""
        exit_code = self._process.wait()
        self._errors.seek(0)
        lines = [line for line in self._errors.read(1 << 16).splitlines() if line and not line.startswith(_NOISE)]
        return Ending(exit_code, b"\n".join(lines).decode("utf-8", "replace"), self._timed_out)

    def stop(self) -> None:
        """End it: what it printed so far is all there will be (on SIGINT, tshark 4.0.17 prints no more either)."""
        self._timed_out = True
        self._process.kill()


@contextmanager
def running(
    tshark: Tshark,
    arguments: Sequence[str],
    time_limit_s: float,
    *,
    feed: Iterable[bytes] | None = None,
    writes: bool = False,
    tables: bool = False,
) -> Iterator[Run]:
    """Yield a started tshark that is stopped after `time_limit_s`, and killed on the way out whatever happens.

    `feed` is what it reads from its standard input; `writes` tells that it writes files of its own, and `tables` that
    names of makers, ports and enterprises may be in what it prints.

    Raises:
        TsharkError: it cannot be started; on Linux that may be said by its ending alone (exit code 126 or 127).
    """
    words = launch.bound() if writes else launch.prefix(tshark.path, arguments)
    with environment(None if tables else tshark) as variables, tempfile.TemporaryFile() as errors:
        allowed = threading.Event()

        def start() -> "subprocess.Popen[bytes]":
            allowed.wait()
            return subprocess.Popen(
                [*words, tshark.path, *arguments],
                stdin=subprocess.DEVNULL if feed is None else subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=errors, env=variables, bufsize=0,
            )  # fmt: skip

        # A signal may come at any moment, and in the middle of Popen it would leave a process that nobody knows. So a
        # thread starts it, which no signal interrupts, and not before this one stands ready to end it.
        starting = _lasting(start)
        limit = None
        try:
            allowed.set()
            process = _result(starting, tshark)
            _widen(process.stdout)
            run = Run(process, errors)
            if feed is not None:
                in_background(lambda: _fill(process.stdin, feed))
            limit = threading.Timer(time_limit_s, run.stop)
            limit.daemon = True
            limit.start()
            yield run
        finally:
            if limit is not None:
                limit.cancel()
            if allowed.is_set():
                _end(starting)


def _lasting(start: "Callable[[], subprocess.Popen[bytes]]") -> "Future[subprocess.Popen[bytes]]":
    """Return the future of a process, from a thread that lasts as long: when that ends, Linux ends the process, too."""
    future: Future[subprocess.Popen[bytes]] = Future()

    def run() -> None:
        try:
            process = start()
        except BaseException as error:  # it is raised where the process is asked for
            future.set_exception(error)
            return
        future.set_result(process)
        process.wait()

    threading.Thread(target=run, daemon=True).start()
    return future


def _widen(pipe: IO[bytes] | None) -> None:
    """Let tshark go on while we are busy: with the usual 64 KiB it would wait for us each time."""
    if pipe is not None and sys.platform == "linux":
        import fcntl

        with suppress(OSError):  # the user's share of pipe memory may be used up
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def _fill(pipe: IO[bytes] | None, feed: Iterable[bytes]) -> None:
    assert pipe is not None  # it was asked for
    with suppress(BrokenPipeError), pipe:  # who has ended reads no more
        for piece in feed:
            rest = memoryview(piece)
            while rest:  # a signal may interrupt a write
                rest = rest[pipe.write(rest) :]


def _result(starting: "Future[subprocess.Popen[bytes]]", tshark: Tshark) -> "subprocess.Popen[bytes]":
    try:
        return starting.result()
    except OSError as error:
        raise TsharkError(
            f"{tshark.path} does not run: {error}.", "Reinstall it, or name another with --tshark."
        ) from error


def _end(starting: "Future[subprocess.Popen[bytes]]") -> None:
    """Wait until the process is started, if it can be, and end it."""
    try:
        process = starting.result()
    except OSError:
        return
    process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()
