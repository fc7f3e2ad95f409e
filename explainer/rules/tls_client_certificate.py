"""Client certificates (mutual TLS): none shown, or one that the server does not accept (RFC 8446, 4.4.2.4)."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from explainer.facts import Facts
from explainer.model import Confidence, Finding, Severity, Side, Step
from explainer.protocols.http import Exchange, requests
from explainer.protocols.tls import CertificateMessage, Ending, Outcome, endings
from explainer.protocols.tls.encrypted import ClientCertificate, is_short
from explainer.protocols.tls.messages import ALERT as ALERT_RECORD
from explainer.protocols.tls.messages import APPLICATION_DATA
from explainer.registry import rule
from explainer.rules.tls_case import SUBJECT, Told, Verdict, end_step, finding, grouped
from explainer.rules.tls_error_pages import Page, is_answered_with, last_data
from explainer.wording import moment

AREA = "client certificates"
_REQUIRED = 116
_FIRST_ERROR = 400  # RFC 9110, 15.5
_REFUSALS = frozenset({40, 42, 48, 49, _REQUIRED})  # what servers answer to an empty client certificate
_REASONS = {
    42: "it says that the certificate is bad",
    43: "it does not support this kind of certificate",
    44: "it says that the certificate was revoked",
    45: "it says that the certificate has expired",
    46: "it does not say why",
    48: "it does not know the authority that issued it",
    49: "it does not let this certificate in",
    51: "it cannot verify the client's signature",
}
_SAYS_SO = "no required ssl certificate was sent"  # nginx
_SHORT_ANSWER_BYTES = 1500  # an error page with its headers


@rule(
    "Client certificate missing",
    endings,
    requests,
    subject=SUBJECT,
    area=AREA,
    evidence="up to TLS 1.2 the handshake in clear; in TLS 1.3 the lengths of the records, and the connection's end",
    limits="which authorities the server accepts; in TLS 1.3, the server's reason",
)
def tls_client_certificate_missing(facts: Facts) -> Iterator[Finding]:
    """A server that asks for a client certificate, gets an empty one, and ends the connection.

    RFC 8446 sections 4.4.2 and 6.2 (certificate_required, 116), RFC 5246 section 7.4.6. TLS 1.3 hides all this; there
    it is told by the length of the client's records, and by the server's leaving with an alert alone. Servers such as
    nginx complete the handshake and refuse in HTTP: told by one short answer after which the server leaves, where that
    can be read, or else by the length of nginx's error page. Silent about other answers that cannot be read: servers
    that merely ask for a certificate give short ones, too.
    """
    refused = {e.stream: e for e in facts[requests] if e.over_tls and e.status is not None}
    cases = [(ending, certainty) for ending in facts[endings] if (certainty := _missing(ending, refused))]
    certainties = {id(ending): certainty for ending, certainty in cases}
    for group in grouped((ending for ending, _ in cases), lambda e: certainties[id(e)]):
        confidence = certainties[id(group[0])]
        refused_later = group[0].outcome is Outcome.ESTABLISHED and confidence is not Confidence.CERTAIN
        verdict = Verdict(
            rule="tls_client_certificate_missing",
            title=f"The server {'seems to require' if refused_later else 'requires'} a client certificate (mutual TLS),"
            " and the client sent none.",
            act="The client's side must act: set up a client certificate that {server} accepts.",
            side=Side.CLIENT,
            severity=Severity.MEDIUM if refused_later else Severity.HIGH,
            confidence=confidence,
            advice=(
                "Give the client a certificate and its key, issued by a CA that {server} trusts.",
                "Check it: {check} -cert client.pem -key client.key",
            ),
            limitations=("which authorities the server accepts", "what the encrypted answer says")
            if confidence is not Confidence.CERTAIN
            else ("which authorities the server accepts",),
        )
        yield finding(group, verdict, lambda ending: _without(ending, refused))


def _missing(ending: Ending, answers: Mapping[int, Exchange]) -> Confidence | None:
    handshake, alert, flight = ending.handshake, ending.alert, ending.flight
    if alert and not alert.from_client and alert.code == _REQUIRED:
        return Confidence.CERTAIN
    hidden = flight is not None and flight.certificate is ClientCertificate.EMPTY
    if handshake.empty_client_certificate:
        if alert:
            return Confidence.CERTAIN if not alert.from_client and alert.code in _REFUSALS else None
        if ending.outcome is Outcome.LEFT_BY_SERVER:
            return Confidence.PROBABLE
    elif not hidden:
        return None
    answer = answers.get(handshake.stream)
    if answer and _SAYS_SO in answer.complaint.lower():
        return Confidence.CERTAIN
    dismissed = _dismissed(ending, answer) if answer else is_answered_with(Page.NO_CERTIFICATE, ending)
    if ending.outcome is Outcome.REJECTED_BY_SERVER or (ending.outcome is Outcome.ESTABLISHED and dismissed):
        return Confidence.PROBABLE
    return None


def _dismissed(ending: Ending, answer: Exchange) -> bool:
    """Return whether the server answers one request with a short error, and leaves."""
    if (answer.status or 0) < _FIRST_ERROR:
        return False
    connection, records = ending.connection, ending.handshake.records
    leaving = min((*connection.server_ends, *connection.server_resets), default=None)
    client_left = min((*connection.client_ends, *connection.client_resets), default=None)
    if leaving is None or (client_left is not None and client_left < leaving) or _took_leave(ending, leaving):
        return False
    data = [r for r in records if r.type == APPLICATION_DATA]
    # Of what was decrypted the type tells; else what follows the Finished counts.
    hidden = ending.flight.data if ending.flight else ()
    requests = hidden or [r for r in data if r.from_client]
    if len(requests) != 1:
        return False
    sent = [r for r in data if not r.from_client and r.frame > requests[0].frame]
    return bool(sent) and sum(r.length for r in sent) <= _SHORT_ANSWER_BYTES


def _without(ending: Ending, answers: Mapping[int, Exchange]) -> Told:
    handshake, steps = ending.handshake, list[Step]()
    if handshake.certificate_request:
        steps.append(Step(frames=(handshake.certificate_request,), text="the server asks for a client certificate"))
    empty = handshake.empty_client_certificate
    if empty:
        steps.append(Step(frames=(empty.frame,), text="the client answers that it has none (empty)"))
    elif ending.flight and ending.flight.finished:
        text = "the client's encrypted answer is as long as one with an empty certificate"
        steps.append(Step(frames=(ending.flight.finished.frame,), text=text))
    answer = answers.get(handshake.stream)
    if answer and answer.response_frame and (answer.status or 0) >= _FIRST_ERROR:
        text = f"the server answers the request with HTTP {answer.status}"
        steps.append(Step(frames=(answer.response_frame,), text=text))
        said = answer.complaint and Step(frames=(answer.response_frame,), text=f'it says "{answer.complaint}"')
        steps += [said] if said else []
        leaving = min((*ending.connection.server_ends, *ending.connection.server_resets), default=None)
        if leaving is not None:
            steps.append(Step(frames=(leaving,), text="after one short answer the server closes the connection"))
        return Told(tuple(steps))
    return Told((*steps, _refusal_step(ending, "No required SSL certificate was sent")))


def _refusal_step(ending: Ending, words: str) -> Step:
    page = last_data(ending) if ending.outcome is Outcome.ESTABLISHED else None
    if page is None:
        return end_step(ending)
    text = f"the server's one answer is encrypted, and just as long as nginx's error page \"400 {words}\""
    return Step(frames=(page.frame,), text=text)


def _took_leave(ending: Ending, before: int) -> bool:
    """Return whether the client announced its leaving first (close_notify, by its length in TLS 1.3)."""
    own = [r for r in ending.handshake.records if r.from_client and r.frame < before]
    return bool(own) and (own[-1].type == ALERT_RECORD or (own[-1].encrypted and is_short(own[-1])))


@rule(
    "Client certificate rejected",
    endings,
    subject=SUBJECT,
    area=AREA,
    evidence="up to TLS 1.2 the handshake in clear; in TLS 1.3 the lengths of the records, and the connection's end",
    limits="which authorities the server accepts; in TLS 1.3, the server's reason",
)
def tls_client_certificate_rejected(facts: Facts) -> Iterator[Finding]:
    """A server that ends the handshake over the certificate that the client sent (RFC 5246, 7.2.2; RFC 8446, 6.2).

    In TLS 1.3 both are hidden: told by the length of the client's records, and by the server's leaving with an alert
    alone. nginx completes the handshake, and refuses with an error page, which is known by its length.
    """
    rejected = [ending for ending in facts[endings] if _rejected(ending)]
    for group in grouped(rejected, lambda e: e.alert.code if e.alert else None):
        first = group[0]
        reason = _reason(first)
        certain = first.alert is not None
        verdict = Verdict(
            rule="tls_client_certificate_rejected",
            title=f"The server {'' if certain else 'probably '}rejects the client's certificate (mutual TLS){reason}.",
            act="The client's side must act: it needs a certificate that {server} accepts (or {server} must be told to"
            " trust its issuer).",
            side=Side.CLIENT,
            severity=Severity.MEDIUM if first.outcome is Outcome.ESTABLISHED else Severity.HIGH,
            confidence=Confidence.CERTAIN if certain else Confidence.PROBABLE,
            advice=(
                "Compare the issuer of the client's certificate with the authorities that {server} accepts.",
                "Check it: {check} -cert client.pem -key client.key",
            ),
            limitations=("which authorities the server accepts",)
            if certain
            else ("the client's certificate and the server's reason: TLS 1.3 encrypts both; the server's log has it",),
        )
        yield finding(group, verdict, _shown)


def _rejected(ending: Ending) -> bool:
    handshake, alert = ending.handshake, ending.alert
    message = handshake.client_certificates
    hidden = ending.flight is not None and ending.flight.certificate is ClientCertificate.SENT
    if not (message.certificates if message else hidden):
        return False
    if alert:
        return not alert.from_client and alert.code in _REASONS
    if ending.outcome is Outcome.REJECTED_BY_SERVER or (
        message is not None and ending.outcome is Outcome.LEFT_BY_SERVER
    ):
        return True
    return ending.outcome is Outcome.ESTABLISHED and is_answered_with(Page.CERTIFICATE_ERROR, ending)


def _reason(ending: Ending) -> str:
    said = f": {_REASONS[ending.alert.code]}" if ending.alert else ""
    message = ending.handshake.client_certificates
    fault = _fault(message) if message else ""
    return f"{said}; {fault}" if said and fault else said or (f": {fault}" if fault else "")


def _fault(message: CertificateMessage) -> str:
    leaf, seen = message.leaf, datetime.fromtimestamp(message.time_ns / 1e9, UTC)
    if leaf is None:
        return ""
    if leaf.not_after < seen:
        return f"it expired on {moment(leaf.not_after)}"
    if leaf.not_before > seen:
        return f"it is not valid before {moment(leaf.not_before)}"
    return "it is self-signed" if leaf.self_signed else f"its issuer is {leaf.issuer}"


def _shown(ending: Ending) -> Told:
    handshake, steps = ending.handshake, list[Step]()
    if handshake.certificate_request:
        steps.append(Step(frames=(handshake.certificate_request,), text="the server asks for a client certificate"))
    message = handshake.client_certificates
    if message and message.leaf:
        text = f"the client presents {message.leaf.subject}, issued by {message.leaf.issuer}"
        steps.append(Step(frames=(message.frame,), text=text))
    elif ending.flight and ending.flight.finished:
        text = "the client's encrypted answer is as long as one with a certificate in it"
        steps.append(Step(frames=(ending.flight.finished.frame,), text=text))
    return Told((*steps, _refusal_step(ending, "The SSL certificate error")))
