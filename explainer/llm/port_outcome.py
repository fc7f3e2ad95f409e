"""What speaks for a port that a question asks after: connections and requests that were answered, and no fault."""

import re
from collections.abc import Iterator

from explainer.brief.question import Question
from explainer.llm.health import FIRST_ERROR
from explainer.llm.relevance import ABOUT_CAPTURE
from explainer.llm.rows import Row, frames, rows
from explainer.model import Analysis, Claim, Finding, Severity
from explainer.wording import count, listing

_ROWS = 3
_IS_WELL = re.compile(
    r"\s*(?:is|are|was|were|does|do|did|anything)\b.*\b(?:ok|okay|fine|healthy|well|all ?right|up|alive|work\w*|broken"
    r"|wrong|down)\b",
    re.IGNORECASE,
)


def well(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield that a port is well, for a question whether it is: all that was asked of it was answered without a fault.

    Silent where a finding is about the port, or a fault about no port at all, which may be the cause of anything.
    """
    if not question.ports or not _IS_WELL.match(question.text):
        return
    worth = [f for f in analysis.findings if f.severity is not Severity.INFO]
    if any(question.ports & set(f.scope.ports) or _may_concern_all(f) for f in worth):
        return
    opened = [row for row in rows(analysis.stat("rtt")) if _is_meant(row, question)]
    alone = [row for row in rows(analysis.stat("unanswered")) if _is_meant(row, question)]
    pages = [row for row in rows(analysis.stat("http")) if row["method"] and _is_meant(row, question)]
    answered = [row for row in pages if row["status"]]
    if not opened or alone or any(row["status"] >= FIRST_ERROR for row in answered):
        return
    where = listing(list(dict.fromkeys(row["server"] for row in opened))[:_ROWS])
    parts = [count(len(opened), "connection was accepted", "connections were accepted")]
    if answered:
        # Of an answer that the recording lost nobody knows; one that never came is told by a finding.
        of_all = f"{len(answered):,} of " if len(answered) < len(pages) else ""
        asked = count(len(pages), "HTTP request was answered", "HTTP requests were answered")
        parts.append(f"{of_all}{asked} without an error, the last one with {answered[-1]['status']}")
    at = [frame for row in opened[:_ROWS] for frame in frames(row, "syn_frame", "syn_ack_frame")]
    at += [frame for row in answered[-_ROWS:] for frame in frames(row, "request_frame", "response_frame")]
    yield Claim(
        text=f"No fault was found with {where}: {', and '.join(parts)}.", frames=tuple(at), sources=("rtt", "http")
    )


def _may_concern_all(finding: Finding) -> bool:
    of_traffic = not finding.rule.startswith(ABOUT_CAPTURE)
    return of_traffic and not finding.scope.ports and finding.severity is not Severity.LOW


def _is_meant(row: Row, question: Question) -> bool:
    host, _, port = str(row["server"]).rpartition(":")
    return int(port) in question.ports and (not question.addresses or host.strip("[]") in question.addresses)
