"""Hints of hidden programs: Tor's certificates, connections at even intervals."""

from typing import Any

import pytest
from factories import SECOND, connection, facts, findings_of, start_ns
from tls_records import certificate, found, presenting

from explainer.model import Confidence, Severity
from explainer.protocols.tcp import Connection, Endpoint

RELAY: dict[str, Any] = {"subject": "CN=www.q7x2mdkf3ahv.net", "issuer": "CN=www.b4zlw3rtyu.com", "dns_names": ()}
PUBLIC = Endpoint("93.184.216.34", 443)


def test_tor() -> None:
    (finding,) = found("hint_tor", presenting(0, certificate(**RELAY)), presenting(1, certificate(**RELAY)))
    assert (finding.severity, finding.confidence) == (Severity.LOW, Confidence.PROBABLE)
    assert finding.measured == {"relays": 1, "connections": 2}


@pytest.mark.parametrize(
    "changed",
    [
        {"subject": "CN=www.shop-1-2-3.net"}, {"issuer": "CN=www.example-inc.com"}, {"subject": "CN=www.q7x2.net"},
        {"dns_names": ("www.q7x2mdkf3ahv.net",)}, {"subject": "CN=www.q7x2mdkf3ahv.net,O=Shop"},
    ],
)  # fmt: skip
def test_other_certificates_are_not_tors(changed: dict[str, Any]) -> None:
    assert found("hint_tor", presenting(0, certificate(**RELAY | changed))) == []
    assert found("hint_tor", presenting(0, certificate(**RELAY), certificate())) == []


def regular(number: int, every_s: float = 60, late_s: float = 0, **changes: Any) -> list[Connection]:
    """Return connections at even intervals, every fifth of them late."""
    begins = [start_ns(0) + int(SECOND * (every_s * n + (late_s if n % 5 == 4 else 0))) for n in range(number)]
    made = {"server": PUBLIC} | changes
    return [connection(n, syn_ns=(begin,), first_ns=begin, **made) for n, begin in enumerate(begins)]


@pytest.mark.parametrize(
    ("connections", "fires"),
    [
        (regular(10), True), (regular(9), False), (regular(10, every_s=5), True), (regular(10, every_s=4.9), False),
        (regular(20, late_s=5.9), True), (regular(20, late_s=6.1), False),
        (regular(20, server=Endpoint("192.168.0.9", 443)), False), (regular(20, ack_frame=None), False), ([], False),
    ],
)  # fmt: skip
def test_connections_at_even_intervals_are_a_hint(connections: list[Connection], fires: bool) -> None:
    findings = findings_of("hint_beaconing", facts(connections))
    assert [(finding.severity, finding.confidence) for finding in findings] == (
        [(Severity.INFO, Confidence.POSSIBLE)] if fires else []
    )
