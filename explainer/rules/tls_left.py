"""TLS handshakes that one side leaves in the middle, without an alert."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Finding, Severity, Side
from explainer.protocols.tls import Outcome, endings
from explainer.protocols.tls.carriage import Carriage, carriages
from explainer.registry import rule
from explainer.rules.tls_case import SUBJECT, Verdict, end_step
from explainer.rules.tls_stopped import Group, answered, severity, stopped, told


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

    Of medium severity, since clients leave on purpose, too. Where encrypted data was sent, or the server's
    ChangeCipherSpec, the handshake had gone further than this (RFC 8446 section 6.1 asks for an alert before an end).
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
    by_client = group[0].ending.outcome is Outcome.LEFT_BY_CLIENT
    who, address = ("client", "{client}") if by_client else ("server", "{server}")
    return Verdict(
        rule="tls_left",
        title=f"The TLS handshake is not finished: the {who} {address} closes the connection in the middle of it,"
        " without an alert.",
        act=f"The {who}'s side can tell why it left: see the log of its program on {address} at that time.",
        side=Side.CLIENT if by_client else Side.SERVER,
        severity=severity(facts, group, Severity.MEDIUM),
        advice=(f"Look into the log of the program on {address} at that time.", "Open it again: {check}"),
        limitations=(f"why the {who} left: it sent no alert",),
        measured={"left_after_ms": group[0].ended_ms},
        clears_network=False,
    )
