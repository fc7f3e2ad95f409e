"""What speaks for name resolution: the names that got an address, whatever was tried beside them."""

from collections import defaultdict
from collections.abc import Iterator

from explainer.brief.question import Question
from explainer.llm.health import resolved
from explainer.llm.rows import Row, frames, rows
from explainer.model import Analysis, Claim, Severity
from explainer.wording import listing

_NAMES = 3
_OF_NAMES = ("dns_", "path_udp_unreachable")
_FAILURES = (Severity.HIGH, Severity.MEDIUM)


def working(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield that names were resolved: all of them, or else which, where no failure of names is found."""
    every = list(resolved(analysis))
    if every:
        yield from every
        return
    if any(f.severity in _FAILURES and f.rule.startswith(_OF_NAMES) for f in analysis.findings):
        return
    found = defaultdict[str, list[Row]](list)
    for row in rows(analysis.stat("dns")):
        if row["query_frame"] is not None and row["response_frame"] is not None and row["answers"]:
            found[row["name"]].append(row)
    if not found:
        return
    names = list(found)
    more = [f"{len(names) - _NAMES} more"] if len(names) > _NAMES else []
    at = tuple(f for name in names[:_NAMES] for f in frames(found[name][0], "query_frame", "response_frame"))
    text = f"Yes, names are resolved: {listing([*names[:_NAMES], *more])} got an answer; no failure of names was found"
    yield Claim(text=f"{text}.", frames=at, sources=("dns",))
