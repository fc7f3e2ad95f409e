"""Questions as people write and paste them: their spelling, and what of a mail or a log asks for nothing. Pure.

Rule: what is left out or put right only helps to see what is asked; answers repeat the question as it was put.
"""

import re

_SPELLING = (
    (r"[\u2018\u2019\u00b4`]", "'"),
    (r"\b(do|does|did|is|was|are|were|wo|ca|could|would|should|has|have)nt\b", r"\1n't"),
    (r"\b(can|does|did|is|was) ?not\b", r"\1 not"),
    (r"\bcan not\b", "cannot"),
    (r"\b(what|where|who|how)s\b", r"\1's"),
    (r"\bw(?:h?yy|y|yh)\b", "why"),
    # Of a trouble it has nothing to do with names.
    (r"\bresolv(?:e|ed|ing) (this|it|that|(?:the|this|my|our) (?:issue|problem|error|case|trouble))\b", r"fix \1"),
    (r"\b((?:this|it|that|issue|problem|error|trouble) (?:can |could |to )?(?:be|is|was)) resolved\b", r"\1 fixed"),
)  # fmt: skip
_WORDS = tuple((re.compile(pattern, re.IGNORECASE), instead) for pattern, instead in _SPELLING)
_STAMP = re.compile(
    r"^\W*(?:\d{4}[-/.]\d\d[-/.]\d\d|\d\d?[-/.]\d\d?[-/.]\d{4}|[A-Z][a-z]{2} +\d\d?)[T ,]+\d\d:\d\d(?::\d\d(?:[.,]\d+)?"
    r")?(?:Z|[+-]\d\d:?\d\d)?",
    re.MULTILINE,
)
"""The moment at the beginning of a log's line: its digits are no port, status or address."""
_FAREWELL = re.compile(
    r"^[ \t]*(?:--[ \t]*|(?:(?:kind|best|warm|with|many)[ \t]+)*regards\b.*|sincerely\b.*|(?:many[ \t]+)?thanks\W*"
    r"|thank you\W*|cheers\W*|sent from my\b.*|mit (?:freundlichen|besten|vielen) gr.*"
    r"|(?:viele|beste|liebe|freundliche) gr.*|mfg\W*|cordialement\b.*|bien (?:à|a) vous\b.*|(?:un )?saludos?\b.*"
    r"|atentamente\b.*)$",
    re.IGNORECASE | re.MULTILINE,
)
_LEAST_WORDS, _LONGEST = 5, 250


def plain(text: str) -> str:
    """Return the question in ordinary spelling, without the signature of a mail and the moments of a log's lines."""
    text = _STAMP.sub("", _without_signature(text))
    for pattern, instead in _WORDS:
        text = pattern.sub(instead, text)
    return text


def is_pasted(text: str) -> bool:
    """Return whether it is a mail, a log or the like, which names much that the question is not about."""
    return "\n" in text.strip() or len(text) > _LONGEST


def _without_signature(text: str) -> str:
    for farewell in _FAREWELL.finditer(text):
        if len(text[: farewell.start()].split()) >= _LEAST_WORDS:
            return text[: farewell.start()]
    return text
