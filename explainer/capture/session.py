"""A sharkd that keeps one capture in memory: display filters are checked and run in milliseconds.

Rules: a filter travels as a JSON string and is checked before it runs; where sharkd is missing, or silent, there is
no session, and tshark does the same more slowly. sharkd ends when its standard input does, so it outlives nobody.
"""

import json
import subprocess
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NoAnswerError
from pathlib import Path
from typing import Any

from explainer.capture.filters import is_too_deep
from explainer.capture.tshark import Tshark, environment

_INVALID = "Filter invalid - "


class Session:
    """One capture, loaded once."""

    def __init__(self, process: "subprocess.Popen[bytes]", time_limit_s: float) -> None:
        self._process = process
        self._limit_s = time_limit_s
        self._lock = threading.Lock()
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sharkd")
        self._asked = 0
        weakref.finalize(self, _end, process)

    def complaint(self, display_filter: str) -> str | None:
        """Return why a display filter is refused, empty where it is taken; None where sharkd does not tell."""
        if is_too_deep(display_filter):
            return "it is nested too deep"
        answer = self._ask("check", filter=display_filter)
        if answer is None:
            return None
        return str(answer["error"]["message"]).removeprefix(_INVALID) if "error" in answer else ""

    def matching(self, display_filter: str) -> tuple[int, ...] | None:
        """Return the frames that a display filter finds; None where sharkd does not tell."""
        answer = self._ask("frames", filter=display_filter, column0="frame.number:1")
        if answer is None or "error" in answer:
            return None
        return tuple(int(frame["num"]) for frame in answer["result"])

    def load(self, capture: Path) -> bool:
        """Return whether the capture could be loaded."""
        answer = self._ask("load", file=str(capture.absolute()))
        return answer is not None and "error" not in answer

    def _ask(self, method: str, **parameters: str) -> dict[str, Any] | None:
        with self._lock:
            self._asked += 1
            request = {"jsonrpc": "2.0", "id": self._asked, "method": method, "params": parameters}
            try:
                return self._answer(json.dumps(request).encode() + b"\n")
            except (OSError, ValueError, NoAnswerError, RuntimeError):
                self._process.kill()
                return None

    def _answer(self, request: bytes) -> dict[str, Any]:
        assert self._process.stdin is not None  # both were asked for
        assert self._process.stdout is not None
        self._process.stdin.write(request)
        self._process.stdin.flush()
        line = self._reader.submit(self._process.stdout.readline).result(self._limit_s)
        answer: dict[str, Any] = json.loads(line)
        return answer


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def opened(tshark: Tshark, capture: Path, time_limit_s: float) -> Session | None:
    """Return a session with the capture, None where there is no sharkd or it cannot load the file."""
    program = tshark.companion("sharkd")
    if program is None:
        return None
    with environment() as variables:
        try:
            process = subprocess.Popen(
                [program, "-"], env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        except OSError:
            return None
        session = Session(process, time_limit_s)
        return session if session.load(capture) else None
