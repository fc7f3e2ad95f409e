"""TLS connections: what was asked for, what was agreed, how it ended."""

from explainer.facts import Facts
from explainer.model import Stat, StatColumn
from explainer.protocols.tls import CertificateMessage, Ending, Handshake, endings
from explainer.protocols.tls import names as tls_names
from explainer.registry import statistic
from explainer.wording import listing

_NAMES = (
    "transport", "stream", "client", "server", "server_name", "client_hello_frame", "server_hello_frame", "version",
    "cipher_suite", "group", "alpn", "resumed", "certificate", "certificate_expiry", "outcome", "outcome_frame",
    "warnings", "warning_frame", "ja3", "ja4", "ech", "alpn_offered", "early_data", "hello_retry_frame",
    "certificate_issuer", "certificate_start", "certificate_frame", "certificate_request_frame", "client_certificate",
    "client_certificate_frame",
)  # fmt: skip


@statistic("TLS connections", endings)
def tls(facts: Facts) -> Stat:
    """One row a TLS connection; Wireshark has no such menu. Its stream is a TCP stream, of DTLS and QUIC a UDP stream.

    The outcome is one of protocols/tls/outcome.py's, with the alert's name and number where one ended it; warnings are
    alerts that end nothing; the certificates are the server's own and the client's, where they can be read (up to TLS
    1.2, or with the secrets); a client's is empty where it sends a message without one. early_data says that the client
    announces data before the handshake is done (0-RTT); whether the server takes it, is encrypted. ech says that an
    encrypted ClientHello goes with the one in clear, or GREASE in its place: nobody can tell the two apart.
    """
    rows = tuple(_row(ending) for ending in facts[endings])
    columns = tuple(StatColumn(name=name) for name in _NAMES)
    return Stat(id="tls", title="TLS connections", columns=columns, rows=rows, total_rows=len(rows))


def _row(ending: Ending) -> tuple[str | int | None, ...]:
    handshake = ending.handshake
    hello, chosen, message = handshake.client_hello, handshake.server_hello, handshake.server_certificates
    certificate = message.leaf if message else None
    warnings = [alert for alert in handshake.alerts if alert.warning]
    return (
        handshake.transport,
        handshake.stream,
        str(handshake.client),
        str(handshake.server),
        handshake.server_name or None,
        hello.frame if hello else None,
        chosen.frame if chosen else None,
        tls_names.version(chosen.version) if chosen else None,
        tls_names.cipher_suite(chosen.cipher_suite) if chosen else None,
        tls_names.group(chosen.group) if chosen and chosen.group is not None else None,
        chosen.alpn or None if chosen else None,
        handshake.resumed,
        certificate.subject if certificate else None,
        certificate.not_after.isoformat() if certificate else None,
        _outcome(ending),
        ending.frame,
        listing([f"{alert.name} from {'client' if alert.from_client else 'server'}" for alert in warnings]) or None,
        warnings[0].frame if warnings else None,
        hello.ja3 or None if hello else None,
        hello.ja4 or None if hello else None,
        hello.encrypted_hello if hello else None,
        *_steps(handshake),
    )


def _steps(handshake: Handshake) -> tuple[str | int | None, ...]:
    hello, message, shown = handshake.client_hello, handshake.server_certificates, handshake.client_certificates
    certificate = message.leaf if message else None
    return (
        ", ".join(hello.alpn) or None if hello else None,
        hello.early_data if hello else None,
        handshake.hello_retry.frame if handshake.hello_retry else None,
        certificate.issuer if certificate else None,
        certificate.not_before.isoformat() if certificate else None,
        message.frame if message else None,
        handshake.certificate_request,
        _presented(shown),
        shown.frame if shown else None,
    )


def _presented(message: CertificateMessage | None) -> str | None:
    if message is None or message.leaf:
        return message and message.leaf and message.leaf.subject
    return None if message.certificates else ""


def _outcome(ending: Ending) -> str:
    if ending.alert:
        return f"failed: {ending.alert.name} from {'client' if ending.alert.from_client else 'server'}"
    return ending.outcome.value
