"""Whole zones that are handed out, and long answers that are fetched over TCP."""

from typing import Any

import pytest
from factories import KnownFacts
from test_rule_dns import lookup

from explainer.model import Severity
from explainer.protocols.dns import Lookup, lookups
from explainer.rules.dns_transfer import dns_truncated, dns_zone_transfer

AXFR, IXFR, A = 252, 251, 1


@pytest.mark.parametrize(
    ("changes", "fires"),
    [
        ({"type_number": AXFR}, True), ({"type_number": IXFR}, True), ({"type_number": A}, False),
        ({"type_number": AXFR, "rcode": 5}, False), ({"type_number": AXFR, "response_frames": ()}, False),
    ],
    ids=["AXFR", "IXFR", "an address", "refused", "unanswered"],
)  # fmt: skip
def test_a_zone_is_handed_out(changes: dict[str, Any], fires: bool) -> None:
    findings = list(dns_zone_transfer(KnownFacts({lookups: (lookup(transport="TCP", **changes),)})))
    assert [f.severity for f in findings] == ([Severity.LOW] if fires else [])
    assert all("hands 192.0.2.10 the whole zone shop.example" in f.title for f in findings)


CUT = lookup(truncated=True)


@pytest.mark.parametrize(
    ("every", "fires"),
    [((CUT, lookup(5, transport="TCP")), True), ((CUT,), False), ((lookup(), lookup(5, transport="TCP")), False)],
    ids=["fetched", "not fetched", "not cut"],
)
def test_a_long_answer_is_fetched_over_tcp(every: tuple[Lookup, ...], fires: bool) -> None:
    findings = list(dns_truncated(KnownFacts({lookups: every})))
    assert [f.severity for f in findings] == ([Severity.INFO] if fires else [])
    assert all(f.evidence.frames == (1, 2, 6) for f in findings)
