"""TCP connections that open late: the request (SYN) has to be sent again before it is answered (RFC 6298)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.tcp import Connection, Endpoint, connections
from explainer.protocols.tcp_openings import offering_ecn
from explainer.registry import rule
from explainer.rules.evidence import stream_filter
from explainer.rules.tcp_case import finding, scope
from explainer.wording import count, milliseconds

_SHOWN = 20


@rule(
    "Connections open late", connections, offering_ecn,
    subject="TCP connections", area="the opening of TCP connections",
)  # fmt: skip
def tcp_slow_opening(facts: Facts, *, min_wait_ms: float = 900, in_a_row: int = 3, some: int = 2) -> Iterator[Finding]:
    """A SYN that is answered only after it was sent again, `min_wait_ms` or more after the first one.

    The first time-out is 1 s (RFC 6298), 3 s in older systems (RFC 2988). Who had to send `in_a_row` SYNs lost two of
    them one after the other, which is no chance loss and of medium severity. `some` connections of one client to one
    port are of low severity, a single one is what every network loses now and then. Where each request that offers ECN
    is lost, and the one that does not is answered, ECN is the likely cause (RFC 3168, section 6.1.1.1).
    """
    late = defaultdict[tuple[str, Endpoint], list[Connection]](list)
    every = defaultdict[tuple[str, Endpoint], int](int)
    offered, taken = facts[offering_ecn], set[tuple[str, Endpoint]]()
    for c in facts[connections]:
        every[c.client.address, c.server] += c.syn_ack_frame is not None
        if _asked(c) and _asked(c)[-1] in offered:
            taken.add((c.client.address, c.server))
        if len(_asked(c)) > 1 and (c.syn_ack_rtt_ms or 0.0) >= min_wait_ms:
            late[c.client.address, c.server].append(c)
    for key, group in late.items():
        longest = max(c.syn_ack_rtt_ms or 0.0 for c in group)
        few = Severity.LOW if len(group) >= some else Severity.INFO
        again = max(len(_asked(c)) for c in group) >= in_a_row
        told = _late(group, every[key], longest, Severity.MEDIUM if again else few)
        ecn = len(group) >= some and key not in taken and all(_asked(c)[0] in offered for c in group)
        yield _for_ecn(told, group[0]) if ecn else told


def _for_ecn(told: Finding, first: Connection) -> Finding:
    """Return the finding with what the lost requests have in common, and the answered ones lack."""
    client, server = first.client.address, first.server.address
    title, _, rest = told.title.partition(": ")
    step = Step(frames=_asked(first), text="the lost requests offer ECN (ECE and CWR); what is answered does not")
    return told.model_copy(
        update={
            "title": f"{title}, without the offer of ECN: something on the way, or {server}, drops requests that make"
            f" it,{rest.partition(',')[2]}",
            "act": f"Whoever runs the firewalls and routers between {client} and {server} must let such requests pass;"
            f" until then, {client} can do without ECN.",
            "side": Side.NETWORK,
            "evidence": Evidence.of(
                told.evidence.frames, told.evidence.display_filter, (*told.evidence.steps, step)
            ),
            "advice": (
                f"On {client}, as a test (Linux): sysctl -w net.ipv4.tcp_ecn=0; then it should connect at once.",
                *told.advice[1:],
            ),
        }
    )  # fmt: skip


def _asked(c: Connection) -> tuple[int, ...]:
    """Return the SYNs before the first answer."""
    return tuple(frame for frame in c.syn_frames if c.syn_ack_frame and frame < c.syn_ack_frame)


def _late(group: Sequence[Connection], every: int, longest: float, severity: Severity) -> Finding:
    worst = max(group, key=lambda c: c.syn_ack_rtt_ms or 0.0)
    client, server, port = worst.client.address, worst.server.address, worst.server.port
    asked = _asked(worst)
    again = tuple(frame for c in group for frame in _asked(c)[1:])
    answers = tuple(c.syn_ack_frame for c in group if c.syn_ack_frame)
    return finding(
        "tcp_slow_opening",
        asked[0],
        severity,
        Side.EITHER,
        f"{server} answers {len(group):,} of {count(every, 'connection request')} of {client} to port {port} only when"
        f" repeated: the request (SYN) is lost, so the client waits {milliseconds(longest)} until it is connected.",
        Evidence.of((*asked[:1], *again, *answers), stream_filter(c.stream for c in group), [
            Step(frames=asked[:1], text=f"the client {client} asks to connect to {worst.server} (SYN)"),
            Step(frames=again[:_SHOWN], text="nothing answers, and the request is sent again"),
            Step(frames=answers[:_SHOWN], text=f"{server} accepts in the end (SYN/ACK)"),
        ]),
        scope((c.stream for c in group), worst.server, worst.client),
        act=f"Look at {server} first: whether its queue of new connections (backlog) is full at times, or a firewall"
        " limits new connections; then whether packets are lost on the way.",
        measured={"late": len(group), "accepted": every, "longest_ms": round(longest, 3)},
        confidence=Confidence.PROBABLE,
        advice=(
            f"On {server}: nstat -az TcpExtListenDrops TcpExtListenOverflows; ss -ltn shows a full queue.",
            f"Record on {server} at the same time: if each SYN arrives there, the server drops it.",
        ),
        limits=("whether the request or the answer to it is lost", "where on the way, or whether the server drops it"),
    )  # fmt: skip
