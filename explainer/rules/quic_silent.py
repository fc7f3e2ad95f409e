"""QUIC connections in the middle of which the server falls silent: RFC 9002, section 6.2."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.icmp_errors import errors
from explainer.protocols.quic_tails import Tail, tails
from explainer.registry import rule
from explainer.rules.quic import AREA
from explainer.rules.tcp_case import finding
from explainer.wording import count

_SHOWN = 20
_QUIET_S = 2.0
"""Before which nobody said anything: then a time-out for silence, of a NAT or the server, is likely."""


@rule(
    "QUIC connection that falls silent", tails, errors, subject="QUIC connections", area=AREA,
    evidence="the server's last packet, and the client's after it", limits="whether the client's packets arrived",
)  # fmt: skip
def quic_went_silent(facts: Facts, *, min_packets: int = 4, min_silence_s: float = 2.0) -> Iterator[Finding]:
    """A QUIC connection in use whose client sends `min_packets` more over `min_silence_s`, and nothing answers.

    What a client sends is acknowledged within some milliseconds, and what is not it sends again (RFC 9002, 6.2).
    Of low severity where the server speaks to the client later (on a new connection, as browsers open one). What an
    ICMP error answers is told there.
    """
    told = {(e.source, e.destination, e.destination_port) for e in facts[errors]}
    for tail in facts[tails]:
        client, server = tail.connection.client, tail.connection.server
        enough = len(tail.frames) >= min_packets and tail.lasted_s >= min_silence_s
        if enough and (client.address, server.address, server.port) not in told:
            yield _silent(tail)


def _silent(tail: Tail) -> Finding:
    client, server = tail.connection.client, tail.connection.server
    idle = tail.quiet_s >= _QUIET_S
    before = f" after {tail.quiet_s:.1f} s in which nobody said anything" if idle else ""
    tried = f"{count(len(tail.frames), 'packet')} in {tail.lasted_s:.1f} s"
    act = f"See first whether the service on {server.address} still runs; then whether something on the way drops UDP."
    if idle:
        act = (
            "The client or the server must speak more often, or the network must allow longer silence: firewalls and"
            " NAT forget a UDP connection after 30 s or so, and the server may have ended it (idle time-out)."
        )
    later = (
        (Step(frames=(tail.again,), text=f"later {server.address} speaks to the client again"),) if tail.again else ()
    )
    return finding(
        "quic_went_silent",
        tail.frames[0],
        Severity.LOW if tail.again else Severity.MEDIUM,
        Side.EITHER,
        f"{server.address} no longer answers {client.address} in the middle of a QUIC connection (HTTP/3, UDP port"
        f" {server.port}){before}: the client sends {tried} in vain.",
        Evidence.of(
            (tail.answer, *tail.frames, *((tail.again,) if tail.again else ())),
            f"udp.stream == {tail.connection.stream}" if not tail.again else f"udp.port == {server.port}",
            [
                Step(frames=(tail.answer,), text=f"the last packet of {server}"),
                Step(frames=tail.frames[:_SHOWN], text=f"the client sends {tried}; nothing acknowledges them"),
                *later,
            ],
        ),
        Scope(addresses=(client.address, server.address), ports=(server.port,)),
        act=act,
        measured={"packets": len(tail.frames), "seconds": round(tail.lasted_s, 3), "quiet_s": round(tail.quiet_s, 3)},
        confidence=Confidence.CERTAIN,
        advice=(
            f"Record on {server.address} at the same time: tcpdump -ni any host {client.address} and udp port"
            f" {server.port}",
        ),
        limits=("whether the packets or the answers to them are lost", "what was said: QUIC is encrypted"),
    )
