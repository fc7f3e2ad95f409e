"""The last look at each file of a redacted pack, apart from what made it: as text, as bytes, in network order. Pure."""

import ipaddress
from collections.abc import Iterator
from html import unescape

from explainer.privacy.kinds import Kind
from explainer.privacy.leaks import known, leaks
from explainer.privacy.mapping import Mapping

_SHORTEST = 4
"""Bytes: less than that stands in any file by chance."""
_MANY_ZEROS, _SMALL = 2, 16
"""Four bytes such as 10.0.0.1 and 1.2.3.4 do, too; where they are an address, the dissection says so."""
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
        if any(form in content for form in exact) or any(form in lowered for form in folded):
            return kind.of_capture
    return ""


def _forms(original: str, kind: Kind) -> tuple[list[bytes], list[bytes]]:
    """Return how a value may stand in bytes: as they are, and in whatever case."""
    try:
        match kind:
            case Kind.ADDRESS:
                packed = ipaddress.ip_address(original).packed
                by_chance = len(packed) == 4 and (packed.count(0) >= _MANY_ZEROS or max(packed) < _SMALL)
                return [] if by_chance else [packed, packed[::-1]], [original.lower().encode()]
            case Kind.MAC:
                return [bytes.fromhex(original.replace(":", "").replace("-", ""))], [original.lower().encode()]
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
