"""A capture as tshark dissects it: remembered, where it was looked at before, and read, where it was not."""

import importlib
import json
import os
from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from explainer import registry
from explainer.analysis import needs
from explainer.cache.memory import NOTHING, Memory, fingerprint
from explainer.cache.store import Store
from explainer.capture import file, read, taps, tshark
from explainer.capture.background import in_background
from explainer.capture.passes import Workers
from explainer.capture.selection import Selection
from explainer.facts import Column, Facts, Given, Kind, Look, Need, Tap, View, required
from explainer.given import given
from explainer.protocols.frame import TSHARK
from explainer.settings import Settings

if TYPE_CHECKING:
    from concurrent.futures import Future

    import polars as pl

_LIMIT_S, _LIMIT_S_PER_BYTE = 30.0, 1e-6
_PROGRAMS = "programs"
_CERTIFICATES = "explainer.protocols.x509_reading"
_MEMORY = Path("/proc/meminfo")
_BYTES_A_FRAME = 3000
"""What we take for a frame, with all facts and findings: 2.3 to 2.6 kB were measured (many short connections)."""


def memory(path: Path, settings: Settings, selection: Selection) -> Memory:
    """Return what is known of a capture; nothing without a cache, or with TLS secrets: what they show is not kept.

    Raises:
        SettingsError, CaptureError, TsharkError: there is no such tshark, file, trust store or policy.
    """
    store = _store(settings)
    if store is None or selection.keylog is not None:
        return NOTHING
    file.check(path)
    version = tshark.version(_program(settings))
    depends_on = file.sha256(path), version, selection.condition, *selection.dissection()
    judged_by = (f"{name.name}:{sha256(text).hexdigest()}" for name, text in given(settings).items())
    return Memory(store, depends_on, sorted(judged_by))


def captured(
    path: Path,
    needed: Iterable[Need],
    settings: Settings,
    selection: Selection,
    progress: Callable[[int], None],
    known: Memory = NOTHING,
    *,
    judged: bool = False,
) -> read.Capture:
    """Return the capture with what is needed, from what is known of it as far as that goes.

    What will be known later is read with all that any statistic or rule needs; if it is `judged`, rules' needs need not
    be told then.

    Raises:
        SettingsError, CaptureError, TsharkError: as `read.read`.
    """
    columns, wanted = required(needed)
    program, limit = _program(settings), time_limit_s(path, settings)
    info, texts = known.info(), known.taps()
    frames = known.frames(info.frames, None if judged else [column.field for column in columns]) if info else None
    if frames is not None and info is not None:
        missing = [tap for tap in wanted if tap.argument not in texts]
        texts |= taps.read(path, program, missing, limit, selection=selection)
        return read.Capture(info.model_copy(update={"file": path.name}), frames, texts)
    if known.keeps:
        columns, of_rules = _everything(settings)
        wanted = tuple({tap.argument: tap for tap in (*wanted, *of_rules)}.values())
        loading = in_background(_load)
    made = read.read(
        path, program, columns, wanted,
        time_limit_s=limit, workers=_workers(settings), progress=progress, selection=selection,
    )  # fmt: skip
    if known.keeps:
        loading.result()
        known.keep_capture(made.info, made.frames, made.taps)
    return made


def facts(path: Path, capture: read.Capture, settings: Settings, selection: Selection) -> Facts:
    """Return the facts of a capture, which may look at it again.

    Raises:
        SettingsError: a file that the settings name cannot be read.
    """
    from explainer.capture.again import Again  # both are needed when tshark has done its work
    from explainer.capture.second_looks import SecondLooks

    again = Again(path, _program(settings), capture.frames.height, selection, time_limit_s(path, settings))
    looks = SecondLooks(again, _workers(settings).jobs)

    def look_again(look: Look, view: View) -> "Future[pl.DataFrame]":
        return looks.begin(look.columns, view)

    return Facts(capture.frames, capture.taps, look_again=look_again, given=given(settings) | version(capture))


def version(capture: read.Capture) -> dict[Given, bytes]:
    """Return the version of the tshark that dissected it: not all count alike."""
    return {TSHARK: capture.info.tshark_version.encode()}


def time_limit_s(path: Path, settings: Settings) -> float:
    """Return how long tshark may work on a capture."""
    return settings.time_limit_s or _LIMIT_S + _LIMIT_S_PER_BYTE * size(path)


def _everything(settings: Settings) -> tuple[tuple[Column, ...], tuple[Tap, ...]]:
    """Return the columns of all statistics and rules, and the rules' taps.

    They are remembered for this program: to load all rules takes half as long as tshark takes to start.
    """
    name = f"columns-{fingerprint()}"
    store = _store(settings)
    held = store.read(_PROGRAMS, name) if store else None
    if held is not None:
        columns, taps = json.loads(held)
        return tuple(Column(field, Kind[kind], many) for field, kind, many in columns), tuple(map(Tap, taps))
    found, (_, of_rules) = required(needs(registry.statistics, registry.rules))[0], required(needs((), registry.rules))
    if store:
        columns = [(column.field, column.kind.name, column.many) for column in found]
        store.write(_PROGRAMS, name, json.dumps([columns, [tap.argument for tap in of_rules]]).encode())
    return found, of_rules


def _load() -> None:
    """Load what the rules will need."""
    tuple(registry.rules)
    importlib.import_module(_CERTIFICATES)


def _store(settings: Settings) -> Store | None:
    return Store(settings.cache, int(settings.cache_gb * 1e9)) if settings.cache else None


def _program(settings: Settings) -> tshark.Tshark:
    """Return tshark, with the version that it gave before: to ask it takes as long as a small capture."""
    program = tshark.find(settings.tshark)
    store = _store(settings)
    if store is None:
        return program
    name = sha256(repr((program.path, program.state())).encode()).hexdigest()
    known = store.read(_PROGRAMS, name)
    if known is None:
        known = tshark.version(program).encode()
        store.write(_PROGRAMS, name, known)
    return tshark.Tshark(program.path, known.decode())


def _workers(settings: Settings) -> Workers:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    free = _free_bytes()
    half = None if free is None else free // 2
    memory = int(settings.max_memory_gb * 1e9) if settings.max_memory_gb else half
    return Workers(settings.jobs or cores, memory, None if free is None else max(free // _BYTES_A_FRAME, 1))


def _free_bytes() -> int | None:
    """Return the memory that is free on this machine, None where nobody says."""
    try:
        lines = _MEMORY.read_text().splitlines()
    except OSError:
        return None
    free = next((line.split()[1] for line in lines if line.startswith("MemAvailable:")), None)
    return int(free) * 1024 if free else None


def size(path: Path) -> int:
    """Return the file's bytes, 0 where it cannot be looked at."""
    try:
        return path.stat().st_size
    except OSError:
        return 0  # reading it says what is the matter
