"""Certificates that went over the wire in clear (up to TLS 1.2): expired, self-signed (RFC 5280 section 6)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.tcp import Connection, Endpoint, connections
from explainer.protocols.tls import Alert, CertificateMessage, Handshake, handshakes
from explainer.protocols.x509 import Certificate
from explainer.registry import rule
from explainer.rules.evidence import check_command, network_step, tls_filter
from explainer.rules.tls_alert import hello_text
from explainer.wording import count, moment, span

# The client's alerts that may have each fault as their reason (RFC 8446 section 6.2); the first says it outright.
_EXPIRED_ALERTS = (45, 42, 46)
_UNTRUSTED_ALERTS = (48, 42, 46)


@dataclass(frozen=True, slots=True)
class Case:
    """A connection whose server presents a faulty certificate, and the client's alert that the fault explains."""

    handshake: Handshake
    message: CertificateMessage
    certificate: Certificate
    alert: Alert | None

    @property
    def seen(self) -> datetime:
        """Return when the certificate was presented."""
        return datetime.fromtimestamp(self.message.time_ns / 1e9, UTC)


@rule(
    "Expired certificate", handshakes, connections, subject="TLS connections", area="the certificates that are visible"
)
def tls_certificate_expired(facts: Facts) -> Iterator[Finding]:
    """A server certificate whose notAfter lies before the time of the frame that presents it."""
    cases = _cases(facts[handshakes], _EXPIRED_ALERTS)
    expired = (case for case in cases if case.certificate.not_after < case.seen)
    by_stream = {connection.stream: connection for connection in facts[connections]}
    for group in _grouped(expired):
        yield _expired(group, by_stream.get(group[0].handshake.stream))


def _expired(group: Sequence[Case], connection: Connection | None) -> Finding:
    case = group[0]
    name, server = case.certificate.name, case.handshake.server
    ago = span(case.seen - case.certificate.not_after)
    severity, confidence, ending = _weight(case, case.alert is not None and case.alert.code == _EXPIRED_ALERTS[0])
    until = f"the server {server.address} presents {case.certificate.subject}, valid until"
    presented = f"{until} {moment(case.certificate.not_after)}"
    return Finding(
        id=f"tls_certificate_expired:{case.handshake.stream}",
        rule="tls_certificate_expired",
        severity=severity,
        confidence=confidence,
        side=Side.SERVER,
        title=f"The certificate of {name} expired {ago} before this capture{ending}.",
        act=f"The server's side must act: {server.address} needs a renewed certificate.",
        measured={
            "connections": len(group),
            "expired_days": round((case.seen - case.certificate.not_after).total_seconds() / 86400, 3),
            "valid_until": case.certificate.not_after.isoformat(),
        },
        evidence=_evidence(group, presented, connection),
        scope=_scope(group),
        advice=(
            f"Renew the certificate on {server.address} and restart its service.",
            f"Check it: {check_command(case.handshake)}",
        ),
        limitations=(
            "whether the capture's clock is right: validity was judged by it",
            "whether other clients are affected",
        ),
    )


@rule(
    "Self-signed certificate",
    handshakes,
    connections,
    subject="TLS connections",
    area="the certificates that are visible",
)
def tls_certificate_self_signed(facts: Facts) -> Iterator[Finding]:
    """A server whose own certificate is signed with its own key (checked), so that no client trusts it unasked."""
    cases = _cases(facts[handshakes], _UNTRUSTED_ALERTS)
    by_stream = {connection.stream: connection for connection in facts[connections]}
    for group in _grouped(case for case in cases if case.certificate.self_signed):
        yield _self_signed(group, by_stream.get(group[0].handshake.stream))


