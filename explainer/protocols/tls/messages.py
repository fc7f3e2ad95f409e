"""What follows the hellos: records, certificates, alerts (RFC 8446, 4.4 and 6; RFC 5246, 7.2 and 7.4)."""

from collections.abc import Iterator
from typing import NamedTuple

from explainer.protocols import x509
from explainer.protocols.frame import FRAME, TIME
from explainer.protocols.tls import names
from explainer.protocols.tls.columns import OPAQUE_TYPE, Fields
from explainer.protocols.tls.hello import Row, values

CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, APPLICATION_DATA = 20, 21, 22, 23
HELLO_REQUEST, NEW_SESSION_TICKET, ENCRYPTED_EXTENSIONS, CERTIFICATE_MESSAGE = 0, 4, 8, 11
CERTIFICATE_REQUEST, SERVER_HELLO_DONE, CERTIFICATE_STATUS, FINISHED = 13, 14, 22, 20

_WARNING, FATAL = 1, 2
_CLOSE_NOTIFY, _USER_CANCELED = 0, 90


class Record(NamedTuple):
    """A TLS record; `length` as on the wire.

    `encrypted` marks TLS 1.3 records whose outer type says nothing.
    """

    frame: int
    time_ns: int
    from_client: bool
    type: int
    length: int
    encrypted: bool


class Message(NamedTuple):
    """A handshake message that could be read."""

    frame: int
    from_client: bool
    type: int


class CertificateMessage(NamedTuple):
    """The certificates that one side presents, its own first; None stands for one that cannot be parsed."""

    frame: int
    time_ns: int
    from_client: bool
    certificates: tuple[x509.Certificate | None, ...]

    @property
    def leaf(self) -> x509.Certificate | None:
        """Return the sender's own certificate, or None where there is none that can be read."""
        return self.certificates[0] if self.certificates else None


class Alert(NamedTuple):
    """An alert that can be read."""

    frame: int
    from_client: bool
    level: int
    code: int

    @property
    def fatal(self) -> bool:
        """Return whether it ends the connection as a failure."""
        return self.level == FATAL and self.code != _CLOSE_NOTIFY

    @property
    def warning(self) -> bool:
        """Return whether it is a warning that ends nothing; close_notify and user_canceled announce an orderly end."""
        return self.level == _WARNING and self.code not in (_CLOSE_NOTIFY, _USER_CANCELED)

    @property
    def name(self) -> str:
        """Return its name and number."""
        return names.alert(self.code)


def records(row: Row, fields: Fields) -> Iterator[Record]:
    """Yield the records of a frame's row, in order."""
    clear = values(row, fields.record_type.field)
    opaque = values(row, OPAQUE_TYPE.field) if OPAQUE_TYPE.field in row else ()
    lengths = values(row, fields.record_length.field)
    # A decrypted record shows both its inner and its outer type; otherwise clear records come before encrypted ones.
    decrypted = len(clear) + len(opaque) > len(lengths)
    frame, time, from_client = row[FRAME.field], row[TIME.field], row["from_client"]
    for place, (kind, length) in enumerate(zip(clear if decrypted else clear + opaque, lengths, strict=False)):
        yield Record(frame, time, from_client, kind, length, place >= len(clear))


def certificate_message(row: Row, fields: Fields) -> CertificateMessage:
    """Return the Certificate message of the row of a frame that has one."""
    parsed = tuple(x509.parse(der) for der in values(row, fields.certificate.field))
    return CertificateMessage(row[FRAME.field], row[TIME.field], row["from_client"], parsed)


def alerts(row: Row, fields: Fields) -> Iterator[Alert]:
    """Yield the alerts of a frame's row that can be read."""
    levels, codes = values(row, fields.alert_level.field), values(row, fields.alert_description.field)
    for level, code in zip(levels, codes, strict=False):
        yield Alert(row[FRAME.field], row["from_client"], level, code)
