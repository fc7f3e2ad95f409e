"""Captive portals."""

from collections.abc import Callable
from typing import Any

import pytest
from exchanges import exchange
from factories import SERVER
from tls_records import certificate, found, presenting

from explainer.model import Analysis, Finding, RuleStatus, Severity, Side
from explainer.protocols.http import Exchange
from explainer.protocols.tcp import Endpoint
from explainer.protocols.tls import Handshake

RULE = "http_captive_portal"
CHECK: dict[str, Any] = {"host": "captive.apple.com", "path": "/hotspot-detect.html"}
OTHER = certificate(dns_names=("portal.example",), common_name="portal.example")


def redirected(**overrides: Any) -> Exchange:
    values = {"status": 302, "reason": "Found", "location": "http://login.hotel.example/portal"} | overrides
    return exchange(0, **values)


def told(*asked: Exchange, shown: tuple[Handshake, ...] = ()) -> list[Finding]:
    return found(RULE, *shown, requested=asked)


def secure(**overrides: Any) -> Handshake:
    return presenting(1, OTHER, server=Endpoint(SERVER, 443), **overrides)


def test_a_check_for_a_way_out_that_is_redirected() -> None:
    (finding,) = told(redirected(**CHECK))
    assert (finding.severity, finding.side) == (Severity.HIGH, Side.CLIENT)
    assert "captive.apple.com is redirected to login.hotel.example" in finding.title


def test_a_redirection_beside_a_certificate_of_another_name() -> None:
    (finding,) = told(redirected(), shown=(secure(),))
    assert len(finding.evidence.frames) == 3
    assert told(redirected()) == []


@pytest.mark.parametrize(
    "harmless",
    [
        {"location": "http://app.example.org/login"},
        {"location": "/login"},
        {"location": "http://shop.hotel.example/"},
        {"status": 200, "location": ""},
        {"over_tls": True},
    ],
    ids=["of the same domain", "of the same host", "no sign-in", "no redirection", "over TLS"],
)
def test_other_answers_are_no_portals(harmless: dict[str, Any]) -> None:
    assert told(redirected(**harmless), shown=(secure(),)) == []


def test_a_certificate_of_another_server_says_nothing() -> None:
    elsewhere = presenting(1, OTHER, server=Endpoint("198.51.100.9", 443))
    fitting = presenting(1, certificate(), server=Endpoint(SERVER, 443))
    assert told(redirected(), shown=(elsewhere,)) == told(redirected(), shown=(fitting,)) == []


def test_it_does_not_apply_without_http(analysis_of: Callable[[str], Analysis]) -> None:
    (outcome,) = (outcome for outcome in analysis_of("dns_nxdomain").outcomes if outcome.rule == RULE)
    assert outcome.status in (RuleStatus.NOT_APPLICABLE, RuleStatus.RAN)
    assert not outcome.findings
