from typing import Any

import polars as pl
import pytest
from factories import CLIENT, SERVER, START_NS, KnownFacts, findings_of
from test_rule_dns_resolvers import lookup

from explainer.model import Finding, Severity
from explainer.protocols import dns, dns_errors, frame, ip
from explainer.protocols.dns import Lookup
from explainer.protocols.tcp import Endpoint

AAAA, MX, OTHER = 28, 15, "192.0.2.54"
SECOND = 1_000_000_000


def found(
    rule: str, *lookups: Lookup, sources: tuple[str, ...] = (CLIENT,), bad: tuple[int, ...] = ()
) -> list[Finding]:
    known: dict[Any, Any] = {
        dns.lookups: lookups, dns_errors.bad_versions: frozenset(bad),
        frame.last_ns: START_NS + 60 * SECOND, ip.packets: pl.DataFrame({"src": list(sources)}),
    }  # fmt: skip
    return findings_of(rule, KnownFacts(known))


def silent(number: int = 1, name: str = "www.example.org", **overrides: Any) -> Lookup:
    return lookup(
        number, name, **{"response_frames": (), "response_ns": None, "rcode": None, "answers": ()} | overrides
    )


def later(after_s: float, number: int = 2, **overrides: Any) -> Lookup:
    asked = START_NS + int(after_s * SECOND)
    return lookup(number, server=OTHER, query_ns=asked, last_query_ns=asked, response_ns=asked, **overrides)


@pytest.mark.parametrize(("after_s", "expected"), [(5, [Severity.MEDIUM]), (1, [Severity.LOW]), (0.9, [])])
def test_another_name_server_answers(after_s: float, expected: list[Severity]) -> None:
    findings = found("dns_late_fallback", silent(), later(after_s))
    assert [f.severity for f in findings] == expected
    assert all(f"The name server {SERVER} does not answer" in f.title and OTHER in f.title for f in findings)


def test_nobody_answers() -> None:
    assert found("dns_late_fallback", silent(), silent(2, server=OTHER)) == []


@pytest.mark.parametrize(("again_s", "expected"), [(5, Severity.MEDIUM), (3.9, Severity.LOW)])
def test_one_family_alone_is_answered(again_s: float, expected: Severity) -> None:
    lost = silent(2, type_number=AAAA, last_query_ns=START_NS + int(again_s * SECOND))
    (finding,) = found("dns_late_ipv6", lookup(), lost)
    assert finding.severity is expected
    assert "IPv6 (AAAA) address of www.example.org" in finding.title


def test_both_families_are_answered_or_none() -> None:
    assert found("dns_late_ipv6", lookup(), lookup(2, type_number=AAAA, answers=())) == []
    assert found("dns_late_ipv6", silent(), silent(2, type_number=AAAA)) == []


def empty(number: int = 1, name: str = "www.example.org", **overrides: Any) -> Lookup:
    return lookup(number, name, **{"answers": ()} | overrides)


def test_a_name_without_an_address() -> None:
    (finding,) = found("dns_no_address", empty(), empty(2, type_number=AAAA))
    assert finding.severity is Severity.MEDIUM
    assert "www.example.org exists, but has no address" in finding.title
    assert len(found("dns_no_address", empty(answers=("alias.example.org",)))) == 1


def test_names_with_one_and_other_questions() -> None:
    assert found("dns_no_address", lookup(), empty(2, type_number=AAAA)) == []
    assert found("dns_no_address", empty(type_number=AAAA)) == []
    assert found("dns_no_address", empty(type_number=MX)) == []
    assert found("dns_no_address", empty(referred=True)) == []
    assert found("dns_no_address", empty(name="www.example.org.corp.example"), lookup(2)) == []


def test_a_network_with_ipv6_alone() -> None:
    sources = ("2001:db8::1", "2001:db8::53")
    pair = (lookup(client=Endpoint(sources[0], 5000)), empty(2, type_number=AAAA, client=Endpoint(sources[0], 5000)))
    (finding,) = found("dns_no_address", *pair, sources=sources)
    assert "has an IPv4 address (A) and no IPv6 address (AAAA)" in finding.title
    assert found("dns_no_address", *pair, sources=(*sources, CLIENT)) == []


@pytest.mark.parametrize(("cut", "findings"), [(False, 1), (True, 0)])
def test_an_answer_that_was_stored_in_part_may_hold_an_address(cut: bool, findings: int) -> None:
    assert len(found("dns_no_address", lookup(1, "www.example.org", answers=(), cut=cut))) == findings


def test_an_alias_of_a_name_without_an_address() -> None:
    (finding,) = found("dns_no_address", empty(answers=("pages.example.net",)))
    assert finding.title.startswith("The name www.example.org is an alias (CNAME) of pages.example.net, which has no")


def test_an_answer_that_says_bad_version_of_edns() -> None:
    asked = empty()
    assert found("dns_no_address", asked, bad=asked.response_frames) == []
    assert found("dns_no_address", asked, bad=(0,))
