"""QUIC and DTLS connections that never come about (RFC 9000 sections 6, 10.2 and 20; RFC 6347)."""

from collections.abc import Container, Iterable, Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Confidence, Finding, Severity, Side, Step
from explainer.protocols.icmp_errors import UNREACHABLE, Error, errors
from explainer.protocols.icmp_names import message
from explainer.protocols.tls import Ending, Outcome, endings
from explainer.protocols.tls import names as tls_names
from explainer.protocols.tls.datagrams import Close, QuicConnection, quic_connections
from explainer.registry import rule
from explainer.rules.tls_case import Told, Verdict, always, end_step, finding, grouped
from explainer.wording import listing

AREA = "the opening of QUIC and DTLS connections"
_STANDARD = frozenset(tls_names.QUIC_VERSIONS)
_RESERVED, _RESERVED_BITS = 0x0A0A0A0A, 0x0F0F0F0F  # versions that only keep negotiation in use (RFC 9000, 15)
_ITS_OWN = {
    0x1: "it has an internal error",
    0x2: "it refuses the connection",
    0xC: "its application has an error",
}
_THE_OTHERS = {
    0x7: "it cannot read what the {other} sends",
    0x8: "it does not accept the settings (transport parameters) that the {other} sends",
    0xA: "the {other} breaks the rules of the protocol",
    0xB: "the {other} shows a token that is not valid",
}


@rule(
    "Unanswered QUIC or DTLS",
    endings,
    errors,
    subject="TLS connections",
    area=AREA,
    evidence="the client's first packets, and 3 seconds after them",
    limits="whether they reached the server",
)
def quic_unanswered(facts: Facts, *, min_packets: int = 2) -> Iterator[Finding]:
    """A client whose first QUIC or DTLS packets go unanswered for 3 seconds or more (RFC 9002 section 6.2; RFC 6347).

    From `min_packets` on: one alone may have been the last of the recording. Browsers then go on over TCP, so that this
    alone is medium for QUIC. Where ICMP says that the port is unreachable, that is told, however soon it is.
    """
    returned = {
        (e.source, e.source_port, e.destination, e.destination_port): e
        for e in facts[errors] if e.kind == UNREACHABLE and e.transport == "udp"
    }  # fmt: skip
    datagrams = (e for e in facts[endings] if e.handshake.transport != "tcp" and _is_silent(e, returned))
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
        told = finding(group, verdict, _steps)
        client, server = first.handshake.client, first.handshake.server
        error = returned.get((client.address, client.port, server.address, server.port))
        yield (
            _turned_back(told, error, f"{name} packets to {server.address}, UDP port {server.port}") if error else told
        )


def _steps(e: Ending) -> Told:
    return Told((end_step(e),) if e.outcome is Outcome.SILENCE else ())


def _is_silent(e: Ending, returned: Container[tuple[str, int | None, str, int | None]]) -> bool:
    """Return whether nothing answered for long enough, or ICMP has answered in place of the server."""
    client, server = e.handshake.client, e.handshake.server
    rejected = (client.address, client.port, server.address, server.port) in returned
    early = e.outcome is Outcome.ENDED_EARLY and not e.connection.server_frames
    return e.outcome is Outcome.SILENCE or (early and rejected)


def _turned_back(told: Finding, error: Error, what: str) -> Finding:
    """Return the finding with its cause: a host says by ICMP that it does not deliver the packets."""
    at_host = error.reporter == error.destination
    why = "nothing listens there" if at_host else f"{error.reporter} does not deliver them"
    said = message(error.version, 3 if error.version == 4 else 1, error.code)
    return told.model_copy(
        update={
            "title": f"Nothing answers the client's {what}: {why}, says {error.reporter} ({said}).",
            "act": f"The server's side must act: start the service on {error.destination}, or switch HTTP/3 off there."
            if at_host
            else f"The network's side must act: {error.reporter} has no way, or no permission, to pass them on.",
            "side": Side.SERVER if at_host else Side.NETWORK,
            "evidence": told.evidence.also(
                Step(frames=(error.frame,), text=f"{error.reporter} answers by ICMP: {said}"),
                display_filter="icmp || icmpv6",
            ),
            "limitations": ("whether a firewall answers in the name of the host",),
        }
    )


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
        offered, spoken = _named(connection.versions), _named(connection.spoken)
        offers = f"the client offers {offered or 'none that can be read'}"
        answers = f", and the server speaks {spoken}" if spoken else ""
        side, act = _outdated(connection)
        verdict = Verdict(
            rule="quic_version",
            title=f"The client and the server have no QUIC version in common: {offers}{answers}.",
            act=act,
            side=side,
            measured={"offered": offered, "spoken": spoken},
            advice=(
                "Compare the QUIC versions that both programs support; QUIC version 1 (RFC 9000) should be among them.",
            ),
            limitations=("whether the client goes on over TCP",),
        )
        yield finding([connection.ending], verdict, always(_negotiated(connection.negotiations)))


def _named(versions: Iterable[int]) -> str:
    return listing([tls_names.quic_version(v) for v in versions if v & _RESERVED_BITS != _RESERVED])


def _outdated(connection: QuicConnection) -> tuple[Side, str]:
    """Return whose side must act, and how: who knows no version of QUIC that became a standard, if only one does."""
    offers, speaks = (_STANDARD & {*versions} for versions in (connection.versions, connection.spoken))
    if speaks and not offers:
        return Side.CLIENT, "The client's side must act: {client} speaks an outdated version of QUIC; update it."
    if offers and connection.spoken and not speaks:
        return Side.SERVER, "The server's side must act: {server} speaks outdated versions of QUIC only; update it."
    if speaks:
        version = tls_names.quic_version(min(speaks))
        return Side.CLIENT, f"The client's side must act: let {{client}} offer {version}, too (or update {{server}})."
    return Side.EITHER, "One side must be updated: {client} or {server} speaks an outdated version of QUIC."


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
        who, other = ("client", "server") if close.from_client else ("server", "client")
        to_blame = other if close.code in _THE_OTHERS else who
        verdict = Verdict(
            rule="quic_closed",
            title=f"The {who} closes the QUIC connection at once: {_why(close, other)}.",
            act=f"The {to_blame}'s side must act: {_TO_DO[to_blame == who]}".format(who=who, other=other),
            side=Side(to_blame),
            measured={"error_code": close.code},
            advice=("Look in the log of the side that closes for this error, at the time of the frame.",),
            limitations=("what led to the error",),
        )
        step = Step(frames=(close.frame,), text=f"the {who} sends CONNECTION_CLOSE, code {close.code}")
        yield finding([ending], verdict, always(step))


_TO_DO = {
    True: "the log of its program on {{{who}}} tells why it closes.",
    False: "update or set up its QUIC program on {{{other}}}; the log on {{{who}}} tells more of the complaint.",
}


def _why(close: Close, other: str) -> str:
    known = _ITS_OWN | _THE_OTHERS
    meaning = known.get(close.code, f"error {close.code}").format(other=other)
    return f'{meaning} ("{close.reason}")' if close.reason else meaning
