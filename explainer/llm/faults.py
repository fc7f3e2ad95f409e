"""Kinds of fault that a sentence can speak of, and whether it affirms or denies them. Pure."""

import re
from dataclasses import dataclass

_DENIED = re.compile(
    r"\b(?:no|not|never|none|nothing|nobody|no one|neither|nor|without|isn't|wasn't|aren't|hasn't|doesn't|didn't"
    r"|rather than|instead of|free of|rules? out|(?<![\d.])0(?![\d.])|zero|excludes?|lack(?:s|ing)? (?:of )?(?:any )?"
    r"evidence)\b[^.;:]{0,60}$",
    re.IGNORECASE,
)
_HEALTHY = re.compile(
    r"\b(?:no (?:problems?|faults?|errors?|issues?|failures?|findings?|anomal\w+)|nothing (?:is |was )?wrong"
    r"|all (?:is )?well|everything (?:is |works|looks)\b"
    r"|(?:is|are|looks?|works?|was) (?:perfectly |completely |all |entirely )?"
    r"(?:healthy|fine|normal(?:ly)?|correct(?:ly)?|as expected|in order|ok(?:ay)?)|false (?:alarm|positive)"
    r"|succeed(?:s|ed)?|successful(?:ly)?|(?:can|should) (?:safely )?be ignored|harmless)\b",
    re.IGNORECASE,
)
_PRAISE = re.compile(
    r"\b(?:handshake|connection|certificate|request|lookup|session|transfer|order|login|bind|query|upload|download|page|mail|message|user)s?\b"
    r"[^.;,]{0,40}\b(?:complete[sd]?|succe\w+|valid|healthy|fine|in order|normal(?:ly)?|trusted|accepted|correct(?:ly)?"
    r"|established|goes through|went through|delivered|logged in)\b"
    r"|\baccepts? (?:the |this )?(?:request|login|bind|order|connection|query)\b",
    re.IGNORECASE,
)
_ANSWERS = re.compile(r"\b(?:answer(?:s|ed)|respond(?:s|ed)?|replie[sd])\b", re.IGNORECASE)
_SILENT = re.compile(r"\b(?:never|not) answer|\bunanswered|\b(?:no|without an?) answer|\bsilen", re.IGNORECASE)
_FAILS = re.compile(
    r"\bfail|\brefus|\breject|\bdenie|\berror|\bno answer|\b(?:un|never )answer|\bexpired|\bhung up|\bwrong|\binvalid"
    r"|\bnot (?:accept|trust|exist|answer)|\bself-signed|\bdropped|\bends? the|\bdoes not exist",
    re.IGNORECASE,
)
_FAMILIES = {
    "an expired certificate": r"\bexpir\w+|no longer valid|out of date\b",
    "a revoked certificate": r"\brevo(?:ked|cation)\w*",
    "a self-signed certificate": r"\bself[- ]signed",
    "an untrusted issuer": r"\buntrusted|not trust\w*|unknown (?:ca|issuer|authority)",
    "a wrong name": r"\b(?:name|host\s?name) mismatch|does(?:n't| not) match the name|wrong (?:host\s?)?name",
    "a refusal": r"\b(?:refus|reject|den(?:y|ie))\w*",
    "a refused connection": r"\brefus\w+ (?:the |this |its |any |all |every |new |TCP )*connections?\b"
    r"|\bconnections?\b[^.;]{0,30}\brefused\b|\brefused (?:connection|by)|\bECONNREFUSED",
    "a reset": r"\breset\w*|\bRST\b",
    "an unanswered request": r"\bunanswered|\b(?:no|without (?:an?|any)) (?:answer|response|reply)"
    r"|\btime(?:s|d)?[ -]?out\w*"
    r"|\b(?:never|nobody|no one|nothing|not|n't) (?:ever |is |was |been )?(?:answer|respond|repl(?:y|ies|ied))\w*",
    "lost packets": r"\b(?:packet )?loss\b|\blost\b|\blos(?:es|ing)\b|\bretransmi\w+|\bdropp\w+"
    r"|\bsent again\b|\bresent\b",
    "a firewall": r"\bfirewall\w*|\bfiltered\b|\bblock(?:s|ed|ing)?\b|\bdiscard\w*",
    "an attack": r"\battack\w*|\bintru\w+|\bmalware|\bransomware|\bvirus\b|\btrojan|\bbotnet|\bexploit\w*|\bhack\w*"
    r"|\bcompromis\w+|\bexfiltrat\w+|\bphish\w+|\bbackdoor\w*|\bspy\w*|\binfect\w+|\bmalicious\w*"
    r"|\bman[- ]in[- ]the[- ]middle",
    "an overload": r"\boverload\w*|\bcongest\w+|\bout of memory|\bcrash\w*|\bDDoS\b|\bdenial of service",
    "a name that does not exist": r"\bNXDOMAIN|\bno such name|\bdoes(?:n't| not) exist",
    "a name server that fails": r"\bSERVFAIL|\bserver failure",
    "a name that cannot be resolved": r"\b(?:can|could|did|does|do)(?:not|n't| not) (?:be )?resolve\w*|\bnot resolved",
    "a locked account": r"\block(?:ed|s) (?:out|account)|\baccounts?\b[^.;]{0,20}\b(?:locked|disabled|suspended)",
    "an error": r"\berrors?\b",
    "a clock": r"\bclocks?\b|\bNTP\b",
    "a duplicate address": r"\bduplicate (?:ip )?address|\baddress conflict",
    "an MTU": r"\bMTU\b|\bfragmentation\b|\btoo (?:large|big) (?:for|to)\b",
    "a password": r"\bpasswords?\b|\bcredentials?\b|\blog[- ]?in\b|\bauthenticat\w+",
    "a full store": r"\b(?:mailbox|quota|storage|memory|disk)\b[^.;]{0,20}\b(?:full|exceeded|exhausted)",
    "hardware": r"\bhardware\b|\bcables?\b|\bnetwork card|\bNIC\b|\bpower\b|\bdisk\b|\bunplug\w*",
    "a licence": r"\blicen[cs]\w+|\bsubscription\b|\bpayment\b|\binvoice\b",
    "maintenance": r"\bmaintenance\b|\bscheduled\b|\bplanned\b|\bapproved\b|\bwhitelist\w*|\ballow[- ]?list\w*",
}  # fmt: skip
_COMPILED = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in _FAMILIES.items()}


