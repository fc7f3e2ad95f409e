"""One run of a program over a capture: its output as a stream, with a time limit, and nothing left running."""

import os
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from explainer.capture.background import in_background
from explainer.capture.tshark import Tshark, environment
from explainer.errors import TsharkError

CHUNK_BYTES = 1 << 20
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
        """Yield its standard output as it comes, until it ends."""
        assert self._process.stdout is not None  # it was asked for
        descriptor = self._process.stdout.fileno()
        pieces, size = list[bytes](), 0
        while piece := os.read(descriptor, CHUNK_BYTES):
            pieces.append(piece)
            size += len(piece)
            if size >= CHUNK_BYTES:  # a pipe hands out 64 KiB at a time
                yield b"".join(pieces)
                pieces, size = [], 0
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


def _started(command: list[str], errors: IO[bytes], variables: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    """Return the started process.

    It is started in a thread, which no signal interrupts: an interrupt between the fork and Popen's return would leave
    a process that nobody knows.
    """
    starting = in_background(
        lambda: subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, env=variables, bufsize=0
        )
    )
    try:
        return starting.result()
    except BaseException:
        starting.add_done_callback(lambda done: None if done.exception() else done.result().kill())
        raise


@contextmanager
def running(tshark: Tshark, arguments: Sequence[str], time_limit_s: float) -> Iterator[Run]:
    """Yield a started tshark that is stopped after `time_limit_s`, and killed on the way out whatever happens.

    Raises:
        TsharkError: it cannot be started.
    """
    with environment() as variables, tempfile.TemporaryFile() as errors:
        try:
            process = _started([tshark.path, *arguments], errors, variables)
        except OSError as error:
            raise TsharkError(
                f"{tshark.path} does not run: {error}.", "Reinstall it, or name another with --tshark."
            ) from error
        limit = None
        try:  # a signal may come at any moment from here on
            run = Run(process, errors)
            limit = threading.Timer(time_limit_s, run.stop)
            limit.daemon = True
            limit.start()
            yield run
        finally:
            if limit is not None:
                limit.cancel()
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
