"""More connection requests than a server can hold: a flood of SYNs."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.tcp import Connection, Endpoint, connections
from explainer.registry import rule
from explainer.rules.evidence import port_filter
from explainer.rules.tcp_case import finding
from explainer.wording import count

_SHOWN = 20


@rule("Flood of SYNs", connections, subject="TCP connections", area="floods of connection requests")
def tcp_syn_flood(
    facts: Facts, *, min_syns: int = 50, min_share: float = 0.9, per_second: float = 5
) -> Iterator[Finding]:
    """Many connection requests to one port that are never completed (RFC 4987), at a rate that no user has.

    At least `min_syns`, `min_share` of all requests to the port, and `per_second` on average; none of them sent again.
    """
    by_server = defaultdict[Endpoint, list[Connection]](list)
    for c in facts[connections]:
        if c.syn_frames:
            by_server[c.server].append(c)
    for server, every in by_server.items():
        open_ = [c for c in every if _left_open(c)]
        lasted = (open_[-1].first_ns - open_[0].first_ns) / 1e9 if open_ else 0.0
        if len(open_) >= max(min_syns, min_share * len(every), per_second * lasted):
            yield _flood(server, open_, max(lasted, 0.0))


def _left_open(connection: Connection) -> bool:
    """Return whether the client asked once, and did no more; a client that means it asks again (RFC 6298)."""
    c = connection
    return len(c.syn_frames) == 1 and c.ack_frame is None and not c.client_payload and not c.server_resets


def _flood(server: Endpoint, group: Sequence[Connection], lasted: float) -> Finding:
    frames = [c.syn_frames[0] for c in group]
    sources = list(dict.fromkeys(c.client.address for c in group))
    who = sources[0] if len(sources) == 1 else f"{count(len(sources), 'address', 'addresses')} ({sources[0]} …)"
    answered = tuple(c.syn_ack_frame for c in group if c.syn_ack_frame)[:_SHOWN]
    steps = [
        Step(frames=tuple(frames[:_SHOWN]), text=f"{count(len(group), 'SYN')} to {server}, none of them completed")
    ]
    if answered:
        steps.append(Step(frames=answered, text=f"{server.address} answers (SYN/ACK); nobody acknowledges that"))
    return finding(
        "tcp_syn_flood",
        frames[0],
        Severity.HIGH,
        Side.CLIENT,
        f"{server.address} is flooded with connection requests to port {server.port} (SYN flood, a denial of service):"
        f" {count(len(group), 'SYN')} from {who} in {lasted:.1f} s, and no connection is completed.",
        Evidence.of(frames, f"{port_filter(server.address, [server.port])} && tcp.flags.syn == 1", steps),
        Scope(addresses=(server.address, *sources[:99]), ports=(server.port,)),
        act=f"Whoever runs the network before {server.address} must stop it: limit the rate, or use SYN cookies.",
        measured={"syns": len(group), "sources": len(sources), "seconds": round(lasted, 3)},
        confidence=Confidence.PROBABLE,
        advice=(
            "On Linux: sysctl net.ipv4.tcp_syncookies=1; at the edge: a rate limit on new connections.",
            "The sources may be forged: blocking them one by one does not help.",
        ),
        limits=("whether the addresses of the senders are their own",),
    )
