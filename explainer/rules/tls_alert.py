"""Fatal TLS alerts that no other rule explains: who ended the handshake, and what that alert means (RFC 8446, 6)."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Finding
from explainer.protocols.tls import Ending, endings
from explainer.registry import rule
from explainer.rules.tls_alert_meanings import (
    FROM_CLIENT,
    FROM_SERVER,
    NAMELESS,
    UNRECOGNIZED_NAME,
    Meaning,
    unspecific,
)
from explainer.rules.tls_case import ALERT, SUBJECT, Verdict, by_alert, finding, grouped

_ABOUT_THE_CERTIFICATE = frozenset({42, 43, 44, 45, 46, 48})


@rule(
    "Fatal TLS alert",
    endings,
    subject=SUBJECT,
    area="TLS alerts",
    symptom=True,
    evidence=ALERT,
    limits="what led to it, where no other rule knows",
)
def tls_alert(facts: Facts) -> Iterator[Finding]:
    """An alert of level fatal, sent in clear, that ended a TLS connection; a warning never counts.

    RFC 8446 section 6, RFC 5246 section 7.2. Connections between the same client address and server that end with the
    same alert are one finding; those that name a host are apart from those that name none. Gives way to the rules that
    know the cause.
    """
    alerted = (ending for ending in facts[endings] if ending.alert)
    for group in grouped(alerted, _alike):
        first = group[0]
        said = _meaning(first)
        verdict = Verdict(
            rule="tls_alert",
            title=_with_name(said.cause, first),
            act=said.act,
            side=said.side,
            measured={"alert": first.alert.code if first.alert else -1},
            advice=said.advice,
            limitations=_limitations(first),
        )
        yield finding(group, verdict, by_alert)


def _alike(ending: Ending) -> tuple[object, ...]:
    """Return what the cases of a group share: with and without a name, causes differ."""
    alert = ending.alert
    assert alert is not None  # that is why it is a case
    return alert.from_client, alert.code, bool(ending.handshake.server_name)


def _with_name(cause: str, ending: Ending) -> str:
    """Return the cause with the name that the client asked for: there may be other servers in the capture."""
    named = " presents for {name}" if ending.handshake.server_name else " presents"
    shown = f"the certificate that {{server}}{named}"
    return cause.replace("the server's certificate", shown)


def _meaning(ending: Ending) -> Meaning:
    alert = ending.alert
    assert alert is not None  # that is why it is a case
    if alert.code == UNRECOGNIZED_NAME and not alert.from_client and not ending.handshake.server_name:
        return NAMELESS
    known = FROM_CLIENT if alert.from_client else FROM_SERVER
    return known.get(alert.code) or unspecific(alert.code, "client" if alert.from_client else "server")


def _limitations(ending: Ending) -> tuple[str, ...]:
    limits = ["whether other clients are affected"]
    alert = ending.alert
    about_certificate = alert is not None and alert.from_client and alert.code in _ABOUT_THE_CERTIFICATE
    if about_certificate and ending.handshake.encrypts_certificates:
        limits.insert(0, "the certificate itself: TLS 1.3 encrypts it")
    return tuple(limits)
