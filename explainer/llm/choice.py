"""Which finding answers a question, if any: what it asks for outright (numbers, names, what worked) may come first."""

import re
from collections.abc import Collection, Sequence

from explainer.brief.question import Question, Topic
from explainer.llm import (
    change_lookup,
    login_lookup,
    port_lookup,
    relevance,
    talk_lookup,
    tls_lookup,
    tls_outcomes,
)
from explainer.model import Claim, Finding, Severity

FAILURES = (Severity.HIGH, Severity.MEDIUM)
ASKS_FOR = re.compile(r"\s*(which|what|who|whose|where|how (many|much|long|big|fast|often))\b", re.IGNORECASE)
_WHO = re.compile(r"\s*who\b", re.IGNORECASE)
_YES_OR_NO = re.compile(r"\s*(?:is|are|was|were|does|do|did|can|could|has|have)\b", re.IGNORECASE)
_HAPPENED = re.compile(r"\s*what (?:has |have )?happen(?:s|e?d)\b", re.IGNORECASE)
_SLOW = re.compile(r"\b(?:slow|slower|delay\w*|latency|long|fast|lag\w*|wait\w*|performance)\b", re.IGNORECASE)
_SAFE = re.compile(r"\b(?:secure|safe|trusted|trustworthy)\b", re.IGNORECASE)
"""What TLS that fails, or that anybody may imitate, is not, however it is encrypted."""
_NOW = re.compile(r"\b(?:now|again|meanwhile|in the end)\b", re.IGNORECASE)
"""What asks how it ended, not what happened on the way."""
_WAITS = (408, 421, 425, 429)
"""The client's errors that have to do with time (RFC 9110, RFC 6585)."""
_CANNOT_TELL = "This capture cannot tell"
_OF_LOGINS = (401, 403, 407, 500)
_ACCOUNT = re.compile(r"The account (\S+) .*: the login is accepted(?: \(|\.$)")
_LOGS_IN = re.compile(r"\b(?:log|sign)(?:s|ging|ing)?[ -]?(?:in|on)\b|\blogins?\b", re.IGNORECASE)
_OF_PINGS = ("path_ping", "path_traced", "path_loop", "scan_pings", "icmp_tunnel")
_ATTACKS = (
    "scan_", "attack_", "address_spoofed", "dns_tunnel", "dns_zone_transfer", "icmp_tunnel", "smb1_exploit",
    "unwanted_",
)  # fmt: skip
_CLOSED = ("tcp_refused", "tcp_syn_unanswered", "tcp_rejected_by_icmp")
_OF_CLIENT_CERTIFICATES = "tls_client_certificate_"
_NOTICED_MS = 100
_PACE = ("tcp_slow_", "tcp_many_round_trips", "tcp_zero_window")
"""What takes time without being a fault: the answer to a question about slowness all the same."""
_JUDGED = {
    Topic.PASSWORDS, Topic.RISKS, Topic.NAMES, Topic.SUSPICION, Topic.PINGS, Topic.SEGMENT_SIZE, Topic.LOSS,
    Topic.DESTINATIONS, Topic.REACH, Topic.ARP, Topic.CLOCK,
}  # fmt: skip
"""What a finding answers better than numbers, when it is about that."""
_LOOKED_UP = {
    Topic.NAME_SERVER, Topic.ADDRESS, Topic.GATEWAY, Topic.LEASES, Topic.OWN_ADDRESS, Topic.CARDS, Topic.SMB_VERSION,
    Topic.DEVICES, Topic.TOPICS, Topic.SEARCHES, Topic.MAILS, Topic.GROUPS, Topic.TREE,
}  # fmt: skip
"""What is asked for as a name or a number, whatever else is wrong."""
_ANSWERED = ("answers",)
_DNS = 53
_ELSEWHERE = ("path_udp_unreachable", "udp_unanswered", "ntp_", "broadcast_storm")
"""The rules whose faults stop no other service that was answered."""


