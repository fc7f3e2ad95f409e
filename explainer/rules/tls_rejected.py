"""Rejections that TLS 1.3 hides: told by what stands in the Finished's place, or after it (RFC 8446, 4.4.4 and 6.2)."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Confidence, Finding, Severity, Side, Step
from explainer.protocols.host_names import covers
from explainer.protocols.tls import Ending, Outcome, endings
from explainer.protocols.tls.encrypted import ClientCertificate
from explainer.protocols.tls.messages import CHANGE_CIPHER_SPEC, Record
from explainer.protocols.x509 import Certificate
from explainer.registry import rule
from explainer.rules.tls_case import SUBJECT, Told, Verdict, end_step, finding, grouped
from explainer.wording import listing

_WEB = frozenset({"h2", "http/1.1", "http/1.0"})
_KEYLOG = "Record again with SSLKEYLOGFILE set on the client, and pass it with --keylog: then the alert can be read."


@rule(
    "Certificate rejected under TLS 1.3",
    endings,
    subject=SUBJECT,
    area="handshakes that encryption hides",
    evidence="a TLS 1.3 handshake from its ClientHello to the client's first encrypted record",
    limits="the certificate and the reason: both are encrypted; with --keylog they are read",
)
def tls_certificate_rejected(facts: Facts) -> Iterator[Finding]:
    """A client that answers the server's TLS 1.3 flight with an encrypted alert in place of its Finished.

    RFC 8446 sections 4.4.4 and 6.2. The alert and the certificate are encrypted; at this place it is nearly always the
    certificate that is rejected.
    """
    rejected = (ending for ending in facts[endings] if ending.outcome is Outcome.REJECTED_BY_CLIENT)
    for group in grouped(rejected, lambda ending: ending.handshake.server_name):
        verdict = Verdict(
            rule="tls_certificate_rejected",
            title="The client breaks off the handshake right after the server's certificate: most probably it does not"
            " trust or accept that certificate.",
            act="The server's side should check its certificate first: whether it has expired, is made out for the name"
            " {name}, and comes with its intermediate certificates from an issuer that {client} trusts.",
            side=Side.SERVER,
            confidence=Confidence.PROBABLE,
            advice=("See the certificate: {check} -showcerts", "The client's log names the reason.", _KEYLOG),
            limitations=("the certificate and the alert: TLS 1.3 encrypts both",),
        )
        yield finding(group, verdict, lambda ending: Told((end_step(ending),)))


@rule(
    "TLS connection left unused",
    endings,
    subject=SUBJECT,
    area="handshakes that encryption hides",
    symptom=True,
    evidence="a TLS connection from its ClientHello to its end",
    limits="the certificate of TLS 1.3, and whether the client only wanted to test the server",
)
def tls_unused(facts: Facts, *, at_once_s: float = 2.0, min_tests: int = 3) -> Iterator[Finding]:
    """A client that completes the TLS handshake and leaves without having sent anything (RFC 8446, 4.4.2).

    So do programs that check the certificate only afterwards, or hold it against one that they know (pinning). Where
    the certificate can be read, only a client counts that offers HTTP by ALPN: others may well only test. Silent where
    the same client has used another connection to the same server, where it kept this one in reserve for longer than
    `at_once_s`, as browsers do, and about a client that names no host and does so `min_tests` times: load balancers
    test a server like this.
    """
    every = facts[endings]
    used = {(e.handshake.client.address, e.handshake.server) for e in every if e.outcome is Outcome.ESTABLISHED}
    unused = (
        e
        for e in every
        if e.outcome is Outcome.UNUSED
        and (_comes_to_ask(e) if _leaf(e) else e.handshake.encrypts_certificates)
        and (e.handshake.client.address, e.handshake.server) not in used
        and _stayed_s(e) <= at_once_s
    )
    for group in grouped(unused, lambda ending: ending.handshake.server_name):
        if not group[0].handshake.server_name and len(group) >= min_tests:
            continue
        verdict = Verdict(
            rule="tls_unused",
            title="The client completes the handshake and then leaves at once without sending anything: either it only"
            f" tested the connection, or it does not accept the certificate{_doubt(group[0])}.",
            act=_look_at(group[0]),
            side=Side.EITHER,
            severity=Severity.MEDIUM,
            confidence=Confidence.POSSIBLE,
            advice=("See the certificate: {check}", "Look into the log of the program on {client}.")
            if _leaf(group[0])
            else ("See the certificate: {check}", _KEYLOG),
            limitations=(
                *(() if _leaf(group[0]) else ("the certificate: TLS 1.3 encrypts it",)),
                "whether the client only wanted to test the connection",
            ),
        )
        yield finding(group, verdict, _left_unused)


def _leaf(ending: Ending) -> Certificate | None:
    shown = ending.handshake.server_certificates
    return shown.leaf if shown else None


def _comes_to_ask(ending: Ending) -> bool:
    hello = ending.handshake.client_hello
    return hello is not None and not _WEB.isdisjoint(hello.alpn)


_UNSEEN = "is made out for another name, not valid now, or from an issuer that it does not know"


def _doubt(ending: Ending) -> str:
    """Return what a client may not like about the certificate, as far as it can be seen."""
    leaf, asked = _leaf(ending), ending.handshake.server_name
    if leaf is None:
        return f", for example because it {_UNSEEN}"
    if asked and not covers(leaf, asked):
        return ", for example because it is made out for another name"
    if not asked and ending.handshake.server.address not in leaf.ip_addresses:
        return f", which is made out for {leaf.name}: the client names no host, as one that was given an address does"
    return (
        f" of {leaf.name}, for example because it does not know its issuer, {leaf.issuer}, or expects another one"
        " (pinning)"
    )


def _look_at(ending: Ending) -> str:
    name, leaf = ending.handshake.server_name, _leaf(ending)
    if leaf:
        return (
            "The client's side must look first: the log of the program on {client} tells whether it rejects the"
            f" certificate; it has to trust {leaf.issuer}, or {{server}} has to send the intermediate certificates that"
            " belong to it."
        )
    fits = f"made out for {name}, " if name else ""
    return (
        f"The server's side should check whether its certificate is {fits}valid now and from an issuer that {{client}}"
        " trusts; the client's log tells more."
    )


def _stayed_s(ending: Ending) -> float:
    """Return how long the client stayed after its Finished."""
    finished = _finished(ending)
    return (ending.connection.last_ns - finished.time_ns) / 1e9 if finished else 0.0


def _finished(ending: Ending) -> Record | None:
    """Return the record with the client's Finished; up to TLS 1.2 it follows the last ChangeCipherSpec."""
    if ending.flight:
        return ending.flight.finished
    own = (r for r in ending.handshake.records if r.from_client and r.type == CHANGE_CIPHER_SPEC)
    return next(own, None)


