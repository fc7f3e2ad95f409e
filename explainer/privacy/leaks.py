"""The last look at the bytes of a request, apart from what made them: whether anything of the capture is left."""

import ipaddress
import json
import re
from collections.abc import Iterator

from explainer.masking import masked
from explainer.privacy.addresses import is_kept
from explainer.privacy.kinds import Kind
from explainer.privacy.mapping import Mapping
from explainer.privacy.patterns import MAC, V4, V6, backwards_quad, bounded

_ADDRESS = re.compile(f"{V6}|{V4}")
_MAC = re.compile(MAC)
_BACKWARDS = ".in-addr.arpa"
_CUT = "…"
"""Of a pseudonym that is cut, the rest is another address."""


def leaks(payload: bytes, mapping: Mapping) -> tuple[str, ...]:
    """Return what a request must not hold, each as a phrase that does not repeat it: values of the capture, secrets.

    Looked at are the bytes as they are, and every string of the JSON that they are.
    """
    strings = list(dict.fromkeys(_texts(payload)))
    found = ["a secret" for text in strings if masked(text) != text]
    if mapping.active:
        for text in [payload.decode("utf-8", "replace"), *strings]:
            found += _addresses(text, mapping)
            found += known(text, mapping)
    return tuple(dict.fromkeys(found))


def _texts(payload: bytes) -> Iterator[str]:
    text = payload.decode("utf-8", "replace")
    try:
        yield from _strings(json.loads(text))
    except ValueError:
        yield text


def _strings(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for item in value:
                yield from _strings(item)
        case dict():
            for name, item in value.items():
                yield name
                yield from _strings(item)


def _addresses(text: str, mapping: Mapping) -> Iterator[str]:
    """Yield addresses that are no pseudonyms, whether or not the mapping knows them."""
    for match in _ADDRESS.finditer(text):
        if text.startswith(_CUT, match.end()):
            continue
        try:
            backwards = text.startswith(_BACKWARDS, match.end())
            address = str(ipaddress.ip_address(backwards_quad(match[0]) if backwards else match[0]))
        except ValueError:
            continue
        if not is_kept(address) and not mapping.is_pseudonym(address):
            yield Kind.ADDRESS.of_capture
    for match in _MAC.finditer(text):
        own = match[0].lower().replace("-", ":")
        if own in mapping.originals and not mapping.is_pseudonym(own):
            yield Kind.MAC.of_capture


def known(text: str, mapping: Mapping) -> Iterator[str]:
    """Yield what the mapping knows of a text, each as a phrase that does not repeat it."""
    lowered = text.lower()
    for original, kind in mapping.originals.items():
        if original.lower() not in lowered or mapping.is_pseudonym(original):
            continue
        if re.search(bounded(original), text, re.IGNORECASE):
            yield kind.of_capture