def chosen(
    known: Sequence[Finding], question: Question, looked_up: Sequence[Claim], *, spoken_ports: Collection[int] = ()
) -> Finding | None:
    """Return the finding that answers the question, of these in their order; None where something else does.

    What is only worth knowing is told to those who ask for it. `spoken_ports` are those of the question on which
    something is said in the capture.
    """
    found = [f for f in known if f.severity is not Severity.INFO and relevance.fits(f, question)]
    found = [f for f in found if not relevance.never_a_cause(question, f)]
    found = [f for f in found if not (spoken_ports and relevance.is_before_the_connection(f, question))]
    asked = [
        f for f in known if f.severity is Severity.INFO and _is_asked_for(f, question) and relevance.fits(f, question)
    ]
    fitting = sorted(
        found or asked,
        key=lambda f: (not question.asks_what_it_is(f), _is_another_matter(question, f), _no_attack(question, f)),
    )
    if not fitting:
        return None
    wanted = [f for f in asked if question.concerns(f)]
    of_capture = Topic.OUTCOME in question.topics and fitting[0].rule.startswith(relevance.ABOUT_CAPTURE)
    another = of_capture or relevance.is_another_thing(question, fitting[0])
    instead = wanted and (another if question.about_a_fault else _asks_what_is_readable(question, fitting[0]))
    worst = wanted[0] if instead else fitting[0]
    beside = _asked_outright(question, worst, looked_up[0]) if looked_up else relevance.is_beside(question, worst)
    return None if beside else worst


def _asks_what_is_readable(question: Question, worst: Finding) -> bool:
    """Return whether it asks for passwords in clear, and the worst finding is of something else."""
    return Topic.PASSWORDS in question.topics and not question.concerns(worst)


def _is_asked_for(finding: Finding, question: Question) -> bool:
    blamed = _PACE if Topic.BLAME in question.topics else ()
    named = question.named(finding.scope.names) and finding.rule.startswith(relevance.OF_NAMES)
    named = named or (question.about_a_failure() and relevance.overcome(finding))
    return bool(named) or question.concerns(finding) or finding.rule.startswith(blamed)


def _asked_outright(question: Question, worst: Finding, first: Claim) -> bool:
    """Return whether what the question asks for outright, the first of it, answers it before the finding does."""
    settled = _settled(question, worst, first)
    if settled is not None:
        return settled
    if _LOOKED_UP & question.topics and ASKS_FOR.match(question.text):
        return True
    if Topic.OUTCOME in question.topics:
        elsewhere = worst.rule.startswith((*relevance.NO_FAILURE, *_ELSEWHERE))
        over = worst.severity not in FAILURES and _NOW.search(question.text) is not None
        # A name that could do without its answer did not stop what a server then accepted.
        beside = worst.severity is Severity.LOW and worst.rule.startswith(relevance.OF_NAMES)
        elsewhere = elsewhere or (beside and first.sources == _ANSWERED)
        return (elsewhere and not question.concerns(worst)) or worst.severity is Severity.INFO or over
    if question.asks_more_of(worst):
        return True
    if _HAPPENED.match(question.text) and worst.severity in FAILURES and not question.frames:
        return False
    if Topic.ROUTING in question.topics and not question.concerns(worst):
        return True
    if Topic.CLOSING in question.topics and worst.severity not in FAILURES:
        return True
    tells_what_it_is = question.concerns(worst) or "searched_hosts" in worst.measured
    if question.asks_what_it_is(worst) or (Topic.OVERVIEW in question.topics and tells_what_it_is):
        return False
    if _JUDGED & question.topics and question.concerns(worst):
        who_asked = Topic.NAMES in question.topics and _WHO.match(question.text) is not None
        return who_asked and worst.severity is Severity.INFO
    blamed = Topic.BLAME in question.topics and not _SLOW.search(question.text)
    if Topic.SLOWNESS in question.topics and not blamed and _is_at_once(worst):
        return True
    slow = Topic.SLOWNESS in question.topics and worst.severity not in FAILURES and not question.concerns(worst)
    slow = slow or (Topic.SLOWNESS in question.topics and worst.severity is Severity.INFO)
    if slow and not (sets_pace(worst) or worst.rule.startswith("http_slow")):  # the times say more
        return True
    if Topic.ALERTS in question.topics:
        return worst.severity is not Severity.HIGH
    return not question.about_a_fault


