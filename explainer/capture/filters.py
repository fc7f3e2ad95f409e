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

from explainer.capture import launch
from explainer.capture.selection import Selection
from explainer.capture.tshark import Tshark, environment
from explainer.errors import SettingsError
from explainer.escape import visible

_CHECK_LIMIT_S = 60.0
_ROOM = 80
_WORD = re.compile(
    r"\|\||&&|\^\^|[!=<>~]=+|[()\[\]{}!<>~&+*/%-]|\b(?:or|and|xor|not|in|contains|matches|eq|ne|gt|lt|ge|le)\b"
)
_KINDS = dict.fromkeys(("||", "or"), "or") | dict.fromkeys(("&&", "and"), "and") | dict.fromkeys(("^^", "xor"), "xor")
_KINDS |= dict.fromkeys("&+*/%", "arithmetic")
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
    if is_too_deep(display_filter):
        raise SettingsError(f"{flag} is nested too deep for tshark, which would not tell.", "Write it flatter.")
    if display_filter and (complaint := _complaint(program, ["-Y", display_filter])) is not None:
        sentence = complaint.partition("\n")[0]
        raise SettingsError(f"{flag} is wrong: {sentence}{_marked(display_filter, complaint)}", _FILTER_HINT)


def is_too_deep(display_filter: str) -> bool:
    """Return whether a display filter is nested deeper than tshark's parser has room for."""
    return _waiting(display_filter) > _ROOM


def _waiting(display_filter: str) -> int:
    """Return how many words of the filter can wait for their end at once, at the most, while it is parsed.

    tshark's parser has room for 100; past that it forgets what it has read, and may take every frame without a word
    (4.0.17).
    """
    most, waiting, kinds, prefixes = 0, 0, set[str](), 0
    outer = list[tuple[int, set[str], int]]()  # of each open parenthesis: what waits outside it, in all and next to it
    for word in _WORD.findall(_QUOTED.sub("", display_filter.lower())):
        if word in "([{":
            outer.append((waiting, kinds, prefixes))
            waiting, kinds, prefixes = waiting + _of_level(kinds, prefixes), set(), 0
        elif word in ")]}":
            if outer:
                waiting, kinds, prefixes = outer.pop()
        elif word in ("!", "not", "-"):
            prefixes += 1
        else:
            kinds.add(_KINDS.get(word, "comparison"))
            prefixes = 0
        most = max(most, waiting + _of_level(kinds, prefixes))
    return most


def _of_level(kinds: set[str], prefixes: int) -> int:
    return 1 + 2 * len(kinds) + prefixes


def _complaint(program: Tshark, arguments: list[str]) -> str | None:
    """Return what tshark says against the arguments, or None where it takes them."""
    with environment(program) as variables, tempfile.TemporaryDirectory(prefix="explainer-") as folder:
        empty = Path(folder, "empty.pcap")
        empty.write_bytes(_EMPTY_CAPTURE)
        words = ["-n", "-r", str(empty), *arguments]
        try:
            done = subprocess.run(
                [*launch.prefix(program.path, words), program.path, *words],
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
