"""Strings from a capture are hostile: how each is written where it could act.

Rules: every string that reaches a terminal goes through `visible`; every word of a command that a user may paste goes
through `shell_word`; every value inside a display filter goes through `filter_string`.
"""

import re
import shlex
import unicodedata

# Cc control (ESC, BEL, CR …), Cf format (bidirectional overrides, zero width), Cs lone surrogates, Co private use,
# Zl and Zp line and paragraph separators.
_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Letters, marks and signs that show nothing, and can carry a text that only a machine reads: variation selectors, the
# grapheme joiner, fillers of Hangul, Khmer and Mongolian, the empty pattern of Braille.
SHOWS_NOTHING = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_PLAIN = re.compile(r"[ -~]*")


def visible(text: str) -> str:
    r"""Return `text` with control, bidirectional and other invisible characters written as `\x1b` or `\u202e`."""
    if _PLAIN.fullmatch(text):
        return text
    return "".join(_visible_character(c) for c in text)


def _visible_character(character: str) -> str:
    if unicodedata.category(character) not in _UNSAFE_CATEGORIES and not SHOWS_NOTHING.match(character):
        return character
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def shell_word(text: str) -> str:
    """Return `text` as one word of a POSIX shell command, safe to paste whatever it holds."""
    return shlex.quote(visible(text))


def filter_string(text: str) -> str:
    """Return `text` as a quoted string of Wireshark's display filter language."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
