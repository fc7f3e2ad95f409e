"""Slow TCP connections: whether the network or the server takes the time."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Evidence, Finding, Severity, Side, Step
from explainer.protocols.tcp_timing import Timing, timings
from explainer.registry import rule
from explainer.rules.evidence import stream_filter
from explainer.rules.tcp_case import finding, scope
from explainer.wording import milliseconds

_AREA = "the speed of TCP connections"
_CLOCK_MS = 3_600_000  # longer than an hour waits nobody: the clock was set
_COARSE_MS = 1000  # times in whole seconds are those of a coarse clock


@rule("Slow network", timings, subject="TCP connections with data both ways", area=_AREA)
def tcp_slow_network(
    facts: Facts, *, slow_ms: float = 300, very_slow_ms: float = 600, min_samples: int = 2
) -> Iterator[Finding]:
    """Round trips that never take less than `slow_ms`; `very_slow_ms` is more than a satellite in orbit costs.

    The smallest of all measured round trips counts, of `min_samples` or more: a delayed acknowledgement, or a server
    that is late once, does not make a network slow.
    """
    slow = defaultdict[tuple[str, str], list[Timing]](list)
    for timing in facts[timings]:
        quickest = timing.quickest_ms
        if quickest is not None and quickest >= slow_ms and timing.samples >= min_samples and quickest % _COARSE_MS:
            slow[timing.connection.client.address, timing.connection.server.address].append(timing)
    for (client, server), group in slow.items():
        quickest = min(t.quickest_ms or 0.0 for t in group)
        yield _network(client, server, group, quickest, Severity.MEDIUM if quickest >= very_slow_ms else Severity.LOW)


def _network(client: str, server: str, group: Sequence[Timing], quickest: float, severity: Severity) -> Finding:
    first = group[0]
    c, exchange = first.connection, first.first
    steps, frames = list[Step](), [exchange.request_frame, exchange.response_frame]
    if c.syn_frames and c.syn_ack_frame and c.syn_ack_rtt_ms is not None:
        text = f"the SYN is answered after {milliseconds(c.syn_ack_rtt_ms)}: the network alone, no program takes part"
        steps.append(Step(frames=(c.syn_frames[0], c.syn_ack_frame), text=text))
        frames += [c.syn_frames[0], c.syn_ack_frame]
    if exchange.acknowledged_frame and exchange.acknowledged_ms is not None:
        pair = (exchange.request_frame, exchange.acknowledged_frame)
        text = f"the request is acknowledged after {milliseconds(exchange.acknowledged_ms)}"
        steps.append(Step(frames=pair, text=text))
        more = exchange.response_ms - exchange.acknowledged_ms
        text = f"the server adds {milliseconds(more)} until its answer begins"
        steps.append(Step(frames=(exchange.response_frame,), text=text))
        frames.append(exchange.acknowledged_frame)
    return finding(
        "tcp_slow_network",
        min(frames),
        severity,
        Side.NETWORK,
        f"The network between {client} and {server} is slow: each round trip takes {milliseconds(quickest)} or more.",
        Evidence.of(frames, stream_filter(t.connection.stream for t in group), steps),
        scope((t.connection.stream for t in group), c.server, c.client),
        act="The network's side must act, or the client has to make do with fewer round trips.",
        measured={"round_trip_ms": round(quickest, 3), "connections": len(group)},
        advice=(
            f"Measure it apart from the program: ping {server}; traceroute -n {server} shows where the time goes.",
            "Look for a full line, a satellite or mobile link, a VPN that takes a detour.",
            "Ask less often: keep connections open, send requests together.",
        ),
        limits=("which link takes the time",),
    )


@rule("Slow server", timings, subject="TCP connections with data both ways", area=_AREA)
def tcp_slow_server(facts: Facts, *, min_s: float = 1.0, times_rtt: float = 5) -> Iterator[Finding]:
    """A response that begins `min_s` or more after the request, and `times_rtt` round trips: the server took the time.

    Only information: TCP does not tell a slow answer from one that has nothing to say yet (long polling, a shell).
    """
    for timing in facts[timings]:
        quickest = timing.quickest_ms or 0.0
        server = timing.server_ms
        if max(1000 * min_s, times_rtt * quickest) <= server < _CLOCK_MS and timing.slowest.response_ms % _COARSE_MS:
            yield _server(timing, quickest)


def _server(timing: Timing, quickest: float) -> Finding:
    c, slowest = timing.connection, timing.slowest
    steps = [Step(frames=(slowest.request_frame,), text=f"the request of {c.client} is complete")]
    if slowest.acknowledged_frame and slowest.acknowledged_ms is not None:
        text = f"{c.server} acknowledges it after {milliseconds(slowest.acknowledged_ms)}: the network is quick"
        steps.append(Step(frames=(slowest.acknowledged_frame,), text=text))
    text = f"the response begins {milliseconds(slowest.response_ms)} after the request"
    steps.append(Step(frames=(slowest.response_frame,), text=text))
    rtt = f", while a round trip takes {milliseconds(quickest)}" if timing.samples else ""
    return finding(
        "tcp_slow_server",
        slowest.request_frame,
        Severity.INFO,
        Side.SERVER,
        f"The server {c.server} took {milliseconds(timing.server_ms)} to answer{rtt}: the time was spent there, not in"
        " the network.",
        Evidence.of(
            (frame for step in steps for frame in step.frames),
            f"tcp.stream == {c.stream}",
            steps,
        ),
        scope([c.stream], c.server, c.client),
        act=f"The server's side should look what {c.server.address} did in that time.",
        measured={"server_ms": round(timing.server_ms, 3), "round_trip_ms": round(quickest, 3)},
        advice=(f"Look into the log of {c.server.address} at that moment: a database, a lock, a further server.",),
        limits=("what the server waited for", "whether the client expected an answer at once"),
    )
