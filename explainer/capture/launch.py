"""What a tshark is started as: bound to our life, as nobody where we are root, without tables that are not read."""

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

_SETPRIV = shutil.which("setpriv") if sys.platform == "linux" else None
_WITH_US = ("--pdeathsig", "KILL")
"""What makes Linux end a program when we are killed and cannot do it."""
NOT_STARTED = (126, 127)
"""Exit codes of a program that could not be started after its prefix."""
_NOBODY = "65534"
_READER = (
    "--reuid", _NOBODY, "--regid", _NOBODY, "--clear-groups", "--no-new-privs",
    "--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search",
)  # fmt: skip
_UNREAD_TABLES = ("manuf", "services", "enterprises.tsv")


def prefix(program: Path, arguments: Sequence[str]) -> list[str]:
    """Return the words before a program that only reads: what ends it with us, and makes it nobody where we are root.

    Packets may be made to attack what dissects them. Nobody with `CAP_DAC_READ_SEARCH` reads the files that root reads,
    and changes none.
    """
    if _SETPRIV is None:
        return []
    paths = (word for word in arguments if word.startswith(os.sep))
    reader = _READER if 0 in (os.geteuid(), os.getegid()) and _nobody_can(program, next(paths, None)) else ()
    return [_SETPRIV, *reader, *_WITH_US, "--"]


def bound() -> list[str]:
    """Return the words before a program that also writes: what ends it with us."""
    return [_SETPRIV, *_WITH_US, "--"] if _SETPRIV else []


@cache
def _nobody_can(program: Path, capture: str | None) -> bool:
    """Return whether nobody could run the program and read the capture.

    Containers may lack the user or the capability, and some file systems (FUSE) show their files to their owner alone.
    """
    assert _SETPRIV is not None  # it was looked for
    if not program.exists() or not program.stat().st_mode & stat.S_IXOTH:
        return False
    # It is tried: what `test -r` says does not count capabilities.
    words = [_SETPRIV, *_READER, "--", "sh", "-c", ': < "$0"', capture or os.devnull]
    return subprocess.run(words, capture_output=True, stdin=subprocess.DEVNULL, check=False).returncode == 0


def without_tables(program: Path, folder: Path) -> dict[str, str]:
    """Return the variables for a tshark that starts without its names of makers, ports and enterprises.

    To read them takes tshark 4.0 a third of its start, whether they are asked for or not; they appear in the texts of a
    whole dissection, in no column or tap of ours. From 4.2 on they are part of the program, and nothing is returned.
    `folder` is made, and gets what else tshark 4.0 looks for in its data folder. As root it does not heed the variable.
    """
    data = program.resolve().parent.parent / "share" / "wireshark"
    if not (data / _UNREAD_TABLES[-1]).exists():
        return {}
    folder.mkdir()
    for entry in data.iterdir():
        if entry.name not in _UNREAD_TABLES and entry.suffix != ".html":
            (folder / entry.name).symlink_to(entry)
    return {"WIRESHARK_DATA_DIR": str(folder)}
