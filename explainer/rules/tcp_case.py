"""What rules about TCP connections share: what a finding is about, and which connections they leave to others."""

from collections.abc import Iterable
from typing import Any

from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side
from explainer.protocols.tcp import Connection, Endpoint
from explainer.protocols.tls import Ending

_EPHEMERAL = 32768  # Linux takes the ports of its clients from here on


def scope(streams: Iterable[int], *ends: Endpoint) -> Scope:
    """Return what a finding about these streams is about; of the ports, the services', or else the smallest."""
    ports = sorted({end.port for end in ends})
    ports = [port for port in ports if port < _EPHEMERAL] or ports[:1]
    return Scope(
        streams=tuple(dict.fromkeys(streams))[:100],
        addresses=tuple(dict.fromkeys(end.address for end in ends))[:100],
        ports=tuple(ports[:100]),
    )


def ended_by_server(c: Connection) -> int | None:
    """Return the frame in which the server is the first to end the connection (FIN or RST)."""
    end = min((*c.server_ends, *c.server_resets), default=None)
    left = min((*c.client_ends, *c.client_resets), default=None)
    return end if end is not None and (left is None or end < left) else None


def told_by_tls(endings: Iterable[Ending]) -> set[int]:
    """Return the streams whose TLS handshake failed: what TCP shows of them is told with its cause there."""
    return {ending.connection.stream for ending in endings if ending.outcome.failed}


def finding(
    rule_id: str, number: int, severity: Severity, side: Side, title: str, evidence: Evidence, about: Scope, **told: Any
) -> Finding:
    """Return a finding of the rule, certain unless `confidence` says otherwise; `limits` are its limitations."""
    return Finding(
        id=f"{rule_id}:{number}",
        rule=rule_id,
        severity=severity,
        confidence=told.pop("confidence", Confidence.CERTAIN),
        side=side,
        title=title,
        evidence=evidence,
        scope=about,
        limitations=told.pop("limits"),
        **told,
    )
