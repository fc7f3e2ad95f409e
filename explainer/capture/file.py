"""The capture as a file: whether it can be opened at all, its checksum, and what capinfos says of its container."""

import csv
import hashlib
import stat
import subprocess
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from explainer.capture.tshark import Tshark, environment
from explainer.errors import CaptureError
from explainer.escape import visible

BRING_ANOTHER = "Name a capture that Wireshark can open: pcap, pcapng or .cap, gzip-compressed or not."
_STANDARD_INPUT = "-"
_SAVE = "Save the capture to a file first, and name that."


@dataclass(frozen=True)
class Container:
    """What the container says: format as capinfos names it, snap length in bytes (None where it sets none).

    `frames` counts those that can be read, None where capinfos does not say.
    """

    format: str
    snap_length: int | None
    frames: int | None = field(default=None, compare=False)


def check(path: Path) -> None:
    """Make sure that the path is a file with something in it that this user may read.

    Raises:
        CaptureError: it is not.
    """
    name = visible(str(path))
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise CaptureError(f"{name} is a directory.", "Name one capture file in it.")
        if not stat.S_ISREG(status.st_mode):  # opening a named pipe would wait for ever
            raise CaptureError(f"{name} is not a regular file.", _SAVE)
        path.open("rb").close()
    except FileNotFoundError as error:
        if name == _STANDARD_INPUT:
            raise CaptureError("Standard input is not read.", _SAVE) from error
        raise CaptureError(f"{name} does not exist.", "Check the path of the capture.") from error
    except PermissionError as error:
        raise CaptureError(f"{name} may not be read by this user.", "Give yourself read permission on it.") from error
    except OSError as error:
        raise CaptureError(
            f"{name} cannot be read: {error.strerror}.", "Copy it to a local disk and try again."
        ) from error
    if status.st_size == 0:
        raise CaptureError(
            f"{name} is empty: it holds 0 bytes.", "The recording or the copy went wrong: bring it again."
        )


def sha256(path: Path) -> str:
    """Return the file's SHA-256 in hexadecimal."""
    status = path.stat()
    return _digested(path, status.st_mtime_ns, status.st_size)


@cache
def _digested(path: Path, mtime_ns: int, size: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def container(tshark: Tshark, path: Path) -> Container | None:
    """Return what capinfos, which comes with tshark, says of the file's container, or None where it says nothing."""
    program = tshark.companion("capinfos")
    if program is None:
        return None
    with environment() as variables:
        done = subprocess.run(
            [program, "-T", "-m", "-Q", "-M", "-t", "-l", "-c", path.absolute()],
            capture_output=True, env=variables, stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
    rows = list(csv.DictReader(done.stdout.decode("utf-8", "replace").splitlines()))
    if not rows:
        return None
    limit, frames = rows[0].get("Packet size limit") or "", rows[0].get("Number of packets") or ""
    return Container(
        rows[0].get("File type") or "unknown",
        int(limit) if limit.isdigit() else None,
        int(frames) if frames.isdigit() else None,
    )
