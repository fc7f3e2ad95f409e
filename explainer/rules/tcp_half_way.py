"""TCP handshakes that stop half-way: the server answers, and one side does not hear the other (RFC 9293)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.tags import tags
from explainer.protocols.tcp import connections
from explainer.protocols.tcp_openings import HalfWay, half_way
from explainer.protocols.tcp_strays import strays
from explainer.registry import rule
from explainer.rules.evidence import port_filter
from explainer.rules.other_vlan import apart
from explainer.rules.tcp_case import finding, scope
from explainer.wording import count

_AREA = "the opening of TCP connections"
_SHOWN = 20
_Key = tuple[str, str, int, str]

_UNHEARD, _DEAF, _GONE = "unheard", "deaf", "gone"


@rule("Handshake stops half-way", connections, half_way, strays, tags, subject="TCP connections", area=_AREA)
def tcp_syn_ack_unanswered(
    facts: Facts, *, min_answers: int = 3, min_s: float = 2.0, many_clients: int = 15
) -> Iterator[Finding]:
    """A server that sends its SYN/ACK `min_answers` times, over `min_s` or longer, and nothing else.

    A client that goes on asking does not get the answers. One that acknowledges them and sends data is not heard, or
    the server's queue of new connections is full, as Linux then drops what completes the handshake. One that falls
    silent after a single SYN is not heard either, or never was there. TCP repeats after 1, 2 and 4 s (RFC 6298), so
    that three answers are no chance loss. Silent where more than `many_clients` fall silent, however often each was
    answered: that is a flood.
    """
    by_way = defaultdict[_Key, list[HalfWay]](list)
    elsewhere = {stray.answer.stream for stray in facts[strays]}
    for half in facts[half_way]:
        if half.connection.stream in elsewhere:
            continue  # the client asked another address
        if len(half.answers) >= min_answers and half.lasted_s >= min_s and (kind := _kind(half)):
            c = half.connection
            by_way[c.client.address, c.server.address, c.server.port, kind].append(half)
    silent = {
        c.client.address
        for c in facts[connections]
        if c.syn_ack_frame and len(c.syn_frames) == 1 and c.ack_frame is None and not c.client_payload
    }
    for (*_, kind), group in by_way.items():
        if kind != _GONE or len(silent) <= many_clients:
            told = _told(kind, group)
            syns = [frame for x in group for frame in x.connection.syn_frames]
            answers = [frame for x in group for frame in x.answers]
            yield apart(told, facts[tags], syns, answers) if kind == _UNHEARD else told


def _kind(half: HalfWay) -> str:
    if half.asked_again and not half.completed:
        return _UNHEARD
    if half.data:
        return _DEAF
    return "" if half.completed else _GONE  # a bare acknowledgement alone may be ignored on purpose (deferred accept)


def _told(kind: str, group: Sequence[HalfWay]) -> Finding:
    half, c = group[0], group[0].connection
    client, server, port = c.client.address, c.server.address, c.server.port
    full = kind == _DEAF and half.at_server and not half.at_client
    title, act, side = _words(kind, client, server, port, full=full)
    answers = [frame for x in group for frame in x.answers]
    steps = [
        Step(frames=c.syn_frames[:1], text=f"the client {client} asks to connect to {c.server} (SYN)"),
        Step(
            frames=tuple(answers[:_SHOWN]),
            text=f"{server} answers (SYN/ACK), {count(len(answers), 'time')} in all, and sends nothing else",
        ),
    ]
    if kind == _UNHEARD:
        again = tuple(frame for x in group for frame in x.asked_again)
        text = f"the client asks again all the same, {count(len(again), 'time')}: the answers do not reach it"
        steps.append(Step(frames=again[:_SHOWN], text=text))
    elif kind == _DEAF:
        text = f"the client acknowledges that and sends data, {count(len(half.data), 'time')}: nothing acknowledges it"
        steps.append(Step(frames=half.data[:_SHOWN], text=text))
    else:
        text = "No packet of the client follows. It does not ask again, as it would have done without an answer."
        steps.append(Step(frames=(), text=text))
    return finding(
        "tcp_syn_ack_unanswered",
        answers[0],
        Severity.HIGH if kind != _GONE else Severity.MEDIUM,
        side,
        title,
        Evidence.of(sorted({frame for step in steps for frame in step.frames}), port_filter(server, [port]), steps),
        scope([x.connection.stream for x in group], c.server, c.client),
        act=act,
        measured={"attempts": len(group), "answers": len(answers), "seconds": round(half.lasted_s, 3)},
        confidence=Confidence.CERTAIN if kind == _UNHEARD else Confidence.PROBABLE,
        advice=_advice(kind, client, server, port),
        limits=(
            f"where between this capture's place and {client if kind == _UNHEARD else server} the packets are lost",
            "whether a firewall drops them or a route leads them astray",
        ),
    )


def _words(kind: str, client: str, server: str, port: int, *, full: bool) -> tuple[str, str, Side]:
    """Return the title, who must act, and whose side it is."""
    network = f"Whoever runs the network between {server} and {client} must act"
    if kind == _UNHEARD:
        title = (
            f"{server} accepts the connection to port {port}, but its answers (SYN/ACK) never reach {client}: they are"
            " lost or dropped on the way back."
        )
        return title, f"{network}: a firewall or a route for the way back, or a firewall on {client}.", Side.NETWORK
    if full:
        title = (
            f"{server} does not take the connection of {client} to port {port}: it repeats its SYN/ACK although the"
            " client's acknowledgement arrives. Most likely its queue of new connections (backlog) is full."
        )
        return title, f"The server's side must act: the program on {server} does not accept connections.", Side.SERVER
    if kind == _DEAF:
        title = (
            f"The connection of {client} to {server} port {port} opens only on the client's side: what the client sends"
            f" after the SYN never reaches {server}, or the server's queue of new connections (backlog) is full."
        )
        return title, f"{network}, unless the program on {server} is too busy to accept.", Side.EITHER
    title = (
        f"{server} accepts the connection of {client} to port {port}, and nothing more comes from the client: its"
        " packets are probably lost on the way to the server."
    )
    return title, f"{network}; or nobody, if {client} only probed the port.", Side.EITHER


def _advice(kind: str, client: str, server: str, port: int) -> tuple[str, ...]:
    both = f"Record at {client} and at {server} at once: tcpdump -ni any -w both.pcap host {client} and port {port}"
    route = f"Look for a route that differs between the two directions (ip route get {client} on {server})."
    if kind == _DEAF:
        return (
            f"On {server}: ss -ltn shows a full queue (Recv-Q above Send-Q); nstat -az TcpExtListenOverflows.",
            both,
        )
    return (f"Look for a firewall that drops packets between {server} and {client}.", route, both)
