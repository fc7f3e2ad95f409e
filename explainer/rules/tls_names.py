"""Servers that do not serve the name that a client asks for, or serve none that is not named (RFC 6066 section 3)."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Confidence, Finding, Side, Step
from explainer.protocols.tls import Ending, endings
from explainer.registry import rule
from explainer.rules.tls_agreement import HANDSHAKE_FAILURE, INTERNAL_ERROR, Lacking, established, lacking
from explainer.rules.tls_alert_meanings import UNRECOGNIZED_NAME
from explainer.rules.tls_case import ALERT, SUBJECT, Verdict, by_alert, by_alert_and, finding, grouped

AREA = "the names that TLS clients ask for"
_UNSPECIFIC = (HANDSHAKE_FAILURE, INTERNAL_ERROR)


@rule(
    "Unknown server name", endings, subject=SUBJECT, area=AREA, evidence=ALERT, limits="the names that the server knows"
)
def tls_name_unknown(facts: Facts) -> Iterator[Finding]:
    """The fatal alert unrecognized_name (112) to a client that names a host (RFC 6066 section 3).

    Servers that answer with handshake_failure (40) instead are told by contrast: the same server accepts a client that
    offers no more but asks for another name.
    """
    every = facts[endings]
    named = [ending for ending in every if ending.handshake.server_name and ending.handshake.server_hello is None]
    told = [ending for ending in named if _refused(ending)]
    for group in grouped(told, lambda ending: ending.handshake.server_name):
        yield finding(group, _unknown(Confidence.CERTAIN, ""), by_alert)
    working = established(every)
    contrasted = [(e, r) for e in named if (r := lacking(e, working)) and r.what is Lacking.NAME]
    reasons = {id(ending): reason.why for ending, reason in contrasted}
    for group in grouped((ending for ending, _ in contrasted), lambda ending: ending.handshake.server_name):
        yield finding(group, _unknown(Confidence.PROBABLE, reasons[id(group[0])]), by_alert)


def _refused(ending: Ending) -> bool:
    alert = ending.alert
    return alert is not None and alert.code == UNRECOGNIZED_NAME and not alert.from_client


def _unknown(confidence: Confidence, why: str) -> Verdict:
    return Verdict(
        rule="tls_name_unknown",
        title="The server does not know the name {name} that the client asks for, and refuses the connection.",
        act="The server's side must act: set up {name} on {server}, or the client must use the right name.",
        side=Side.SERVER,
        confidence=confidence,
        detail=why,
        advice=("Check that {name} really belongs to {server}, for example in DNS.", "Check it: {check}"),
        limitations=("which names the server knows",),
    )


@rule(
    "No server name sent", endings, subject=SUBJECT, area=AREA, evidence=ALERT, limits="the names that the server knows"
)
def tls_name_missing(facts: Facts) -> Iterator[Finding]:
    """A client that names no host (no SNI) and is refused with unrecognized_name (112, RFC 6066 section 3).

    With handshake_failure (40) or internal_error (80), only where the same server accepts a client that names one.
    """
    every = facts[endings]
    working = established(every)
    nameless = [e for e in every if e.handshake.client_hello and not e.handshake.server_name and e.alert]
    for group in grouped(nameless, lambda e: e.alert.code if e.alert else None):
        first = group[0]
        accepted = next((e for e in working.get(first.handshake.server, ()) if _accepted(e, first)), None)
        if first.handshake.server_hello or not (_refused(first) or (_vague(first) and accepted)):
            continue
        named = accepted.handshake.server_name if accepted else ""
        steps = (
            (Step(frames=(accepted.frame,), text=f"a client that asks for {named} is accepted"),) if accepted else ()
        )
        verdict = Verdict(
            rule="tls_name_missing",
            title="The client does not say which host it wants (no server name, SNI), and the server refuses such"
            " connections.",
            act="The client's side must act: {client} has to send the server name (SNI); it usually does not when it"
            " connects to an address instead of a name, or is very old.",
            side=Side.CLIENT,
            confidence=Confidence.CERTAIN if _refused(first) else Confidence.PROBABLE,
            advice=("Use the host name instead of its address in the client, or switch SNI on.", "Check it: {check}"),
            limitations=("which names the server knows",),
        )
        yield finding(group, verdict, by_alert_and(*steps))


def _vague(ending: Ending) -> bool:
    alert = ending.alert
    return alert is not None and not alert.from_client and alert.code in _UNSPECIFIC


def _accepted(other: Ending, refused: Ending) -> bool:
    """Return whether an accepted client names a host, and got a cipher suite that the refused one offers, too."""
    chosen, hello = other.handshake.server_hello, refused.handshake.client_hello
    offered = chosen is not None and hello is not None and chosen.cipher_suite in hello.cipher_suites
    return offered and bool(other.handshake.server_name)
