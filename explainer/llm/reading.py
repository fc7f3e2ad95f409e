"""What a sentence states that can be looked up: addresses, names, ports, quantities, dates, words. Pure."""

import ipaddress
import re
from dataclasses import dataclass
from enum import StrEnum

from explainer.llm.written import without_frames
from explainer.privacy.fields import is_host
from explainer.privacy.patterns import MAC, V4, V6

_ADDRESS = re.compile(rf"({V6}|{V4})(/\d{{1,3}})?")
_MAC = re.compile(MAC)
_NAME = re.compile(r"(?<![\w.@-])(?:\*\.)?[^\W_]?[\w-]*(?:\.[\w-]+)+")
_PORTS = re.compile(
    r"\bports?\s+(\d{1,5}(?:(?:,\s*|\s+(?:and|or|to)\s+)\d{1,5}(?!\d|\.\d))*)"
    r"|\b(?:tcp|udp)[:/ ](\d{1,5})\b|(\d{1,5})/(?:tcp|udp)\b",
    re.I,
)
_AFTER_HOST = re.compile(r"(?<=[\w\]]):(\d{2,5})\b(?![:@])")
_DATE = re.compile(r"\b(\d{4}-\d\d-\d\d)\b")
_LONG_DATE = re.compile(
    r"\b(?:(\d{1,2})(?:st|nd|rd|th)?\s+(?P<a>[A-Z][a-z]{2,8})\.?,?\s+(\d{4})"
    r"|(?P<b>[A-Z][a-z]{2,8})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4}))\b"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_TIME = re.compile(r"\b\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?\b(?:\s*(?:UTC|Z)\b)?")
_VERSION = re.compile(
    r"\b(?:TLS|SSL|DTLS|HTTP|IP|SMB|NFS|SNMP|RFC|SHA|MD|AES|RSA|X|ALPN|QUIC|Wireshark|tshark|layer)"
    r"[ -]?v?/?\d+(?:\.\d+)*\b"
    r"(?:\s*(?:,|and|or|to|through|-|\u2013)\s*v?\d\.\d\b)*|\b0x[0-9a-f]+\b|\b\d\.\d(?:\s*(?:,|and|or|to|-|\u2013)\s*\d\.\d)+",
    re.IGNORECASE,
)
_CODE = re.compile(
    r"\b(?:code|status|error|alert|answer(?:s|ed)|repl(?:ies|ied))(?: code| with)?\s+[1-5]\d\d\b", re.IGNORECASE
)
_QUOTED = re.compile(r'"[^"\n]*"|“[^”\n]*”|`[^`\n]*`')
_NUMBER = re.compile(
    r"(?<![\w.:/-])(?P<about>(?:about|around|roughly|approximately|nearly|almost|some|~|≈)\s*)?"
    r"(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"(?:\s?(?P<unit>ms|milliseconds?|µs|us|microseconds?|secs?|seconds?|s|minutes?|mins?|hours?|days?"
    r"|weeks?|months?|years?"
    r"|%|percent|per cent|[kKMG]i?B|bytes?|B)(?![\w]))?(?![\w]|\.\d)"
    r"(?:[\s-]+(?P<noun>[A-Za-z]+)(?:[\s-]+(?P<next>[A-Za-z]+))?)?",
    re.IGNORECASE,
)
_UNITS_OF_TIME = "milliseconds?|seconds?|minutes?|hours?|days?|weeks?|months?|years?"
_SPELLED = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
# "one" and "two" also point at things: they are numbers before a unit of time only.
_SPELLED_NUMBER = re.compile(
    rf"\b(?:({'|'.join(_SPELLED[2:])})\s+(?=[a-z])|(one|two)\s+(?=(?:{_UNITS_OF_TIME})\b))", re.IGNORECASE
)
_SECONDS = {
    "ms": 1e-3, "milli": 1e-3, "µs": 1e-6, "us": 1e-6, "micro": 1e-6, "s": 1, "sec": 1, "min": 60, "hour": 3600,
    "day": 86400, "week": 604800, "month": 2629800, "year": 31557600,
}  # fmt: skip
_BYTES = {"b": 1, "byte": 1, "kb": 1000, "kib": 1024, "mb": 10**6, "mib": 2**20, "gb": 10**9, "gib": 2**30}
_WORD = re.compile(r"[A-Za-z]{3,}")
_STEM = 5
_EMPTY = re.compile(
    r"all|and|any|are|both|but|came|can|did|for|had|has|how|its|not|now|off|one|only|out|the|too|two|was|who|why|yet|"
    r"about|above|after|again|against|also|among|another|because|been|before|being|below|between|both|cannot|could|"
    r"does|down|during|each|either|else|even|ever|every|from|further|have|having|here|into|itself|just|made|make|"
    r"more|most|must|need|never|none|nothing|only|other|others|over|same|should|since|some|such|than|that|their|"
    r"them|then|there|these|they|this|those|though|through|under|until|very|were|what|when|where|which|while|whom|"
    r"whose|will|with|within|without|would|your|still|shows|show|showing|shown|says|said|sent|send|sends|frame|"
    r"frames|capture|packet|packets|clearly|therefore|however|thus|itself|first|second|last|next|later"
)


class Dimension(StrEnum):
    """What a quantity measures."""

    TIME = "time"
    BYTES = "bytes"
    SHARE = "share"
    COUNT = "count"


@dataclass(frozen=True)
class Quantity:
    """A number as written; `value` in seconds, bytes, percent or things; `least` is the unit of its last digit."""

    text: str
    value: float
    least: float
    dimension: Dimension
    noun: str = ""
    about: bool = False


def addresses(text: str) -> list[str]:
    """Return the IP and MAC addresses in a text as they are usually written; a network with its length."""
    found = [match[0].lower().replace("-", ":") for match in _MAC.finditer(text)]
    for match in _ADDRESS.finditer(_MAC.sub(" ", text)):
        try:
            plain = str(ipaddress.ip_address(match[1]))
            found.append(str(ipaddress.ip_network(plain + match[2], strict=False)) if match[2] else plain)
        except ValueError:
            continue
    return found


def names(text: str) -> list[str]:
    """Return the host and file names in a text, in lower case."""
    return [match[0].lower() for match in _NAME.finditer(_without_addresses(text)) if is_host(match[0])]


def ports(text: str) -> list[int]:
    """Return the ports in a text."""
    found = [number for match in _PORTS.finditer(text) for number in re.findall(r"\d+", match[0])]
    return [int(number) for number in [*found, *_AFTER_HOST.findall(_TIME.sub(" ", text))]]


def dates(text: str) -> list[str]:
    """Return the dates in a text, as 2026-11-09."""
    found = _DATE.findall(text)
    for match in _LONG_DATE.finditer(text):
        month = (match["a"] or match["b"])[:3].lower()
        if month in _MONTHS:
            day, year = (match[1], match[3]) if match["a"] else (match[5], match[6])
            found.append(f"{year}-{_MONTHS.index(month) + 1:02d}-{int(day):02d}")
    return found


def quantities(text: str) -> list[Quantity]:
    """Return the numbers in a text that count or measure something: no frames, ports, versions, names, quotations."""
    text = _SPELLED_NUMBER.sub(lambda match: f"{_SPELLED.index((match[1] or match[2]).lower()) + 1} ", bare(text))
    return [_quantity(match) for match in _NUMBER.finditer(text)]


def words(text: str) -> set[str]:
    """Return the beginnings of the words in a text that mean something, without captured strings."""
    found = (word.lower() for word in _WORD.findall(re.sub("[_-]", " ", bare(text))))
    return {word[:_STEM] for word in found if not _EMPTY.fullmatch(word)}


def bare(text: str) -> str:
    """Return the text without frames, quotations, names, addresses, ports, dates, times, versions and status codes."""
    text = _without_addresses(_QUOTED.sub(" ", without_frames(text)))
    text = _NAME.sub(lambda match: " " if is_host(match[0]) else match[0], text)
    for pattern in (_AFTER_HOST, _PORTS, _DATE, _LONG_DATE, _TIME, _VERSION, _CODE):
        text = pattern.sub(" ", text)
    return text


def _without_addresses(text: str) -> str:
    return _ADDRESS.sub("_", _MAC.sub(" ", text))


def _quantity(match: re.Match[str]) -> Quantity:
    digits, unit, noun = match["number"].replace(",", ""), (match["unit"] or "").lower(), match["noun"] or ""
    least = 10.0 ** -len(digits.partition(".")[2])
    scale, dimension = _scale(unit)
    nouns = "" if unit and dimension is not Dimension.COUNT else " ".join(filter(None, (noun, match["next"] or "")))
    return Quantity(
        match[0].strip(), float(digits) * scale, least * scale, dimension, nouns.lower(), bool(match["about"])
    )


def _scale(unit: str) -> tuple[float, Dimension]:
    if not unit:
        return 1, Dimension.COUNT
    if unit in ("%", "percent", "per cent"):
        return 1, Dimension.SHARE
    if (size := _BYTES.get(unit if unit in _BYTES else unit.rstrip("s"))) is not None:
        return size, Dimension.BYTES
    exact = _SECONDS.get(unit)
    known = exact or next(size for word, size in reversed(_SECONDS.items()) if unit.startswith(word))
    return known, Dimension.TIME
