"""TCP connections whose SYN is answered from another address than it was sent to (RFC 9293 section 3.5)."""

from collections import defaultdict
from typing import NamedTuple

from explainer.facts import Facts, fact
from explainer.protocols.tcp import Connection, Endpoint, connections

_IN_TIME_NS = 10_000_000_000  # a SYN/ACK is repeated after 1, 2 and 4 s (RFC 6298); ports come again after minutes


class Stray(NamedTuple):
    """A connection that nothing of its server answers, and the one that holds the answer, of another server."""

    asked: Connection
    answer: Connection


@fact("TCP connections", connections)
def strays(facts: Facts) -> tuple[Stray, ...]:
    """Return the SYNs that another address answers, from the same port to the same port, by stream of the SYN."""
    lone = defaultdict[tuple[Endpoint, int], list[Connection]](list)
    for c in facts[connections]:
        if c.syn_ack_frame is not None and not c.syn_frames:
            lone[c.client, c.server.port].append(c)
    return tuple(
        Stray(c, answer)
        for c in (facts[connections] if lone else ())
        if c.syn_frames and not c.server_frames
        for answer in lone.get((c.client, c.server.port), ())[:1]
        if c.syn_ns[0] <= answer.first_ns <= c.syn_ns[-1] + _IN_TIME_NS
    )
