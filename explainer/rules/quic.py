"""QUIC and DTLS connections that never come about (RFC 9000 sections 6, 10.2 and 20; RFC 6347)."""

from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Confidence, Finding, Severity, Side, Step
from explainer.protocols.tls import Outcome, endings
from explainer.protocols.tls.datagrams import QuicConnection, quic_connections
from explainer.registry import rule
from explainer.rules.tls_case import Told, Verdict, always, end_step, finding, grouped

AREA = "the opening of QUIC and DTLS connections"
_CODES = {
    0x1: "an internal error",
    0x2: "it refuses the connection",
    0x8: "wrong transport parameters",
    0xA: "a violation of the protocol",
    0xB: "an invalid token",
    0xC: "an application error",
}


@rule(
    "Unanswered QUIC or DTLS",
    endings,
    subject="TLS connections",
    area=AREA,
    evidence="the client's first packets, and 3 seconds after them",
    limits="whether they reached the server",
)
def quic_unanswered(facts: Facts, *, min_packets: int = 2) -> Iterator[Finding]:
    """A client whose first QUIC or DTLS packets go unanswered for 3 seconds or more (RFC 9002 section 6.2; RFC 6347).

    From `min_packets` on: one alone may have been the last of the recording. Browsers then go on over TCP, so that this
    alone is medium for QUIC.
    """
    datagrams = (e for e in facts[endings] if e.handshake.transport != "tcp" and e.outcome is Outcome.SILENCE)
    silent = (e for e in datagrams if e.connection.client_frames >= min_packets)
    for group in grouped(silent, lambda ending: ending.handshake.transport):
        first = group[0]
        quic = first.handshake.transport == "quic"
        name = "QUIC (HTTP/3)" if quic else "DTLS"
        verdict = Verdict(
            rule="quic_unanswered",
            title=f"Nothing answers the client's {name} packets to {{server}}, UDP port {{port}}: they, or the answers,"
            " are dropped on the way, or nothing listens there.",
            act="The network's side should look first: whether a firewall lets UDP to {server} port {port} pass, both"
            " ways; then whether the service runs.",
            side=Side.NETWORK,
            severity=Severity.MEDIUM if quic else Severity.HIGH,
            confidence=Confidence.CERTAIN,
            measured={"packets": first.connection.client_frames},
            advice=(
                "Capture at {server} too: if the packets arrive there, the server is silent; else the path drops them.",
                *(("Programs that speak HTTP/3 usually go on over TCP (HTTP/2) after this.",) if quic else ()),
            ),
            limitations=("whether the packets reached the server",),
        )
        yield finding(group, verdict, lambda ending: Told((end_step(ending),)))


@rule(
    "No common QUIC version",
    quic_connections,
    subject="QUIC connections",
    area=AREA,
    evidence="a Version Negotiation packet",
    limits="whether the client goes on over TCP",
)
def quic_version(facts: Facts) -> Iterator[Finding]:
    """A Version Negotiation packet after which the client goes no further (RFC 9000 section 6)."""
    for connection in facts[quic_connections]:
        if not connection.negotiations or connection.ending.outcome is not Outcome.ENDED_EARLY:
            continue
        if connection.ending.connection.last_frame != connection.negotiations[-1]:
            continue
        offered = ", ".join(f"0x{version:08x}" for version in connection.versions) or "none that can be read"
        verdict = Verdict(
            rule="quic_version",
            title=f"The client and the server have no QUIC version in common: the client offers {offered}.",
            act="One side must be updated: {client} or {server} speaks an outdated version of QUIC.",
            side=Side.EITHER,
            measured={"offered": offered},
            advice=(
                "Compare the QUIC versions that both programs support; QUIC version 1 (RFC 9000) should be among them.",
            ),
            limitations=("whether the client goes on over TCP",),
        )
        yield finding([connection.ending], verdict, always(_negotiated(connection.negotiations)))


def _negotiated(frames: Sequence[int]) -> Step:
    text = "the server answers with the versions that it speaks (Version Negotiation), and the client leaves"
    return Step(frames=tuple(frames[:1]), text=text)


@rule(
    "QUIC connection closed with an error",
    quic_connections,
    subject="QUIC connections",
    area=AREA,
    evidence="a CONNECTION_CLOSE in an Initial packet, or secrets",
    limits="what led to the error",
)
def quic_closed(facts: Facts) -> Iterator[Finding]:
    """A CONNECTION_CLOSE with a transport error, in clear sight before the connection is used (RFC 9000, 19.19, 20.1).

    Errors of the TLS handshake inside (0x100 and above) are told of as TLS alerts.
    """
    for connection in facts[quic_connections]:
        ending, close = connection.ending, connection.close
        if close is None or ending.outcome not in (Outcome.LEFT_BY_CLIENT, Outcome.LEFT_BY_SERVER):
            continue
        verdict = Verdict(
            rule="quic_closed",
            title=f"{_who(connection)} closes the QUIC connection at once: {_why(connection)}.",
            act=f"{_who(connection)}'s log tells more; what it complains of, the other side has to mend.",
            side=Side.CLIENT if close.from_client else Side.SERVER,
            measured={"error_code": close.code},
            advice=("Look in the log of the side that closes for this error, at the time of the frame.",),
            limitations=("what led to the error",),
        )
        step = Step(frames=(close.frame,), text=f"{_who(connection).lower()} sends CONNECTION_CLOSE, code {close.code}")
        yield finding([ending], verdict, always(step))


def _who(connection: QuicConnection) -> str:
    return "The client" if connection.close and connection.close.from_client else "The server"


def _why(connection: QuicConnection) -> str:
    close = connection.close
    assert close is not None  # that is why it is a case
    meaning = _CODES.get(close.code, f"error {close.code}")
    return f'{meaning} ("{close.reason}")' if close.reason else meaning
