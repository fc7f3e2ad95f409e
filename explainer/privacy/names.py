"""Pseudonyms of names, a word at a time, so that what was the same stays the same: labels, path segments, users."""

import re
from hashlib import blake2b, shake_256

from explainer.privacy.endings import is_public

_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_DIGITS = "23456789"
WORD = re.compile(r"\b[hsunq][2-9][a-z2-7]{4}\b")
"""What a pseudonym looks like: a letter for its kind (host, segment, user, name, query), a digit, four letters."""

_KEPT_LABELS = frozenset({"*", "www", "wpad", "localhost", "in-addr", "arpa", "ip6"})
_SECOND_LEVEL = frozenset({"ac", "co", "com", "edu", "gob", "gov", "gv", "ne", "net", "nom", "or", "org", "go"})
_EXTENSION = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,4}$")
_ATTRIBUTE = re.compile(r"\s*([A-Za-z]+|[\d.]+)=((?:\\.|[^,+\\])*)")
_LETTERS_ALONE = re.compile(r"[a-z]+")
_WITH_PORT = re.compile(r"([^:]+)(:\d{1,5})")
_LONGEST_SERVICE = 16
"""With the underscore (RFC 6763, section 7.2); what is longer is a name of somebody's (`_BitTorrent-…`)."""
_SHORT, _LONG, _ATTEMPTS = 2, 7, 1000
_PUBLIC_ATTRIBUTES = frozenset({"C"})  # a country tells too little of anybody, and so do two letters of a state
STATE_LETTERS = 2


class Words:
    """Pseudonyms of single words, made from a key; two words never share one."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._made: dict[tuple[str, str], str] = {}
        self.originals: dict[str, str] = {}

    def word(self, kind: str, original: str) -> str:
        """Return the pseudonym of a word; of a pseudonym, itself. Upper and lower case are the same word."""
        if original.lower() in self.originals:
            return original
        known = (kind, _folded(original))
        attempt = 0
        while known not in self._made:
            made = self._made_up(kind, attempt, known[1])
            attempt += 1
            if made not in self.originals:
                self._made[known] = made
                self.originals[made] = original
        return self._made[known]

    def host(self, name: str) -> str:
        """Return the pseudonym of a host name: its labels, but for a public suffix and those that all use."""
        name, port = match.groups() if (match := _WITH_PORT.fullmatch(name)) else (name, "")
        labels = name.split(".")
        ending = labels[-1:] if labels[-1] else labels[-2:]
        inner = labels[: -len(ending)] if len(labels) > len(ending) else []
        if len(inner) > 1 and inner[-1].lower() in _SECOND_LEVEL and len(ending[0]) == 2:
            ending = [inner.pop(), *ending]
        elif not is_public(ending[0]):
            ending = [self._label(ending[0]), *ending[1:]]
        return ".".join([*map(self._label, inner), *ending]) + port

    def path(self, path: str) -> str:
        """Return the pseudonym of a path with its query: as deep as it was, with the same extensions."""
        path, mark, query = path.partition("?")
        said = "/".join(map(self._segment, path.split("/")))
        return said + (f"?{self.word('q', query)}" if mark and query else mark)

    def user(self, name: str) -> str:
        """Return the pseudonym of a user's name."""
        return self.word("u", name)

    def distinguished(self, name: str) -> str:
        """Return the pseudonym of a distinguished name (RFC 4514): the same attributes, other values."""
        return _ATTRIBUTE.sub(self._attribute, name)

    def _attribute(self, match: re.Match[str]) -> str:
        kind, value = match[1], match[2]
        return match[0] if kind in _PUBLIC_ATTRIBUTES or not value else f"{match[0][: -len(value)]}{self.value(value)}"

    def value(self, value: str) -> str:
        """Return the pseudonym of what a certificate says of its owner: a host name as such, else one word."""
        return self.host(value) if re.fullmatch(r"[\w*-]+(\.[\w-]+)+", value) else self.word("n", value)

    def _label(self, label: str) -> str:
        service = label.startswith("_") and len(label) <= _LONGEST_SERVICE
        kept = not label or service or label.lower() in _KEPT_LABELS
        return label if kept else self.word("h", label)

    def _segment(self, segment: str) -> str:
        if not segment:
            return segment
        extension = match[0] if (match := _EXTENSION.search(segment)) else ""
        stem = segment[: len(segment) - len(extension)]
        return (self.word("s", stem) if stem else "") + extension

    def _made_up(self, kind: str, attempt: int, original: str) -> str:
        text = f"{kind}/{attempt}/{original}".encode("utf-8", "replace")
        return kind + _spelled(blake2b(text, key=self._key, digest_size=5).digest())


class FittedWords(Words):
    """Pseudonyms as long as what they stand for (in bytes of UTF-8), so that they fit into its place in a packet.

    Where the few words of one or two letters are used up, a longer one stands in. A long word of letters alone stays
    one: it is no other by chance, and names that programs invent are told by their looks.
    """

    def _made_up(self, kind: str, attempt: int, original: str) -> str:
        size = len(original.encode("utf-8", "replace"))
        if size <= _SHORT and attempt >= _ATTEMPTS:
            return super()._made_up(kind, attempt, original)
        raw = shake_256(self._key + f"{kind}/{attempt}/{original}".encode("utf-8", "replace")).digest(size)
        if size >= _LONG and _LETTERS_ALONE.fullmatch(original):
            return kind + "".join(chr(ord("a") + octet % 26) for octet in raw[1:])
        spelled = _spelled(raw)
        return (kind + spelled)[:size] if size > _SHORT else spelled[-size:]


def _folded(word: str) -> str:
    """Return the word in lower case, unless that takes more or fewer bytes (as for "Ⱥ")."""
    lower = word.lower()
    return lower if len(lower.encode("utf-8", "replace")) == len(word.encode("utf-8", "replace")) else word


def _spelled(raw: bytes) -> str:
    """Return a digit and letters, one a byte."""
    return _DIGITS[raw[0] % len(_DIGITS)] + "".join(_LETTERS[octet % len(_LETTERS)] for octet in raw[1:])


def values_of(name: str) -> list[str]:
    """Return the values within a distinguished name that tell of somebody."""
    found = _ATTRIBUTE.findall(name)
    return [value for kind, value in found if len(value) > STATE_LETTERS and kind not in _PUBLIC_ATTRIBUTES]
