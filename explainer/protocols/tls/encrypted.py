"""What TLS 1.3 hides, told by the lengths of its records (RFC 8446 sections 4.4, 5.2 and 6).

Rule: every value here is inferred, none is read; who uses it says "probably".
"""

from collections.abc import Iterable
from enum import Enum, auto
from typing import NamedTuple

from explainer.protocols.tls.handshake import Handshake
from explainer.protocols.tls.messages import FINISHED, Record

_HEADER, _TYPE, _TAG, _SHORT_TAG = 4, 1, 16, 8
_HASH = {0x1301: 32, 0x1302: 48, 0x1303: 32, 0x1304: 32, 0x1305: 32}
_SHORT_TAGGED = 0x1305  # TLS_AES_128_CCM_8_SHA256
_EMPTY_CERTIFICATE = 8  # header, empty context, empty list
_ALERT = 2
_PADDING = 17
"""Some stacks pad their alerts: GnuTLS sends 35 bytes instead of 19."""
_PADDED = 16
"""Java pads every handshake message of TLS 1.3 by so much."""
_FIRST = 4
_TICKET = 100
"""A session ticket's record is longer than this; many a greeting is shorter."""
_CERTIFICATE_BYTES = 150
"""A Certificate message with a certificate in it is longer than this."""


class ClientCertificate(Enum):
    """Whether the client answered a request for a certificate, which TLS 1.3 hides as well."""

    NOT_ASKED = auto()
    EMPTY = auto()
    SENT = auto()
    UNKNOWN = auto()


class Flight(NamedTuple):
    """The client's encrypted records after the ServerHello, and what the server sent after them.

    `finished` is the record that holds its Finished, None where it sent none; `rejection` an alert in the Finished's
    place, `refusal` one that is all that the server sent after its ServerHello; `certificates` is the server's longest
    record there, where that is long enough for its certificate. `after` are the server's encrypted records after the
    client's first, which holds its Finished or what comes before that, `own` the client's after its Finished, `data`
    these but for an alert at the end.
    """

    finished: Record | None
    rejection: Record | None
    refusal: Record | None
    certificates: Record | None
    certificate: ClientCertificate
    after: tuple[Record, ...]
    data: tuple[Record, ...]
    own: tuple[Record, ...]


def flight(handshake: Handshake) -> Flight:
    """Return what the client's records say of the end of a TLS 1.3 handshake."""
    hello = handshake.server_hello
    suite = hello.cipher_suite if hello else 0
    tag = _SHORT_TAG if suite == _SHORT_TAGGED else _TAG
    full = _HEADER + _HASH.get(suite, 32) + _TYPE + tag
    start = hello.frame if hello else 0
    encrypted = [r for r in handshake.records if r.encrypted and r.frame > start]
    client = [r for r in encrypted if r.from_client]
    read = handshake.message(FINISHED, from_client=True)
    certificate = _certificate(client, full, tag)
    sent = certificate is ClientCertificate.SENT  # then the first long record holds that
    whole = (full, full + _PADDED)
    finished = next((r for r in client[:_FIRST] if (r.length in whole if sent else r.length >= full)), None)
    if read is not None:  # decrypted
        own = (r for r in handshake.records if r.frame == read and r.from_client)
        finished = next(own, None)
    first = client[0] if client else None
    rejected = finished is None and first is not None and _is_alert(first, tag) and read is None
    # A server may reject the client's certificate before the Finished that follows it is there.
    since = min(r.frame for r in (first, finished) if r) if finished else 0
    after = [r for r in handshake.records if finished and not r.from_client and r.frame > since]
    flown = [r for r in handshake.records if r.encrypted and not r.from_client and r.frame >= start and hello]
    longest = max(flown, key=lambda record: record.length, default=None)
    place = client.index(finished) + 1 if finished in client else 0
    later = [r for r in client[place:] if finished and r.frame >= finished.frame]
    return Flight(
        finished=finished,
        rejection=first if rejected else None,
        refusal=flown[0] if len(flown) == 1 and _is_alert(flown[0], tag) else None,
        certificates=longest if longest and longest.length > _CERTIFICATE_BYTES and not finished else None,
        certificate=certificate,
        after=tuple(r for r in after if r.encrypted or read is not None),
        data=tuple(later[:-1] if later and _is_alert(later[-1], tag) else later),
        own=tuple(later),
    )


def _is_alert(record: Record, tag: int) -> bool:
    return _ALERT + _TYPE + tag <= record.length <= _ALERT + _TYPE + tag + _PADDING


def is_short(record: Record) -> bool:
    """Return whether an encrypted record is so short that it holds an alert, and no request or session ticket."""
    return record.length <= _ALERT + _TYPE + _TAG + _PADDING


def is_bare_alert(record: Record) -> bool:
    """Return whether an encrypted record is just as long as an alert without padding: a longer one may be a request."""
    return record.length <= _ALERT + _TYPE + _TAG


def may_be_tickets(records: Iterable[Record]) -> bool:
    """Return whether the server's records after the Finished may be session tickets, and alerts, alone.

    RFC 8446 section 4.6.1: tickets come unasked, and a server's are all of one length.
    """
    lengths = {record.length for record in records if not is_short(record)}
    return len(lengths) <= 1 and min(lengths, default=_TICKET) >= _TICKET


def _certificate(client: list[Record], full: int, tag: int) -> ClientCertificate:
    lengths = [record.length for record in client[:_FIRST]]
    empty = _EMPTY_CERTIFICATE + _TYPE + tag
    if not lengths:
        return ClientCertificate.UNKNOWN
    # Go and OpenSSL send the two in records of their own, others, and newer Java, in one.
    together = full + _EMPTY_CERTIFICATE
    if lengths[:2] in ([empty, full], [empty + _PADDED, full + _PADDED]) or lengths[0] in (
        together,
        together + _PADDED,
    ):
        return ClientCertificate.EMPTY
    if lengths[0] in (full, full + _PADDED):
        return ClientCertificate.NOT_ASKED
    if lengths[0] > _CERTIFICATE_BYTES and {full, full + _PADDED} & set(lengths[1:3]):
        return ClientCertificate.SENT
    return ClientCertificate.UNKNOWN
