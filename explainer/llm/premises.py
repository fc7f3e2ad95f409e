"""What a question takes for granted and the capture does not hold: it must not deny the fault that is there."""

import re
from dataclasses import replace

from explainer.brief.letters import is_pasted
from explainer.brief.question import Question, Topic
from explainer.llm import host_lookup, lookup, port_lookup
from explainer.llm.rows import rows
from explainer.model import Analysis, Answer, Severity
from explainer.wording import listing

_SHOWN = 3
_VERSION = re.compile(r"\b(?:tls|ssl)[ v]*(1\.[0-3])\b", re.IGNORECASE)
_IP = re.compile(r"\bip ?v([46])\b", re.IGNORECASE)
_ON_THE_LINK = ("fe80:", "ff0", "::")
_HOST = re.compile(r"(?:[\w-]{2,}\.)+[a-z]{2,4}$")
"""Names that read as hosts' (shop.example.com), not as somebody's in a mail, or a program's in a log."""
_BEFORE_ANY_PACKET = (
    "address_arp_unanswered", "address_neighbor_unanswered", "address_no_offer", "address_not_acknowledged",
    "address_refused", "address_silent",
)  # fmt: skip
"""What stops a host before it sends anything to the one that it wants to reach: it has no address, or no gateway."""
_FAILURES = (Severity.HIGH, Severity.MEDIUM)
_CANNOT_TELL = "This capture cannot tell"


def kept(analysis: Analysis, question: Question) -> Question:
    """Return the question without what a pasted mail or log names beside, and the capture knows nothing of.

    So it does without a host that nothing was sent to, where nobody gets any further than to ask for addresses.
    """
    if not is_pasted(question.asked):
        return _as_far_as_it_got(analysis, question)
    ports = port_lookup.known(analysis)
    return replace(
        question,
        addresses=question.addresses & lookup.addresses(analysis),
        names=frozenset(name for name in question.names if _is_known(analysis, name)),
        ports=question.ports & ports if ports else question.ports,
    )


def _as_far_as_it_got(analysis: Analysis, question: Question) -> Question:
    stuck = any(f.rule in _BEFORE_ANY_PACKET and f.severity in _FAILURES for f in analysis.findings)
    talks = any(r["client"] and not host_lookup.is_many(r["server"]) for r in rows(analysis.stat("spoken")))
    if talks or not (stuck and question.about_a_failure()):
        return question
    return replace(question, addresses=question.addresses & lookup.addresses(analysis))


def noted(analysis: Analysis, asked: Question, question: Question, answer: Answer) -> Answer:
    """Return the answer, which says at its end what was named or taken for granted and is not in the capture."""
    if answer.verdict.startswith(_CANNOT_TELL):
        return answer
    notes = filter(None, (_strangers(asked, question), _ip_version(analysis, asked), _tls_version(analysis, asked)))
    return answer.model_copy(update={"verdict": " ".join((answer.verdict, *notes))})


def _strangers(asked: Question, question: Question) -> str:
    gone = sorted((asked.addresses - question.addresses) | {n for n in asked.names - question.names if _HOST.match(n)})
    more = [f"{len(gone) - _SHOWN} more"] if len(gone) > _SHOWN else []
    return f"Of {listing([*gone[:_SHOWN], *more])} this capture holds nothing." if gone else ""


def _is_known(analysis: Analysis, name: str) -> bool:
    told = (("http", "host"), ("tls", "server_name"), ("dns", "name"))
    seen = {str(row[column]) for stat, column in told for row in rows(analysis.stat(stat)) if row.get(column)}
    seen |= {own for finding in analysis.findings for own in finding.scope.names}
    known = {each.partition(":")[0].lower().rstrip(".") for each in seen}
    return any(each == name or each.endswith(f".{name}") for each in known)


def _ip_version(analysis: Analysis, question: Question) -> str:
    """Return that a version of IP is not used, to who asks something else of it than whether it is."""
    wanted = not question.topics & {Topic.NO_IPV6, Topic.IP_VERSION}
    known = [each for each in lookup.addresses(analysis) if not each.lower().startswith(_ON_THE_LINK)]
    used = {"6" if ":" in each else "4" for each in known}
    missing = sorted(set(_IP.findall(question.text)) - used) if wanted and used else []
    return f"No packet is sent over IPv{missing[0]} in this capture." if missing else ""


def _tls_version(analysis: Analysis, question: Question) -> str:
    """Return that no server chose the version of TLS which the question calls broken."""
    asked = {f"TLS {version}" for version in _VERSION.findall(question.text)} if question.about_a_fault else set()
    chosen = {r["version"] for r in rows(analysis.stat("tls")) if r.get("server_hello_frame") and r["version"]}
    if len(asked) != 1 or not chosen or asked & chosen:
        return ""
    return f"No server chose {listing(sorted(asked))} in this capture, only {listing(sorted(chosen))}."
