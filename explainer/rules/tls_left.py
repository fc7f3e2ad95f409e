"""TLS handshakes that one side leaves in the middle, without an alert."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Confidence, Finding, Severity, Side
from explainer.protocols.tls import Outcome, endings
from explainer.protocols.tls.carriage import Carriage, carriages
from explainer.protocols.tls.encrypted import flight
from explainer.protocols.x509 import Certificate
from explainer.registry import rule
from explainer.rules.tls_case import SUBJECT, Verdict, end_step
from explainer.rules.tls_stopped import Group, answered, severity, stopped, told

_AT_ONCE_MS = 1000.0
"""Who leaves later than this after its ClientHello may as well have run out of time, or of interest."""


@rule(
    "Handshake left in the middle",
    endings,
    carriages,
    answered,
    subject=SUBJECT,
    area="the completion of TLS handshakes",
    symptom=True,
    evidence="a handshake from its ServerHello to the connection's end",
    limits="why the side left",
)
def tls_left(facts: Facts) -> Iterator[Finding]:
    """A handshake that one side closes or resets after the ServerHello, with no alert and no sign of its completion.

    Of medium severity, since clients leave on purpose, too. A client that leaves within a second, as soon as a record
    as long as a certificate has come, or the certificate itself, is said to turn away from that, as possible (so do
    Node.js and Java's HttpClient). Where encrypted
    data was sent, or the server's ChangeCipherSpec, the handshake had gone further than this (RFC 8446 section 6.1 asks
    for an alert before an end).
    """
    for outcome in (Outcome.LEFT_BY_CLIENT, Outcome.LEFT_BY_SERVER):
        for group in stopped(facts, outcome, _unfinished):
            yield told(facts, group, _left(facts, group), [end_step(group[0].ending)])


def _unfinished(case: Carriage) -> bool:
    handshake = case.ending.handshake
    if handshake.encrypts_certificates:
        return not handshake.client_data
    return not (handshake.client_data or handshake.server_data or handshake.server_change_cipher)


def _left(facts: Facts, group: Group) -> Verdict:
    if all(_saw_certificate(case) for case in group):
        return _turned_from_certificate(facts, group)
    by_client = group[0].ending.outcome is Outcome.LEFT_BY_CLIENT
    who, address = ("client", "{client}") if by_client else ("server", "{server}")
    return Verdict(
        rule="tls_left",
        title=f"The TLS handshake is not finished: the {who} {address} closes the connection in the middle of it,"
        " without an alert.",
        act=f"The {who}'s side must look first: the log of its program on {address} at that time tells why it left.",
        side=Side.CLIENT if by_client else Side.SERVER,
        severity=severity(facts, group, Severity.MEDIUM),
        advice=(f"Look into the log of the program on {address} at that time.", "Open it again: {check}"),
        limitations=(f"why the {who} left: it sent no alert",),
        measured={"left_after_ms": group[0].ended_ms},
        clears_network=False,
    )


def _saw_certificate(case: Carriage) -> bool:
    """Return whether the client leaves as soon as the server's certificate is there, which TLS 1.3 encrypts."""
    ending, shown = case.ending, case.ending.handshake.server_certificates
    if ending.outcome is not Outcome.LEFT_BY_CLIENT:
        return False
    if not ending.handshake.encrypts_certificates:
        own = any(m.from_client and shown and m.frame > shown.frame for m in ending.handshake.messages)
        return bool(shown and shown.leaf) and not own and case.ended_ms < _AT_ONCE_MS
    sent = flight(ending.handshake).certificates
    return sent is not None and sent.frame < ending.frame and case.ended_ms < _AT_ONCE_MS


def _turned_from_certificate(facts: Facts, group: Group) -> Verdict:
    handshake = group[0].ending.handshake
    name, shown = handshake.server_name, handshake.server_certificates
    if shown and shown.leaf:
        return _turned_from(shown.leaf, len(shown.certificates), facts, group)
    fits = f"made out for {name}, " if name else ""
    return Verdict(
        rule="tls_left",
        title="The client hangs up right after the server has shown its certificate, without a word: probably it does"
        " not accept that certificate, for example because it is made out for another name, not valid now, or from an"
        " issuer that it does not know.",
        act=f"The server's side should check whether its certificate is {fits}valid now and from an issuer that"
        " {client} trusts; the log of the client's program tells more.",
        side=Side.EITHER,
        severity=severity(facts, group, Severity.MEDIUM),
        confidence=Confidence.POSSIBLE,
        advice=("See the certificate: {check} -showcerts", "Look into the log of the program on {client}."),
        limitations=("the certificate: TLS 1.3 encrypts it", "why the client left: it sent no alert"),
        measured={"left_after_ms": group[0].ended_ms},
        clears_network=False,
    )


def _turned_from(leaf: Certificate, sent: int, facts: Facts, group: Group) -> Verdict:
    alone = f", or {{server}} has to send the certificate of {leaf.issuer}, if that is an intermediate one"
    return Verdict(
        rule="tls_left",
        title=f"The client hangs up right after the server has shown its certificate, of {leaf.name}, without a word:"
        " probably it does not accept that certificate, for example because it does not know its issuer,"
        f" {leaf.issuer}.",
        act=f"The client's side must look first: the log of the program on {{client}} names the reason; it has to trust"
        f" {leaf.issuer}"
        f"{alone if sent == 1 else ''}.",
        side=Side.EITHER,
        severity=severity(facts, group, Severity.MEDIUM),
        confidence=Confidence.POSSIBLE,
        advice=(
            "See the certificates that are sent: {check} -showcerts",
            "Look into the log of the program on {client}.",
        ),
        limitations=("why the client left: it sent no alert", "what the client's trust store holds"),
        measured={"left_after_ms": group[0].ended_ms, "certificates_sent": sent},
        clears_network=False,
    )
