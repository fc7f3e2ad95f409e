"""How captured text is handed to a model: between fences with a random nonce, each line with a mark, capped. Pure.

Captured strings are made visible before, so that none holds a line break: no line within the fences lacks the mark, and
nothing in a capture can look like the end of the data, or like a line of ours.
"""

import re

_MARK = 4
_LONGEST_LINE, _LONGEST_WORD = 600, 256
_WORD = re.compile(rf"\S{{{_LONGEST_WORD + 1},}}")


def mark(nonce: str) -> str:
    """Return what each line of data begins with."""
    return f"{nonce[:_MARK]}|"


def marked(text: str, nonce: str) -> str:
    """Return the text with the mark before each line, and without the ends of lines and words that are too long."""
    return "\n".join(f"{mark(nonce)} {_capped(line)}" for line in text.split("\n"))


def _capped(line: str) -> str:
    line = _WORD.sub(lambda match: f"{match[0][:_LONGEST_WORD]}...", line)  # or one long name would hide the rest
    return line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}..."
