"""A name of several addresses, of which one cannot be reached: the client goes on to another."""

from typing import Any

import pytest
from factories import SECOND, SERVER, connection, facts, findings_of, refused, start_ns, unanswered, unreachable
from test_rule_dns_resolvers import lookup

from explainer.model import Finding, Severity
from explainer.protocols.tcp import Connection, Endpoint

NAME, DEAD = "www.example.org", "2001:db8::80"
BOTH = (lookup(1, NAME, type_number=28, answers=(DEAD,)), lookup(2, NAME, answers=(SERVER,)))
AT_DEAD: dict[str, Any] = {"client": Endpoint("2001:db8::10", 40000), "server": Endpoint(DEAD, 443)}


def later(seconds: float, **overrides: Any) -> Connection:
    """A connection to the other address, that long after the first attempt."""
    asked = start_ns(0) + int(seconds * SECOND)
    server = {"server": Endpoint(SERVER, 443)}
    return connection(1, **server | {"syn_ns": (asked,)} | overrides)


def found(rule: str, *attempts: Connection, **known: Any) -> Finding:
    (finding,) = findings_of(rule, facts(attempts, lookups=BOTH, **known))
    return finding


@pytest.mark.parametrize(("seconds", "severity"), [(5, Severity.MEDIUM), (1, Severity.MEDIUM), (0.9, Severity.LOW)])
def test_the_wait_for_the_next_address_weighs(seconds: float, severity: Severity) -> None:
    finding = found("tcp_syn_unanswered", unanswered(0, **AT_DEAD), later(seconds))
    assert finding.severity is severity
    assert f"one of several addresses of {NAME}" in finding.title
    assert f"{SERVER} (IPv4)" in finding.title


def test_a_refusal_and_a_rejection_too() -> None:
    assert found("tcp_refused", refused(0, **AT_DEAD), later(0.1)).severity is Severity.LOW
    attempt = unanswered(0, syns=1, **AT_DEAD)
    rejected = found("tcp_rejected_by_icmp", attempt, later(0.1), errors=[unreachable(attempt, code=1)])
    assert rejected.severity is Severity.LOW


@pytest.mark.parametrize(
    "other",
    [
        later(-1),
        later(151),
        later(5, server=Endpoint(SERVER, 80)),
        later(5, server=Endpoint("198.51.100.7", 443)),
        later(5, syn_ack_frame=None),
    ],
    ids=["before", "much later", "another port", "an address of another name", "not accepted"],
)
def test_another_connection_is_no_way_round(other: Connection) -> None:
    finding = found("tcp_refused", refused(0, **AT_DEAD), other)
    assert finding.severity is Severity.HIGH
    assert NAME not in finding.title


def test_another_client_of_the_same_family_is_not_this_one() -> None:
    attempt = refused(0, client=Endpoint("192.0.2.99", 40000), server=Endpoint("198.51.100.9", 443))
    known = (lookup(1, NAME, answers=("198.51.100.9", SERVER)),)
    (finding,) = findings_of("tcp_refused", facts((attempt, later(5)), lookups=known))
    assert finding.severity is Severity.HIGH
