"""TLS records with sensible defaults: hellos, certificates, alerts, handshakes, and how they end."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from factories import START, KnownFacts, connection, findings_of, first_frame, start_ns

from explainer.facts import Given
from explainer.model import Finding
from explainer.protocols import frame, icmp_errors, tcp, tcp_delivery, tls
from explainer.protocols.http import Exchange, requests
from explainer.protocols.icmp_errors import Error
from explainer.protocols.openings import Opening, Piece, openings
from explainer.protocols.tcp import Connection
from explainer.protocols.tcp_delivery import NOTHING, Delivery, Sent
from explainer.protocols.tls import (
    Alert,
    CertificateMessage,
    ClientHello,
    Ending,
    Handshake,
    Message,
    Outcome,
    Record,
    ServerHello,
)
from explainer.protocols.tls.datagrams import QuicConnection, dtls_endings, quic_connections
from explainer.protocols.x509 import Certificate

TLS10, TLS11, TLS12, TLS13 = 0x0301, 0x0302, 0x0303, 0x0304
CHANGE_CIPHER, ALERT, HANDSHAKE, DATA = 20, 21, 22, 23
SECOND = 1_000_000_000
MILLISECOND = 1_000_000

# Where the messages of a handshake stand, counted from its stream's first frame: one a millisecond.
HELLO, ANSWER, PRESENTED, ALERTED, CLIENT_CIPHER, SERVER_CIPHER, CLIENT_DATA, SERVER_DATA, LATER = range(3, 12)
LAST = 20
ASSUMED_SUITES = (0x1301, 0x1302, 0x1303, 0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA8, 0xCCA9, 0x009C, 0x002F)
ASSUMED_GROUPS = (29, 23, 24)
ASSUMED_SIGNATURES = (0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501)


def at(stream: int, place: int) -> int:
    """Return the number of a stream's frame."""
    return first_frame(stream) + place


def time_at(stream: int, place: int) -> int:
    """Return the time of a stream's frame, in nanoseconds."""
    return start_ns(stream) + place * MILLISECOND


def certificate(**overrides: Any) -> Certificate:
    """Return a certificate from an authority, valid from a year before the capture to a year after it."""
    values: dict[str, Any] = {
        "subject": "CN=www.example.org", "issuer": "CN=Example CA", "common_name": "www.example.org",
        "dns_names": ("www.example.org",), "not_before": START - timedelta(days=365),
        "not_after": START + timedelta(days=365), "self_issued": False, "self_signed": False, "key": "RSA 2048",
        "key_bits": 2048, "hash": "sha256", "usages": ("serverAuth",), "der": b"leaf",
    }  # fmt: skip
    return Certificate(**values | overrides)


def client_hello(stream: int = 0, **overrides: Any) -> ClientHello:
    """Return what a usual client offers."""
    values: dict[str, Any] = {
        "frame": at(stream, HELLO), "time_ns": time_at(stream, HELLO), "versions": (TLS13, TLS12),
        "cipher_suites": ASSUMED_SUITES, "server_name": "www.example.org", "groups": ASSUMED_GROUPS,
        "key_shares": (29,), "signatures": ASSUMED_SIGNATURES,
    }  # fmt: skip
    return ClientHello(**values | overrides)


def server_hello(stream: int = 0, **overrides: Any) -> ServerHello:
    """Return the choice of TLS 1.2."""
    values: dict[str, Any] = {
        "frame": at(stream, ANSWER), "time_ns": time_at(stream, ANSWER), "version": TLS12, "cipher_suite": 0xC02F,
    }  # fmt: skip
    return ServerHello(**values | overrides)


def hello_retry(stream: int = 0, **overrides: Any) -> ServerHello:
    """Return the demand for another key share, of P-256."""
    values: dict[str, Any] = {"version": TLS13, "cipher_suite": 0x1301, "retry": True, "group": 23}
    return server_hello(stream, **values | overrides)


def certificates(stream: int, *presented: Certificate | None, **overrides: Any) -> CertificateMessage:
    """Return the server's certificate message, sent at the stream's first moment."""
    values: dict[str, Any] = {
        "frame": at(stream, PRESENTED), "time_ns": start_ns(stream), "from_client": False, "certificates": presented,
    }  # fmt: skip
    return CertificateMessage(**values | overrides)


def alert(stream: int = 0, code: int = 40, **overrides: Any) -> Alert:
    """Return a fatal alert of the server."""
    values: dict[str, Any] = {"frame": at(stream, ALERTED), "from_client": False, "level": 2, "code": code}
    return Alert(**values | overrides)


def record(stream: int, place: int, kind: int, *, from_client: bool, **overrides: Any) -> Record:
    """Return a record in clear, as the first of its frame."""
    values: dict[str, Any] = {
        "frame": at(stream, place), "time_ns": time_at(stream, place), "from_client": from_client, "type": kind,
        "length": 40, "encrypted": False,
    }  # fmt: skip
    return Record(**values | overrides)


def encrypted(stream: int, place: int, length: int, *, from_client: bool) -> Record:
    """Return a TLS 1.3 record that says nothing of its type."""
    return record(stream, place, DATA, from_client=from_client, length=length, encrypted=True)


def message(stream: int, place: int, kind: int, *, from_client: bool = False) -> Message:
    """Return a handshake message that could be read."""
    return Message(at(stream, place), from_client, kind)


