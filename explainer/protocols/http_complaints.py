"""What the short text of a response complains about, in words of a known vocabulary only.

Rule: a text is foreign, and may hold secrets. What is taken from it are phrases all of whose words stand in the tables
of this module, so that neither a name nor a password nor a token can be among them.
"""

import re
from collections.abc import Sequence

LONGEST_TEXT = 500
"""Bytes: a longer text is a page or data, in which such words may mean anything."""

_SUBJECT = (
    r"pass(?:word|wd|phrase|code)s?|credentials?|user ?names?|logins?|log-?on|(?:api |access |secret )?keys?"
    r"|(?:api |access )?tokens?|ids?|accounts?|authentication|authori[sz]ation|signatures?|sessions?|licen[cs]es?"
)
_LINK = r"and/or|and|or|is|are|was|were|has|have|been|the|your|this|user|api|access|given|supplied|provided"
_FAULT = (
    r"invalid|incorrect|wrong|bad|(?:not|no longer) (?:valid|correct|accepted)|fail(?:ed|ure)|denied|rejected|expired"
    r"|mismatch"
)
# A phrase about something that was refused, then phrases that stand for themselves.
_PHRASES = (
    rf"(?:{_SUBJECT})(?:[\s,/]+(?:{_LINK}|{_SUBJECT})){{0,8}}[\s:,]+(?:{_FAULT})",
    rf"(?:{_FAULT})(?:[\s,/]+(?:{_LINK})){{0,3}}[\s,/]+(?:{_SUBJECT})(?:[\s,/]+(?:and/or|and"
    rf"|or)[\s,/]+(?:{_SUBJECT}))*",
    r"(?:access|permission) (?:is |was )?denied",
    r"un-?authori[sz]ed|not authori[sz]ed",
    r"(?:internal |fatal )server error|internal error|fatal error",
    r"plain http request was sent to https port|speaking plain http to an ssl-enabled server port",
    r"client sent an http request to an https server|this combination of host and port requires tls",
    r"request header or cookie too large|request header fields? too large|size of a request header field exceeds"
    r"|request (?:headers?|line) (?:is |are )?too (?:large|long|big)",
    r"no required ssl certificate was sent|the ssl certificate error",
)
_COMPLAINT = "|".join(rf"(?:\b(?:{phrase})\b)" for phrase in _PHRASES)
"""Compiled at first use: that takes longer than to load this module."""
# "ERROR" and "error: wrong pin", not "error: 0" and "Error: none".
_BARE = re.compile(r"\s*error\s*(?:$|[:!|-]\s*(?!no|null|false|ok)[a-z])", re.IGNORECASE)
# "If your password is wrong, …" states nothing, nor does "no invalid key".
HYPOTHETICAL = re.compile(r"\b(?:if|when|whether|unless|case|no|not|never|without|0)\b[^.!?:;]{0,40}$", re.IGNORECASE)
_TAG = re.compile(r"<[^>]{0,200}>")
_SHOWN = 100
# As tshark prints the end of the headers.
_EMPTY_LINE = "\\r\\n"


def complaint(lines: Sequence[str]) -> str:
    """Return the first words of a short text that say what is wrong, or "": Password or key and/or id are incorrect."""
    return "" if _is_long(lines) else next(filter(None, map(_of_line, lines)), "")


def _is_long(lines: Sequence[str]) -> bool:
    return sum(map(len, lines)) > LONGEST_TEXT


def _of_line(line: str) -> str:
    text = _plain(line)
    said = re.finditer(_COMPLAINT, text, re.IGNORECASE)
    stated = (found for found in said if not HYPOTHETICAL.search(text[: found.start()]))
    return next((" ".join(found[0].split())[:_SHOWN] for found in stated), "")


def _plain(line: str) -> str:
    return _TAG.sub(" ", line).replace("_", " ").replace("\\r", " ").replace("\\n", " ")


_JSON_NO = re.compile(r"/(success|ok|succeeded|successful):(false|0)", re.IGNORECASE)
_JSON_ERROR = re.compile(
    r"/(?:errors?|fault|exception)(?:/.*)?:(?!(?:null|false|0|none|no error|ok|)$).+|/(?:status|result"
    r"|state):(?:error|fail(?:ed|ure)?)",
    re.IGNORECASE | re.DOTALL,
)
_XML_FAULT = re.compile(r"</(?:\w+:)?Fault>")
_SENDERS = re.compile(r"<faultcode[^>]*>\s*(?:\w+:)?Client\b|<(?:\w+:)?Value>\s*(?:\w+:)?Sender\s*</")
SENDERS_FAULT = "SOAP Fault (Client)"
"""Of it the message says that it is the sender's (SOAP 1.1 section 4.4.1, 1.2 section 5.4.6)."""
RED = "status: red"
"""How Elasticsearch and OpenSearch say that a part of their data cannot be reached."""
_RED_STATUS, _OF_CLUSTERS = "/status:red", "/unassigned_shards:"


def complaint_of_json(values: Sequence[str]) -> str:
    """Return the same of JSON's values, each behind its path ("/error/code:7"): words in them, or a "no" at the top."""
    found = complaint([value.partition(":")[2] for value in values])
    refusal = next(filter(None, map(_JSON_NO.fullmatch, values)), None)
    if found:
        return found
    if refusal:
        return f"{refusal[1]}: {refusal[2]}"
    if _RED_STATUS in values and any(value.startswith(_OF_CLUSTERS) for value in values):
        return RED
    return "error" if any(map(_JSON_ERROR.fullmatch, values)) else ""


def complaint_of_xml(labels: Sequence[str]) -> str:
    """Return "Fault" where a SOAP message is one (SOAP 1.1 section 4.4, 1.2 section 5.4), and whether the sender's."""
    if not any(map(_XML_FAULT.search, labels)):
        return ""
    return SENDERS_FAULT if _SENDERS.search(" ".join(labels)) else "SOAP Fault"


def complaint_of_text(lines: Sequence[str]) -> str:
    """Return the same of a text that is no data, or "error" where its first line begins with that."""
    bare = any(map(_BARE.match, map(_plain, lines[:1]))) and not _is_long(lines)
    return complaint(lines) or ("error" if bare else "")


def text_of_labels(labels: Sequence[str]) -> Sequence[str]:
    """Return the text among the labels that tshark gives a response's frame: what follows the headers' empty line."""
    return labels[labels.index(_EMPTY_LINE) + 1 :] if _EMPTY_LINE in labels else ()
