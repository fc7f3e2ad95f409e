"""TLS spoken to who does not speak it, and something else spoken to who speaks TLS."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.banners import spoken
from explainer.protocols.http import Exchange, requests
from explainer.protocols.openings import Opening, openings
from explainer.protocols.starttls import upgrades
from explainer.protocols.tcp import Connection, connections
from explainer.protocols.tls import Ending, Outcome, endings
from explainer.registry import rule
from explainer.rules.evidence import tls_filter
from explainer.rules.tls_case import SUBJECT, Told, Verdict, finding, grouped
from explainer.wording import count

_LISTED = 20
_STREAMS = 100
_TLS_PORTS = frozenset({465, 563, 636, 853, 989, 990, 992, 993, 994, 995, 5061, 5671, 6697, 8883})
_STARTS_TLS = {
    "SMTP": "465", "FTP": "990", "SMTP or FTP": "465 or 990", "IMAP": "993", "POP3": "995", "PostgreSQL": "",
    "MySQL": "",
}  # fmt: skip
_AREA = "that both sides speak TLS"
# nginx; Apache; Go; Tomcat; Jetty and others.
_PHRASES = (
    b"plain HTTP request was sent to HTTPS port",
    b"speaking plain HTTP to an SSL-enabled server port",
    b"Client sent an HTTP request to an HTTPS server",
    b"This combination of host and port requires TLS",
)


@rule(
    "TLS to a port without TLS",
    endings,
    upgrades,
    subject=SUBJECT,
    area=_AREA,
    evidence="the ClientHello and the first bytes of the answer",
    limits="what the port is meant for",
)
def tls_to_plain_port(facts: Facts) -> Iterator[Finding]:
    """A ClientHello answered in another protocol, or sent to a server that had greeted in one (RFC 8446, 4.1.2).

    The protocol is told by the server's first words; where they are text, and fit none that is known, it is said that
    they are not TLS. Of other bytes it is told only where the server then closes: damaged TLS may look like them. A
    connection in which the server had refused STARTTLS belongs to that rule.
    """
    known = {upgrade.stream for upgrade in facts[upgrades]}
    plain = (e for e in facts[endings] if e.outcome is Outcome.NOT_TLS and (e.spoken or e.connection.server_ends))
    untold = (ending for ending in plain if ending.handshake.stream not in known)
    for group in grouped(untold, lambda ending: ending.spoken):
        yield finding(group, _to_plain(group[0]), lambda ending: Told((_plain_step(ending),)))


def _to_plain(ending: Ending) -> Verdict:
    language, port = ending.spoken, ending.handshake.server.port
    if not language:
        return _unreadable(port)
    named = language != "plain text"
    speaks = f"speaks {language}, not TLS" if named else "answers with something that is not TLS"
    at_server = _is_tls_port(port)
    return Verdict(
        rule="tls_to_plain_port",
        title=f"{{server}} {speaks}, on port {port}, where the client opens a TLS connection.",
        act=_plain_act(language, at_server=at_server),
        side=Side.SERVER if at_server else Side.CLIENT,
        confidence=Confidence.CERTAIN if named else Confidence.PROBABLE,
        detail='Programs call this "wrong version number" or "unrecognized SSL message": no version is at fault.',
        advice=tuple(_plain_advice(language, port, at_server=at_server)),
        limitations=("which of both was meant: TLS on this port, or no TLS",),
        measured={"port": port, "speaks": language},
    )


def _unreadable(port: int) -> Verdict:
    return Verdict(
        rule="tls_to_plain_port",
        title="{server} answers the client's TLS handshake with bytes that are no TLS, and hangs up: the connection"
        " fails before it is encrypted.",
        act="The server's side must act: what answers on port {port} of {server} sends something that is no TLS"
        " message (a broken program, or another protocol).",
        side=Side.SERVER,
        confidence=Confidence.PROBABLE,
        detail="Neither a ServerHello nor a readable alert comes.",
        advice=("See which program listens on the server, and what it logs of this moment.",),
        limitations=("what the bytes mean", "whether something on the way changed them"),
        measured={"port": port, "speaks": ""},
    )


def _plain_act(language: str, *, at_server: bool) -> str:
    if at_server:
        return "The server's side must act: TLS is not switched on for port {port} of {server}."
    if language in _STARTS_TLS:
        return (
            "The client's side must act: on port {port} of {server} it has to begin in clear and then ask for TLS"
            " (STARTTLS)."
        )
    return "The client's side must act: on port {port} of {server} it must do without TLS, or use the port with TLS."


def _plain_step(ending: Ending) -> Step:
    early = ending.frame < ending.handshake.client_hellos[-1].frame
    said = "greeted before, in" if early else "answers in"
    if not ending.spoken:
        return Step(frames=(ending.frame,), text="the server answers with bytes that are no TLS record, and closes")
    return Step(frames=(ending.frame,), text=f"the server {said} another protocol: {ending.spoken}")


def _plain_advice(language: str, port: int, *, at_server: bool) -> Iterator[str]:
    if at_server:
        yield f"See the server's settings for port {port}: TLS has to be switched on there (nginx: listen {port} ssl)."
    elif language == "HTTP":
        yield f"Use http:// for port {port}, or the port on which the server speaks HTTPS (often 443)."
    elif language in _STARTS_TLS:
        implicit = f", or port {_STARTS_TLS[language]} for TLS from the start" if _STARTS_TLS[language] else ""
        yield f"Set the client to STARTTLS, which begins in clear, for port {port}{implicit}."
    else:
        yield f"See which service listens on port {port} of the server, and which port is the one with TLS."


@dataclass(frozen=True, slots=True)
class Misdirected:
    """A connection in which the client spoke something else than TLS to a server that speaks TLS.

    `frame` is what the client said, `answer` what shows it, `text` how.
    """

    connection: Connection
    frame: int
    language: str
    answer: int
    text: str
    certain: bool


@rule(
    "No TLS to a port with TLS",
    connections,
    openings,
    requests,
    endings,
    subject="TCP connections",
    area=_AREA,
    evidence="the first bytes of both sides",
    limits="what the client was told to do",
)
def tls_plain_http(facts: Facts) -> Iterator[Finding]:
    """A client that speaks plain HTTP, or anything but TLS, to a port that speaks TLS (RFC 9110, section 4.2.2).

    Certain where the server answers with a TLS alert, or says so in its HTTP answer. Probable where it closes, or
    answers 400, and the port is one for TLS: others get TLS there, or it is registered or commonly used for HTTPS.
    """
    by_stream = {connection.stream: connection for connection in facts[connections]}
    found = dict[int, Misdirected]()
    for opening in facts[openings]:
        case = _answered(by_stream[opening.stream], opening)
        if case:
            found[opening.stream] = case
    tls = {e.handshake.server for e in facts[endings] if e.handshake.server_hello}
    encrypted = {e.handshake.stream for e in facts[endings]}  # whose requests can be read with their keys
    for exchange in facts[requests]:
        with_tls = exchange.server in tls
        if exchange.stream in found or exchange.stream in encrypted:
            continue
        if with_tls or _is_tls_port(exchange.server.port):
            case = _unanswered(by_stream[exchange.stream], exchange, with_tls=with_tls)
            if case:
                found[exchange.stream] = case
    groups = defaultdict[tuple[object, ...], list[Misdirected]](list)
    for _, case in sorted(found.items()):
        groups[case.connection.client.address, case.connection.server, case.language].append(case)
    for group in groups.values():
        yield _plain_http(group)


def _answered(connection: Connection, opening: Opening) -> Misdirected | None:
    """Return the case where the server's first words say that it wants TLS."""
    if not (connection.syn_frames and opening.client and opening.server):
        return None
    said, answer = opening.client[0], opening.server[0]
    language = spoken(said.data)
    if language == "TLS" or answer.frame < said.frame:
        return None
    if _is_alert(answer.data):
        text = "the server answers with a TLS alert: it expects TLS"
        return Misdirected(connection, said.frame, language, answer.frame, text, certain=True)
    if any(phrase in piece.data for piece in opening.server for phrase in _PHRASES):
        text = "the server answers, in plain text, that it expects TLS on this port"
        return Misdirected(connection, said.frame, "HTTP", answer.frame, text, certain=True)
    return None


