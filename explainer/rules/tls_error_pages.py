"""nginx's error pages about client certificates, told by the lengths of their encrypted records.

nginx completes the handshake also with a client whose certificate it does not accept, and answers its first request
with a page of fixed text and status 400 (its own codes 495 and 496, ngx_http_special_response.c). The page's length
depends on nothing but the name and version that it shows twice in HTTP/1, once in the headers and once in the page.

Rule: what is told by a length alone is probable at best.
"""

from collections.abc import Sequence
from enum import Enum

from explainer.protocols.tls import Ending
from explainer.protocols.tls.encrypted import is_short, may_be_tickets
from explainer.protocols.tls.messages import APPLICATION_DATA, Record
from explainer.protocols.tls.names import cipher_suite

_TLS13 = 17  # RFC 8446, section 5.2: the content type and the tag
_TLS12 = {"GCM": 24, "CHACHA20": 16}  # RFC 5288, section 3; RFC 7905, section 2
# "nginx", "openresty", "nginx/1.9.9" to "nginx/1.25.10", "openresty/1.21.4.1", "nginx/1.18.0 (Ubuntu)".
_SIGNATURES = (5, 9, 11, 12, 13, 18, 19, 21)
_USUAL_SIGNATURES = (5, 12, 21)
"""For HTTP/2, whose headers are compressed: their length is known but nearly."""
_HEADERS = 140  # status line, Date, Content-Type, Content-Length, "Connection: close", and Server without its value
_PADDING = 6 * 67  # for Chrome, and Internet Explorer: a comment, six times
_FRAME = 9  # RFC 9113, section 4.1; of an acknowledgement of SETTINGS, too
_COMPRESSED, _PER_LETTER, _SLACK = 41, 0.75, 2  # HPACK's Huffman code: measured with nginx 1.22
_PREFACE = 45  # nginx begins with SETTINGS and WINDOW_UPDATE: 40 bytes
_MOST_CLIENT_RECORDS, _MOST_RECORDS = 6, 3


class Page(Enum):
    """The page, by the bytes of its text without the signature."""

    NO_CERTIFICATE = 225  # "No required SSL certificate was sent"
    CERTIFICATE_ERROR = 203  # "The SSL certificate error"


def is_answered_with(page: Page, ending: Ending) -> bool:
    """Return whether the server's only answer is as long as this page, over HTTP/1 or HTTP/2."""
    overhead = _overhead(ending)
    data = [r for r in ending.handshake.records if r.type == APPLICATION_DATA]
    asked = ending.flight.data if ending.flight else [r for r in data if r.from_client]
    if overhead is None or not asked or len(asked) > _MOST_CLIENT_RECORDS:
        return False
    sent = [r for r in data if not r.from_client and r.frame > asked[0].frame and not is_short(r)]
    hello = ending.handshake.client_hello
    # A client of HTTP/2 acknowledges the server's settings, too, apart from its request.
    fits = _is_http1 if len(asked) == 1 else _is_http2 if hello and "h2" in hello.alpn else None
    return fits is not None and any(
        may_be_tickets(sent[:place]) and fits(page, [r.length - overhead for r in sent[place:]])
        for place in range(max(0, len(sent) - _MOST_RECORDS), len(sent))
    )


def last_data(ending: Ending) -> Record | None:
    """Return the record of the server's last data."""
    sent = [r for r in ending.handshake.records if r.type == APPLICATION_DATA and not r.from_client]
    return next((r for r in reversed(sent) if not is_short(r)), None)


def _overhead(ending: Ending) -> int | None:
    """Return by how much a record is longer than what is in it, None where it depends on that (CBC)."""
    hello = ending.handshake.server_hello
    if hello is None or ending.handshake.encrypts_certificates:
        return _TLS13 if hello else None
    name = cipher_suite(hello.cipher_suite)
    return next((extra for mode, extra in _TLS12.items() if mode in name), None)


def _is_http1(page: Page, lengths: Sequence[int]) -> bool:
    whole = [_HEADERS + page.value + 2 * signature for signature in _SIGNATURES]
    return len(lengths) == 1 and lengths[0] in (*whole, *(length + _PADDING for length in whole))


def _is_http2(page: Page, lengths: Sequence[int]) -> bool:
    lengths = [length for length in lengths if length > _PREFACE]
    for signature in _USUAL_SIGNATURES:
        headers = _FRAME + _COMPRESSED + _PER_LETTER * signature
        for text in (page.value + signature, page.value + signature + _PADDING):
            expected = [headers + _FRAME + text] if len(lengths) == 1 else [headers, _FRAME + text]
            if len(lengths) == len(expected) and _are_near(lengths, expected):
                return True
    return False


def _are_near(lengths: Sequence[int], expected: Sequence[float]) -> bool:
    """Return whether the lengths fit, the first one with headers and perhaps an acknowledgement before them."""
    near = any(abs(lengths[0] - extra - expected[0]) <= _SLACK for extra in (0, _FRAME))
    return near and all(length == other for length, other in zip(lengths[1:], expected[1:], strict=True))