def _left_unused(ending: Ending) -> Told:
    finished, shown = _finished(ending), ending.handshake.server_certificates
    done = [Step(frames=(finished.frame,), text="the client completes the handshake (Finished)")] if finished else []
    # A fault of a certificate that can be read explains this: its evidence holds that certificate, and not the end.
    return Told((*done, end_step(ending)), (shown.frame,) if shown else ())


@rule(
    "Refused after the handshake",
    endings,
    subject=SUBJECT,
    area="handshakes that encryption hides",
    evidence="a TLS 1.3 connection from its ClientHello to its end",
    limits="the server's reason: its last record is encrypted",
)
def tls_rejected_by_server(facts: Facts) -> Iterator[Finding]:
    """A server that ends a TLS 1.3 handshake with nothing but a short encrypted record, by its length an alert.

    RFC 8446 section 4.4.4, after the client's Finished: where the client's records are as long as ones with a
    certificate, or an empty one, the rules about client certificates tell of it. Right after the ServerHello (Go and
    Java do so) it is most often about the application protocols that the client offers (RFC 7301).
    """
    refused = [ending for ending in facts[endings] if ending.outcome is Outcome.REJECTED_BY_SERVER]
    unknown = (ClientCertificate.NOT_ASKED, ClientCertificate.UNKNOWN)
    for group in grouped(ending for ending in refused if ending.flight and ending.flight.certificate in unknown):
        verdict = Verdict(
            rule="tls_rejected_by_server",
            title="The server ends the connection right after the handshake, before any answer: it probably does not"
            " accept something about this client.",
            act="The server's side must look first: the log on {server} tells why; TLS 1.3 encrypts its reason.",
            side=Side.EITHER,
            severity=Severity.MEDIUM,
            confidence=Confidence.POSSIBLE,
            advice=(_KEYLOG,),
            limitations=("the server's reason: its last record is encrypted",),
        )
        yield finding(group, verdict, lambda ending: Told((end_step(ending),)))
    for group in grouped(ending for ending in facts[endings] if ending.outcome is Outcome.REFUSED_BY_SERVER):
        yield finding(group, _turned_away(group[0]), lambda ending: Told((end_step(ending),)))


def _turned_away(ending: Ending) -> Verdict:
    hello = ending.handshake.client_hello
    offered = listing(hello.alpn) if hello else ""
    reason = f"it may speak none of the application protocols that the client offers (ALPN): {offered}."
    return Verdict(
        rule="tls_rejected_by_server",
        title="The server breaks off the handshake right after its first answer (ServerHello)"
        + (f": {reason}" if offered else ", and encrypts its reason."),
        act="The server's side must look first: the log on {server} tells why; TLS 1.3 encrypts its reason."
        + (" Compare the protocols that both sides are set up for." if offered else ""),
        side=Side.EITHER,
        confidence=Confidence.POSSIBLE,
        measured={"offered": offered} if offered else {},
        advice=(*(("Try it without ALPN: {check}",) if offered else ()), _KEYLOG),
        limitations=("the server's reason: its last record is encrypted",),
    )
