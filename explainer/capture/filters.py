"""Whether tshark takes a display filter or a "Decode As" rule, and its explanation where it does not.

Rule: a display filter is checked alone before it is joined with other conditions, so that it cannot close a parenthesis
that it did not open.
"""

import os
import re
import struct
import subprocess
import tempfile
from pathlib import Path

from explainer.capture.selection import Selection
from explainer.capture.tshark import Tshark, environment
from explainer.errors import SettingsError
from explainer.escape import visible

_CHECK_LIMIT_S = 60.0
_DEEPEST = 12
_MANY_PREFIXES = re.compile(r"(?:(?:!|\bnot\b|-)\s*){4}", re.IGNORECASE)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_CARET = re.compile(r"^    ( *)(\^~*)$", re.MULTILINE)
_EMPTY_CAPTURE = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
_FILTER_HINT = "It is the language of Wireshark's filter bar (man wireshark-filter); tshark -G fields lists the names."


def check(program: Tshark, selection: Selection) -> None:
    """Have tshark read the rules and the filter, on a capture without frames.

    Raises:
        SettingsError: it refuses one; with its own explanation, and marks under the fault.
    """
    if selection.decode_as and (complaint := _complaint(program, selection.dissection())) is not None:
        sentence = complaint.partition("\n")[0]
        raise SettingsError(f"--decode-as is wrong: {sentence}", "Like this: --decode-as tcp.port==8443,tls")
    check_filter(program, selection.display_filter.strip(), "--filter")


def check_filter(program: Tshark, display_filter: str, flag: str) -> None:
    """Have tshark read a display filter.

    Raises:
        SettingsError: it refuses it; with its own explanation, and marks under the fault.
    """
    if _is_deep(display_filter):
        raise SettingsError(f"{flag} is nested too deep for tshark, which would not tell.", "Write it flatter.")
    if display_filter and (complaint := _complaint(program, ["-Y", display_filter])) is not None:
        sentence = complaint.partition("\n")[0]
        raise SettingsError(f"{flag} is wrong: {sentence}{_marked(display_filter, complaint)}", _FILTER_HINT)


def _is_deep(display_filter: str) -> bool:
    """Return whether tshark's parser could run out of room, which holds 100 words that wait for their end.

    It then takes every frame, or none, and says nothing (4.0.17). A level can take several words: this stays far below.
    """
    plain = _QUOTED.sub("", display_filter)
    depth = deepest = 0
    for character in plain:
        depth += (character in "([{") - (character in ")]}")
        deepest = max(deepest, depth)
    return deepest > _DEEPEST or _MANY_PREFIXES.search(plain) is not None


def _complaint(program: Tshark, arguments: list[str]) -> str | None:
    """Return what tshark says against the arguments, or None where it takes them."""
    with environment() as variables, tempfile.TemporaryDirectory(prefix="explainer-") as folder:
        empty = Path(folder, "empty.pcap")
        empty.write_bytes(_EMPTY_CAPTURE)
        try:
            done = subprocess.run(
                [program.path, "-n", "-r", empty, *arguments],
                capture_output=True, env=variables, stdin=subprocess.DEVNULL, check=False, timeout=_CHECK_LIMIT_S,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired):
            return "tshark could not be asked about it."
    if done.returncode == 0:
        return None
    said = done.stderr.decode("utf-8", "replace").split("tshark: ", 1)
    return said[1] if len(said) > 1 else f"tshark cannot work with it (exit code {done.returncode})."


def _marked(display_filter: str, complaint: str) -> str:
    """Return two more lines, the filter and marks under its fault, where tshark says where that is.

    tshark counts bytes (4.0.17), and characters that are made visible take more room than one.
    """
    carets = _CARET.findall(complaint)
    if not carets:
        return ""
    raw, (blanks, marks) = os.fsencode(display_filter), carets[-1]
    before = visible(os.fsdecode(raw[: len(blanks)]))
    fault = visible(os.fsdecode(raw[len(blanks) : len(blanks) + len(marks)]))
    return f"\n    {visible(display_filter)}\n    {' ' * len(before)}^{'~' * (len(fault) - 1)}"
