"""Plain HTTP, or anything but TLS, spoken to who speaks TLS."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.banners import spoken
from explainer.protocols.http import Exchange, requests
from explainer.protocols.openings import Opening, openings, wants_tls
from explainer.protocols.tcp import Connection, connections
from explainer.protocols.tls import endings
from explainer.registry import rule
from explainer.rules.evidence import tls_filter
from explainer.wording import count

AREA = "that both sides speak TLS"
_LISTED, _STREAMS = 20, 100
_HTTP_PORT, _FIRST_ERROR = 80, 400
_LINE = re.compile(rb"[ -~]+\r?\n")
_TLS_PORTS = frozenset({465, 563, 636, 853, 989, 990, 992, 993, 994, 995, 5061, 5671, 6697, 8883})


class Misdirected(NamedTuple):
    """A connection in which the client spoke something else than TLS to a server that speaks TLS.

    `frame` is what the client said, `answer` what shows it, `text` how. `relayed` says that the server speaks HTTP
    itself, and passes on what a server behind it says.
    """

    connection: Connection
    frame: int
    language: str
    answer: int
    text: str
    certain: bool
    relayed: bool = False


@rule(
    "No TLS to a port with TLS",
    connections,
    openings,
    requests,
    endings,
    subject="TCP connections",
    area=AREA,
    evidence="the first bytes of both sides",
    limits="what the client was told to do",
)
def tls_plain_http(facts: Facts) -> Iterator[Finding]:
    """A client that speaks plain HTTP, or anything but TLS, to a port that speaks TLS (RFC 9110, section 4.2.2).

    Certain where the server answers with a TLS alert, or says so in its HTTP answer. Probable where it closes, or
    answers 400, and the port is one for TLS: others get TLS there, or it is registered or commonly used for HTTPS (of
    other protocols than HTTP: where it is registered for TLS, such as MQTT's 8883, and the server hangs up at once). A
    server that serves plain HTTP itself, or on port 80, passes on what a server behind it says: it is a gateway that
    must speak TLS to that one.
    """
    by_stream = {connection.stream: connection for connection in facts[connections]}
    found = dict[int, Misdirected]()
    for opening in facts[openings]:
        case = _answered(by_stream[opening.stream], opening) or _hung_up(by_stream[opening.stream], opening)
        if case:
            found[opening.stream] = case
    found = _told_apart(found, facts[requests])
    tls = {e.handshake.server for e in facts[endings] if e.handshake.server_hello}
    encrypted = {e.handshake.stream for e in facts[endings]}  # whose requests can be read with their keys
    for exchange in facts[requests]:
        with_tls = exchange.server in tls
        if exchange.stream in found or exchange.stream in encrypted:
            continue
        if with_tls or is_tls_port(exchange.server.port):
            case = _unanswered(by_stream[exchange.stream], exchange, with_tls=with_tls)
            if case:
                found[exchange.stream] = case
    groups = defaultdict[tuple[object, ...], list[Misdirected]](list)
    for _, case in sorted(found.items()):
        groups[case.connection.client.address, case.connection.server, case.language, case.relayed].append(case)
    for group in groups.values():
        yield _relayed(group) if group[0].relayed else _plain_http(group)


def _told_apart(found: Mapping[int, Misdirected], exchanges: Iterable[Exchange]) -> dict[int, Misdirected]:
    """Return the cases, those marked that a gateway passes on; without them where its own such case is among them."""
    plain = {e.server for e in exchanges if e.status is not None and e.status < _FIRST_ERROR and not e.over_tls}
    misled = {case.connection.client.address for case in found.values()}
    told = dict[int, Misdirected]()
    for stream, case in found.items():
        server = case.connection.server
        relayed = case.language == "HTTP" and (server.port == _HTTP_PORT or server in plain)
        if not (relayed and server.address in misled):
            told[stream] = case._replace(relayed=relayed)
    return told


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
    if wants_tls(opening):
        text = "the server answers, in plain text, that it expects TLS on this port"
        return Misdirected(connection, said.frame, "HTTP", answer.frame, text, certain=True)
    return None


def _hung_up(connection: Connection, opening: Opening) -> Misdirected | None:
    """Return the case where a port registered for TLS hangs up on the first words of another protocol; HTTP has more.

    Of a language that is known, or of one line of text, as a mail program says that has waited for a greeting in vain:
    what else nobody recognises may be a part of TLS.
    """
    registered = connection.server.port in _TLS_PORTS
    if not (registered and connection.syn_frames and opening.client) or connection.server_payload:
        return None
    said = opening.client[0]
    language = spoken(said.data)
    gone = next((f for f in (*connection.server_resets, *connection.server_ends) if f > said.frame), None)
    left = next((f for f in (*connection.client_ends, *connection.client_resets) if f > said.frame), None)
    known = language not in ("", "plain text") or _LINE.fullmatch(said.data)
    if not known or language in ("TLS", "HTTP") or gone is None or (left is not None and left < gone):
        return None
    text = "the server ends the connection without an answer, and the port is one for TLS"
    return Misdirected(connection, said.frame, language, gone, text, certain=False)


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


def is_tls_port(port: int) -> bool:
    """Return whether the port is registered for TLS, or one of those that are picked for HTTPS: 443, 8443, 9443 …."""
    return port in _TLS_PORTS or port % 1000 == 443


def _plain_http(group: Sequence[Misdirected]) -> Finding:
    first, server = group[0], group[0].connection.server
    speaks = f"plain {first.language}" if first.language not in ("", "plain text") else "something that is not TLS"
    scheme = "https:// instead of http://" if first.language == "HTTP" else "TLS"
    return Finding(
        id=f"tls_plain_http:{first.connection.stream}",
        rule="tls_plain_http",
        severity=Severity.HIGH,
        confidence=Confidence.CERTAIN if first.certain else Confidence.PROBABLE,
        side=Side.CLIENT,
        title=f"The client speaks {speaks} to port {server.port} of {server.address}, which"
        f"{'' if first.certain else ' probably'} expects TLS.",
        act=f"The client's side must act: {first.connection.client.address} has to use {scheme} on port {server.port}.",
        measured={"connections": len(group), "port": server.port},
        evidence=_evidence(group),
        scope=_scope(group),
        advice=(
            f"Use {scheme} in the client's address or settings.",
            "If a proxy or load balancer is the client here, set it to speak TLS to its backend.",
        ),
        limitations=("whether the client was meant for another port, without TLS",),
    )


def _evidence(group: Sequence[Misdirected]) -> Evidence:
    streams = [case.connection.stream for case in group]
    return Evidence.of(
        [frame for case in group for frame in (case.frame, case.answer)],
        tls_filter(group[0].connection.server, streams).removesuffix(" && tls"),
        _plain_http_steps(group),
    )


def _scope(group: Sequence[Misdirected]) -> Scope:
    connection = group[0].connection
    return Scope(
        streams=tuple(case.connection.stream for case in group[:_STREAMS]),
        addresses=(connection.client.address, connection.server.address),
        ports=(connection.server.port,),
    )


def _plain_http_steps(group: Sequence[Misdirected]) -> Iterator[Step]:
    first = group[0]
    said = first.language if first.language not in ("", "plain text") else "something that is not TLS"
    yield Step(frames=(first.frame,), text=f"the client {first.connection.client.address} says {said}, in clear")
    yield Step(frames=(first.answer,), text=first.text)
    if len(group) > 1:
        frames = tuple(case.answer for case in group[1:])[:_LISTED]
        yield Step(frames=frames, text=f"the same on {count(len(group) - 1, 'more connection')}")


def _relayed(group: Sequence[Misdirected]) -> Finding:
    first, server = group[0], group[0].connection.server
    return Finding(
        id=f"tls_plain_http:{first.connection.stream}",
        rule="tls_plain_http",
        severity=Severity.HIGH,
        confidence=Confidence.PROBABLE,
        side=Side.SERVER,
        title=f"The gateway (proxy) {server.address} passes on the error of a server behind it, which expects TLS: the"
        " gateway speaks plain HTTP to it.",
        act=f"The server's side must act: {server.address} has to use https:// to the server behind it.",
        measured={"connections": len(group), "port": server.port},
        evidence=_evidence(group),
        scope=_scope(group),
        advice=("In nginx: proxy_pass https://…; in other gateways: TLS to the backend.",),
        limitations=("the connection between the gateway and the server behind it",),
    )
