"""Where results go: a file appears whole or not at all, and nothing is replaced unasked."""

import os
import secrets
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from explainer.errors import OutputError
from explainer.escape import visible


def check_target(target: Path, sources: Iterable[Path | None], *, force: bool) -> None:
    """Make sure that a file may be written: what exists stays, unless by `force`, and the sources do in any case.

    Raises:
        OutputError: it may not.
    """
    name = visible(str(target))
    try:
        kind = target.stat().st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise OutputError(f"{name} cannot be written: {error.strerror}.", "Name another file.") from error
    if stat.S_ISDIR(kind) or stat.S_ISBLK(kind):
        raise OutputError(f"{name} is no file.", "Name a file to write to.")
    if any(target.samefile(read) for read in sources if read):
        raise OutputError(f"{name} is what the export is made from.", "Name another file.")
    if stat.S_ISREG(kind) and not force:
        raise OutputError(f"{name} exists already.", "Name another file, or replace it with --force.")


@contextmanager
def writable(target: Path | BinaryIO, *, private: bool = False) -> Iterator[BinaryIO]:
    """Yield a file to write to, which takes the target's place in the end, and is gone when anything fails.

    What is `private` can be read by its owner alone.

    Raises:
        OutputError: it cannot be written.
    """
    if not isinstance(target, Path):
        yield target
        target.flush()
        return
    real = Path(os.path.realpath(target))  # a link stays, and points to what is written
    in_place = real.exists() and not real.is_file()  # a device or a pipe: nothing may take its place
    partial = real if in_place else real.with_name(f".explainer-{secrets.token_hex(8)}.part")
    try:
        with _opened(partial, in_place=in_place, private=private) as out:
            yield out
        if not in_place:
            partial.replace(real)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(
            f"{visible(str(target))} cannot be written: {error.strerror}.", "Make room, or write it elsewhere."
        ) from error
    finally:
        if not in_place:
            partial.unlink(missing_ok=True)


def _opened(path: Path, *, in_place: bool, private: bool) -> BinaryIO:
    if in_place:
        return path.open("wb")
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o666), "wb")
