"""The way back: what the pseudonyms in a text stand for, by a table that stays with the capture's owner."""

import re
from collections.abc import Mapping

_NESTED = 3  # a hostile value can hold another one, whose pseudonym is then a part of its own
_SHORT = 3  # letters; such a word is taken for a pseudonym only as a part of a name or a path


def restored(text: str, table: Mapping[str, str]) -> str:
    """Return the text with each pseudonym of the table replaced by what it stands for."""
    if not table:
        return text
    known = {made.lower(): own for made, own in table.items()}
    longest_first = sorted(known, key=lambda made: (-len(made), made))
    pattern = re.compile("|".join(map(_found, longest_first)), re.IGNORECASE)
    for _ in range(_NESTED):
        text = pattern.sub(lambda match: known[match[0].lower()], text)
    return text


def _found(made: str) -> str:
    word = re.escape(made)
    if len(made) < _SHORT:
        return rf"(?:(?<=[./]){word}(?![\w-])|(?<![\w-]){word}(?=[./]\w))"
    return rf"(?<![\w-]){word}(?![\w-])"
