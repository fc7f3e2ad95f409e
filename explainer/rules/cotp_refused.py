"""Connections of COTP, which S7, MMS and others speak over TCP, that the other side turns away (ISO 8073, RFC 1006)."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.openings import Opening, openings
from explainer.protocols.tcp import Connection, connections
from explainer.registry import rule
from explainer.rules.refusals import AREA
from explainer.rules.tcp_case import finding, scope

_TPKT, _REQUEST, _DISCONNECT, _CALLED = b"\x03\x00", 0xE0, 0x80, 0xC2
_KIND, _REASON, _PARAMETERS = 5, 10, 11
_REASONS = {
    0: "no reason is given", 1: "congestion at that address", 2: "no program is attached to that address",
    3: "the address is unknown", 128: "normal disconnect", 129: "it is too busy", 130: "negotiation failed",
    131: "the reference is used already", 133: "protocol error", 135: "no more references",
    136: "refused on this connection", 138: "a header or parameter has a wrong length",
}  # fmt: skip
"""RFC 905, section 13.5.3."""
_S7 = 102


@rule("COTP connection refused", connections, openings, subject="TCP connections", area=AREA)
def cotp_refused(facts: Facts) -> Iterator[Finding]:
    """A client that asks for a connection of COTP (CR) and is answered by a disconnect request (DR).

    The client calls an address (TSAP) within the machine. Of a controller of Siemens it names rack and slot: a wrong
    slot is what is refused most often.
    """
    by_stream = {c.stream: c for c in facts[connections]}
    for opening in facts[openings]:
        if opening.client and opening.server and _is(opening.client[0].data, _REQUEST):
            answer = opening.server[0].data
            if _is(answer, _DISCONNECT) and len(answer) > _REASON:
                yield _told(by_stream[opening.stream], opening, answer[_REASON])


def _is(data: bytes, kind: int) -> bool:
    return data.startswith(_TPKT) and data[_KIND : _KIND + 1] == bytes([kind])


def called(request: bytes) -> bytes:
    """Return the address that a connection request calls, empty where it names none."""
    rest = request[_PARAMETERS:]
    while len(rest) > 1:
        kind, length = rest[0], rest[1]
        if kind == _CALLED:
            return rest[2 : 2 + length]
        rest = rest[2 + length :]
    return b""


def _told(c: Connection, opening: Opening, reason: int) -> Finding:
    request, answer = opening.client[0], opening.server[0]
    client, server = c.client.address, c.server
    address = called(request.data)
    where = f" the address (TSAP) {address.hex()}" if address else " an address (TSAP)"
    if len(address) == 2 and server.port == _S7:  # the low byte: rack in three bits, slot in five
        where += f", rack {address[1] >> 5} and slot {address[1] & 31} of a controller of Siemens,"
    why = _REASONS.get(reason, f"reason {reason}")
    return finding(
        "cotp_refused",
        request.frame,
        Severity.HIGH,
        Side.CLIENT,
        f"{server} turns {client} away: it asks for{where} by COTP, and the answer is a disconnect request: {why}.",
        Evidence.of(
            [request.frame, answer.frame],
            f"tcp.stream == {c.stream} && cotp",
            [
                Step(frames=(request.frame,), text=f"{client} asks for a connection (COTP, CR) to{where.rstrip(',')}"),
                Step(frames=(answer.frame,), text=f"{server.address} answers: disconnect (DR), {why}"),
            ],
        ),
        scope([c.stream], c.client, server),
        act=f"Whoever runs the program on {client} must compare the address that it calls (TSAP; rack and slot) with"
        f" what {server.address} has.",
        measured={"reason": reason},
        confidence=Confidence.CERTAIN,
        advice=(
            "Of S7: slot 2 for the S7-300 and in many racks for the S7-400, slot 1 or 0 for the S7-1200 and S7-1500.",
            f"See in the settings of {server.address} whether it admits such connections (PUT/GET), and how many.",
        ),
        limits=("why the machine refuses",),
    )
