"""What a question takes for granted, or wants besides the cause: who is to blame, who must act, since when. Pure.

Rule: "yes" and "no" are only said where the finding leaves no doubt; else it stands for itself.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from explainer.brief.question import Question
from explainer.model import Claim, Finding, Severity, Side

_ANSWERED = (
    "http_error", "http_slow", "http_redirect_loop", "http_preflight_refused", "http_websocket_refused", "ldap_refused",
    "database_refused", "mail_refused", "mailbox_refused", "ftp_refused", "kerberos_refused", "radius_refused",
    "sip_refused", "smb_refused", "chat_refused", "broker_refused", "service_error", "ssh_login_refused",
    "ssh_host_key_refused", "tls_certificate_", "tls_chain_", "tls_client_certificate_", "tls_name_", "tls_no_common_",
    "tls_plain_http", "tls_to_plain_port", "tls_starttls_refused", "tcp_zero_window", "wrong_protocol", "coded_refusal",
)  # fmt: skip
"""The rules of which the server, or its application, was reached and has answered."""
_BY_OTHERS = (403, 407, 451, 502, 503, 504)
"""Status codes by which a filter on the way speaks, too, or a gateway for what is behind it."""
_FAILURES = (Severity.HIGH, Severity.MEDIUM)


class _Suspect(NamedTuple):
    """Whom a question blames: by which words, which rules bear it out, and whose side then has to act."""

    words: str
    rules: tuple[str, ...] = ()
    side: Side | None = None


_SUSPECTS = (
    _Suspect(r"dns|name ?servers?|name resolution", ("dns_",)),
    _Suspect(r"firewalls?", ("tcp_rejected_by_icmp",)),
    _Suspect(r"network|internet|wi-?fi|wlan|line|cable|router", (), Side.NETWORK),
    _Suspect(r"clients?|browsers?", (), Side.CLIENT),
    _Suspect(r"servers?|site|web ?site|service|host", (), Side.SERVER),
)
_BLAMES = re.compile(
    r"^\s*(?:is|isn'?t|was|could|can) (?:it|this|that) (?:\w+ )?(?:be )?(?:the|my|our|your|a|an) "
    r"|(?:,\s*(?:right|correct)|\bisn'?t it)\s*\?*\s*$"
    r"|^\s*(?:is|isn'?t|are|was) (?:the|my|our|your) .*\b(?:to blame|at fault|fault|guilty|broken|the problem|the cause"
    r"|responsible|block\w*|down|offline|dead)\b",
    re.IGNORECASE,
)
_WELL = re.compile(r"\b(?:not|fine|ok(?:ay)?|good|works?|working|up|healthy|innocent|well)\b", re.IGNORECASE)
"""What is said for somebody, and no blame: "yes" would mean that he is at fault."""
_WORKS = re.compile(
    r"\s*(?:is|are|was|were|does|do|did|can|could|has|have)\b(?!'|.*(?:\bnot\b|n't\b|\bslow|\bhow\b|\bwh(?:at|o|ich|y)\b)).*"
    r"\b(?:fine|ok(?:ay)?|healthy|valid|works?|working|complete[d]?|succeed\w*|successful|reach\w*|connect(?:ed)?"
    r"|accessible|available|resolve[ds]?|loads?|loaded|up|trusted|established|delivered)\b",
    re.IGNORECASE,
)
_OF_SUCCESS = ("dns", "tls", "pings", "quic")
"""Statistics of what was answered or completed."""
_PART = re.compile(r"\b(\d+) of (\d+) (?:questions?|requests?) answered")
_DECIDED = re.compile(r"(?:Yes|No|In part|Partly|This capture|That cannot|Nothing)\b|.*\b(?:alert|refuse[sd]?)\b")
_ACTS = re.compile(
    r"\b(?:clos(?:e|es|ed|ing)|resets?|ends?|ended|sends?|sent|refus\w+|reject\w*|h[au]ngs? up|abort\w*"
    r"|terminat\w+|answers?|responds?|accepts?|disconnect\w*|gives? up|gave up)\b",
    re.IGNORECASE,
)
"""What somebody is said to do: who did it, and who is at fault, are two things."""
_OR = re.compile(r"\bor\b(?! not)", re.IGNORECASE)
_DOWN = re.compile(r"\b(?:down|offline|dead)\b", re.IGNORECASE)
_WHY_DOWN = re.compile(r"^\s*why is .*\b(?:down|offline|dead)\b", re.IGNORECASE)
_IGNORE = re.compile(r"\bignore\b|\bis (?:it|this|that) (?:harmless|ok|okay|fine|normal)\b", re.IGNORECASE)
_SERIOUS = re.compile(
    r"\bis (?:it|this|that) (?:bad|serious|critical|dangerous|a (?:big |real )?problem)\b", re.IGNORECASE
)
_ROLE = re.compile(
    r"\b(?:who|whom|which (?:team|side|one))\b.*\b(?:call|ask|contact|fix|act|repair|solve|talk to|turn to)\b"
    r"|\bwhat (?:(?:do|must|should|can|shall|could) (?:i|we|they)|(?:must|should|shall|has|have) the \w+"
    r"|does the \w+ (?:have|need) to)\b.*"
    r"\b(?:do|change|fix|configure|install|block|set|correct)\b"
    r"|\bon (?:my|our) side\b",
    re.IGNORECASE,
)
_AND = re.compile(r"\band (?:is|are|was|were|who|which|what|where|how|does|did|do|can)\b", re.IGNORECASE)
_WHEN = re.compile(
    r"^\s*(?:since )?when\b.*\b(?:start\w*|beg[aiu]n\w*|happen\w*|occur\w*|fail\w*|first|br[eo]ak\w*|broke)\b",
    re.IGNORECASE,
)


def both(question: Question, looked_up: Sequence[Claim]) -> str:
    """Return the first thing that was looked up, with the first of another kind where two questions are put at once."""
    first = looked_up[0]
    others = (claim for claim in looked_up if claim.sources != first.sources)
    second = next(others, None) if _AND.search(question.text) else None
    return f"{first.text} {second.text}" if second else first.text


def agrees(question: Question, first: Claim) -> str:
    """Return "Yes. " to who asks whether something works, where what was looked up is that it did."""
    asked = _WORKS.match(question.text) and first.sources[0] in _OF_SUCCESS and not _OR.search(question.text)
    part = any(done != of for done, of in _PART.findall(first.text))
    return "" if not asked or part or _DECIDED.match(first.text) else "Yes. "


def blames(question: Question) -> bool:
    """Return whether it names a culprit, and wants to hear yes or no."""
    return _BLAMES.search(question.text) is not None and _suspect(question) is not None


def answered(question: Question, finding: Finding, title: str, others: Iterable[Finding]) -> str:
    """Return the finding as the answer to what the question takes for granted, or its title alone."""
    if finding.severity is Severity.INFO:
        return title
    if _ROLE.search(question.text) and finding.act:
        return f"{finding.act} {title}"
    if _WHEN.search(question.text) and finding.evidence.frames:
        return f"First seen in frame {min(finding.evidence.frames)}: {title}"
    return f"{_begins(question, finding, others)}{title}"


def _begins(question: Question, finding: Finding, others: Iterable[Finding]) -> str:
    text, suspect = question.text, _suspect(question)
    if finding.severity in _FAILURES and (_IGNORE.search(text) or _SERIOUS.search(text)):
        return "Yes: " if _SERIOUS.search(text) else "No: "
    if suspect is None or finding.severity not in _FAILURES:
        return ""
    measured = finding.measured
    # A site whose health checks fail is down for everybody else, though the server answers them.
    by_others = measured.get("status") in _BY_OTHERS or "health_check" in measured
    reached = finding.rule.startswith(_ANSWERED) and not by_others
    if _WHY_DOWN.search(text):
        return "It is not down: " if reached else ""
    if not _BLAMES.search(text) or _ACTS.search(text):
        return ""
    if _DOWN.search(text):
        return "No: " if reached else ""
    if (suspect.rules and finding.rule.startswith(suspect.rules)) or finding.side is suspect.side:
        # Of two servers, a name server is one.
        return "" if suspect.side is Side.SERVER and finding.rule.startswith("dns_") else "Yes: "
    doubtful = any(f.severity in _FAILURES and suspect.rules and f.rule.startswith(suspect.rules) for f in others)
    elsewhere = suspect.side is not Side.SERVER or finding.side in (Side.CLIENT, Side.NETWORK)
    return "No: " if reached and elsewhere and not doubtful else ""


def _suspect(question: Question) -> _Suspect | None:
    """Return the one whom it names, None where it names nobody, or several."""
    if _OR.search(question.text) or _WELL.search(question.text):
        return None
    named = [each for each in _SUSPECTS if re.search(rf"\b(?:{each.words})\b", question.text, re.IGNORECASE)]
    return named[0] if len(named) == 1 else None
