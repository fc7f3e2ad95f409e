"""What a question is about: the addresses, ports, frames and topics that it names."""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

from explainer.brief.about import ABOUT, RISKY
from explainer.brief.error_messages import in_words, is_message
from explainer.brief.foreign import in_english
from explainer.brief.letters import plain
from explainer.brief.topic_words import FAULT, PLAIN, WORDS
from explainer.brief.topics import Topic as Topic
from explainer.model import Finding

_ADDRESS = re.compile(
    r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}(?![\w]|:[^\d\s])|[0-9a-fA-F]*:[0-9a-fA-F:.]*:[0-9a-fA-F.]*(?![\w:]))"
)
_PORT = re.compile(r"(?:\bports?\s+|\]:|\d\.\d+:)(\d{1,5})(?:(?:\s*,|\s+and|\s+or)\s+(\d{1,5}))*\b", re.IGNORECASE)
_NAME = re.compile(r"(?<![\w.@-])(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?\.)+[a-z]{2,}(?![\w-])", re.IGNORECASE)
_NO_HOST = re.compile(
    r"\.(?:exe|dll|jar|php|html?|aspx?|jsp|js|css|log|conf|cfg|ini|txt|pdf|docx?|xlsx?|json|xml|ya?ml|pcap(?:ng)?"
    r")$|(?-i:^[a-z]+\.[A-Z][a-z]+$)",
    re.IGNORECASE,
)
"""What ends as a file does, or begins a sentence behind a full stop ("it fails.Please help")."""
_FRAME = re.compile(r"\b(?:frame|packet)s?\s+#?(\d+)", re.IGNORECASE)
_LARGEST_PORT = 65535
_PAGE = re.compile(
    r"^(?!.*\b(?:connect\w*|network|tls|ssl|cert\w*|dns|names?)\b)"
    r".*\b(?:errors?|[45]\d\d|downloads?|uploads?|incomplete|broken)\b",
    re.IGNORECASE | re.DOTALL,
)
"""Of what a page, or a file from the web, shows: errors of connections are others."""
_ANY_FAULT = re.compile(r"\b(wrong|problems?|issues?|faulty?|healthy|risk\w*)\b", re.IGNORECASE)
_FAILURE = re.compile(
    r"\b(why|fail\w*|broken?|not work\w*"
    r"|wrong with (?:the|my|our) (?:request|page|login|mail|upload|download|connection))\b",
    re.IGNORECASE,
)
"""What asks for a certain failure, and what asks for whatever there may be."""
_ATTACK = re.compile(r"\b(?:attack\w*|hack\w*|intru\w+|compromis\w+|break(?:ing)? in)\b", re.IGNORECASE)
_WEAKNESSES = ("cleartext_", "policy_", "unwanted_smb1", "unwanted_portmapper", "tls_obsolete_")
"""What an attacker may use, and is no attack."""
_OF_PAGES = ("http_", "http2_", "grpc_")


