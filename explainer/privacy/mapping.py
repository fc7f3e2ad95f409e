"""One capture's mapping between what it holds and what is sent: consistent, reversible here, never sent itself."""

import re
from collections.abc import Iterable
from hashlib import blake2b

from explainer.masking import masked
from explainer.model import Analysis
from explainer.privacy import addresses
from explainer.privacy.fields import is_host
from explainer.privacy.kinds import Kind, Original
from explainer.privacy.names import STATE_LETTERS, WORD, Words, values_of
from explainer.privacy.originals import originals
from explainer.privacy.patterns import (
    ADDRESSES,
    BACKWARDS,
    SSH_ALGORITHM,
    TELLING,
    backwards_quad,
    bounded,
    canonical,
)

_KEY_BYTES = 32
_MARKS = ".,;:!?"
_MASKED = frozenset("x0")  # what stands for letters and digits where a capture was made anonymous before
_NESTED = 3  # a hostile value can hold another one, whose pseudonym is then a part of its own
_UNITS = {"s", "ms", "b", "kb", "mb", "bit"}
_PROTOCOLS = ("protocol", "spoken", "service")
"""Columns that hold names of protocols: who is called like one that is spoken here is not told by it."""
_OURS = _UNITS | {
    "unknown", "client", "server", "frame", "example", "network", "host", "name", "rules", "proxy", "router", "<root>",
}  # fmt: skip


