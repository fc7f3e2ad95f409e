"""Web sites that a question calls by the first part of their name: "is the shop ok?" of shop.example."""

import re
from collections.abc import Sequence
from dataclasses import replace

from explainer.brief.question import Question
from explainer.llm import host_outcome
from explainer.llm.rows import rows
from explainer.model import Analysis, Finding

_STATE = r"(?:ok(?:ay)?|up|down|fine|well|working|reachable|available|healthy|broken|offline|online|alive|dead)"
_OUR = r"(?:the |our |my )?"
_ASKED = re.compile(
    rf"\b(?:is|are|was)\s+{_OUR}(?P<is>[a-z][\w-]*)(?:\s+(?:web ?site|site|server|page))?\s+(?:\w+\s+)?{_STATE}\b"
    rf"|\bwrong with {_OUR}(?P<wrong>[a-z][\w-]*)"
    rf"|\b(?:does|do) {_OUR}(?P<does>[a-z][\w-]*) work\b",
    re.IGNORECASE,
)


def resolved(analysis: Analysis, question: Question, found: Sequence[Finding]) -> Question:
    """Return the question with the whole name of a site that it asks after, where that met no fault and others did.

    A finding of the site itself, or of nobody's name, answers as it is.
    """
    asked = _ASKED.search(question.text)
    if asked is None or question.names_hosts() or not found or not all(f.scope.names for f in found):
        return question
    label = next(filter(None, asked.groups())).lower()
    names = {name for name in _sites(analysis) if name.partition(".")[0] == label and "." in name}
    about = replace(question, names=frozenset(names))
    if not names or any(about.named(f.scope.names) for f in found):
        return question
    return about if any(host_outcome.well(analysis, about)) else question


def _sites(analysis: Analysis) -> set[str]:
    pages = (row["host"] for row in rows(analysis.stat("http")))
    hidden = (row["server_name"] for row in rows(analysis.stat("tls")))
    return {str(name).partition(":")[0].lower().rstrip(".") for name in (*pages, *hidden) if name}