def _is_alert(data: bytes) -> bool:
    """Return whether this is one TLS record with an alert in clear (RFC 8446, section 6)."""
    return len(data) >= 7 and data[0] == 0x15 and data[1] == 3 and data[3:5] == b"\0\x02" and data[5] in (1, 2)


def _unanswered(connection: Connection, exchange: Exchange, *, with_tls: bool) -> Misdirected | None:
    """Return the case where a server that is likely to speak TLS does not serve a plain request."""
    if exchange.request_frame is None:
        return None
    why = "other connections to this port speak TLS" if with_tls else "the port is one for TLS"
    if exchange.status == 400 and with_tls and exchange.response_frame is not None:
        text = f"the server answers 400 (bad request), and {why}"
        return Misdirected(connection, exchange.request_frame, "HTTP", exchange.response_frame, text, certain=False)
    hung_up = exchange.closed_frame is not None and not exchange.closed_by_client and connection.server_payload == 0
    if hung_up and exchange.closed_frame is not None:
        text = f"the server ends the connection without an answer, and {why}"
        return Misdirected(connection, exchange.request_frame, "HTTP", exchange.closed_frame, text, certain=False)
    return None


def _is_tls_port(port: int) -> bool:
    """Return whether the port is registered for TLS, or one of those that are picked for HTTPS: 443, 8443, 9443 …."""
    return port in _TLS_PORTS or port % 1000 == 443