def _self_signed(group: Sequence[Case], connection: Connection | None) -> Finding:
    case = group[0]
    name, server = case.certificate.name, case.handshake.server
    severity, confidence, ending = _weight(case, case.alert is not None and case.alert.code == _UNTRUSTED_ALERTS[0])
    if case.handshake.established:
        severity = Severity.LOW
    presented = f"the server {server.address} presents {case.certificate.subject}, issued and signed by itself"
    return Finding(
        id=f"tls_certificate_self_signed:{case.handshake.stream}",
        rule="tls_certificate_self_signed",
        severity=severity,
        confidence=confidence,
        side=Side.SERVER,
        title=f"The certificate of {name} is self-signed: no authority vouches for it{ending}.",
        act=f"The server's side must act: {server.address} needs a certificate from an issuer that its clients trust"
        " (or the client must be told to trust this one).",
        measured={"connections": len(group)},
        evidence=_evidence(group, presented, connection),
        scope=_scope(group),
        advice=(
            f"Install a certificate from a trusted CA on {server.address} and restart its service.",
            "If it is meant to be self-signed (a test system), add this certificate to the client's trust store.",
            f"Check it: {check_command(case.handshake)}",
        ),
        limitations=("whether other clients trust this certificate",),
    )


def _cases(every: Sequence[Handshake], alerts: Sequence[int]) -> Iterator[Case]:
    for handshake in every:
        message = handshake.server_certificates
        leaf = message.certificates[0] if message and message.certificates else None
        if message and leaf:
            reasons = (alert for alert in handshake.fatal_alerts if alert.from_client and alert.code in alerts)
            yield Case(handshake, message, leaf, next(reasons, None))


def _grouped(cases: Iterator[Case]) -> list[list[Case]]:
    groups = defaultdict[tuple[Endpoint, Certificate, bool], list[Case]](list)
    for case in cases:
        groups[case.handshake.server, case.certificate, case.alert is not None].append(case)
    return list(groups.values())


def _weight(case: Case, outright: bool) -> tuple[Severity, Confidence, str]:
    """Return how much the fault matters, how sure that is, and how the connection went on, for the end of the title."""
    if case.alert:
        confidence = Confidence.CERTAIN if outright else Confidence.PROBABLE
        return Severity.HIGH, confidence, ", so the client hung up" if outright else ", probably why the client hung up"
    if case.handshake.established:
        return Severity.MEDIUM, Confidence.CERTAIN, "; this client accepted it all the same"
    return Severity.MEDIUM, Confidence.CERTAIN, ""


def _evidence(group: Sequence[Case], presented: str, connection: Connection | None) -> Evidence:
    case = group[0]
    steps = [Step(frames=(case.message.frame,), text=presented)]
    frames = [c.message.frame for c in group]
    if case.handshake.client_hello:
        steps.insert(0, Step(frames=(case.handshake.client_hello.frame,), text=hello_text(case.handshake)))
        frames += [c.handshake.client_hello.frame for c in group if c.handshake.client_hello]
    frames += [c.alert.frame for c in group if c.alert]
    if case.alert:
        text = f"the client sends the fatal alert {case.alert.name}"
        steps += [Step(frames=(case.alert.frame,), text=text), *network_step(connection, case.alert.frame)]
    elif case.handshake.established:
        data = case.handshake.client_data or case.handshake.client_change_cipher
        steps.append(Step(frames=data[:1], text="the client goes on with encrypted data: it accepts the certificate"))
    if len(group) > 1:
        more = count(len(group) - 1, "more connection")
        steps.append(Step(frames=tuple(c.message.frame for c in group[1:21]), text=f"the same on {more}"))
    return Evidence.of(frames, tls_filter(case.handshake.server, [c.handshake.stream for c in group]), steps)


def _scope(group: Sequence[Case]) -> Scope:
    handshake, certificate = group[0].handshake, group[0].certificate
    names = {handshake.server_name, certificate.name, *certificate.dns_names} - {""}
    return Scope(
        streams=tuple(c.handshake.stream for c in group[:100]),
        addresses=tuple(
            dict.fromkeys(a for c in group for a in (c.handshake.client.address, c.handshake.server.address))
        ),
        ports=(handshake.server.port,),
        names=tuple(sorted(names)),
    )