@dataclass(frozen=True)
class Spoken:
    """The kinds of fault that a text affirms, and those that it denies."""

    affirmed: frozenset[str]
    denied: frozenset[str]


def spoken(text: str) -> Spoken:
    """Return what a text says of the kinds of fault."""
    affirmed, denied = set[str](), set[str]()
    for name, pattern in _COMPILED.items():
        for match in pattern.finditer(text):
            # "not trusted" and "no answer" deny nothing: the fault itself is the denial.
            before = text[max(0, match.start() - 80) : match.start()]
            (denied if _DENIED.search(before) else affirmed).add(name)
    return Spoken(frozenset(affirmed), frozenset(denied - affirmed))


def shows(text: str, family: str) -> bool:
    """Return whether a text says that there is a fault of the kind."""
    return family in spoken(text).affirmed


def is_healthy(text: str) -> bool:
    """Return whether a text says that all is well."""
    return any(not _DENIED.search(text[max(0, m.start() - 20) : m.start()]) for m in _HEALTHY.finditer(text))


def praises(text: str) -> bool:
    """Return whether a text says that a connection, a certificate or a request is in order."""
    return any(
        not _DENIED.search(text[: m.end() - 1]) and "until" not in text[m.end() :][:7] for m in _PRAISE.finditer(text)
    )


def contradicts_silence(text: str, title: str) -> bool:
    """Return whether a text says that something was answered, and a finding's title that nothing was."""
    return _SILENT.search(title) is not None and not _SILENT.search(text) and _answered(text)


def _answered(text: str) -> bool:
    """Return whether a text says that something was answered."""
    return any(not _DENIED.search(text[: match.start()]) for match in _ANSWERS.finditer(text))


def fails(text: str) -> bool:
    """Return whether a finding's title says that something did not work."""
    return _FAILS.search(text) is not None
