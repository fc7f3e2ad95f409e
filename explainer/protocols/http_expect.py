"""Clients that ask for leave before they send a body (Expect: 100-continue, RFC 9110 section 10.1.1), and wait."""

import re
from typing import NamedTuple

from explainer.facts import Facts, Look, View, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME
from explainer.protocols.http_exchange import Exchange
from explainer.protocols.http_exchanges import exchanges
from explainer.protocols.tcp import CONTENT, segments

_SENDING = ("POST", "PUT", "PATCH")
_EXPECTS = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*\r\n", re.IGNORECASE)
_LEAST_MS = 300
"""Clients wait 350 ms (.NET) or 1 s (curl) before they send the body unasked."""
_MOST = 200


class Wait(NamedTuple):
    """A request whose body the client sends unasked, `waited_ms` after its headers (frame `asked`)."""

    exchange: Exchange
    asked: int
    sent: int
    waited_ms: float


def _waits(facts: Facts) -> list[Wait]:
    """Return the requests in which a pause follows the first segment, with no word of the server in it."""
    sending = {e.stream: e for e in reversed(facts[exchanges]) if e.method in _SENDING and not e.over_tls}
    data = facts[segments].filter(
        pl.col("stream").is_in(list(sending)) & (pl.col("payload") > 0) & ~pl.col("retransmission")
    )
    after = data.with_columns(
        pl.col("frame").shift(-1).over("stream").alias("next"),
        ((pl.col("time").shift(-1).over("stream") - pl.col("time")) / 1e6).alias("gap_ms"),
        pl.col("from_client").shift(-1).over("stream").alias("goes_on"),
        (pl.col("from_client") != pl.col("from_client").shift(1).over("stream")).fill_null(value=True).alias("begins"),
    )
    paused = after.filter("from_client", "goes_on", "begins", pl.col("gap_ms") >= _LEAST_MS)
    rows = paused.select("stream", "frame", "next", "gap_ms").head(_MOST).iter_rows()
    return [Wait(sending[stream], frame, later, gap) for stream, frame, later, gap in rows]


def _view(facts: Facts) -> View | None:
    frames = sorted({wait.asked for wait in _waits(facts)})
    return View(tuple(frames)) if frames else None


HEADS = Look("first segments of requests with a pause after them", (exchanges, segments), (FRAME, CONTENT), _view)


@fact("HTTP requests with a pause before their body", exchanges, segments, HEADS)
def waits(facts: Facts) -> tuple[Wait, ...]:
    """Return those whose headers ask for leave, by frame."""
    seen = facts.look(HEADS)
    if seen is None:
        return ()
    content = {f: bytes.fromhex((c or "").replace(":", "")) for f, c in seen.select(FRAME.field, CONTENT.field).rows()}
    return tuple(wait for wait in _waits(facts) if _EXPECTS.search(content.get(wait.asked, b"")))
