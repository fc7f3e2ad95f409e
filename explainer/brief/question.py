"""What a question is about: the addresses, ports, frames and topics that it names."""

import ipaddress
import re
from dataclasses import dataclass
from enum import StrEnum

from explainer.model import Finding


class Topic(StrEnum):
    """A thing that people ask about."""

    TLS = "TLS"
    RTT = "round-trip time"
    PORTS = "ports"
    PROTOCOLS = "protocols"
    DESTINATIONS = "destinations"
    ALERTS = "TLS alerts"
    SEGMENT_SIZE = "segment size"


_WORDS = {
    Topic.TLS: r"\b(tls|ssl|https|certificates?|certs?|cipher\w*|ssl/tls|x\.?509)\b",
    Topic.RTT: r"\b(rtt|round[- ]?trips?|latency|latencies|ping times?|delays?)\b",
    Topic.PORTS: r"\bports?\b",
    Topic.PROTOCOLS: r"\b(protocols?|hierarchy)\b",
    Topic.DESTINATIONS: r"\b(destinations?|top talkers?|who talks)\b",
    Topic.ALERTS: r"\balerts?\b",
    Topic.SEGMENT_SIZE: r"\b(mss|mtu|(?:packet|segment) sizes?|packets (?:are |be )?so (?:small|large|big))\b",
}
_FAULT = re.compile(
    r"\b(why|fails?|failed|failing|failures?|wrong|problems?|errors?|broken?|breaks?|issues?|slow\w*|refus\w+|cannot|can't"
    r"|unable|drop\w*|resets?|hangs?|rejects?|rejected|not (?:work|load|open|connect|answer)\w*|(?:doesn|don|isn|won)'t)\b",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}(?![\w]|:[^\d\s])|[0-9a-fA-F]*:[0-9a-fA-F:.]*:[0-9a-fA-F.]*(?![\w:]))"
)
_PORT = re.compile(r"(?:\bports?\s+|\]:|\d\.\d+:)(\d{1,5})(?:(?:\s*,|\s+and|\s+or)\s+(\d{1,5}))*\b", re.IGNORECASE)
_NAME = re.compile(r"(?<![\w.@-])(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?\.)+[a-z]{2,}(?![\w-])", re.IGNORECASE)
_FRAME = re.compile(r"\b(?:frame|packet)s?\s+#?(\d+)", re.IGNORECASE)
_LARGEST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Question:
    """A question in plain words, and what it names."""

    text: str
    addresses: frozenset[str]
    ports: frozenset[int]
    names: frozenset[str]
    frames: frozenset[int]
    topics: frozenset[Topic]
    about_a_fault: bool = False

    def names_hosts(self) -> bool:
        """Return whether it is about certain addresses or names."""
        return bool(self.addresses or self.names)

    def closeness(self, finding: Finding) -> int:
        """Return how much of what the question names the finding is about: 0 for nothing."""
        scope = finding.scope
        names = {name.lower().rstrip(".") for name in scope.names}
        return (
            4 * len(self.addresses & set(scope.addresses))
            + 4 * len(self.names & names)
            + 2 * len(self.ports & set(scope.ports))
            + 2 * len(self.frames & set(finding.evidence.frames))
            + (Topic.TLS in self.topics and finding.rule.startswith("tls_"))
        )


def parse(text: str) -> Question:
    """Return the question with what it names."""
    return Question(
        text=text,
        addresses=frozenset(filter(None, map(_address, _ADDRESS.findall(text)))),
        ports=frozenset(port for port in map(int, _ports(text)) if port <= _LARGEST_PORT),
        names=frozenset(name.lower() for name in _NAME.findall(text)),
        frames=frozenset(map(int, _FRAME.findall(text))),
        topics=frozenset(topic for topic, words in _WORDS.items() if re.search(words, text, re.IGNORECASE)),
        about_a_fault=_FAULT.search(text) is not None,
    )


def _address(text: str) -> str:
    for candidate in (text, text.rstrip("."), text.rstrip(".:")):  # a sentence may go on with a mark
        try:
            return str(ipaddress.ip_address(candidate))
        except ValueError:
            continue
    return ""


def _ports(text: str) -> list[str]:
    return [number for match in _PORT.finditer(text) for number in re.findall(r"\d{1,5}", match[0].rpartition(":")[2])]
