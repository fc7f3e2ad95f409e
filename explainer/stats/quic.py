"""QUIC connections: versions, Retry, and how they ended."""

from explainer.facts import Facts
from explainer.model import Stat
from explainer.protocols.tls.datagrams import QuicConnection, quic_connections
from explainer.registry import statistic
from explainer.stats.tables import table

_NAMES = (
    "stream", "client", "server", "server_name", "versions", "client_hello_frame", "negotiation_frame", "retry_frame",
    "client_data_frame", "server_data_frame", "outcome", "outcome_frame", "close_code", "close_reason",
)  # fmt: skip


@statistic("QUIC connections", quic_connections)
def quic(facts: Facts) -> Stat:
    """One row a QUIC connection (RFC 9000), by its UDP stream; Wireshark has no such menu.

    Of Version Negotiation and Retry, which are both normal, and of packets with a short header (1-RTT) the first frame
    is given; the close's code and reason where they can be read.
    """
    return table("quic", "QUIC connections", _NAMES, [_row(connection) for connection in facts[quic_connections]])


def _row(connection: QuicConnection) -> tuple[str | int | None, ...]:
    ending, close = connection.ending, connection.close
    handshake = ending.handshake
    return (
        handshake.stream,
        str(handshake.client),
        str(handshake.server),
        handshake.server_name or None,
        ", ".join(f"0x{version:08x}" for version in connection.versions) or None,
        handshake.client_hello.frame if handshake.client_hello else None,
        next(iter(connection.negotiations), None),
        next(iter(connection.retries), None),
        next(iter(connection.client_data), None),
        next(iter(connection.server_data), None),
        ending.outcome.value,
        ending.frame,
        close.code if close else None,
        close.reason or None if close else None,
    )