_SAME = (
    (re.compile(r"\b(?:un)?regist", re.IGNORECASE), re.compile(r"\bregistration\b")),
    (re.compile(r"\b(?:guess|brute)", re.IGNORECASE), re.compile(r"\bguess")),
    (re.compile(r"\bmount", re.IGNORECASE), re.compile(r"\bmount")),
    (
        re.compile(r"\b(?:calls?|phones?|telephon\w+|voip|voice|sip)\b", re.IGNORECASE),
        re.compile(r"\bSIP\b|\b[Vv]oice\b|\b(?:the|The) call\b"),
    ),
    (re.compile(r"\be?-?mails?\b", re.IGNORECASE), re.compile(r"\bmail\b")),
    (re.compile(r"\bprint\w*", re.IGNORECASE), re.compile(r"\bprinter\b")),
)
"""Words of a question, and those of the findings that are about just that."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question in plain words, and what it names; `text` is in English, `asked` as somebody put it."""

    text: str
    addresses: frozenset[str]
    ports: frozenset[int]
    names: frozenset[str]
    frames: frozenset[int]
    topics: frozenset[Topic]
    about_a_fault: bool = False
    asked: str = ""

    def names_hosts(self) -> bool:
        """Return whether it is about certain addresses or names."""
        return bool(self.addresses or self.names)

    def closeness(self, finding: Finding) -> int:
        """Return how much of what the question names the finding is about: 0 for nothing."""
        scope = finding.scope
        names = {name.lower().rstrip(".") for name in scope.names}
        return (
            4 * len(self.addresses & set(scope.addresses))
            + 4 * self.named(names)
            + 2 * len(self.ports & set(scope.ports))
            + 2 * len(self.frames & set(finding.evidence.frames))
            + sum(finding.rule.startswith(ABOUT.get(topic, ())) for topic in self.topics)
            + sum(bool(asked.search(self.text) and told.search(finding.title)) for asked, told in _SAME)
        )

    def named(self, names: Iterable[str]) -> int:
        """Return how many of the question's names are among these, or the domain of one of them."""
        known = [name.lower().rstrip(".") for name in names]
        return sum(any(k == name or k.endswith(f".{name}") for k in known) for name in self.names)

    def asks_what_it_is(self, finding: Finding) -> bool:
        """Return whether it names a port, and the finding tells what traffic it is that goes there."""
        return bool(self.ports & set(finding.scope.ports)) and finding.rule.startswith(("unwanted_", *RISKY))

    def asks_of_page(self, finding: Finding) -> bool:
        """Return whether it speaks of what a page shows, and the finding is of web servers' answers."""
        return finding.rule.startswith(_OF_PAGES) and _PAGE.search(self.text) is not None

    def about_a_failure(self) -> bool:
        """Return whether it asks what does not work, not just whether anything is wrong."""
        return self.about_a_fault and (_FAILURE.search(self.text) is not None or not _ANY_FAULT.search(self.text))

    def asks_more_of(self, finding: Finding) -> bool:
        """Return whether it asks for an attack, and the finding is only of something that one could use."""
        return (
            _ATTACK.search(self.text) is not None
            and Topic.PASSWORDS not in self.topics
            and finding.rule.startswith(_WEAKNESSES)
            and "searched_hosts" not in finding.measured
        )

    def concerns(self, finding: Finding) -> bool:
        """Return whether it asks for what the finding's rule looks for."""
        return any(finding.rule.startswith(ABOUT.get(topic, ())) for topic in self.topics)


def parse(asked: str) -> Question:
    """Return the question with what it names."""
    text = in_words(in_english(plain(asked)))
    message = is_message(text)
    return Question(
        text=text,
        asked=asked,
        addresses=frozenset(filter(None, map(_address, _ADDRESS.findall(text)))),
        ports=frozenset(port for port in map(int, _ports(text)) if port <= _LARGEST_PORT),
        names=frozenset(name.lower() for name in _NAME.findall(text) if not _NO_HOST.search(name)),
        frames=frozenset(map(int, _FRAME.findall(text))),
        topics=_topics(_NAME.sub(" ", text), message=message),
        about_a_fault=message or FAULT.search(text) is not None,
    )


def _topics(text: str, *, message: bool) -> frozenset[Topic]:
    asked = {topic for topic, words in WORDS.items() if re.search(words, text, re.IGNORECASE)}
    for part in [part for part in _AND.split(text) if not message and not FAULT.search(part)]:
        asked |= {topic for topic, words in PLAIN.items() if re.search(words, part, re.IGNORECASE)}
        asked |= {Topic.FRAME} if _FRAME.search(part) else set()
    return frozenset(asked)


_AND = re.compile(r"\band (?=(?:is|are|was|were|who|which|what|where|how|does|did)\b)", re.IGNORECASE)
"""Between two questions that are put at once: of the one, a fault may be asked, of the other not."""


def _address(text: str) -> str:
    for candidate in (text, text.rstrip("."), text.rstrip(".:")):  # a sentence may go on with a mark
        try:
            return str(ipaddress.ip_address(candidate))
        except ValueError:
            continue
    return ""


def _ports(text: str) -> list[str]:
    return [number for match in _PORT.finditer(text) for number in re.findall(r"\d{1,5}", match[0].rpartition(":")[2])]
