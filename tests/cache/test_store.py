"""The folder of entries: whole or absent, private, bounded, whoever else writes and whenever a process dies."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from explainer.cache.store import Store

LONG_AGO_S = 1_000_000_000


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "kept", 1_000_000)


def used(store: Store, key: str, when_s: float) -> None:
    os.utime(store.folder / key, (when_s, when_s))


def test_what_is_written_is_read(store: Store) -> None:
    store.write("capture", "info", b"\x00known")
    assert store.read("capture", "info") == b"\x00known"
    assert store.read("capture", "other") is store.read("another", "info") is None


def test_writing_again_replaces(store: Store) -> None:
    store.write("capture", "info", b"old")
    store.write("capture", "info", b"new")
    assert store.read("capture", "info") == b"new"


def test_only_the_user_can_read_it(store: Store) -> None:
    store.write("capture", "info", b"known")
    assert {path.stat().st_mode & 0o077 for path in (store.folder / "capture").rglob("*")} == {0}
    assert (store.folder / "capture").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("damage", [lambda held: held[:-1], lambda held: held[:-1] + b"?", lambda held: b""])
def test_what_is_damaged_is_thrown_away(store: Store, damage: Callable[[bytes], bytes]) -> None:
    store.write("capture", "info", b"known")
    place = store.folder / "capture" / "info"
    place.write_bytes(damage(place.read_bytes()))
    assert store.read("capture", "info") is None
    assert not place.exists()


def test_a_folder_that_cannot_be_written_costs_nothing_but_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = Store(tmp_path / "file" / "kept")
    store.write("capture", "info", b"known")
    assert store.read("capture", "info") is None
    assert store.entries() == ()


def test_what_was_used_longest_ago_goes_first(store: Store) -> None:
    for age, key in enumerate(("newest", "middle", "oldest")):
        store.write(key, "frames", bytes(400_000))
        used(store, key, LONG_AGO_S - age)
    store.prune()
    assert [held.key for held in store.entries()] == ["newest", "middle"]


def test_just_at_the_limit_nothing_goes(tmp_path: Path) -> None:
    Store(tmp_path).write("capture", "frames", bytes(1000))
    size = Store(tmp_path).entries()[0].bytes
    Store(tmp_path, size).prune()
    assert Store(tmp_path).entries()
    Store(tmp_path, size - 1).prune()
    assert Store(tmp_path).entries() == ()


def test_reading_counts_as_use_and_listing_does_not(store: Store) -> None:
    store.write("capture", "info", b"known")
    used(store, "capture", LONG_AGO_S)
    assert store.read("capture", "info", using=False)
    assert store.entries()[0].used_s == LONG_AGO_S
    assert store.read("capture", "info")
    assert store.entries()[0].used_s > LONG_AGO_S


def test_what_a_killed_process_left_is_removed_when_it_is_old(store: Store) -> None:
    store.write("capture", "info", b"known")
    left = [store.folder / "capture" / f".unfinished-{name}" for name in ("old", "new")]
    for path in left:
        path.write_bytes(b"half")
    os.utime(left[0], (LONG_AGO_S, LONG_AGO_S))
    store.prune()
    assert [path.exists() for path in left] == [False, True]
    assert store.read("capture", "info") == b"known"


def test_clearing_forgets_all(store: Store) -> None:
    store.write("capture", "info", b"known")
    assert store.clear() > 0
    assert store.entries() == ()
    assert store.clear() == 0


WRITER = """
import sys
from pathlib import Path
from explainer.cache.store import Store
store = Store(Path(sys.argv[1]))
print("writing", flush=True)
while True:
    for letter in b"ab":
        store.write("capture", "frames", bytes([letter]) * 3_000_000)
"""


def test_two_that_write_and_one_that_is_killed_leave_one_of_the_two(tmp_path: Path) -> None:
    store, wholes = Store(tmp_path), {bytes([letter]) * 3_000_000 for letter in b"ab"}
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, tmp_path], stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    try:
        for writer in writers:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "writing\n"
        while store.read("capture", "frames") is None:
            time.sleep(0.01)
        assert all(store.read("capture", "frames") in wholes for _ in range(20))
    finally:
        for writer in writers:
            writer.send_signal(signal.SIGKILL)
            writer.wait()
            assert writer.stdout is not None
            writer.stdout.close()
    assert store.read("capture", "frames") in wholes
