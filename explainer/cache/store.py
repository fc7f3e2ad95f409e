"""A folder of entries that never grows beyond a limit: what was used longest ago goes first.

Rules: an entry is a folder of files, readable only by the user. A file appears whole or not at all, whoever else writes
and whenever this process is killed; one whose checksum is wrong is as good as none, and is removed.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

_DIGEST_BYTES = 32
_ONLY_US = 0o700
_UNFINISHED, _UNFINISHED_S = ".unfinished-", 3600.0


@dataclass(frozen=True)
class Held:
    """An entry as a user sees it: its key, how many bytes it takes, when it was last used (seconds since 1970)."""

    key: str
    bytes: int
    used_s: float


class Store:
    """The entries below a folder, which need not exist yet; `prune` keeps them below the limit."""

    def __init__(self, folder: Path, limit_bytes: int | None = None) -> None:
        self.folder = folder
        self._limit = limit_bytes

    def read(self, key: str, name: str, *, using: bool = True) -> bytes | None:
        """Return what was kept under this name, None where nothing is, or nothing whole."""
        place = self.folder / key / name
        try:
            held = place.read_bytes()
            if using:
                os.utime(place.parent)
        except OSError:
            return None
        if blake2b(held[_DIGEST_BYTES:], digest_size=_DIGEST_BYTES).digest() != held[:_DIGEST_BYTES]:
            self.drop(key, name)
            return None
        return held[_DIGEST_BYTES:]

    def write(self, key: str, name: str, content: bytes) -> None:
        """Keep this; where the folder cannot be written, nothing is kept and nobody is told: it only costs time."""
        folder = self.folder / key
        with suppress(OSError):
            folder.mkdir(mode=_ONLY_US, parents=True, exist_ok=True)
            descriptor, name_for_now = tempfile.mkstemp(prefix=_UNFINISHED, dir=folder)  # for this user alone
            unfinished = Path(name_for_now)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(blake2b(content, digest_size=_DIGEST_BYTES).digest())
                    file.write(content)
                unfinished.replace(folder / name)
            except BaseException:
                unfinished.unlink()
                raise

    def drop(self, key: str, name: str) -> None:
        """Forget what was kept under this name."""
        with suppress(OSError):
            (self.folder / key / name).unlink()

    def entries(self) -> tuple[Held, ...]:
        """Return the entries, the one used last first."""
        return tuple(sorted(self._entries(), key=lambda held: (-held.used_s, held.key)))

    def clear(self) -> int:
        """Forget everything, and return how many bytes that frees."""
        freed = sum(held.bytes for held in self._entries())
        shutil.rmtree(self.folder, ignore_errors=True)
        return freed

    def prune(self) -> None:
        """Forget what was used longest ago until the limit is kept, and what killed processes left behind."""
        total = 0
        for held in self.entries():
            total += held.bytes
            if self._limit is not None and total > self._limit:
                shutil.rmtree(self.folder / held.key, ignore_errors=True)
        with suppress(OSError):
            for left in self.folder.glob(f"*/{_UNFINISHED}*"):
                if time.time() - left.stat().st_mtime > _UNFINISHED_S:
                    left.unlink()

    def _entries(self) -> Iterator[Held]:
        try:
            folders = [entry for entry in os.scandir(self.folder) if entry.is_dir(follow_symlinks=False)]
        except OSError:
            return
        for folder in folders:
            with suppress(OSError):  # another process may have removed it
                size = sum(file.stat(follow_symlinks=False).st_size for file in os.scandir(folder))
                yield Held(folder.name, size, folder.stat().st_mtime)
