"""The certificates that servers present in clear sight, and what the rules about them share."""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from explainer.facts import Facts, fact
from explainer.model import Confidence, Severity, Step
from explainer.protocols.tls import CertificateMessage, Ending, Outcome, endings
from explainer.protocols.x509 import Certificate
from explainer.rules.tls_case import Told, alert_step, end_step, grouped

AREA = "the certificates that are visible"
CLEAR = "the certificate in clear sight: up to TLS 1.2, or decrypted"
CLOCK = "whether the capture's clock is right: validity was judged by it"
OTHERS = "whether other clients are affected"
_LEAVING = (Outcome.UNUSED, Outcome.LEFT_BY_CLIENT)


class Presented(NamedTuple):
    """A server's certificate message of which at least the first certificate can be read."""

    ending: Ending
    message: CertificateMessage
    leaf: Certificate

    @property
    def seen(self) -> datetime:
        """Return when it was presented."""
        return datetime.fromtimestamp(self.message.time_ns / 1e9, UTC)

    @property
    def server(self) -> str:
        """Return the server's address."""
        return self.ending.handshake.server.address

    def rejected_with(self, codes: Collection[int]) -> bool:
        """Return whether the client ended the handshake with one of these alerts."""
        alert = self.ending.alert
        return alert is not None and alert.from_client and alert.code in codes


def presented(endings: tuple[Ending, ...]) -> Iterator[Presented]:
    """Yield what servers present, as far as it can be read: up to TLS 1.2, or decrypted."""
    for ending in endings:
        message = ending.handshake.server_certificates
        if message and message.leaf:
            yield Presented(ending, message, message.leaf)


class Weight(NamedTuple):
    """How much a fault matters, how sure that is, and how the connection went on, for the end of a title."""

    severity: Severity
    confidence: Confidence
    went_on: str


class Alerts(NamedTuple):
    """The client's alerts about a fault: those that say it outright, and those that may mean it (RFC 8446, 6.2)."""

    outright: tuple[int, ...]
    possible: tuple[int, ...]


def weight(case: Presented, alerts: Alerts, *, accepted: Severity = Severity.MEDIUM) -> Weight:
    """Return the weight of a fault, by what the client does about it; `accepted` is for one who goes on."""
    outcome = case.ending.outcome
    if case.rejected_with(alerts.outright):
        return Weight(Severity.HIGH, Confidence.CERTAIN, ", so the client hung up")
    if case.rejected_with(alerts.possible):
        return Weight(Severity.HIGH, Confidence.PROBABLE, ", probably why the client hung up")
    if outcome in _LEAVING:
        return Weight(Severity.HIGH, Confidence.PROBABLE, ", probably why the client left without using the connection")
    if outcome is Outcome.ESTABLISHED:
        return Weight(accepted, Confidence.CERTAIN, "; this client goes on with encrypted data all the same")
    return Weight(Severity.MEDIUM, Confidence.CERTAIN, "")


def showing(text: Callable[[Presented], str]) -> Callable[[Ending], Told]:
    """Return what tells a case: the server presents `text`, and how the handshake ended."""

    def tell(ending: Ending) -> Told:
        case = next(presented((ending,)))
        steps = [Step(frames=(case.message.frame,), text=f"the server {case.server} presents {text(case)}")]
        if ending.outcome is Outcome.ESTABLISHED:
            data = ending.handshake.client_data or ending.handshake.client_change_cipher
            went_on = "the client goes on with encrypted data, as one that accepts the certificate does"
            steps.append(Step(frames=data[:1], text=went_on))
        else:
            steps.append(alert_step(ending) if ending.alert else end_step(ending))
        return Told(tuple(steps), (case.message.frame,))

    return tell


def names(certificate: Certificate) -> tuple[str, ...]:
    """Return the names that people know a certificate by."""
    return (certificate.name, *certificate.dns_names)


@fact("TLS connections", endings)
def presentations(facts: Facts) -> list[list[Presented]]:
    """Return what servers present, as `by_certificate` groups it."""
    return by_certificate(list(presented(facts[endings])))


def by_certificate(cases: Sequence[Presented]) -> list[list[Presented]]:
    """Return the cases by client, server, certificate and whether the client rejected it."""
    by_ending = {id(case.ending): case for case in cases}
    groups = grouped(
        (case.ending for case in cases), lambda ending: (by_ending[id(ending)].leaf.der, ending.alert is not None)
    )
    return [[by_ending[id(ending)] for ending in group] for group in groups]
