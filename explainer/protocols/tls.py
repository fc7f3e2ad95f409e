"""TLS over TCP: one record a connection, of what was said in clear (RFC 8446, RFC 5246)."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from explainer.facts import Column, Facts, Kind, fact
from explainer.lazy import pl
from explainer.protocols import tls_names, x509
from explainer.protocols.frame import FRAME
from explainer.protocols.tcp import Endpoint, segments

RECORD_TYPE = Column("tls.record.content_type", Kind.INT, many=True)
OPAQUE_TYPE = Column("tls.record.opaque_type", Kind.INT, many=True)
HANDSHAKE_TYPE = Column("tls.handshake.type", Kind.INT, many=True)
HELLO_VERSION = Column("tls.handshake.version", Kind.INT)
SUPPORTED_VERSION = Column("tls.handshake.extensions.supported_version", Kind.INT, many=True)
CIPHER_SUITE = Column("tls.handshake.ciphersuite", Kind.INT, many=True)
SERVER_NAME = Column("tls.handshake.extensions_server_name")
CERTIFICATE = Column("tls.handshake.certificate", many=True)
ALERT_LEVEL = Column("tls.alert_message.level", Kind.INT, many=True)
ALERT_DESCRIPTION = Column("tls.alert_message.desc", Kind.INT, many=True)

_COLUMNS = (
    FRAME, RECORD_TYPE, OPAQUE_TYPE, HANDSHAKE_TYPE, HELLO_VERSION, SUPPORTED_VERSION, CIPHER_SUITE, SERVER_NAME,
    CERTIFICATE, ALERT_LEVEL, ALERT_DESCRIPTION,
)  # fmt: skip

CHANGE_CIPHER_SPEC, ALERT, APPLICATION_DATA = 20, 21, 23
CLIENT_HELLO, SERVER_HELLO, CERTIFICATE_MESSAGE, CERTIFICATE_REQUEST = 1, 2, 11, 13
_WARNING, _FATAL = 1, 2
_CLOSE_NOTIFY, _USER_CANCELED = 0, 90

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ClientHello:
    """What the client offers; `versions` come from supported_versions where it is sent, else from the hello itself."""

    frame: int
    versions: tuple[int, ...]
    cipher_suites: tuple[int, ...]
    server_name: str


@dataclass(frozen=True, slots=True)
class ServerHello:
    """What the server chose."""

    frame: int
    version: int
    cipher_suite: int


@dataclass(frozen=True, slots=True)
class CertificateMessage:
    """The certificates that one side presents, its own first; None stands for one that cannot be parsed."""

    frame: int
    time_ns: int
    from_client: bool
    certificates: tuple[x509.Certificate | None, ...]


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert in clear."""

    frame: int
    from_client: bool
    level: int
    code: int

    @property
    def fatal(self) -> bool:
        """Return whether it ends the connection as a failure."""
        return self.level == _FATAL and self.code != _CLOSE_NOTIFY

    @property
    def warning(self) -> bool:
        """Return whether it is a warning that ends nothing; close_notify and user_canceled announce an orderly end."""
        return self.level == _WARNING and self.code not in (_CLOSE_NOTIFY, _USER_CANCELED)

    @property
    def name(self) -> str:
        """Return its name and number."""
        return tls_names.alert(self.code)


@dataclass(frozen=True, slots=True)
class Handshake:
    """One TLS connection; frame numbers of the CertificateRequest, and of ChangeCipherSpec and data by sender."""

    stream: int
    client: Endpoint
    server: Endpoint
    client_hello: ClientHello | None
    server_hello: ServerHello | None
    certificate_messages: tuple[CertificateMessage, ...]
    certificate_request: int | None
    alerts: tuple[Alert, ...]
    client_change_cipher: tuple[int, ...]
    server_change_cipher: tuple[int, ...]
    client_data: tuple[int, ...]
    server_data: tuple[int, ...]

    @property
    def server_name(self) -> str:
        """Return the name that the client asked for (SNI), or nothing."""
        return self.client_hello.server_name if self.client_hello else ""

    @property
    def server_certificates(self) -> CertificateMessage | None:
        """Return the server's certificate message where it went in clear (up to TLS 1.2)."""
        return next((message for message in self.certificate_messages if not message.from_client), None)

    @property
    def empty_client_certificate(self) -> CertificateMessage | None:
        """Return the client's certificate message where it holds no certificate: it has none to show."""
        return next((m for m in self.certificate_messages if m.from_client and not m.certificates), None)

    @property
    def fatal_alerts(self) -> tuple[Alert, ...]:
        """Return the alerts that ended it."""
        return tuple(alert for alert in self.alerts if alert.fatal)

    @property
    def established(self) -> bool:
        """Return whether both sides went over to encrypted data without a fatal alert."""
        # TLS 1.2: both ChangeCipherSpecs. TLS 1.3: the client's Finished is its first application data record.
        return not self.fatal_alerts and bool(
            self.client_data or (self.client_change_cipher and self.server_change_cipher)
        )