def _plain_http(group: Sequence[Misdirected]) -> Finding:
    first, server = group[0], group[0].connection.server
    streams = [case.connection.stream for case in group]
    speaks = f"plain {first.language}" if first.language not in ("", "plain text") else "something that is not TLS"
    scheme = "https:// instead of http://" if first.language == "HTTP" else "TLS"
    return Finding(
        id=f"tls_plain_http:{streams[0]}",
        rule="tls_plain_http",
        severity=Severity.HIGH,
        confidence=Confidence.CERTAIN if first.certain else Confidence.PROBABLE,
        side=Side.CLIENT,
        title=f"The client speaks {speaks} to port {server.port} of {server.address}, which expects TLS.",
        act=f"The client's side must act: {first.connection.client.address} has to use {scheme} on port {server.port}.",
        measured={"connections": len(group), "port": server.port},
        evidence=Evidence.of(
            [frame for case in group for frame in (case.frame, case.answer)],
            tls_filter(server, streams).removesuffix(" && tls"),
            _plain_http_steps(group),
        ),
        scope=Scope(
            streams=tuple(streams[:_STREAMS]),
            addresses=(first.connection.client.address, server.address),
            ports=(server.port,),
        ),
        advice=(
            f"Use {scheme} in the client's address or settings.",
            "If a proxy or load balancer is the client here, set it to speak TLS to its backend.",
        ),
        limitations=("whether the client was meant for another port, without TLS",),
    )


def _plain_http_steps(group: Sequence[Misdirected]) -> Iterator[Step]:
    first = group[0]
    said = first.language if first.language not in ("", "plain text") else "something that is not TLS"
    yield Step(frames=(first.frame,), text=f"the client {first.connection.client.address} says {said}, in clear")
    yield Step(frames=(first.answer,), text=first.text)
    if len(group) > 1:
        frames = tuple(case.answer for case in group[1:])[:_LISTED]
        yield Step(frames=frames, text=f"the same on {count(len(group) - 1, 'more connection')}")
