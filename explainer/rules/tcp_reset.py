"""Resets of open TCP connections: harmless ones, and those that cut off what was under way (RFC 9293 section 3.5)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.capture_quality import coverage
from explainer.protocols.ftp_data import refused_streams
from explainer.protocols.tcp import Connection, Endpoint, connections
from explainer.protocols.tcp_resets import Reset, resets
from explainer.protocols.tls import endings
from explainer.registry import rule
from explainer.rules.evidence import stream_filter
from explainer.rules.reset_kinds import is_harmless, is_idle_timeout, is_late_request, is_reused, opened
from explainer.rules.tcp_case import finding, scope, told_by_tls
from explainer.wording import count, listing, milliseconds

_AREA = "the end of TCP connections"
_SHOWN = 20
_IDLE_S = 1.0


@rule("Harmless resets", connections, resets, subject="TCP connections", area=_AREA)
def tcp_reset_harmless(facts: Facts) -> Iterator[Finding]:
    """Resets after a FIN, or of a connection whose data was all delivered: they end it, and nothing is lost."""
    group = [r for r in facts[resets] if opened(r) and is_harmless(r) and not is_idle_timeout(r)]
    if not group:
        return
    frames = [r.frame for r in group]
    ended = [r for r in group if r.by.fin or r.other.fin]
    idle = [r for r in group if not (r.by.fin or r.other.fin) and r.silence_s >= _IDLE_S]
    rest = len(group) - len(ended) - len(idle)
    kinds = [f"{len(ended):,} after one side had closed the connection (FIN)"] if ended else []
    if idle:
        longest = f"up to {max(r.silence_s for r in idle):.0f} s without data"
        kinds.append(f"{len(idle):,} of an idle connection on which everything had been delivered ({longest})")
    kinds += [f"{rest:,} right after everything had been delivered"] if rest else []
    senders = list(dict.fromkeys((r.client if r.from_client else r.server).address for r in group))
    by = f", sent by {senders[0]}" if len(senders) == 1 else ""
    which = "The reset is" if len(group) == 1 else f"{len(group):,} resets are"
    yield finding(
        "tcp_reset_harmless",
        frames[0],
        Severity.INFO,
        Side.NOBODY,
        f"{which} harmless: {listing(kinds)}{by}.",
        Evidence.of(
            frames,
            f"{stream_filter(r.stream for r in group)} && tcp.flags.reset == 1",
            [Step(frames=tuple(frames[:_SHOWN]), text=f"a reset ends the connection: {listing(kinds)}")],
        ),
        scope((r.stream for r in group), *(end for r in group for end in (r.server, r.client))),
        act="Nobody has to act.",
        measured={"resets": len(group), "after_fin": len(ended), "idle": len(idle)},
        advice=("Look elsewhere for the cause of a failure.",),
        limits=("why the program ended the connection with a reset instead of a FIN",),
    )


@rule(
    "Connection reset", resets, connections, endings, coverage, refused_streams, subject="resets of TCP connections",
    area=_AREA, symptom=True,
)  # fmt: skip
def tcp_reset(facts: Facts) -> Iterator[Finding]:
    """A reset of an open connection by the server while the client waits for an answer, or while data is on its way.

    A reset whose TTL is unlike all others of its sender comes from a device on the way; one without an acknowledgement
    from a host that no longer knows the connection (RFC 9293 section 3.10.7.1). Resets by the client are told where it
    had waited for an answer; a client that has what it wanted may end as it likes. Of low severity is the reset of a
    connection on which the server never said a word, while another one to the same port goes on: programs that have
    one connection to talk and others for bulk data (iperf3) end these so. Silent where nothing of the client is
    recorded.
    """
    elsewhere = told_by_tls(facts[endings]) | {c.stream for c in facts[coverage] if not c.client_frames}
    elsewhere |= facts[refused_streams]
    tls = {ending.connection.stream for ending in facts[endings]}
    same = defaultdict[tuple[str, Endpoint], list[Connection]](list)
    for c in facts[connections]:
        same[c.client.address, c.server].append(c)
    for reset in facts[resets]:
        if not opened(reset) or is_harmless(reset) or is_idle_timeout(reset) or reset.stream in elsewhere:
            continue
        if is_late_request(reset) and reset.stream in tls:
            continue  # the rest of a handshake, or a ticket, of a peer that had all it wanted
        if not reset.from_client:
            yield _by_server(reset, beside=_beside(reset, same[reset.client.address, reset.server]))
        elif reset.client_waits and reset.silence_s >= _IDLE_S:
            yield _by_waiting_client(reset)


def _beside(reset: Reset, same: Sequence[Connection]) -> Connection | None:
    """Return one of the connections to the same port that goes on, both ways, where this one had one way only."""
    if reset.of_server.payload or not reset.of_client.payload:
        return None
    return next(
        (
            c
            for c in same
            if c.stream != reset.stream
            and c.client_payload
            and c.server_payload
            and c.first_frame < reset.frame < c.last_frame
            and not c.server_resets
        ),
        None,
    )


def _by_server(reset: Reset, beside: Connection | None) -> Finding:
    forged, request = reset.of_another, reset.other.last_data
    unknown = not (reset.acknowledges or forged or reset.by.fin) and bool(reset.woken) and not beside
    return finding(
        "tcp_reset",
        reset.frame,
        Severity.HIGH if (reset.client_waits or not request) and not beside else Severity.LOW,
        Side.NETWORK if forged else Side.EITHER if unknown or is_reused(reset) else Side.SERVER,
        f"{_what(reset, unknown=unknown, beside=beside is not None)}.",
        Evidence.of(
            [reset.frame],
            f"tcp.stream == {reset.stream} && tcp.flags.reset == 1",
            _steps(reset, unknown=unknown),
        ),
        scope([reset.stream], reset.server, reset.client),
        act=_act(reset, forged=forged, unknown=unknown, beside=beside is not None),
        measured={"waited_ms": round(1000 * reset.silence_s, 3), "reset_ttl": reset.ttl or 0},
        confidence=Confidence.PROBABLE if forged or unknown or not reset.client_waits else Confidence.CERTAIN,
        advice=_advice(reset),
        limits=("why the connection was reset", "whether a device on the way with the same distance sent the reset"),
    )


def _what(reset: Reset, *, unknown: bool, beside: bool) -> str:
    """Return what happened, as a sentence without its end."""
    server, client = reset.server.address, reset.client.address
    where = f"the connection to port {reset.server.port}"
    if reset.of_another:
        return (
            f"A device between {client} and {server} reset {where} (the reset's TTL, {reset.ttl}, is not the server's)"
        )
    if is_late_request(reset):
        again = f": {client} used a connection again that had ended" if is_reused(reset) else ""
        return (
            f"{server} had already closed {where} when {client} sent its request, and answered it with a reset{again}"
        )
    if not reset.other.last_data:
        return f"{server} accepted {where} and reset it at once"
    if beside:
        what = f"{server} ended {where} with a reset after {client} had sent its data"
        return f"{what}; another connection of the two to that port went on"
    if unknown:
        return f"{server} no longer knows {where} that {client} still uses, and answers its data with a bare reset"
    if reset.client_waits:
        return f"{server} reset {where} instead of answering"
    return f"{server} reset {where} while its own data was still on its way"


def _steps(reset: Reset, *, unknown: bool) -> list[Step]:
    request, steps = reset.other.last_data, list[Step]()
    if is_late_request(reset) and reset.by.fin:
        steps.append(Step(frames=(reset.by.fin,), text=f"{reset.server} ends the connection (FIN)"))
    if request:
        steps.append(Step(frames=(request,), text=f"the client {reset.client.address} sends data and waits"))
    after = f"{milliseconds(1000 * reset.silence_s)} later"
    steps.append(Step(frames=(reset.frame,), text=f"a reset in the name of {reset.server}, {after}"))
    if unknown:
        text = "The reset acknowledges nothing: so answers a host that has no such connection (any more)."
        steps.append(Step(frames=(reset.frame,), text=text))
    if reset.of_another:
        others = listing([str(ttl) for ttl in reset.by.ttls[:4]])
        text = f"Its TTL is {reset.ttl}, the other packets of {reset.server.address} have {others}"
        steps.append(Step(frames=(reset.frame,), text=f"{text}: another device sent it."))
    return steps


def _advice(reset: Reset) -> tuple[str, ...]:
    server = reset.server.address
    if is_reused(reset):
        return (
            "Look up the keep-alive time of both sides (idle time-out of the pool, keepalive_timeout in nginx): the"
            " client's should be the shorter one.",
            "Let the client repeat a request that meets with this, where it may be repeated.",
        )
    return (
        f"Look into the log of the program on {server} at that moment: a crash, a limit, a refused request.",
        f"Record on {server}: if the reset does not leave there, a device on the way sent it.",
    )


def _act(reset: Reset, *, forged: bool, unknown: bool, beside: bool) -> str:
    server, client = reset.server.address, reset.client.address
    if beside:
        return "Nobody has to act, if the data was all that was to be sent."
    if forged:
        return "Whoever runs the firewall, proxy or filter on the way must act."
    if unknown:
        return (
            f"See whether {server} was restarted or its address moved to another host, or whether a firewall or load"
            " balancer before it lost or rejects the connection."
        )
    if is_reused(reset):
        return (
            f"Either side: {client} has to open a new connection, and to keep idle ones for a shorter time than"
            f" {server} does; or {server} keeps them for longer (keep-alive)."
        )
    return f"The server's side must act: the program on {server}, or what stands before it, broke off."


def _by_waiting_client(reset: Reset) -> Finding:
    server, client, waited = reset.server.address, reset.client.address, f"{reset.silence_s:.1f} s"
    request = reset.by.last_data or reset.frame
    return finding(
        "tcp_reset",
        reset.frame,
        Severity.MEDIUM,
        Side.SERVER,
        f"{client} gave up and reset the connection after waiting {waited} for an answer of {server}.",
        Evidence.of(
            [reset.frame],
            f"tcp.stream == {reset.stream} && tcp.flags.reset == 1",
            [
                Step(frames=(request,), text=f"{client} sends its last data"),
                Step(frames=(reset.frame,), text=f"it resets the connection {waited} later; no answer came in between"),
            ],
        ),
        scope([reset.stream], reset.server, reset.client),
        act=f"The server's side should look why it took so long; or the client's time limit ({waited}) is too short.",
        measured={"waited_ms": round(1000 * reset.silence_s, 3)},
        confidence=Confidence.PROBABLE,
        advice=(f"See in the log of {server} what it did at that time.", "Compare with the time limit of the client."),
        limits=("whether the client expected an answer at all", "what the server was doing"),
    )


@rule("Server does not know the connection", resets, subject="resets of TCP connections", area=_AREA)
def tcp_half_open(facts: Facts) -> Iterator[Finding]:
    """A segment without a SYN before it that the peer answers with nothing but a reset: one side forgot the connection.

    With data it is a connection that the server no longer has (a restart, a firewall's time-out); without, a probe.
    """
    group = [r for r in facts[resets] if not r.syn and not r.syn_ack and not r.by.frames and r.other.frames]
    with_data = [r for r in group if r.other.payload]
    for reset in with_data:
        by, other = (reset.client, reset.server) if reset.from_client else (reset.server, reset.client)
        yield finding(
            "tcp_half_open",
            reset.frame,
            Severity.LOW,
            Side.EITHER,
            f"{by} does not know the connection that {other} still uses: it answers its data with a reset.",
            Evidence.of(
                [reset.other.last_data or reset.frame, reset.frame],
                f"tcp.stream == {reset.stream}",
                [
                    Step(
                        frames=(reset.other.last_data or reset.frame,),
                        text=f"{other} sends {count(reset.other.payload, 'byte')}",
                    ),
                    Step(frames=(reset.frame,), text=f"{by} answers with a reset, and has sent nothing else"),
                ],
            ),
            scope([reset.stream], by, other),
            act=f"See whether {by.address} was restarted, had given up waiting and closed it, or a firewall or load"
            " balancer lost the connection.",
            measured={"bytes": reset.other.payload},
            confidence=Confidence.PROBABLE,
            advice=("Use keep-alives shorter than the idle time-out, and reconnect after a reset.",),
            limits=("what happened before the capture began",),
        )