def handshake(stream: int = 0, **overrides: Any) -> Handshake:
    """Return a TLS 1.2 handshake that was established and used, and carried no certificate in clear."""
    below = connection(stream)
    values: dict[str, Any] = {
        "stream": stream, "client": below.client, "server": below.server, "client_hellos": (client_hello(stream),),
        "hello_retry": None, "server_hello": server_hello(stream), "certificate_messages": (), "alerts": (),
        "records": (
            record(stream, CLIENT_CIPHER, CHANGE_CIPHER, from_client=True),
            record(stream, SERVER_CIPHER, CHANGE_CIPHER, from_client=False),
            record(stream, CLIENT_DATA, DATA, from_client=True, length=200),
            record(stream, SERVER_DATA, DATA, from_client=False, length=400),
        ),
        "messages": (),
    }  # fmt: skip
    return Handshake(**values | overrides)


def presenting(stream: int, *leaf: Certificate | None, **overrides: Any) -> Handshake:
    """Return an established handshake in which the server presents these certificates."""
    return handshake(stream, certificate_messages=(certificates(stream, *leaf),), **overrides)


def failed_handshake(stream: int, *alerts: Alert, **overrides: Any) -> Handshake:
    """Return a handshake that these alerts ended before any encrypted data."""
    return handshake(stream, **{"alerts": alerts, "records": ()} | overrides)


def rejecting(stream: int, code: int, *leaf: Certificate | None, **overrides: Any) -> Handshake:
    """Return a handshake in which the client answers these certificates with a fatal alert."""
    said = alert(stream, code, from_client=True)
    return failed_handshake(stream, said, certificate_messages=(certificates(stream, *leaf),), **overrides)


def refused_hello(stream: int, code: int = 40, hello: ClientHello | None = None, **overrides: Any) -> Handshake:
    """Return a handshake in which the server answers the ClientHello with a fatal alert."""
    hellos = (hello or client_hello(stream),)
    return failed_handshake(stream, alert(stream, code), server_hello=None, client_hellos=hellos, **overrides)


def hidden_handshake(stream: int, *records: Record, **overrides: Any) -> Handshake:
    """Return a TLS 1.3 handshake with these records after the ServerHello."""
    chosen = server_hello(stream, version=TLS13, cipher_suite=0x1301, group=29)
    return handshake(stream, **{"server_hello": chosen, "records": records} | overrides)


def tls_connection(known: Handshake, **overrides: Any) -> Connection:
    """Return the connection below a handshake, which nobody closes in this capture."""
    stream = known.stream
    values: dict[str, Any] = {
        "client": known.client, "server": known.server, "frames": LAST, "last_frame": at(stream, LAST),
        "last_ns": time_at(stream, LAST), "client_frames": LAST // 2, "server_frames": LAST // 2,
    }  # fmt: skip
    return connection(stream, **values | overrides)


def sent(**overrides: Any) -> Sent:
    """Return data of one side, all of it acknowledged."""
    values: dict[str, Any] = {"last": 500, "acknowledged": 500, "gap_frame": None, "unacknowledged": ()}
    return Sent(**values | overrides)


def delivery(stream: int = 0, *, client: Sent = NOTHING, server: Sent = NOTHING) -> Delivery:
    """Return what of a connection's data arrived."""
    return Delivery(stream, client, server)


def opening(stream: int, *pieces: tuple[bool, int, bytes]) -> Opening:
    """Return the first segments of a stream: who says it (the client: True), in which of its frames, and bytes."""
    sides = [tuple(Piece(at(stream, p), data) for side, p, data in pieces if side is who) for who in (True, False)]
    return Opening(stream, *sides)


def tls_facts(
    *handshakes: Handshake,
    connections: Iterable[Connection] = (),
    deliveries: Iterable[Delivery] = (),
    opened: Iterable[Opening] = (),
    patience_s: float = 60,
    requested: Iterable[Exchange] = (),
    datagrams: Iterable[Ending] = (),
    quic: Iterable[QuicConnection] = (),
    said: Iterable[Error] = (),
    given: Mapping[Given, bytes] | None = None,
) -> KnownFacts:
    """Return facts of these handshakes; how they ended is found out as in earnest.

    The capture ends `patience_s` after its last connection.
    """
    below = {c.stream: c for c in connections}
    known = tuple(below.get(h.stream) or tls_connection(h) for h in handshakes)
    end = max((c.last_ns for c in known), default=0) + round(patience_s * SECOND)
    return KnownFacts(
        {
            tls.handshakes: handshakes,
            tcp.connections: known,
            tcp_delivery.deliveries: {d.stream: d for d in deliveries},
            openings: tuple(opened),
            dtls_endings: tuple(datagrams),
            quic_connections: tuple(quic),
            icmp_errors.errors: tuple(said),
            requests: tuple(requested),
            frame.last_ns: end,
        },
        given=given,
    )


def ending_of(known: Handshake, *, patience_s: float = 60, delivered: Delivery | None = None, **below: Any) -> Ending:
    """Return how a handshake ended, whose connection has these values."""
    facts = tls_facts(
        known,
        connections=[tls_connection(known, **below)],
        deliveries=[delivered] if delivered else [],
        patience_s=patience_s,
    )
    (found,) = facts[tls.endings]
    return found


def found(rule: str, *handshakes: Handshake, **facts: Any) -> list[Finding]:
    """Return what the rule finds of these handshakes."""
    return findings_of(rule, tls_facts(*handshakes, **facts))


def told(known: Handshake, **below: Any) -> tuple[Outcome, int]:
    """Return the outcome, and the frame that decides it, counted from the stream's first."""
    ending = ending_of(known, **below)
    return ending.outcome, ending.frame - first_frame(known.stream)


CLIENT_LEAVES: dict[str, Any] = {"client_ends": (at(0, LATER),)}
CLIENT_RESETS: dict[str, Any] = {"client_resets": (at(0, LATER),)}
SERVER_LEAVES: dict[str, Any] = {"server_ends": (at(0, LATER),)}
SERVER_RESETS: dict[str, Any] = {"server_resets": (at(0, LATER),)}
"""What says of stream 0's connection who leaves it, and how."""
