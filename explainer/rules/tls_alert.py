"""Fatal TLS alerts: who ended the handshake, and what that alert means (RFC 8446 section 6)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from explainer.escape import shell_word
from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Step
from explainer.protocols import tls_names
from explainer.protocols.tcp import Connection, connections
from explainer.protocols.tls import Alert, Handshake, handshakes
from explainer.registry import rule
from explainer.rules.evidence import check_command, network_step, tls_filter
from explainer.rules.tls_alert_meanings import (
    BEFORE_SERVER_HELLO,
    FROM_CLIENT,
    FROM_SERVER,
    NO_CLIENT_CERTIFICATE,
    REFUSED_EMPTY_CERTIFICATE,
    Meaning,
    unspecific,
)
from explainer.wording import count, listing

Case = tuple[Handshake, Alert]
_FEW_SUITES = 3


@rule("Fatal TLS alert", handshakes, connections, subject="TLS connections", area="TLS alerts", symptom=True)
def tls_alert(facts: Facts) -> Iterator[Finding]:
    """An alert of level fatal, sent in clear, that ended a TLS connection; a warning never counts.

    Connections between the same client address and server that end with the same alert are one finding.
    """
    by_stream = {connection.stream: connection for connection in facts[connections]}
    cases = defaultdict[tuple[object, ...], list[Case]](list)
    for handshake in facts[handshakes]:
        for alert in handshake.fatal_alerts[:1]:
            key = handshake.client.address, handshake.server, alert.from_client, alert.code
            cases[key].append((handshake, alert))
    for case in cases.values():
        yield _finding(case, by_stream.get(case[0][0].stream))


def _finding(cases: Sequence[Case], connection: Connection | None) -> Finding:
    handshake, alert = cases[0]
    said = _meaning(handshake, alert)
    fill = _filling(handshake)
    streams = tuple(h.stream for h, _ in cases)
    frames = [frame for h, a in cases for frame in _frames(h, a)]
    return Finding(
        id=f"tls_alert:{handshake.stream}",
        rule="tls_alert",
        severity=Severity.HIGH,
        confidence=Confidence.CERTAIN,
        side=said.side,
        title=said.cause.format(**fill),
        act=said.act.format(**fill),
        measured={"connections": len(cases), "alert": alert.code},
        evidence=Evidence.of(
            frames,
            tls_filter(handshake.server, streams),
            (*_steps(cases), *network_step(connection, alert.frame)),
        ),
        scope=Scope(
            streams=streams[:100],
            addresses=(handshake.client.address, handshake.server.address),
            ports=(handshake.server.port,),
            names=(handshake.server_name,) if handshake.server_name else (),
        ),
        advice=tuple(line.format(**fill) for line in said.advice),
        limitations=_limitations(handshake, said),
    )


def _frames(handshake: Handshake, alert: Alert) -> Iterator[int]:
    if handshake.client_hello:
        yield handshake.client_hello.frame
    if handshake.empty_client_certificate:
        yield handshake.empty_client_certificate.frame
    yield alert.frame


def _meaning(handshake: Handshake, alert: Alert) -> Meaning:
    if alert.from_client:
        return FROM_CLIENT.get(alert.code) or unspecific(alert.code, "client")
    if handshake.empty_client_certificate and alert.code in REFUSED_EMPTY_CERTIFICATE:
        return NO_CLIENT_CERTIFICATE
    if handshake.server_hello is None and alert.code in BEFORE_SERVER_HELLO:
        return BEFORE_SERVER_HELLO[alert.code]
    return FROM_SERVER.get(alert.code) or unspecific(alert.code, "server")


def _filling(handshake: Handshake) -> dict[str, str]:
    server = handshake.server
    return {
        "client": handshake.client.address,
        "server": server.address,
        "address": shell_word(server.address),
        "port": str(server.port),
        "check": check_command(handshake),
        "name": handshake.server_name or "that it was asked for",
    }


def _steps(cases: Sequence[Case]) -> Iterator[Step]:
    handshake, alert = cases[0]
    if handshake.client_hello:
        yield Step(frames=(handshake.client_hello.frame,), text=hello_text(handshake))
    if handshake.server_hello:
        hello = handshake.server_hello
        chosen = f"{tls_names.version(hello.version)}, {tls_names.cipher_suite(hello.cipher_suite)}"
        yield Step(frames=(hello.frame,), text=f"the server {handshake.server.address} chooses {chosen}")
    if handshake.certificate_request:
        yield Step(frames=(handshake.certificate_request,), text="the server asks the client for a certificate")
    if handshake.empty_client_certificate:
        yield Step(
            frames=(handshake.empty_client_certificate.frame,), text="the client answers that it has none (empty)"
        )
    sender, address = ("client", handshake.client) if alert.from_client else ("server", handshake.server)
    when = "" if handshake.server_hello else " instead of a ServerHello"
    yield Step(frames=(alert.frame,), text=f"the {sender} {address.address} sends the fatal alert {alert.name}{when}")
    if len(cases) > 1:
        yield Step(
            frames=tuple(a.frame for _, a in cases[1:21]),
            text=f"the same alert ends {count(len(cases) - 1, 'more connection')}",
        )


def hello_text(handshake: Handshake) -> str:
    """Return what the client asks for, as a step of the evidence."""
    hello = handshake.client_hello
    if hello is None:
        return "the start of the handshake is not in this capture"
    asks = f" asks for {hello.server_name}" if hello.server_name else " opens the handshake without naming a host"
    versions = tls_names.versions(hello.versions)
    suites = [tls_names.cipher_suite(suite) for suite in hello.cipher_suites]
    offer = listing(suites) if len(suites) <= _FEW_SUITES else count(len(suites), "cipher suite")
    return f"the client {handshake.client.address}{asks}, offering {versions or 'no version'} and {offer}"


def _limitations(handshake: Handshake, said: Meaning) -> tuple[str, ...]:
    limits = ["whether other clients are affected"]
    if said.cause.startswith("The client rejects the server's certificate") and handshake.server_certificates is None:
        limits.insert(0, "the certificate itself: TLS 1.3 encrypts it")
    return tuple(limits)
