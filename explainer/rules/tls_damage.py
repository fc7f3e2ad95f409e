"""Records and messages that arrive damaged or malformed, and what a server refuses later (RFC 8446 section 6.2)."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Confidence, Finding, Severity, Side, Step
from explainer.protocols.tls import Alert, Ending, endings
from explainer.protocols.tls import names as tls_names
from explainer.registry import rule
from explainer.rules.tls_case import ALERT, SUBJECT, Told, Verdict, alerted, by_alert, end_step, finding, grouped

AREA = "what TLS records and messages hold"
_BAD_MAC, _DECRYPTION_FAILED, _DECRYPT_ERROR, _NO_RENEGOTIATION = 20, 21, 51, 100
_MALFORMED = {
    10: "does not belong there",
    47: "holds a value that is not allowed",
    50: "cannot be read",
    109: "lacks an extension that is required",
    110: "holds an extension that was not asked for",
}


@rule(
    "Damaged TLS records",
    endings,
    subject=SUBJECT,
    area=AREA,
    evidence=ALERT,
    limits="where the data was changed: that needs a capture at both ends",
)
def tls_record_damaged(facts: Facts) -> Iterator[Finding]:
    """The alerts bad_record_mac (20), decryption_failed (21) and decrypt_error (51): what came is not what was sent.

    RFC 8446 section 6.2. TCP's own checksum passed, so a device that changes the bytes, a defective network card or an
    implementation error is behind it; or, for decrypt_error, a key that does not belong to the certificate.
    """
    for group in alerted(facts, (_BAD_MAC, _DECRYPTION_FAILED, _DECRYPT_ERROR)):
        alert = group[0].alert
        assert alert is not None  # that is why it is a case
        receiver = "client" if alert.from_client else "server"
        verify = alert.code == _DECRYPT_ERROR
        what = "cannot verify what it received" if verify else "received a record that does not decrypt"
        if _pre_shared(group[0]):
            yield finding(group, _other_key(receiver), by_alert)
            continue
        verdict = Verdict(
            rule="tls_record_damaged",
            title=f"The {receiver} {what}: the data was changed on its way, or the two sides use different keys.",
            act="The network's side should be looked at first: a device in between that changes the traffic; then both"
            " sides' TLS libraries.",
            side=Side.NETWORK,
            confidence=Confidence.PROBABLE,
            advice=(
                "Capture at the client and at the server at the same time, and compare the bytes of the last records.",
                "Take proxies, VPNs and offloading network cards out of the path, one by one.",
            ),
            limitations=("where the data was changed: that needs a capture at both ends",),
        )
        yield finding(group, verdict, by_alert)


def _pre_shared(ending: Ending) -> bool:
    hello = ending.handshake.server_hello
    return hello is not None and "PSK" in tls_names.cipher_suite(hello.cipher_suite)


def _other_key(receiver: str) -> Verdict:
    return Verdict(
        rule="tls_record_damaged",
        title=f"The {receiver} cannot decrypt what it receives: client and server probably have different pre-shared"
        " keys (PSK).",
        act="Both sides must be set up with the same pre-shared key.",
        side=Side.EITHER,
        confidence=Confidence.PROBABLE,
        advice=("Compare the identity and the key on {client} and {server}; mind upper and lower case and line ends.",),
        limitations=("the keys themselves",),
    )


@rule("Malformed handshake", endings, subject=SUBJECT, area=AREA, evidence=ALERT, limits="which field is wrong")
def tls_hello_malformed(facts: Facts) -> Iterator[Finding]:
    """An alert by which one side cannot read or accept the form of a handshake message (RFC 8446 section 6.2).

    decode_error (50), illegal_parameter (47), unexpected_message (10), missing_extension (109), unsupported_extension
    (110); a HelloRetryRequest that was not met is told of as a missing group.
    """
    for group in alerted(facts, tuple(_MALFORMED)):
        first, alert = group[0], group[0].alert
        assert alert is not None  # that is why it is a case
        if first.handshake.hello_retry and not first.handshake.server_hello:
            continue
        receiver, sender = ("client", "server") if alert.from_client else ("server", "client")
        what = (
            "first TLS message (ClientHello)"
            if not first.handshake.server_hello and sender == "client"
            else "handshake message"
        )
        side = Side.SERVER if alert.from_client else Side.CLIENT
        verdict = Verdict(
            rule="tls_hello_malformed",
            title=f"The {receiver} says that the {sender}'s {what} {_MALFORMED[alert.code]}: it is malformed or"
            " damaged.",
            act=f"The {sender}'s side must act: update its TLS library, and rule out a device in between that changes"
            " the handshake.",
            side=side,
            confidence=Confidence.PROBABLE,
            advice=(
                f"The {receiver}'s log usually names the field.",
                f"Try another client or server in place of the {sender}.",
            ),
            limitations=("which field is wrong: the alert does not say it",),
        )
        yield finding(group, verdict, by_alert)


@rule(
    "Renegotiation refused",
    endings,
    subject=SUBJECT,
    area=AREA,
    evidence=ALERT,
    limits="why a new handshake was wanted",
)
def tls_renegotiation_refused(facts: Facts) -> Iterator[Finding]:
    """The alert no_renegotiation (100) on a connection that fails: one side wants a new handshake, the other does not.

    RFC 5246 section 7.2.2: a warning, to which the side that wants it may answer by ending the connection.
    """
    refused = (e for e in facts[endings] if e.outcome.failed and _refusals(e))
    for group in grouped(refused, lambda e: _refusals(e)[0].from_client):
        asks, refuses = ("server", "client") if _refusals(group[0])[0].from_client else ("client", "server")
        verdict = Verdict(
            rule="tls_renegotiation_refused",
            title=f"The {asks} asked for a new handshake in the middle of the connection (renegotiation), and the"
            f" {refuses} refused it.",
            act=f"The {asks}'s side must act: set {{{asks}}} up not to renegotiate"
            + (" (ask for the client certificate in the first handshake)" if asks == "server" else "")
            + ", or use TLS 1.3.",
            side=Side(asks),
            severity=Severity.HIGH,
            confidence=Confidence.PROBABLE,
            advice=(
                "Look in the server's settings for client certificates that are asked for at single paths only: ask for"
                " them on the whole site.",
            ),
            limitations=("why the new handshake was wanted: it is encrypted",),
        )
        yield finding(group, verdict, _refusal)


def _refusals(ending: Ending) -> list[Alert]:
    return [alert for alert in ending.handshake.alerts if alert.code == _NO_RENEGOTIATION]


def _refusal(ending: Ending) -> Told:
    refusal = _refusals(ending)[0]
    sender = "client" if refusal.from_client else "server"
    step = Step(frames=(refusal.frame,), text=f"the {sender} answers the wish for a new handshake with {refusal.name}")
    return Told((step, end_step(ending)))
