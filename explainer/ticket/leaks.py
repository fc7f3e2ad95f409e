"""The last look at each file of a redacted pack, apart from what made it: as text, as bytes, in network order. Pure."""

import ipaddress
import re
from collections.abc import Iterator
from html import unescape

from explainer.privacy.kinds import Kind
from explainer.privacy.leaks import known, leaks
from explainer.privacy.mapping import Mapping

_SHORTEST = 4
"""Bytes: less than that stands in any file by chance."""
_MANY_ZEROS, _MOSTLY_ZEROS, _SMALL = 2, 4, 16
"""Bytes such as those of 10.0.0.1, 1.2.3.4 and 00:00:00:00:00:04 do, too; where they are an address, the dissection
says so."""
_WORD = re.compile(rb"[a-z0-9_-]")
_CAPTURE = ".pcapng"
DISSECTION = "dissection.json"


def found(name: str, content: bytes, mapping: Mapping) -> str:
    """Return what a file must not hold, as a phrase that does not repeat it; nothing where it is clean."""
    if name.endswith(_CAPTURE):
        return _in_bytes(content, mapping)
    if name == DISSECTION:  # eight bytes with colons between them look like an address, and are none
        return next(known(content.decode(), mapping), "")
    texts = [content, *([unescape(content.decode()).encode()] if name.endswith(".html") else [])]
    return next((said for text in texts for said in leaks(text, mapping)), "")


def _in_bytes(content: bytes, mapping: Mapping) -> str:
    lowered = content.lower()
    for original, kind in mapping.originals.items():
        if mapping.is_pseudonym(original):
            continue
        exact, folded = _forms(original, kind)
        if any(form in content for form in exact) or any(_stands(form, lowered) for form in folded):
            return kind.of_capture
    return ""


def _stands(form: bytes, content: bytes) -> bool:
    """Return whether a value is in the bytes, but not as the end of a longer word, or as the first of more digits.

    A byte before it that counts its length is no letter of a word. Behind it any byte may follow, so only digits tell.
    """
    at = content.find(form)
    while at >= 0:
        before, after = content[at - 1 : at] if at else b"", content[at + len(form) : at + len(form) + 1]
        longer = _WORD.fullmatch(before) and before != bytes([len(form) % 256])
        if not longer and not (form[-1:].isdigit() and after.isdigit()):
            return True
        at = content.find(form, at + 1)
    return False


def _forms(original: str, kind: Kind) -> tuple[list[bytes], list[bytes]]:
    """Return how a value may stand in bytes: as they are, and in whatever case."""
    try:
        match kind:
            case Kind.ADDRESS:
                packed = ipaddress.ip_address(original).packed
                by_chance = len(packed) == 4 and (packed.count(0) >= _MANY_ZEROS or max(packed) < _SMALL)
                return [] if by_chance else [packed, packed[::-1]], [original.lower().encode()]
            case Kind.MAC:
                packed = bytes.fromhex(original.replace(":", "").replace("-", ""))
                return [packed] if packed.count(0) < _MOSTLY_ZEROS else [], [original.lower().encode()]
    except ValueError:
        return [], []
    text = original.lower()
    forms = [text.encode("utf-8", "replace"), text.encode("utf-16-le", "replace"), *_labels(text)]
    return [], [form for form in forms if len(form) > _SHORTEST]


def _labels(name: str) -> Iterator[bytes]:
    """Yield a host name as DNS writes it, each label after its length."""
    labels = [label.encode("utf-8", "replace") for label in name.strip(".").split(".")]
    if len(labels) > 1 and all(0 < len(label) < 64 for label in labels):
        yield b"".join(bytes([len(label)]) + label for label in labels)
