"""The rule about domains that take no mail."""

from typing import Any

import pytest
from factories import KnownFacts, findings_of
from test_rule_dns_resolvers import lookup

from explainer.model import Finding, Severity
from explainer.protocols.dns import lookups

MX, A = 15, 1


def found(**overrides: Any) -> list[Finding]:
    values: dict[str, Any] = {"type_number": MX, "name": "nomail.example", "answers": ("<Root>",)} | overrides
    return findings_of("dns_null_mx", KnownFacts({lookups: (lookup(**values),)}))


def test_an_empty_name_as_the_only_mail_server() -> None:
    (finding,) = found()
    assert "The domain nomail.example takes no mail" in finding.title
    assert finding.severity is Severity.LOW


@pytest.mark.parametrize(
    "overrides",
    [{"answers": ("<Root>", "mail.example")}, {"answers": ()}, {"type_number": A}, {"rcode": 3}, {"multicast": True}],
)
def test_what_is_no_null_mx(overrides: dict[str, Any]) -> None:
    if overrides.pop("multicast", False):
        overrides["kind"] = "mDNS"
    assert found(**overrides) == []
