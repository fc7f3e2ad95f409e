"""Whom and what application protocols name: users, files, shares, topics, and words that a server quotes.

Rule: accounts that are called the same everywhere (root, anonymous) tell of nobody; single letters and bare numbers are
left, as they stand for anything else as well.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import chain

from explainer.escape import visible
from explainer.model import Cell
from explainer.privacy.fields import is_host
from explainer.privacy.kinds import Kind, Original

_CONVENTIONAL = re.compile(
    r"null|none|nobody|anonymous|anybody|guest|users?|username|root|admin(?:istrators?)?|system|services?|daemon|operator"
    r"|default|demo|test(?:er|ing)?|examples?|sample|api|apps?|applications?|web|www|data(?:base)?|db|backups?"
    r"|monitor(?:ing)?|info|mail(?:er)?|email|(?:post|web|host)master|abuse|no-?reply|support|sales|office|public|private"
    r"|home|shared?|files?|print(?:er)?|netlogon|sysvol|(?:ipc|[cd]|admin|print)\$|inbox|postgres|mysql|redis|mongodb"
    r"|rabbitmq|elastic|oracle|sa|krbtgt|host|station|log-?in|session|network|server|client|proxy|router|cache|queue"
    r"|master|main|te?mp|uploads?|downloads?",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"(?:sips?|tel|mailto|xmpp|im|pres):", re.IGNORECASE)
_BETWEEN = re.compile(r"[\s\\/@(),;:<>\"'`=]+")
_QUOTED = re.compile(r"[\"'`\u201c\u2018]([\w.$@+-]{2,64})[\"'`\u201d\u2019]")
_DISTINGUISHED = re.compile(r"[A-Za-z]{1,16}=[^,]+(?:,\s*[A-Za-z]{1,16}=[^,]+)*")
_NICK = re.compile(r"([\w\[\]\\`^{}|-]+)![~\w.-]+@")
"""Nick, user and host of a user of IRC (RFC 1459, section 2.3.1)."""
# With a number behind them, these are formats, versions and algorithms, and no hosts.
_COUNTED = r"sha|md|utf|base|rev|imap|pop|http|ipv|tls|ssl|aes|deb|el|win|bit"
_SAYS_ITS_NAME = (
    re.compile(r"(?<![\w.@/-])[A-Za-z][\w-]*(?:\.[\w-]+)*\.[A-Za-z][\w-]+(?![\w./-])"),
    re.compile(rf"(?<![\w.@/-])(?!(?:{_COUNTED})\d)[a-z]{{2,}}(?:-[a-z0-9]+)*-?\d+(?![\w./-])"),
    re.compile(r"^([\w-]+) (?:E?SMTP|Hello)\b"),
    re.compile(r"\bHello ([\w-]+) \["),
)
"""How a server calls itself, or its client, as a session begins: with a domain, with a number (mail01), or at the place
that a mail server has for it (RFC 5321, section 4.2)."""
_GREETING = frozenset({"SMTP", "IMAP", "POP3", "FTP", "IRC"})
_ONE_LABEL = re.compile(r"[A-Za-z][\w-]*")
_LEAST = 2
_NAMING = frozenset({"login", "ticket", "mail", "call", "file"})
"""The kinds of requests that are about somebody, or something of somebody's."""


def named(statistic: str, row: Mapping[str, Cell]) -> Iterator[Original]:
    """Yield what a row of a statistic names, by its columns' names."""
    reading = _READ.get(statistic)
    return reading(row) if reading else iter(())


def _of_account(row: Mapping[str, Cell]) -> Iterator[Original]:
    return _users(_text(row, "user"))


def _of_answer(row: Mapping[str, Cell]) -> Iterator[Original]:
    text = _text(row, "text")
    if row["kind"] in _NAMING:
        yield from _users(_text(row, "about"))
    for word in (*_QUOTED.findall(text), *_NICK.findall(text)):
        yield from _words(word, Kind.NAME)
    if row["protocol"] in _GREETING:
        for name in chain.from_iterable(pattern.findall(text) for pattern in _SAYS_ITS_NAME):
            yield Original(Kind.HOST, visible(name))


def _of_lookup(row: Mapping[str, Cell]) -> Iterator[Original]:
    """Yield the answers that are names of one label, as LLMNR and hosts of a network without a domain have them."""
    for name in _text(row, "answers").split(", "):
        if _ONE_LABEL.fullmatch(name) and tells(name):
            yield Original(Kind.HOST, visible(name))


def _of_topic(row: Mapping[str, Cell]) -> Iterator[Original]:
    for column in ("topic", "client_id"):
        if tells(_text(row, column)):
            yield Original(Kind.NAME, visible(_text(row, column)))


def _of_search(row: Mapping[str, Cell]) -> Iterator[Original]:
    yield from _users(_text(row, "base"))
    for pair in _text(row, "wanted").split(" and "):
        yield from _users(pair.partition("=")[2])


def _of_file(row: Mapping[str, Cell]) -> Iterator[Original]:
    if tells(_text(row, "name")):
        yield Original(Kind.FILE, visible(_text(row, "name")))


_READ: dict[str, Callable[[Mapping[str, Cell]], Iterator[Original]]] = {
    "accounts": _of_account, "answers": _of_answer, "topics": _of_topic, "directory_searches": _of_search,
    "files": _of_file, "dns": _of_lookup,
}  # fmt: skip


def tells(word: str) -> bool:
    """Return whether a word can tell of somebody, and can be found again in a text."""
    plain = word.strip(".-_")
    telling = len(plain) >= _LEAST and any(letter.isalpha() for letter in plain)
    return telling and _CONVENTIONAL.fullmatch(plain) is None


def _text(row: Mapping[str, Cell], column: str) -> str:
    value = row[column]
    return value if isinstance(value, str) else ""


def _users(text: str) -> Iterator[Original]:
    """Yield whom a login, a mailbox, a principal or a file's place names; distinguished names (LDAP) as a whole."""
    if _DISTINGUISHED.fullmatch(text):
        yield Original(Kind.CERTIFICATE, visible(text))
        return
    yield from _words(_SCHEME.sub("", text).partition(" (")[0], Kind.USER)


def _words(text: str, kind: Kind) -> Iterator[Original]:
    for word in _BETWEEN.split(text):
        if tells(word) and not ("." in word and is_host(word)):  # which is found by its looks
            yield Original(kind, visible(word))
