"""Which findings can be what a question is about, and which are of something else. Pure."""

import re
from collections.abc import Iterable

from explainer.brief.question import Question, Topic
from explainer.model import Finding, Scope
from explainer.wording import OVERCOME

ABOUT_CAPTURE = "capture_"
OF_NAMES = "dns_"
_ASKS_WHAT = re.compile(r"\s*(?:what|which|who|how \w+)(?:'s|\s+\w+)?\s+(?:the|my|our|its|their|his)\b", re.IGNORECASE)
_CONNECTION = re.compile(r"\b(?:connections?|sessions?|streams?|traffic)\b.{0,20}\bports?\b", re.IGNORECASE)
NO_FAILURE = ("cleartext_", "unwanted_", "exposed_", "policy_", "hint_", "capture_", "tls_obsolete_", "wep_")
"""The rules that tell of something that works, and should not be as it is."""


_WEAKNESSES = ("cleartext_", "unwanted_smb1", "unwanted_portmapper")
"""The rules that tell what can be read on the way, or is outdated, which makes nothing fail and nothing slow."""
_CONNECTS = re.compile(
    r"\bconnect(?:s|ing)?\b(?!.{0,20}\b(?:drop|clos|reset|end|los)\w*)"
    r"|\b(?:log|sign)(?:s|ging|ing)?[ -]?(?:in|on) (?:to|at) .{0,20}\b(?:databases?|\w*sql|mariadb|redis)\b"
    r"|\breach\w*",
    re.IGNORECASE,
)
_STATEMENT = "refuses a statement of"


def never_a_cause(question: Question, finding: Finding) -> bool:
    """Return whether the question asks why something fails or is slow, and the finding cannot be the reason."""
    if _CONNECTS.search(question.text) and _STATEMENT in finding.title:  # who sends statements has connected
        return True
    return finding.rule.startswith(_WEAKNESSES) and question.about_a_failure() and not question.concerns(finding)


def overcome(finding: Finding) -> bool:
    """Return whether it tells of a refusal that a later attempt overcame: for who asks why something fails."""
    return finding.act.startswith(OVERCOME)


def only_what_works(findings: Iterable[Finding]) -> bool:
    """Return whether all of them tell of something that works."""
    return all(f.rule.startswith(NO_FAILURE) and not f.rule.startswith(ABOUT_CAPTURE) for f in findings)


def fits(finding: Finding, question: Question) -> bool:
    """Return whether the finding can be what the question is about: of the hosts that it names, at least one."""
    if not question.names_hosts():
        return True
    scope = finding.scope
    if scope == Scope():  # it is about the whole capture
        return True
    names = {name.lower().rstrip(".") for name in scope.names}
    # A finding without names may well be about the name that the question uses.
    return bool(question.addresses & set(scope.addresses) or question.named(names) or (question.names and not names))


def is_before_the_connection(finding: Finding, question: Question) -> bool:
    """Return whether it is of a name: what is wrong with a connection to a port, which took place, it does not tell."""
    if not _CONNECTION.search(question.text):  # of a service that cannot be reached, a name may well be the cause
        return False
    of_names = finding.rule.startswith(OF_NAMES) and Topic.NAMES not in question.topics
    return of_names and not (question.ports & set(finding.scope.ports) or question.named(finding.scope.names))


def is_another_thing(question: Question, worst: Finding) -> bool:
    """Return whether the worst finding is of something that works, and not of what the question asks about."""
    works = worst.rule.startswith(NO_FAILURE) and not worst.rule.startswith(ABOUT_CAPTURE)
    return works and not question.concerns(worst)


def is_beside(question: Question, worst: Finding) -> bool:
    """Return whether the question asks what something is, and the worst finding is of another thing, which works."""
    works = worst.rule.startswith(NO_FAILURE) and not worst.rule.startswith(ABOUT_CAPTURE)
    wanted = question.about_a_fault or question.concerns(worst) or Topic.OVERVIEW in question.topics
    return works and not wanted and _ASKS_WHAT.match(question.text) is not None
