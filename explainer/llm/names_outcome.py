"""What speaks for name resolution: the names that got an address, whatever was tried beside them."""

import re
from collections import defaultdict
from collections.abc import Iterator

from explainer.brief.question import Question
from explainer.llm.health import resolved
from explainer.llm.rows import Row, frames, rows
from explainer.model import Analysis, Claim, Severity
from explainer.wording import listing, milliseconds

_NAMES, _ROWS = 3, 5
_LOOKUP = re.compile(r"\b(?:dns|look\w*[ -]?ups?|resol\w+|name servers?)\b", re.IGNORECASE)
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


def durations(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield how long lookups took, the slowest first, for a question that speaks of them."""
    if not _LOOKUP.search(question.text):
        return
    answered = [row for row in rows(analysis.stat("dns")) if row["time_ms"] is not None]
    for row in sorted(answered, key=lambda row: -row["time_ms"])[:_ROWS]:
        took, who = milliseconds(row["time_ms"]), f"{row['server']} answers the question of {row['client']}"
        text = f"{who} for {row['name']} ({row['type']}) after {took}"
        yield Claim(text=f"{text}.", frames=frames(row, "query_frame", "response_frame"), sources=("dns",))


def without_ipv6(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield why no connection goes over IPv6: nobody asks for such an address (AAAA), or the names have none."""
    used = [row for row in rows(analysis.stat("hosts")) if _is_global(row["address"])]
    if used:
        text = f"IPv6 is used: {used[0]['address']} speaks it"
        yield Claim(text=f"{text}.", frames=frames(used[0], "first_frame"), sources=("hosts",))
    asked = [row for row in rows(analysis.stat("dns")) if row["query_frame"] is not None]
    wanted = [row for row in asked if row["type"] == _IPV6 and row["response_frame"] is not None]
    without = [row for row in wanted if not any(":" in answer for answer in (row["answers"] or "").split(", "))]
    if asked and not any(row["type"] == _IPV6 for row in asked):
        at = frames(asked[0], "query_frame")
        text = "The client never asks for an IPv6 address (AAAA) in this capture, only for IPv4 (A)"
        yield Claim(
            text=f"{text}: it has no IPv6 itself, most likely, or is set not to use it.", frames=at, sources=("dns",)
        )
    for row in without[:_ROWS]:
        text = f"{row['name']} has no IPv6 address: {row['server']} answers the question for one (AAAA) without any"
        yield Claim(text=f"{text}.", frames=frames(row, "query_frame", "response_frame"), sources=("dns",))


_IPV6 = "AAAA"
_ON_THE_LINK = ("fe80:", "ff0", "::")


def _is_global(address: str) -> bool:
    """Return whether it is an IPv6 address with which a host talks to more than its own link."""
    return ":" in address and not address.lower().startswith(_ON_THE_LINK)
