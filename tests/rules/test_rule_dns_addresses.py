"""Names with an IPv6 address only, and names whose addresses lead to nobody."""

from typing import Any

import polars as pl
import pytest
from factories import CLIENT, SERVER, KnownFacts, connection, findings_of
from test_rule_dns_resolvers import lookup

from explainer.model import Finding, Severity
from explainer.protocols import dns, ip, tcp
from explainer.protocols.dns import Lookup

AAAA, NEW = 28, "2001:db8::80"
EMPTY = lookup(1, answers=())
ONLY_NEW = (EMPTY, lookup(2, type_number=AAAA, answers=(NEW,)))


def only_new(*every: Lookup, seen: tuple[str, ...] = (CLIENT, SERVER), opens: bool = True) -> list[Finding]:
    known = KnownFacts(
        {
            dns.lookups: every,
            ip.packets: pl.DataFrame({"src": list(seen), "dst": list(seen)}),
            tcp.connections: (connection(),) if opens else (),
        }
    )
    return findings_of("dns_only_ipv6", known)


def to_nobody(*every: Lookup) -> list[Finding]:
    return findings_of("dns_to_nobody", KnownFacts({dns.lookups: every}))


def test_a_name_that_tests_ipv6_is_not_missed() -> None:
    name = "ipv6.example.org"
    assert only_new(lookup(1, name, answers=()), lookup(2, name, type_number=AAAA, answers=(NEW,))) == []


def test_a_name_with_ipv6_alone_where_there_is_none() -> None:
    (finding,) = only_new(*ONLY_NEW)
    assert finding.severity is Severity.MEDIUM
    assert set(finding.evidence.frames) == {2, 3, 4, 5}
    assert only_new(*ONLY_NEW, seen=(CLIENT, "fe80::1", "ff02::fb", "::"))


@pytest.mark.parametrize(
    ("every", "changes"),
    [
        (ONLY_NEW, {"seen": (CLIENT, "2001:db8::10")}),
        (ONLY_NEW, {"opens": False}),
        (ONLY_NEW[1:], {}),
        (ONLY_NEW[:1], {}),
        ((*ONLY_NEW, lookup(3)), {}),
        ((ONLY_NEW[0], lookup(2, type_number=AAAA, answers=("alias.example",))), {}),
    ],
    ids=[
        "IPv6 is in use",
        "only lookups were recorded",
        "A not asked for",
        "AAAA not asked for",
        "A later",
        "an alias",
    ],
)
def test_where_ipv4_was_not_wanted_or_ipv6_works(every: tuple[Lookup, ...], changes: dict[str, Any]) -> None:
    assert only_new(*every, **changes) == []


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "127.0.0.1", "::1"])
def test_an_address_of_nobody(address: str) -> None:
    (finding,) = to_nobody(lookup(answers=(address,)))
    assert finding.severity is Severity.MEDIUM
    assert f"answers {address} for www.example.org" in finding.title
    (beside,) = to_nobody(lookup(answers=(address,)), lookup(2, "other.example.org"))
    assert beside.severity is Severity.INFO


@pytest.mark.parametrize(
    ("name", "answers"),
    [
        ("www.example.org", ("127.0.0.1", "192.0.2.1")),
        ("www.example.org", ("127.0.0.2",)),
        ("www.example.org", ()),
        ("localhost", ("127.0.0.1",)),
        ("dev.localhost", ("127.0.0.1",)),
        ("localhost.localdomain", ("127.0.0.1",)),
        ("2.2.0.192.list.example", ("127.0.0.1",)),
        ("printer", ("127.0.0.1",)),
    ],
)
def test_addresses_of_hosts_and_what_is_meant_to_be_local(name: str, answers: tuple[str, ...]) -> None:
    assert to_nobody(lookup(1, name, answers=answers)) == []


@pytest.mark.parametrize(("names", "findings"), [(5, 5), (6, 1)])
def test_many_names_are_one_filter(names: int, findings: int) -> None:
    every = [lookup(n, f"ad{n}.example.org", answers=("0.0.0.0",)) for n in range(1, names + 1)]
    assert len(to_nobody(*every)) == findings
