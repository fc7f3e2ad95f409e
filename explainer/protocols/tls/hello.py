"""ClientHello and ServerHello: what was offered, and what was chosen (RFC 8446 section 4.1; RFC 5246 section 7.4.1)."""

from typing import Any, NamedTuple

from explainer.protocols.frame import FRAME, TIME
from explainer.protocols.tls import names
from explainer.protocols.tls.columns import DTLS, JA3, Fields
from explainer.protocols.tls.fingerprint import ja4

CLIENT_HELLO, SERVER_HELLO = 1, 2
Row = dict[str, Any]

_HELLO_RETRY = "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"  # RFC 8446, 4.1.3
_FALLBACK_SCSV = 0x5600  # RFC 7507
_QUIC_PARAMETERS = 57  # RFC 9001, 8.2
_EARLY_DATA = 42  # RFC 8446, 4.2.10
_ENCRYPTED_HELLO = 0xFE0D  # draft-ietf-tls-esni


class ClientHello(NamedTuple):
    """What the client offers; `versions` come from supported_versions where it is sent, else from the hello itself.

    `cipher_suites`, `groups`, `key_shares` and `signatures` are without GREASE and signals; `extensions` as sent;
    `fallback` says that the client tries again with an older version (RFC 7507), `ja3` is Wireshark's
    fingerprint, `ja4` the one that does not depend on the order.
    """

    frame: int
    time_ns: int
    versions: tuple[int, ...]
    cipher_suites: tuple[int, ...]
    server_name: str
    session_id: str = ""
    alpn: tuple[str, ...] = ()
    groups: tuple[int, ...] = ()
    key_shares: tuple[int, ...] = ()
    signatures: tuple[int, ...] = ()
    extensions: tuple[int, ...] = ()
    fallback: bool = False
    ja3: str = ""
    ja4: str = ""

    @property
    def early_data(self) -> bool:
        """Return whether the client announces data before the handshake is done (0-RTT)."""
        return _EARLY_DATA in self.extensions

    @property
    def encrypted_hello(self) -> bool:
        """Return whether another hello goes with it, encrypted (ECH), or GREASE that looks the same."""
        return _ENCRYPTED_HELLO in self.extensions

    @property
    def newest(self) -> int:
        """Return the newest version that it offers, 0 where it offers none."""
        return max(self.versions, default=0)


class ServerHello(NamedTuple):
    """What the server chose; `retry` marks a HelloRetryRequest, whose group is what it asks for."""

    frame: int
    time_ns: int
    version: int
    cipher_suite: int
    retry: bool = False
    session_id: str = ""
    alpn: str = ""
    group: int | None = None
    pre_shared_key: bool = False


def values(row: Row, column: str) -> tuple[Any, ...]:
    """Return the values of a column that may hold several."""
    held = row[column] or ()
    return tuple(held) if None not in held else tuple(value for value in held if value is not None)


def client_hello(row: Row, fields: Fields) -> ClientHello:
    """Return the ClientHello of the row of a frame that has one."""
    supported = _real(row, fields.supported_version.field)
    versions = supported or values(row, fields.version.field)[:1]
    suites, alpn = values(row, fields.cipher_suite.field), values(row, fields.alpn.field)
    extensions, signatures = values(row, fields.extension_type.field), values(row, fields.signature.field)
    transport = "dtls" if fields is DTLS else "quic" if _QUIC_PARAMETERS in extensions else "tcp"
    return ClientHello(
        frame=row[FRAME.field],
        time_ns=row[TIME.field],
        versions=versions,
        cipher_suites=names.real_cipher_suites(suites),
        server_name=row[fields.server_name.field] or "",
        session_id=(values(row, fields.session_id.field) or ("",))[0],
        alpn=alpn,
        groups=_real(row, fields.group.field),
        key_shares=_real(row, fields.key_share.field),
        signatures=_real(row, fields.signature.field),
        extensions=extensions,
        fallback=_FALLBACK_SCSV in suites,
        ja3=row.get(JA3.field) or "",
        ja4=ja4(transport, versions, suites, extensions, signatures, alpn[0] if alpn else ""),
    )


def server_hello(row: Row, fields: Fields) -> ServerHello | None:
    """Return the ServerHello or HelloRetryRequest of the row of a frame that has one; None if it cannot be read."""
    version = (*values(row, fields.supported_version.field)[:1], *values(row, fields.version.field)[:1])
    suites = values(row, fields.cipher_suite.field)
    if not version or not suites:
        return None
    retry = _HELLO_RETRY in (random.replace(":", "") for random in values(row, fields.random.field))
    shares = values(row, fields.key_share.field)
    return ServerHello(
        frame=row[FRAME.field],
        time_ns=row[TIME.field],
        version=version[0],
        cipher_suite=suites[0],
        retry=retry,
        session_id=(values(row, fields.session_id.field) or ("",))[0],
        alpn=(values(row, fields.alpn.field) or ("",))[0],
        group=row[fields.retry_group.field] if retry else (shares[0] if shares else None),
        pre_shared_key=row[fields.selected_psk.field] is not None,
    )


def _real(row: Row, column: str) -> tuple[int, ...]:
    return names.without_grease(values(row, column))
