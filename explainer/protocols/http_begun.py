"""How long an answer was to be that began and never got whole: tshark dissects no such response (RFC 9112, 6.2)."""

import re

from explainer.facts import Facts, Look, View, fact
from explainer.protocols.frame import FRAME
from explainer.protocols.http_exchange import Exchange
from explainer.protocols.http_exchanges import exchanges
from explainer.protocols.tcp import CONTENT

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,15})[ \t]*\r\n", re.IGNORECASE)
_BEGINS = b"HTTP/1."
_HEAD_END = b"\r\n\r\n"
_MOST = 200
"""How many answers are looked at: those that never get whole are few."""


def _open(facts: Facts) -> list[Exchange]:
    return [
        e
        for e in facts[exchanges]
        if e.status is None and e.first_byte_frame and e.response_bytes and not (e.over_tls or e.unreadable)
    ]


def _view(facts: Facts) -> View | None:
    frames = sorted({e.first_byte_frame or 0 for e in _open(facts)})[:_MOST]
    return View(tuple(frames)) if frames else None


BEGUN = Look("first segments of answers that never get whole", (exchanges,), (FRAME, CONTENT), _view)


@fact("HTTP answers that never get whole", exchanges, BEGUN)
def announced(facts: Facts) -> dict[int, tuple[int, int]]:
    """Return, by the frame in which such an answer begins, the bytes of its headers and the length that they announce.

    Left out is what announces none (chunks, streams of events), or has its headers in several segments.
    """
    seen = facts.look(BEGUN)
    found = dict[int, tuple[int, int]]()
    if seen is None:
        return found
    for frame, content in seen.select(FRAME.field, CONTENT.field).iter_rows():
        data = bytes.fromhex((content or "").replace(":", ""))
        head, end, _ = data.partition(_HEAD_END)
        length = _LENGTH.search(head + b"\r\n")
        if end and head.startswith(_BEGINS) and length:
            found[frame] = (len(head) + len(end), int(length[1]))
    return found
