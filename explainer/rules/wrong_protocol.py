"""Clients that speak one protocol in clear to servers that speak another: the wrong port, or the wrong program."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.banners import spoken
from explainer.protocols.openings import Opening, openings
from explainer.protocols.tcp import Connection, connections
from explainer.registry import rule
from explainer.rules.evidence import connection_filter, network_step
from explainer.rules.tcp_case import scope
from explainer.wording import count

_SHOWN = 20
_UNTOLD = ("", "plain text", "TLS")
_TELNET = "Telnet"  # whose clients people point at servers of all kinds, and type
_HTTP, _HTTP2 = "HTTP", "HTTP/2"
_NEARLY_HTTP = (b"icy ", b"http/", b"\r", b"\n")  # an internet radio's answer, and careless ones
# Each begins with words that the other may use, too: 220 and +OK, HTTP's methods (NATS has its CONNECT), the preface
# that HTTP/1 announces.
_ALIKE = (
    {"SMTP", "SMTP or FTP"}, {"FTP", "SMTP or FTP"}, {"Redis", "POP3"}, {_HTTP, "RTSP"}, {_HTTP, "SIP"},
    {_HTTP, _HTTP2}, {_HTTP, "NATS"},
)  # fmt: skip
_GRPC = "Servers of gRPC speak HTTP/2 alone; OpenTelemetry, for instance, has gRPC on port 4317 and HTTP on 4318."
_HTTP_PORTS = frozenset({80, 8000, 8008, 8080, 8081, 8888})


class _Case(NamedTuple):
    """A connection whose sides speak different protocols; `theirs` is nothing where it is text of an unknown one."""

    connection: Connection
    ours: str
    theirs: str
    asked: int
    answered: int


@rule(
    "Wrong protocol",
    connections,
    openings,
    subject="TCP connections",
    area="that both sides speak the same protocol",
    evidence="the first bytes of both sides, in clear",
    limits="which of both was meant: the port, or the protocol",
)
def wrong_protocol(facts: Facts, *, max_answer: int = 2000) -> Iterator[Finding]:
    """A client whose first words are of another protocol than the server's, such as HTTP to a port of SSH (RFC 9112).

    Told by the first segment with data of either side, of connections seen from their start and without losses. Of a
    server whose words fit no protocol that is known, only where they answer HTTP/1.1, do not begin as its responses
    must, are no more than `max_answer` bytes (an error, not the middle of a page), and the client ends the connection.
    Protocols that may begin alike are left out, and so is TLS, which has rules of its own.
    """
    by_stream = {c.stream: c for c in facts[connections]}
    groups = defaultdict[tuple[object, ...], list[_Case]](list)
    for opening in facts[openings]:
        case = _case(by_stream[opening.stream], opening, max_answer)
        if case:
            c = case.connection
            groups[c.client.address, c.server, case.ours, case.theirs].append(case)
    for group in groups.values():
        yield _told(group)


def _case(c: Connection, opening: Opening, max_answer: int) -> _Case | None:
    if not (opening.client and opening.server and c.syn_frames and not c.lost_segments):
        return None
    first, answer = opening.client[0], opening.server[0]
    ours, theirs = spoken(first.data), spoken(answer.data)
    # A server that begins in HTTP/2 although it was asked in HTTP/1 knows no other, as those of gRPC.
    alike = {ours, theirs} in _ALIKE and (ours, theirs) != (_HTTP, _HTTP2)
    if ours in (*_UNTOLD, _TELNET) or ours == theirs or alike or theirs == "TLS":
        return None
    if theirs in _UNTOLD:
        ended = bool(c.client_ends or c.client_resets) and c.server_payload <= max_answer
        # Programs that write HTTP by hand ask in HTTP/1.0, and answer without a status line, or with "http/1.1".
        asked = ours == _HTTP and b" HTTP/1.1\r\n" in first.data
        if not (theirs and ended and asked) or answer.data.lower().startswith(_NEARLY_HTTP):
            return None
        theirs = ""
    return _Case(c, ours, theirs, first.frame, answer.frame)


def _told(group: Sequence[_Case]) -> Finding:
    case, c = group[0], group[0].connection
    server, port = c.server.address, c.server.port
    at_server = case.ours == _HTTP and port in _HTTP_PORTS
    speaks = f"speaks {case.theirs}" if case.theirs else "answers with something that is not HTTP"
    words = case.theirs or "plain text that is no HTTP response"
    steps = [
        Step(frames=(case.asked,), text=f"the client {c.client.address} speaks {case.ours} to {c.server}"),
        Step(frames=(case.answered,), text=f"the server's first words are {words}"),
    ]
    if len(group) > 1:
        more = tuple(frame for each in group[1:_SHOWN] for frame in (each.asked, each.answered))
        steps.append(Step(frames=more, text=f"the same on {count(len(group) - 1, 'more connection')}"))
    return Finding(
        id=f"wrong_protocol:{c.stream}",
        rule="wrong_protocol",
        severity=Severity.HIGH,
        confidence=Confidence.CERTAIN if case.theirs else Confidence.PROBABLE,
        side=Side.SERVER if at_server else Side.CLIENT,
        title=f"{server} {speaks} on port {port}, where the client {c.client.address} speaks {case.ours}: the client"
        " uses the wrong port or protocol, or another program than it expects listens there.",
        act=f"The server's side must act: another program than the web server has port {port} of {server}."
        if at_server
        else f"The client's side must act: it has to use the port of {server} on which {case.ours} is spoken, or"
        f" speak {case.theirs or 'what the server speaks'}.",
        measured={"connections": len(group), "client_speaks": case.ours, "server_speaks": case.theirs or "plain text"},
        evidence=Evidence.of(
            [frame for each in group for frame in (each.asked, each.answered)],
            connection_filter(c.server, (each.connection.stream for each in group)),
            [*steps, *network_step(c, case.answered)],
        ),
        scope=scope((each.connection.stream for each in group), c.client, c.server),
        advice=(
            f"Correct the port or the protocol (the part before ://) in the address that the client uses for {server}.",
            f"On {server}, see which program listens there: ss -ltnp sport = :{port}",
            *([_GRPC] if case.theirs == _HTTP2 else []),
        ),
        limitations=("which of both was meant: the port, or the protocol",),
    )
