"""TLS connections: what was asked for, what was agreed, how it ended."""

from explainer.facts import Facts
from explainer.model import Stat, StatColumn
from explainer.protocols import tls_names
from explainer.protocols.tls import Handshake, handshakes
from explainer.registry import statistic
from explainer.wording import listing

_NAMES = (
    "stream", "client", "server", "server_name", "client_hello_frame", "server_hello_frame", "version", "cipher_suite",
    "certificate", "certificate_expiry", "outcome", "outcome_frame", "warnings", "warning_frame",
)  # fmt: skip


@statistic("TLS connections", handshakes)
def tls(facts: Facts) -> Stat:
    """One row a TLS connection over TCP; Wireshark has no such menu.

    The outcome is "established", "failed: NAME (number) from client" or server for a fatal alert in clear, or
    "not finished"; warnings are alerts that end nothing; the certificate is the server's own, where it went in clear
    (up to TLS 1.2).
    """
    rows = tuple(_row(handshake) for handshake in facts[handshakes])
    columns = tuple(StatColumn(name=name) for name in _NAMES)
    return Stat(id="tls", title="TLS connections", columns=columns, rows=rows, total_rows=len(rows))


def _row(handshake: Handshake) -> tuple[str | int | None, ...]:
    hello, chosen, message = handshake.client_hello, handshake.server_hello, handshake.server_certificates
    certificate = message.certificates[0] if message and message.certificates else None
    outcome, frame = _outcome(handshake)
    warnings = [alert for alert in handshake.alerts if alert.warning]
    return (
        handshake.stream,
        str(handshake.client),
        str(handshake.server),
        handshake.server_name or None,
        hello.frame if hello else None,
        chosen.frame if chosen else None,
        tls_names.version(chosen.version) if chosen else None,
        tls_names.cipher_suite(chosen.cipher_suite) if chosen else None,
        certificate.subject if certificate else None,
        certificate.not_after.isoformat() if certificate else None,
        outcome,
        frame,
        listing([f"{alert.name} from {'client' if alert.from_client else 'server'}" for alert in warnings]) or None,
        warnings[0].frame if warnings else None,
    )


def _outcome(handshake: Handshake) -> tuple[str, int | None]:
    if handshake.fatal_alerts:
        alert = handshake.fatal_alerts[0]
        return f"failed: {alert.name} from {'client' if alert.from_client else 'server'}", alert.frame
    if handshake.established:
        # The client's first encrypted data says that it is content; an unused TLS 1.2 connection has none.
        last = handshake.client_data[:1] or handshake.server_change_cipher[:1]
        return "established", last[0] if last else None
    return "not finished", None
