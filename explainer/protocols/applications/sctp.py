"""How SCTP associations begin and end (RFC 9260): INIT and its answer, ABORT and its cause."""

from collections.abc import Iterator, Sequence

from explainer.protocols.applications.messages import Dialect, Message, many
from explainer.protocols.applications.records import Kind, Record, Reply, Sign
from explainer.protocols.tcp import Endpoint

_CHUNKS, _CAUSE = many("sctp.chunk_type"), many("sctp.cause_code")
_PORTS = _FROM, _TO = many("sctp.srcport"), many("sctp.dstport")
_INIT, _INIT_ACK, _ABORT, _COOKIE_ACK = 1, 2, 6, 11
ASKED = "sctp-init"
"""The sign of a request for an association that nothing answers, one for each INIT that a timer sends."""
_TIMER_NS = 500_000_000
"""T1-init waits for a second at least (section 16); what comes sooner was recorded twice."""
REQUEST = "a new association"
# Section 3.3.10.
_CAUSES = {
    1: "invalid stream identifier", 2: "missing mandatory parameter", 3: "stale cookie", 4: "out of resource",
    5: "unresolvable address", 6: "unrecognized chunk type", 7: "invalid mandatory parameter",
    8: "unrecognized parameters", 9: "no user data", 10: "cookie received while shutting down",
    11: "restart with new addresses", 12: "user-initiated abort", 13: "protocol violation",
}  # fmt: skip


def sctp(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield INITs that nothing answers, and how associations are accepted, refused (ABORT to an INIT) or aborted.

    An association is told by the addresses and ports of its INIT; who aborts counts as the one that answers.
    """
    waiting = dict[tuple[Endpoint, Endpoint], list[Message]]()
    begun = dict[tuple[Endpoint, Endpoint], int]()
    for message in messages:
        if not {"icmp", "icmpv6"}.isdisjoint(message.layers):  # what it returns was said before
            continue
        source = Endpoint(message.source.address, message.number(_FROM) or 0)
        target = Endpoint(message.destination.address, message.number(_TO) or 0)
        chunks = message.numbers(_CHUNKS)
        if _INIT in chunks:
            waiting.setdefault((source, target), []).append(message)
            begun[source, target] = message.frame
            continue
        asked = waiting.pop((target, source), [])
        if _ABORT in chunks:
            yield _aborted(message, target, source, asked[-1].frame if asked else None)
        elif _COOKIE_ACK in chunks:
            yield Reply(
                "SCTP", Kind.SESSION, None, target, source, begun.get((target, source)), message.frame, REQUEST, "", "",
                "", ok=True,
            )  # fmt: skip
    for (source, target), inits in waiting.items():
        last = None
        for init in inits:
            if last is None or init.time_ns - last >= _TIMER_NS:
                yield Sign(ASKED, "sctp", None, source, target, init.frame)
                last = init.time_ns


def _aborted(message: Message, target: Endpoint, source: Endpoint, request: int | None) -> Reply:
    cause = message.number(_CAUSE)
    code = "ABORT" if cause is None else f"ABORT {cause}"
    return Reply(
        "SCTP", Kind.SESSION, None, target, source, request, message.frame,
        "the association" if request is None else REQUEST, "", code, _CAUSES.get(cause or 0, ""), ok=False,
    )  # fmt: skip


SCTP = Dialect(
    "sctp", f"sctp.chunk_type in {{{_INIT}, {_INIT_ACK}, {_ABORT}, {_COOKIE_ACK}}}", (_CHUNKS, _CAUSE, *_PORTS), sctp
)
