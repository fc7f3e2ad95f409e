"""Answers that are sent, and asked for again."""

from typing import Any

import pytest
from factories import CLIENT, SECOND, START_NS, KnownFacts, findings_of
from test_rule_dns_resolvers import lookup

from explainer.model import Finding, Severity
from explainer.protocols import dns
from explainer.protocols.tcp import Endpoint


def asked(times: int, *, pause_s: float = 1.0, **overrides: Any) -> list[dns.Lookup]:
    """The same question again and again, each a second after the answer to the one before."""
    every = []
    for n in range(times):
        at = START_NS + int(n * pause_s * SECOND)
        own: dict[str, Any] = {
            "id": 7, "query_frames": (2 * n + 1,), "query_ns": at, "response_ns": at, "response_frames": (2 * n + 2,),
        }  # fmt: skip
        own.update(overrides)
        every.append(lookup(n, **own))
    return every


def told(*every: dns.Lookup) -> list[Finding]:
    return findings_of("dns_answer_lost", KnownFacts({dns.lookups: every}))


@pytest.mark.parametrize(("times", "severity"), [(2, Severity.LOW), (3, Severity.MEDIUM)])
def test_who_asks_again_has_no_answer(times: int, severity: Severity) -> None:
    (finding,) = told(*asked(times))
    assert finding.severity is severity
    assert "asks the same again 1.0 s after it was sent" in finding.title
    assert set(finding.evidence.frames) == set(range(1, 2 * times + 1))


@pytest.mark.parametrize(
    "every",
    [
        asked(3, pause_s=0.8),
        asked(3, pause_s=10.1),
        asked(7),
        asked(3, rcode=2),
        asked(3, truncated=True),
        asked(3, response_ns=None, response_frames=(), rcode=None),
        asked(3, transport="TCP"),
        [*asked(1), *asked(1, id=8, query_ns=START_NS + 9 * SECOND)],
        [x._replace(client=Endpoint(CLIENT, 40000 + n)) for n, x in enumerate(asked(3))],
    ],
    ids=[
        "at once",
        "much later",
        "one id for all",
        "a failure",
        "cut short",
        "unanswered",
        "over TCP",
        "another id",
        "other ports",
    ],
)
def test_what_is_no_lost_answer(every: list[dns.Lookup]) -> None:
    assert told(*every) == []
