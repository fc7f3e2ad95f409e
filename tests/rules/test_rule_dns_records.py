"""The rules about names of which a part is answered."""

from typing import Any

import pytest
from factories import START_NS
from test_rule_dns_resolvers import found, lookup, missing

from explainer.model import Severity
from explainer.protocols.dns import Lookup

AAAA, MX, TXT, SRV, CAA = 28, 15, 16, 33, 257
FAILED: dict[str, Any] = {"rcode": 2, "answers": ()}
EMPTY: dict[str, Any] = {"rcode": 0, "answers": ()}


@pytest.mark.parametrize(("number", "severity"), [(AAAA, Severity.LOW), (CAA, Severity.MEDIUM), (MX, Severity.MEDIUM)])
def test_one_kind_of_record_fails(number: int, severity: Severity) -> None:
    (finding,) = found("dns_type_fails", lookup(1), lookup(2, type_number=number, **FAILED))
    assert finding.severity is severity
    assert finding.evidence.frames == (2, 3, 4, 5)
    assert "(SERVFAIL)" in finding.title


def test_the_ipv4_address_that_fails_weighs_more() -> None:
    (finding,) = found("dns_type_fails", lookup(1, **FAILED), lookup(2, type_number=AAAA, answers=("2001:db8::1",)))
    assert finding.severity is Severity.MEDIUM


@pytest.mark.parametrize(
    "others",
    [
        (lookup(1),),
        (lookup(2, type_number=AAAA, **FAILED),),
        (lookup(1), lookup(2, type_number=AAAA, **FAILED), lookup(3, type_number=AAAA, **EMPTY)),
        (lookup(1, "www.example.net"), lookup(2, type_number=AAAA, **FAILED)),
        (lookup(1, **EMPTY), lookup(2, type_number=AAAA, **FAILED)),
    ],
)
def test_no_kind_fails_alone(others: tuple[Lookup, ...]) -> None:
    assert found("dns_type_fails", *others) == []


def test_a_domain_without_a_mail_server() -> None:
    (finding,) = found("dns_no_record", lookup(1), lookup(2, type_number=MX, **EMPTY))
    assert finding.severity is Severity.INFO
    assert finding.title.startswith("The name www.example.org has no record MX")
    (finding,) = found("dns_no_record", lookup(2, "_ldap._tcp.example.org", type_number=SRV, **EMPTY))
    assert "no host is entered for this service" in finding.title


@pytest.mark.parametrize(
    "other",
    [
        lookup(1, type_number=AAAA, **EMPTY),
        lookup(1, type_number=MX),
        lookup(1, type_number=MX, referred=True, **EMPTY),
        lookup(1, type_number=MX, truncated=True, **EMPTY),
        lookup(1, type_number=MX, cut=True, **EMPTY),
        missing(1, "example.org"),
    ],
)
def test_mail_servers_that_may_be_entered(other: Lookup) -> None:
    assert found("dns_no_record", other) == []


def test_a_name_that_comes() -> None:
    later = lookup(2, query_ns=START_NS + 2_000_000_000)
    (finding,) = found("dns_comes_or_goes", missing(1, "www.example.org"), later)
    assert finding.severity is Severity.LOW
    assert "did not exist at first" in finding.title
    assert "2 s later" in finding.title


def test_a_name_that_goes() -> None:
    gone = [lookup(1), missing(2, "www.example.org"), missing(3, "www.example.org")]
    (finding,) = found("dns_comes_or_goes", *gone)
    assert finding.severity is Severity.MEDIUM
    assert finding.evidence.frames == (2, 3, 4, 5, 6, 7)
    assert found("dns_comes_or_goes", *gone[:2]) == []
    (proof,) = found("dns_comes_or_goes", *(x._replace(type_number=TXT) for x in gone))
    assert proof.severity is Severity.LOW


def test_names_that_stay() -> None:
    assert found("dns_comes_or_goes", missing(1, "www.example.org"), missing(2, "www.example.org")) == []
    assert found("dns_comes_or_goes", lookup(1), lookup(2)) == []
    assert found("dns_comes_or_goes", missing(1, "www.example.net"), lookup(2)) == []