def _is_at_once(worst: Finding) -> bool:
    """Return whether it is a client's error on the web (404, 403 …), which takes no time: it makes nothing slow."""
    status = int(worst.measured.get("status", 0)) if worst.rule == "http_error" else 0
    return status in range(400, 500) and status not in _WAITS


def _settled(question: Question, worst: Finding, first: Claim) -> bool | None:
    """Return the same where what was looked up says it by itself, whatever else the question is about; else None."""
    if first.text.startswith(tls_outcomes.COMPLETED):
        return True
    if _SAFE.search(question.text) and worst.severity in FAILURES and worst.rule.startswith("tls_"):
        return False
    if Topic.LOGIN in question.topics and first.text.startswith(login_lookup.SAID):
        return not login_lookup.explains(worst, first)
    if worst.rule == "http_error" and _let_in(question, first):
        return int(worst.measured.get("status", 0)) not in _OF_LOGINS
    if Topic.FILE_STATE in question.topics:
        return not worst.rule.startswith(relevance.ABOUT_CAPTURE)
    if first.sources == ("pings",) and Topic.PINGS in question.topics:
        return not worst.rule.startswith(_OF_PINGS)
    if Topic.STATUS in question.topics:
        return not question.concerns(worst)
    judged = tls_lookup.VALID in first.text and _YES_OR_NO.match(question.text) is not None
    if judged and worst.severity in FAILURES and worst.rule.startswith("tls_"):
        return False
    if Topic.CHANGES in question.topics:  # what fails from then on says more than who talks
        return worst.severity not in FAILURES or first.text.startswith(change_lookup.OVER)
    if first.sources == ("files",) and Topic.OUTCOME in question.topics and talk_lookup.did(question, first):
        return True
    of_dns = Topic.NAMES in question.topics and _DNS in worst.scope.ports
    if of_dns and worst.severity in FAILURES and _YES_OR_NO.match(question.text):
        return False
    if worst.severity is Severity.HIGH and _is_about_what_failed(question, worst, first):
        return False
    return False if first.text.startswith(_CANNOT_TELL) and question.concerns(worst) else None


def _let_in(question: Question, first: Claim) -> bool:
    """Return whether somebody asks why a user cannot log in whom the capture shows being let in, and never refused."""
    user = _ACCOUNT.match(first.text)
    named = user is not None and re.search(rf"\b{re.escape(user[1])}\b", question.text, re.IGNORECASE) is not None
    return named and _LOGS_IN.search(question.text) is not None


def _is_about_what_failed(question: Question, worst: Finding, first: Claim) -> bool:
    """Return whether it asks about TLS that failed just there, or whether a port that failed is served."""
    of_step = worst.rule.startswith(_OF_CLIENT_CERTIFICATES) and Topic.TLS_STEPS in question.topics
    ended = Topic.CLOSING in question.topics and "handshake" in question.text.lower()
    of_tls = (tls_lookup.NOTHING_AGREED in first.text or ended) and worst.rule.startswith("tls_")
    closed = worst.rule.startswith(_CLOSED) and port_lookup.OPEN.search(question.text) is not None
    served = closed or bool(question.ports & set(worst.scope.ports))
    return of_step or of_tls or (served and _YES_OR_NO.match(question.text) is not None)


def _is_another_matter(question: Question, finding: Finding) -> bool:
    """Return whether the question asks why something fails, and the finding is of what works, and should not."""
    return question.about_a_failure() and relevance.is_another_thing(question, finding)


def _no_attack(question: Question, finding: Finding) -> bool:
    """Return whether the question asks for attacks, and the finding is of another thing, as a visible password is."""
    return Topic.SUSPICION in question.topics and not finding.rule.startswith(_ATTACKS)


def sets_pace(finding: Finding) -> bool:
    """Return whether what it tells takes time that somebody notices."""
    return finding.rule.startswith(_PACE) and float(finding.measured.get("longest_ms", _NOTICED_MS)) >= _NOTICED_MS
