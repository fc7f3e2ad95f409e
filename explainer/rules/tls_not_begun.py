"""Mail and file programs that wait in clear for the greeting of a port that expects TLS first (RFC 8314, section 3)."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.tcp import Connection, connections, segments
from explainer.protocols.tls.outcome import tcp_endings
from explainer.registry import rule
from explainer.rules.server_silent import Wait, waited
from explainer.rules.tcp_case import finding, scope

_GREETED_IN_CLEAR = {465: 587, 990: 21, 993: 143, 995: 110}
"""Ports for TLS at once, and those where the same servers greet in clear, and may then change to TLS (STARTTLS)."""


@rule(
    "TLS never begun", connections, segments, tcp_endings, subject="TCP connections",
    area="that both sides speak TLS",
    evidence="the connection from its start to the client's FIN", limits="what the client's program expects",
)  # fmt: skip
def tls_not_begun(facts: Facts, *, min_wait_s: float = 5.0) -> Iterator[Finding]:
    """A connection to a port for TLS of mail or FTP on which nobody says a byte until the client ends it (RFC 8314).

    There the client begins (ClientHello), while in clear the server would: a client that waits for `min_wait_s` waits
    for a greeting, which does not come. Monitors that only look whether the port is open leave at once. Silent where
    the same client speaks TLS to that port on another connection.
    """
    tls = {(e.handshake.client.address, e.handshake.server) for e in facts[tcp_endings]}
    for c in facts[connections]:
        wordless = c.established and not (c.client_payload or c.server_payload or c.lost_segments)
        left = min(c.client_ends, default=0)
        early = any(frame < left for frame in (*c.server_ends, *c.server_resets))
        if c.server.port in _GREETED_IN_CLEAR and wordless and left and not early:
            wait = waited(facts[segments], c)
            if wait.seconds >= min_wait_s and (c.client.address, c.server) not in tls:
                yield _not_begun(c, wait)


def _not_begun(c: Connection, wait: Wait) -> Finding:
    client, server, port = c.client.address, c.server.address, c.server.port
    opened = c.syn_ack_frame or c.first_frame
    return finding(
        "tls_not_begun",
        opened,
        Severity.MEDIUM,
        Side.CLIENT,
        f"The client {client} never begins TLS on port {port} of {server}, which expects it first: it waits"
        f" {wait.seconds:.0f} s for a word of the server and leaves, as programs do that are set to no encryption or to"
        " STARTTLS.",
        Evidence.of(
            (opened, wait.left),
            f"tcp.stream == {c.stream}",
            [
                Step(frames=(opened,), text=f"{server} accepts the connection to port {port}, one for TLS"),
                Step(
                    frames=(wait.left,), text=f"neither side says a word; after {wait.seconds:.0f} s the client leaves"
                ),
            ],
        ),
        scope((c.stream,), c.client, c.server),
        act=f"The client's side must act: on port {port} {client} has to use TLS from the start (SSL/TLS), or else use"
        f" port {_GREETED_IN_CLEAR[port]} with STARTTLS.",
        measured={"waited_s": round(wait.seconds, 3)},
        confidence=Confidence.PROBABLE,
        advice=(f"In the program's settings, choose SSL/TLS for port {port}.",),
        limits=("what the client was waiting for",),
    )
