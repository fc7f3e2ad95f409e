"""Which frames belong together: those of a TCP or UDP stream, and the fragments that its datagrams came in."""

from explainer.facts import Facts
from explainer.lazy import pl
from explainer.protocols import tcp, udp
from explainer.protocols.frame import FRAME, PROTOCOLS

STREAM_NEEDS = (FRAME, PROTOCOLS, tcp.STREAM, udp.STREAM)

FRAGMENT = r":ip(?:v6)?(?::ipv6\.[a-z]+)*:data$"
"""Bytes that tshark names no protocol for, right over IP: the fragments of a datagram, all but one."""


def with_streams(facts: Facts, frames: "pl.Series") -> tuple[int, ...]:
    """Return these frames and all others of their streams, ascending, with every fragment of the capture.

    Whoever asks needs STREAM_NEEDS.
    """
    table = facts.frames(*STREAM_NEEDS)
    number = pl.col(FRAME.field)
    belonging = table.filter(number.is_in(frames.implode()) | pl.col(PROTOCOLS.field).str.contains(FRAGMENT))
    found = [belonging[FRAME.field]]
    for stream in (tcp.STREAM, udp.STREAM):
        each = table.select(FRAME.field, stream.field).explode(stream.field)
        streams = belonging.filter(number.is_in(frames.implode()))[stream.field].explode().drop_nulls().unique()
        found.append(each.filter(pl.col(stream.field).is_in(streams.implode()))[FRAME.field])
    return tuple(pl.concat(found).unique().sort())