@fact("TLS connections", segments, *_COLUMNS)
def handshakes(facts: Facts) -> tuple[Handshake, ...]:
    """Return the TLS connections by stream number."""
    with_tls = facts.frames(*_COLUMNS).filter(
        pl.any_horizontal(pl.col(column.field).is_not_null() for column in (RECORD_TYPE, OPAQUE_TYPE, HANDSHAKE_TYPE))
    )
    sides = facts[segments].select(
        pl.col("frame").alias(FRAME.field),
        "time",
        "stream",
        "client",
        "client_port",
        "server",
        "server_port",
        "from_client",
    )
    rows = with_tls.join(sides, on=FRAME.field).sort("stream", FRAME.field).iter_rows(named=True)
    return tuple(_handshake(list(group)) for _, group in groupby(rows, key=lambda row: row["stream"]))


def _handshake(rows: list[Row]) -> Handshake:
    first = rows[0]
    sides = {
        True: Endpoint(first["client"], first["client_port"]),
        False: Endpoint(first["server"], first["server_port"]),
    }
    # Who says ClientHello is the client, whatever TCP's start (not seen, perhaps) made us guess.
    opener = next((row["from_client"] for row in rows if CLIENT_HELLO in _values(row, HANDSHAKE_TYPE)), True)
    if not opener:
        rows = [row | {"from_client": not row["from_client"]} for row in rows]
    return Handshake(
        stream=first["stream"],
        client=sides[opener],
        server=sides[not opener],
        client_hello=next(filter(None, map(_client_hello, rows)), None),
        server_hello=next(filter(None, map(_server_hello, rows)), None),
        certificate_messages=tuple(filter(None, map(_certificate_message, rows))),
        certificate_request=next(
            (r[FRAME.field] for r in rows if CERTIFICATE_REQUEST in _values(r, HANDSHAKE_TYPE)), None
        ),
        alerts=tuple(alert for row in rows for alert in _alerts(row)),
        client_change_cipher=_with_record(rows, CHANGE_CIPHER_SPEC, from_client=True),
        server_change_cipher=_with_record(rows, CHANGE_CIPHER_SPEC, from_client=False),
        client_data=_with_record(rows, APPLICATION_DATA, from_client=True),
        server_data=_with_record(rows, APPLICATION_DATA, from_client=False),
    )


def _values(row: Row, column: Column) -> tuple[Any, ...]:
    return tuple(value for value in row[column.field] or () if value is not None)


def _with_record(rows: list[Row], record_type: int, *, from_client: bool) -> tuple[int, ...]:
    return tuple(
        row[FRAME.field]
        for row in rows
        if row["from_client"] == from_client and record_type in _values(row, RECORD_TYPE) + _values(row, OPAQUE_TYPE)
    )


def _client_hello(row: Row) -> ClientHello | None:
    if CLIENT_HELLO not in _values(row, HANDSHAKE_TYPE):
        return None
    supported = [v for v in _values(row, SUPPORTED_VERSION) if not tls_names.is_grease(v)]
    own = [row[HELLO_VERSION.field]] if row[HELLO_VERSION.field] is not None else []
    return ClientHello(
        frame=row[FRAME.field],
        versions=tuple(supported or own),
        cipher_suites=tls_names.real_cipher_suites(_values(row, CIPHER_SUITE)),
        server_name=row[SERVER_NAME.field] or "",
    )


def _server_hello(row: Row) -> ServerHello | None:
    if SERVER_HELLO not in _values(row, HANDSHAKE_TYPE):
        return None
    version, suites = _values(row, SUPPORTED_VERSION)[:1] or (row[HELLO_VERSION.field],), _values(row, CIPHER_SUITE)
    if version[0] is None or not suites:
        return None
    return ServerHello(row[FRAME.field], version[0], suites[0])


def _certificate_message(row: Row) -> CertificateMessage | None:
    if CERTIFICATE_MESSAGE not in _values(row, HANDSHAKE_TYPE):
        return None
    parsed = tuple(x509.parse(der) for der in _values(row, CERTIFICATE))
    return CertificateMessage(row[FRAME.field], row["time"], row["from_client"], parsed)


def _alerts(row: Row) -> Iterator[Alert]:
    for level, code in zip(_values(row, ALERT_LEVEL), _values(row, ALERT_DESCRIPTION), strict=False):
        yield Alert(row[FRAME.field], row["from_client"], level, code)
