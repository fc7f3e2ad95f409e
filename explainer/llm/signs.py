"""What a frame is, by the packet list, and the words in which people speak of it: a reset, an alert, a status. Pure.

Rule: a statement that cites frames and speaks of such a thing has to cite one that is it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from explainer.protocols.frame_index import Sight
from explainer.protocols.tls.names import ALERTS

_DENIED = re.compile(
    r"\b(?:no|not|never|none|nothing|nobody|neither|nor|without|instead of|cannot|\w+n't)\b[^.;:]{0,50}$", re.I
)
_NOT = re.compile(r"\b(?:no|never|not|\w+n't)\s+$", re.IGNORECASE)
_MAY_BE_EMPTY = "a certificate"
_REFERRED = re.compile(
    r"\b(?:(?:after|before|following|until)(?: the| this| that| its| an?)?"
    r"|(?:answers|answered|(?:responds?|repl(?:y|ies)|in (?:answer|response|reply)) to) (?:the|this|that|its|an?))"
    r" (?:\w+ ){0,2}$",
    re.IGNORECASE,
)
"""What stands behind these is what the statement comes back to, not what it says of the frames."""


@dataclass(frozen=True)
class Sign:
    """What a frame can be.

    `said` is how a statement speaks of it, `shown` how the packet list shows it; `words` are what people call it
    otherwise. It is looked for only among frames of a protocol that `among` names.
    """

    name: str
    said: re.Pattern[str]
    shown: re.Pattern[str]
    words: str = ""
    among: re.Pattern[str] = re.compile("")


def _sign(name: str, said: str, shown: str, words: str = "", among: str = "") -> Sign:
    return Sign(name, re.compile(said, re.I), re.compile(shown), words, re.compile(among))


_DNS = r"^DNS|^MDNS|^LLMNR"
SIGNS = (
    _sign("a reset", r"\bresets?\b(?! window)|\bRST\b", r"\+reset", "reset closed closes ends refuses aborts breaks"),
    _sign("a SYN", r"\bSYN\b(?!/|-| ?ACK)", r"\+syn", "connection attempt opens tries connects"),
    _sign("a SYN/ACK", r"\bSYN[/, +-]{1,2}ACK", r"\[SYN, ACK", "answers accepts responds opens listens established"
          " handshake completes"),
    _sign("a FIN", r"\bFIN\b", r"\+finish", "closes closed ends"),
    _sign("a retransmission", r"\bretransmi\w+", r"\+retransmission|Retransmission", "again repeats sent resent lost"),
    _sign("a closed window", r"zero[- ]?window|window (?:size )?(?:of|is|to) (?:zero|0)\b|stop(?:s|ped) reading"
          r"|\bwindow (?:closes|closed|is closed|shuts)", r"ZeroWindow\]", "window zero full receive program reads"),
    _sign("a full window", r"\bwindow (?:is|was|gets?|got|became) full\b|\bfull window", r"Window Full|ZeroWindow\]"),
    _sign("a keep-alive", r"\bkeep-?alives?\b", "Keep-Alive", "probes probing idle"),
    _sign("an alert", r"\balerts?\b", r"\bAlert\b|, CC\b", "error ends handshake rejects refuses fails fatal"),
    _sign("a ClientHello", r"\bClient ?Hello\b", "Client Hello", "asks offers hello handshake begins"),
    _sign("a ServerHello", r"\bServer ?Hello\b", "Server Hello", "chooses answers hello handshake"),
    _sign("a certificate", r"\b(?:presents?|sends?|shows?|delivers?|hands?) (?:\w+ ){0,4}?certificate\b"
          r"(?! (?:requ|exp))",
          r"\bCertificate\b(?! (?:Request|Status|Expired|Verify|Unknown))|\bCRYPTO\b", "certificate issuer valid"),
    _sign("a request for a certificate", r"\bcertificate request\b|\b(?:asks?|requests?|demands?|requires?) (?:for )?"
          r"(?:the |a |its )?(?:client(?:'s)? )?certificate\b", "Certificate Request", "asks demands client"),
    _sign("encrypted", r"\b(?:is|are|was|were|travels?|goes|sent) encrypted\b", r"^(?:TLS|SSL|DTLS|QUIC|SSH|ESP)"),
    _sign("an ICMP message", r"\bICMP\b|\badministratively\b|\bfragmentation (?:is |was )?needed", r"^ICMP",
          "router reports rejects unreachable"),
    _sign("an answer NXDOMAIN", r"\bNXDOMAIN\b|\bdoes(?:n't| not) exist\b|\bno such (?:name|domain|host)\b",
          "No such name", "name unknown fails error resolve lookup", _DNS),
    _sign("an answer SERVFAIL", r"\bSERVFAIL\b|\bserver failure\b", "Server failure", "fails error resolve", _DNS),
    _sign("an answer REFUSED", r"\bREFUSED\b(?-i:)|\brefuses? the (?:query|lookup)", "Refused", "refuses fails", _DNS),
    _sign("an answer of a name server", "(?!)", r"Standard query response 0x\w+ (?!No such|Server|Refused)",
          "resolves resolved resolution resolver name lookup answer address", _DNS),
    _sign("a question to a name server", "(?!)", r"Standard query 0x", "asks lookup name resolve question", _DNS),
    _sign("a page", "(?!)", r"HTTP/\d(?:\.\d)? 2\d\d", "web site server page loads delivered complete arrives"
          " response answers status"),
    _sign("a redirection", "(?!)", r"HTTP/\d(?:\.\d)? 3\d\d", "redirects moved sends elsewhere location"),
    _sign("an error of HTTP", "(?!)", r"HTTP/\d(?:\.\d)? [45]\d\d", "error fails refuses missing page server"
          " application"),
    _sign("a positive reply", "(?!)", r"^(?:FTP|SMTP) (?:Response:|S:) [23]\d\d|^(?:IMAP|POP) Response: "
          r"(?:\+OK|\S+ OK)", "accepts accepted answers code login"),
    _sign("a negative reply", "(?!)", r"^(?:FTP|SMTP) (?:Response:|S:) [45]\d\d|^(?:IMAP|POP) Response: "
          r"(?:-ERR|\S+ NO)", "refuses refused rejects answers error code"),
    _sign("an acknowledgement", "(?!)", r"\[ACK\]", "acknowledges receives received reached arrived data"),
    _sign("an ARP answer", "(?!)", r" is at ", "claims answers owns address machine"),
    _sign("an ARP request", "(?!)", r"Who has", "asks looks address machine"),
    *(_sign(f"the alert {name}", rf"\b{name}\b|\balert\b[^.;]{{0,20}}\b{name.replace('_', '[ -]')}\b",
            rf"(?i)Description: {name.replace('_', ' ')}", among=r"Alert \(") for name in ALERTS.values()),
)  # fmt: skip
_STATUS = re.compile(
    r"(?i:\bHTTP(?:/\d(?:\.\d)?)?|\bstatus(?: code)?|\bcode|\berror|\bwith(?: an?| the)?|\breturn(?:s|ed)"
    r"|\banswer(?:s|ed)|\brepl(?:ies|ied)|\bthe|\ba)\s+"
    r"(?P<code>[1-5]\d\d)\b(?!\s*(?:bytes?|[kKM]?B|ms|s|%|days?|seconds?|minutes?|hours?|frames?|packets?|ports?|times)\b)(?![.,]\d)"
    r"|\b(?P<named>[1-5]\d\d) (?:OK|Not|Forbidden|Unauthorized|Internal|Bad|Service|Moved|Gateway|Found|Created|No)\b"
)
_WITH_STATUS = re.compile(r"^(?:HTTP|FTP|SMTP|SIP|RTSP)")


@dataclass(frozen=True)
class Spoken:
    """That a statement speaks of a sign, at a place in its text, and which of the cited frames are it."""

    sign: Sign
    start: int
    end: int
    frames: tuple[Sight, ...]


def spoken(text: str, sights: Sequence[Sight]) -> Iterator[Spoken]:
    """Yield the signs that a statement affirms, with the cited frames that are one."""
    for sign in (*SIGNS, *_statuses(text)):
        for match in sign.said.finditer(text):
            before = text[: match.start()]
            aside = _DENIED.search(before) or _REFERRED.search(before)
            if not aside and any(sign.among.search(shown(s)) for s in sights):
                found = tuple(sight for sight in sights if sign.shown.search(shown(sight)))
                yield Spoken(sign, match.start(), match.end(), found)


def denied(text: str, sights: Sequence[Sight]) -> list[str]:
    """Return the signs that a statement denies of frames that are one."""
    return [
        sign.name
        for sign in SIGNS
        if sign.name != _MAY_BE_EMPTY
        and any(_NOT.search(text[: match.start()]) for match in sign.said.finditer(text))
        and any(sign.shown.search(shown(sight)) for sight in sights)
    ]


def meant(sights: Iterable[Sight]) -> str:
    """Return what people call what these frames are."""
    return " ".join(sign.words for sight in sights for sign in SIGNS if sign.words and sign.shown.search(shown(sight)))


def shown(sight: Sight) -> str:
    """Return a frame as the packet list shows it, with its flags."""
    return f"{sight.protocol} {sight.info} {' '.join(f'+{name}' for name in sorted(sight.signs))}"


def _statuses(text: str) -> Iterator[Sign]:
    for match in _STATUS.finditer(text):
        code = match["code"] or match["named"]
        yield Sign(f"an answer {code}", re.compile(re.escape(match[0])), re.compile(rf"\b{code}\b"), among=_WITH_STATUS)
