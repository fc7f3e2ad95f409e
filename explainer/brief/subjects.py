"""The plain words of a question that name what a finding is about: a part of a path or a name, or a service by its use.

Rule: they decide between findings of one weight alone, as people use such words for many things.
"""

import re

from explainer.model import Finding

_WORD, _PATH, _LABEL = re.compile(r"[a-z][a-z0-9]{3,}"), re.compile(r"/[\w./-]+"), re.compile(r"[a-z0-9]+")
_ANYTHING = {
    "page", "site", "server", "service", "client", "network", "request", "error", "answer", "does", "with", "from",
    "that", "this", "index", "html", "http", "https", "data", "connection", "connect", "wrong",
}  # fmt: skip
"""What any question may say, whatever it is about."""
_USES = {
    25: "mail email", 53: "name lookup", 123: "time clock", 389: "directory login", 514: "logs syslog",
    587: "mail email", 636: "directory login", 1433: "database", 3306: "database", 4317: "traces telemetry metrics",
    4318: "traces telemetry metrics", 5044: "logs", 5432: "database", 5672: "queue messages broker", 6379: "cache",
    8125: "metrics", 8883: "broker messages", 1883: "broker messages", 9090: "metrics prometheus",
    9092: "queue messages events broker", 9100: "metrics prometheus", 9200: "search index", 11211: "cache",
    27017: "database",
}  # fmt: skip
"""What services are used for, by their port (IANA, and the default of the program)."""


def shared(text: str, finding: Finding) -> int:
    """Return how many words of the text name what the finding is about."""
    wanted = {_stem(word) for word in _WORD.findall(text.lower())} - _ANYTHING
    return len(wanted & _subjects(finding)) if wanted else 0


def _subjects(finding: Finding) -> set[str]:
    scope = finding.scope
    said = (*scope.names, *_PATH.findall(finding.title), *(_USES.get(port, "") for port in scope.ports))
    return {_stem(label) for text in said for label in _LABEL.findall(text.lower())}


def _stem(word: str) -> str:
    return word.removesuffix("s") if len(word) > 4 else word  # orders, traces
