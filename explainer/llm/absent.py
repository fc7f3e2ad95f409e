"""What a question is about and the capture does not hold: nothing can be told of it. Pure."""

import re

from explainer.brief.question import Question, Topic
from explainer.llm import host_outcome, lookup, port_lookup
from explainer.llm.rows import rows
from explainer.model import Analysis, RuleStatus
from explainer.wording import listing

_ABOUT_TLS = {Topic.TLS, Topic.TLS_DETAILS}
_OF_WEB = re.compile(r"\b(?:web ?(?:sites?|pages?|servers?)|sites?|pages?|https?|browser\w*)\b", re.IGNORECASE)
_OF_NAMES = re.compile(r"\b(?:dns|names?|resol\w+|look\w*[ -]?ups?|domains?)\b", re.IGNORECASE)
_OF_VOICE = re.compile(
    r"\b(?:audio|sounds?|hear[sd]?|hearing|voices?|speech|mute[ds]?|silent calls?|choppy)\b", re.IGNORECASE
)


def missing(analysis: Analysis, question: Question) -> str:
    """Return what the question is about and the capture does not hold, or nothing."""
    if question.topics & _ABOUT_TLS and Topic.ENCRYPTED not in question.topics and not _shows_tls(analysis):
        return "TLS connection in clear sight (no ClientHello, certificate or alert)"
    ports = port_lookup.known(analysis)
    if ports and question.ports and not question.ports & ports:
        return f"packet to or from port {listing(sorted(map(str, question.ports)), 'or')}"
    absent = sorted(question.addresses - lookup.addresses(analysis))
    whether = Topic.REACH in question.topics and host_outcome.YES_OR_NO.match(question.text)
    if absent and (absent == sorted(question.addresses) or whether):
        return f"packet of {listing(absent)}"
    return _service(analysis, question) if question.about_a_fault else ""


def _shows_tls(analysis: Analysis) -> bool:
    tls = analysis.stat("tls")
    seen = tls is None or tls.total_rows or (quic := analysis.stat("quic")) is None or quic.total_rows
    ran = (o for o in analysis.outcomes if o.rule.startswith("tls_") and o.status is not RuleStatus.NOT_APPLICABLE)
    return bool(seen) and any(ran)


def _service(analysis: Analysis, question: Question) -> str:
    """Return the service that the question speaks of, where no packet can belong to it."""
    if _OF_VOICE.search(question.text) and _holds_none(analysis, "rtp"):
        return "voice packets (RTP) in clear sight"
    carried = {row["transport"] for row in rows(analysis.stat("ports"))}
    by_web = _OF_WEB.search(question.text) and not _OF_NAMES.search(question.text)
    if by_web and carried and "TCP" not in carried and _holds_none(analysis, "quic"):
        return "connection to a web server (no TCP, no QUIC)"
    return ""


def _holds_none(analysis: Analysis, name: str) -> bool:
    stat = analysis.stat(name)
    return stat is not None and not stat.total_rows
