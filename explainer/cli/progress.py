"""How far tshark has come, on standard error where that is a terminal; and what is known of a large capture at once."""

import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from explainer.escape import visible
from explainer.wording import count, listing

_REDRAW_S = 0.2
_LARGE_BYTES = 20_000_000
_MEGABYTE = 1e6


class _Line:
    """The one line that is drawn again and again."""

    def __init__(self, verb: str, name: str) -> None:
        self._what = f"{verb} {visible(name)}"
        self._started = self._drawn = time.monotonic()
        self._total = 0

    def show(self, frames: int) -> None:
        now = time.monotonic()
        if now - self._drawn < _REDRAW_S:
            return
        self._drawn = now
        rate = frames / (now - self._started)
        of_all = f" of {self._total:,}" if self._total else ""
        left = f", {max(self._total - frames, 0) / rate:,.0f} s left" if self._total and rate else ""
        self._print(f"{self._what}: {frames:,}{of_all} frames, {rate:,.0f} a second{left}", end="")

    def tell(self, sentences: Iterable[str], total: int) -> None:
        self._total = total
        for sentence in sentences:
            self._print(sentence)

    @staticmethod
    def _print(text: str, end: str = "\n") -> None:
        print(f"\r\x1b[K{text}", end=end, file=sys.stderr, flush=True)


@contextmanager
def progress(
    capture: Path, verb: str = "reading", *, quiet: bool = False, meanwhile: Callable[[], object] | None = None
) -> Iterator[Callable[[int], None]]:
    """Yield a function that shows on stderr how many frames are done; nothing if `quiet` or if that is no terminal.

    `meanwhile` is loaded when the first of them are there, while tshark goes on.
    """
    show = _nothing if quiet or not sys.stderr.isatty() else _drawn(capture, verb)
    try:
        yield show if meanwhile is None else _beginning(meanwhile, show)
    finally:
        if show is not _nothing:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _nothing(frames: int) -> None:
    pass


def _drawn(capture: Path, verb: str) -> Callable[[int], None]:
    line = _Line(verb, capture.name)
    if _size(capture) >= _LARGE_BYTES:
        threading.Thread(target=_look, args=(capture, line), daemon=True).start()
    return line.show


def _beginning(meanwhile: Callable[[], object], show: Callable[[int], None]) -> Callable[[int], None]:
    loading = threading.Thread(target=meanwhile, daemon=True)

    def shown(frames: int) -> None:
        if loading.ident is None:  # not started
            loading.start()
        show(frames)

    return shown


def _look(capture: Path, line: _Line) -> None:
    from explainer import closeup

    seen = closeup.first_look(capture)
    if seen is None:
        return
    hosts = listing([f"{host} ({size / _MEGABYTE:,.1f} MB)" for host, size in seen.hosts])
    ports = listing([f"{port} ({size / _MEGABYTE:,.1f} MB)" for port, size in seen.ports])
    unanswered = [
        f"{f'[{host}]' if ':' in host else host}:{port} ({count(times, 'connection')})"
        for host, port, times in seen.unanswered
    ]
    part = "" if seen.seen == seen.frames else f", by the headers of the first {seen.seen:,}"
    lasts = "" if seen.duration_s is None else f" in {seen.duration_s:,.0f} s"
    said = [f"At first look: {count(seen.frames, 'frame')}{lasts}{part}"]
    said += [f"  busiest hosts  {hosts}"] if hosts else []
    said += [f"  busiest ports  {ports}"] if ports else []
    said += [f"  no answer to SYN from  {listing(unanswered)}"] if unanswered else []
    line.tell(said, seen.frames)


def _size(capture: Path) -> int:
    try:
        return capture.stat().st_size
    except OSError:
        return 0  # reading it says what is the matter
