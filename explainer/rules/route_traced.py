"""Routes that somebody traces: routers on the way say that the hops of a packet ran out."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.icmp_errors import TIME_EXCEEDED, Error, errors
from explainer.registry import rule
from explainer.rules.evidence import host_filter
from explainer.rules.path import TRACEROUTE
from explainer.rules.tcp_case import finding
from explainer.wording import count, listing

_AREA = "pings and traced routes"
_SHOWN = 20
_HOPS = 4


@rule("Route traced", errors, subject="ICMP errors", area=_AREA)
def path_traced(facts: Facts, *, min_routers: int = 2, max_ttl: int = 31) -> Iterator[Finding]:
    """Packets to one host of which several routers say that their hops ran out, as traceroute wants it (RFC 1393).

    One router is enough where the host then answers itself that nothing listens on traceroute's ports. For information
    alone. `max_ttl` is where the rule about packets that go in circles begins.
    """
    groups = defaultdict[tuple[str, str], list[Error]](list)
    for e in facts[errors]:
        if e.kind == TIME_EXCEEDED:
            groups[e.source, e.destination].append(e)
    for (source, target), group in groups.items():
        routers = list(dict.fromkeys(e.reporter for e in group))
        ends = [e for e in facts[errors] if e.reporter == target and e.told == source]
        reached = [e.frame for e in ends]
        if len(routers) >= min_routers or any(e.destination_port in TRACEROUTE for e in ends):
            yield _traced(source, target, routers, [e.frame for e in group], reached)


def _traced(source: str, target: str, routers: Sequence[str], frames: Sequence[int], reached: Sequence[int]) -> Finding:
    more = [f"{len(routers) - _HOPS} more"] if len(routers) > _HOPS else []
    steps = [
        Step(
            frames=tuple(frames[:_SHOWN]),
            text=f"{count(len(routers), 'router answers', 'routers answer')}: time to live exceeded",
        )
    ]
    steps += [Step(frames=tuple(reached[:3]), text=f"{target} answers itself: the end is reached")] if reached else []
    return finding(
        "path_traced",
        frames[0],
        Severity.INFO,
        Side.NOBODY,
        f"{source} traces the route to {target} (traceroute): {count(len(routers), 'router')} on the way"
        f" {'answers' if len(routers) == 1 else 'answer'} ({listing([*routers[:_HOPS], *more])}).",
        Evidence.of([*frames, *reached], f"icmp.type == 11 || icmpv6.type == 3 || ({host_filter([target])})", steps),
        Scope(addresses=(source, target, *routers[:90])),
        act="Nobody has to act: this is how traceroute works.",
        measured={"routers": len(routers)},
        advice=(f"Compare with: traceroute -n {target}",),
        limits=("routers that keep silent",),
    )