class Mapping:
    """Pseudonyms of one capture; `active` False leaves text as it is, but for secrets."""

    def __init__(
        self, key: bytes, known: Iterable[Original] = (), *, active: bool = True, words: type[Words] = Words
    ) -> None:
        self.active = active
        self._key = blake2b(key, digest_size=_KEY_BYTES).digest()
        self._words = words(self._key)
        self._addresses: dict[str, str] = {}
        self._shown: dict[str, str] = {}  # pseudonym of an address → the address
        self._phrases: dict[str, str] = {}  # what no pattern finds as a whole, in small letters → its pseudonym
        self._compiled: re.Pattern[str] | None = None
        self._originals: dict[str, Kind] = {}
        self._ours = set(_OURS)
        self.take(known)

    @classmethod
    def of(cls, analysis: Analysis, words: type[Words] = Words) -> "Mapping":
        """Return the mapping for a capture: the same for the same file."""
        mapping = cls(bytes.fromhex(analysis.info.sha256), words=words)
        for outcome in analysis.outcomes:
            mapping.excuse(f"{outcome.title} {outcome.area}")
        for stat in analysis.stats:
            mapping.excuse(f"{stat.title} {' '.join(column.name for column in stat.columns)}")
            for index, column in enumerate(stat.columns):
                if column.name in _PROTOCOLS:
                    mapping.excuse(" ".join({str(row[index]) for row in stat.rows}))
        mapping.take(originals(analysis))
        return mapping

    @classmethod
    def off(cls) -> "Mapping":
        """Return a mapping that leaves everything as it is, for a model on this machine."""
        return cls(b"", active=False)

    @property
    def originals(self) -> dict[str, Kind]:
        """Return what must not be sent, and what each is."""
        return {text: kind for text, kind in self._originals.items() if not self._is_our_word(text)}

    @property
    def table(self) -> dict[str, str]:
        """Return what each pseudonym that was given out stands for."""
        backwards = {
            f"{backwards_quad(made)}.in-addr.arpa": f"{backwards_quad(own)}.in-addr.arpa"
            for made, own in self._shown.items()
            if ":" not in made
        }
        return dict(sorted({**self._shown, **backwards, **self._words.originals}.items()))

    def excuse(self, text: str) -> None:
        """Take in what is sent whatever the capture: a host that is called like a word in it is not told by that."""
        self._ours.update(word.lower() for word in re.findall(r"[A-Za-z][A-Za-z0-9]*", text))

    def stand_in(self, original: Original) -> str:
        """Return the pseudonym of one value, which is taken into the mapping."""
        self.learn(original)
        return self._pseudonym(original)

    def is_pseudonym(self, text: str) -> bool:
        """Return whether this stands for something else: an address, or a word."""
        return text.lower() in self._shown or text.lower() in self._words.originals

    def take(self, known: Iterable[Original]) -> None:
        """Take in what the capture holds, in an order of its own."""
        for original in sorted(set(known), key=lambda found: (found.kind, found.text)):
            self.learn(original)

    def learn(self, original: Original) -> None:
        """Take a value that was found in the capture into the mapping."""
        text = original.text
        if not self.active or text in self._originals or self._is_our_word(text) or not _tells(original):
            return
        found = TELLING.fullmatch(text)
        made = self._replaced(found) if found and found["reverse"] else self._pseudonym(original)
        if made == text:
            return
        self._originals[text] = original.kind
        if original.kind is Kind.CERTIFICATE:
            for value in values_of(text):
                if not TELLING.fullmatch(value) and value.lower() not in self._ours:
                    self._phrases[value.lower()] = self._words.value(value)
        elif not found or (found["host"] and not is_host(text)):
            self._phrases[text.lower()] = made
        self._compiled = None

    def pseudonymise(self, text: str) -> str:
        """Return the text, made visible already, as it may be sent: with pseudonyms, and without secrets."""
        text = masked(text)
        if not self.active:
            return text
        if self._phrases:
            text = self._phrase_pattern().sub(lambda match: self._phrases.get(match[0].lower(), match[0]), text)
        return TELLING.sub(self._replaced, text)

    def restore(self, text: str) -> str:
        """Return a text that came back with what the pseudonyms in it stand for."""
        if not self.active:
            return text
        for _ in range(_NESTED):
            text = WORD.sub(lambda match: self._words.originals.get(match[0].lower(), match[0]), text)
        text = BACKWARDS.sub(
            lambda match: backwards_quad(self._shown.get(backwards_quad(match[0]), backwards_quad(match[0]))), text
        )
        return ADDRESSES.sub(lambda match: self._shown.get(canonical(match[0]), match[0]), text)

    def _phrase_pattern(self) -> re.Pattern[str]:
        if self._compiled is None:
            longest_first = sorted(self._phrases, key=lambda phrase: (-len(phrase), phrase))
            self._compiled = re.compile("|".join(map(bounded, longest_first)), re.IGNORECASE)
        return self._compiled

    def _replaced(self, match: re.Match[str]) -> str:
        text = match[0]
        match match.lastgroup:
            case "v4" | "v6":
                return self._address(text)
            case "mac":
                return self._mac(text)
            case "reverse":
                quad, _, zone = text.partition(".in-")
                return f"{backwards_quad(self._address(backwards_quad(quad)))}.in-{zone}"
            case "mail" if SSH_ALGORITHM.fullmatch(text):
                return text
            case "mail":
                user, _, domain = text.partition("@")
                place = self._address(domain) if canonical(domain) else self._words.host(domain)
                return f"{self._words.user(user)}@{place}"
            case "tel":
                return f"tel:{self._words.user(text.removeprefix('tel:'))}"
            case "url":
                return self._url(text)
            case "dn":
                return self._words.distinguished(text)
            case "path":
                bare = text.rstrip(_MARKS)
                return self._words.path(bare) + text[len(bare) :]
            case _:
                known = text in self._originals or text.rstrip(".") in self._originals
                return self._words.host(text) if known or "." not in text or is_host(text) else text

    def _pseudonym(self, original: Original) -> str:
        match original.kind:
            case Kind.ADDRESS:
                return self._address(original.text)
            case Kind.MAC:
                return self._mac(original.text)
            case Kind.PATH:
                return self._words.path(original.text)
            case Kind.CERTIFICATE:
                return self._words.distinguished(original.text)
            case Kind.NAME:
                return self._words.value(original.text)
            case Kind.USER:
                return self._words.user(original.text)
            case _:
                return self._words.host(original.text)

    def _address(self, text: str) -> str:
        own = canonical(text)
        if not own or addresses.is_kept(own) or (own in self._shown and own not in self._originals):
            return text
        if own not in self._addresses:
            made = addresses.address(own, self._key)
            self._addresses[own], self._shown[made] = made, own
            self._originals.setdefault(own, Kind.ADDRESS)
            if ":" not in own:  # the network is spoken of as often as the host
                network = own.rpartition(".")[0] + ".0"
                self._shown.setdefault(made.rpartition(".")[0] + ".0", network)
        return self._addresses[own]

    def _mac(self, text: str) -> str:
        own = text.lower().replace("-", ":")
        if own in self._shown and own not in self._originals:
            return text
        made = addresses.mac(own, self._key)
        if made != own:
            self._shown[made] = own
            self._originals.setdefault(own, Kind.MAC)
        return made

    def _url(self, text: str) -> str:
        bare = text.rstrip(_MARKS)
        scheme, _, rest = bare.partition("://")
        place, slash, path = rest.partition("/")
        user, at, host = place.rpartition("@")
        host, mark, port = host.partition(":") if not host.startswith("[") else (host, "", "")
        said = TELLING.sub(self._replaced, host)
        said = said if said != host or self._is_ours(host) else self._words.host(host)
        who = f"{self._words.user(user)}@" if at else ""
        way = self._words.path(slash + path) if slash else ""
        return f"{scheme}://{who}{said}{mark}{port}{way}{text[len(bare) :]}"

    def _is_our_word(self, text: str) -> bool:
        """Return whether it stands in what is sent whatever the capture; "/json" does as the protocol below HTTP."""
        return text.lower().strip("/") in self._ours

    def _is_ours(self, host: str) -> bool:
        """Return whether a host stands as it may: already a pseudonym, or the same in every network."""
        return bool(ADDRESSES.fullmatch(host)) or host.lower() == "localhost" or bool(WORD.match(host))


def _tells(original: Original) -> bool:
    """Return whether it can tell of anybody: no lone mark or letter, no masked word, no short state or path."""
    letters = [letter for letter in original.text.lower() if letter.isalnum()]
    least = STATE_LETTERS + (original.kind in (Kind.NAME, Kind.PATH))
    return len(letters) >= least and not _MASKED.issuperset(letters)
