"""SYNs without an answer beside others that get one: some of many connections, or until an address has moved."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.arp import Resolution
from explainer.protocols.tcp import Connection
from explainer.rules.attempts import Group, ports

_SHOWN = 20
_FAILED, _SYNS, _BETWEEN = 3, 2, 2
"""So many connections must fail, each with so many SYNs, and so many be accepted between them."""


class Mixed(NamedTuple):
    """The connections of one client to one port: which are never answered, and which are, among them those between."""

    failed: Group
    accepted: Sequence[Connection]
    between: Sequence[Connection]


def mixed(group: Group, accepted: Sequence[Connection]) -> Mixed | None:
    """Return how these attempts, and the accepted ones of the same client to that port, take turns; None if they don't.

    Where a server is overloaded, or away for a while, a SYN that is sent again gets through sooner or later. Where it
    never does, and others get through at once, it depends on the connection: on its ports.
    """
    failed = [c for c in group if len(c.syn_frames) >= _SYNS]
    if len(failed) < _FAILED or len(ports(group)) > 1:
        return None
    first, last = failed[0].first_frame, failed[-1].first_frame
    between = [c for c in accepted if first < c.first_frame < last]
    at_once = all(len(c.syn_frames) == 1 for c in between)
    return Mixed(failed, accepted, between) if len(between) >= _BETWEEN and at_once else None


def told(finding: Finding, found: Mixed) -> Finding:
    """Return the finding of SYNs that nothing answers, where it depends on the connection."""
    first = found.failed[0]
    client, server, total = first.client.address, first.server, len(found.failed) + len(found.accepted)
    syns = [frame for c in found.failed for frame in c.syn_frames]
    answers = [c.syn_ack_frame for c in found.between if c.syn_ack_frame]
    return finding.model_copy(
        update={
            "severity": Severity.HIGH,
            "confidence": Confidence.PROBABLE,
            "side": Side.NETWORK,
            "title": f"{server.address} never answered {len(found.failed)} of {total} connections of {client} to port"
            f" {server.port}, and accepts others between them at once: it depends on the connection, as where one of"
            " several paths (ECMP), or one of several servers behind that address (load balancer), is dead.",
            "act": f"Whoever runs the paths and the load balancer before {server.address} must find the one that takes"
            " packets and passes none on.",
            "evidence": Evidence.of(
                [*syns, *answers],
                finding.evidence.display_filter,
                [
                    Step(frames=tuple(syns[:_SHOWN]), text=f"{client} asks to connect, again and again: no answer"),
                    Step(frames=tuple(answers[:_SHOWN]), text="between them others are accepted at their first SYN"),
                ],
            ),
            "advice": (
                "Compare the ports of the connections that fail: the same ones fail each time.",
                "See the health checks of the load balancer, and the counters of each path or member.",
                *finding.advice,
            ),
        }
    )


def taker(group: Group, answered: int, every: Iterable[Resolution]) -> tuple[str, int] | None:
    """Return the network card that announces the server's address before the later attempt is answered, and where.

    Only where another card had the address before.
    """
    server, since = group[0].server.address, group[0].first_frame
    known = [r for r in every if r.target == server]
    before = {mac for r in known for f, mac in zip(r.reply_frames, r.reply_senders, strict=True) if f < since}
    for r in known:
        said = next((frame for frame in r.request_frames if r.gratuitous and since < frame < answered), None)
        if said and before and r.asker_mac not in before:
            return r.asker_mac, said
    return None


def taken_over(finding: Finding, card: str, frame: int, server: str) -> Finding:
    """Return the finding of an address that is not there until another card takes it over."""
    return finding.model_copy(
        update={
            "title": f"{finding.title.partition(';')[0]}: its address then moves to another network card ({card}), as"
            " where a server takes over from its partner (failover), and a later attempt is answered.",
            "act": f"See why the host that had {server} before went away, if nobody meant it to.",
            "evidence": finding.evidence.also(
                Step(frames=(frame,), text=f"{card} announces by ARP that {server} is its own now"),
                display_filter="arp",
            ),
            "advice": ("Look into the log of the pair (VRRP, keepalived, cluster) for why it switched, and how fast.",),
        }
    )
