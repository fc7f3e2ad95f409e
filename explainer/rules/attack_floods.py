"""Attacks told by numbers: pings to all in another's name, floods of network cards, DHCP clients that nobody is."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.dhcp import leases
from explainer.protocols.echo import Broadcast, broadcast_pings
from explainer.protocols.forged import strangers
from explainer.protocols.frame import last_ns
from explainer.registry import rule
from explainer.rules.tcp_case import finding
from explainer.wording import count

_AREA = "attacks by packets that no system sends by itself"
_SHOWN = 20


@rule("Pings to everybody in another's name", broadcast_pings, subject="pings to everybody", area=_AREA)
def attack_smurf(facts: Facts, *, min_pings: int = 10, min_hosts: int = 4) -> Iterator[Finding]:
    """`min_pings` pings to a broadcast address, to whose sender `min_hosts` hosts or more reply (CERT CA-1998-01).

    Smurf sends them with the victim's address as the sender's. Where they come from the very card to which the replies
    go, the sender most likely is who it says to be, as administrators ping everybody, too: of low severity.
    """
    for asked in facts[broadcast_pings]:
        loud = asked.hosts >= min_hosts and len(asked.replies) >= len(asked.requests)
        if len(asked.requests) >= min_pings and loud:
            yield _smurf(asked)


def _smurf(asked: Broadcast) -> Finding:
    victim, hosts, pings = asked.source, asked.hosts, count(len(asked.requests), "ping")
    what = (
        f"a Smurf attack on {victim}, as they come from another network card"
        if asked.forged
        else f"{victim} pings everybody, or it is a Smurf attack on it"
    )
    return finding(
        "attack_smurf", asked.requests[0], Severity.HIGH if asked.forged else Severity.LOW, Side.CLIENT,
        f"{pings} to everybody ({asked.target}) in the name of {victim} bring it {len(asked.replies):,} replies of"
        f" {hosts} hosts: {what}.",
        Evidence.of(
            [*asked.requests, *asked.replies], f"icmp && ip.addr == {victim}",
            [
                Step(frames=asked.requests[:_SHOWN], text=f"echo requests to {asked.target}, as of {victim}"),
                Step(frames=asked.replies[:_SHOWN], text=f"{hosts} hosts reply to {victim}"),
            ],
        ),
        Scope(addresses=(victim, asked.target)),
        act="Whoever runs the network must let hosts and routers ignore pings to broadcast addresses, and find the"
        " sender.",
        measured={"pings": len(asked.requests), "replies": len(asked.replies), "hosts": hosts},
        confidence=Confidence.PROBABLE,
        advice=(
            "The sender's network card (eth.src) tells whether it is really that host.",
            "On Linux: sysctl net.ipv4.icmp_echo_ignore_broadcasts must be 1; on routers: no ip directed-broadcast.",
        ),
        limits=(f"whether {victim} sends these pings itself",),
    )  # fmt: skip


@rule("Flood of network cards", strangers, subject="network cards that are seen once", area=_AREA)
def attack_mac_flood(
    facts: Facts, *, min_cards: int = 200, share: float = 0.8, per_second: float = 50
) -> Iterator[Finding]:
    """`min_cards` network cards, each seen in one frame to a card that never speaks, a `share` of all frames (macof).

    A switch learns each of them, forgets the real ones when its table is full, and then sends everything everywhere.
    """
    seen = facts[strangers]
    cards = len(seen.frames) if seen else 0
    if (
        seen
        and cards >= max(min_cards, share * (cards + seen.others))
        and cards >= per_second * max(seen.lasted_s, 1.0)
    ):
        yield finding(
            "attack_mac_flood", seen.frames[0], Severity.HIGH, Side.CLIENT,
            f"{cards:,} network cards send one frame each, in {seen.lasted_s:.1f} s, to cards that never answer:"
            " somebody floods the switch with invented addresses (as macof does).",
            Evidence.of(
                seen.frames, "eth",
                [Step(frames=seen.frames[:_SHOWN], text="each frame from another card, to yet another one")],
            ),
            Scope(),
            act="Whoever runs the switch must find the port that they come from, and limit how many cards a port may"
            " have (port security).",
            measured={"cards": cards, "other_frames": seen.others, "seconds": round(seen.lasted_s, 3)},
            confidence=Confidence.PROBABLE,
            advice=("On the switch: show mac address-table; one port with very many addresses is the one.",),
            limits=("who sends them",),
        )  # fmt: skip


@rule("DHCP starvation", leases, last_ns, subject="DHCP messages", area=_AREA)
def attack_dhcp_starvation(
    facts: Facts, *, min_clients: int = 25, within_s: float = 60.0, share: float = 0.8, patience_s: float = 1.0
) -> Iterator[Finding]:
    """`min_clients` DHCP clients within `within_s` that ask for an address and then neither take nor use one.

    They are a `share` of all clients: where a server does not answer, all clients only ask, but again and again; these
    ask once or twice, and are offered addresses (or were, until there were none). Who was heard in the last
    `patience_s` of the capture may still take one.
    """
    until = facts[last_ns] - int(patience_s * 1e9)
    every = [c for c in facts[leases] if c.last_ns <= until]
    idle = [c for c in every if 1 <= len(c.discovers) <= 2 and not (c.requests or c.acks or c.declines)]
    offered = [c for c in idle if c.offers]
    if len(idle) < max(min_clients, share * len(every)) or len(offered) < len(idle) / 2:
        return
    lasted = (idle[-1].first_ns - idle[0].first_ns) / 1e9
    if lasted <= within_s:
        frames = sorted(frame for c in idle for frame in (*c.discovers, *c.offers))
        firsts = tuple(c.discovers[0] for c in idle[:_SHOWN])
        yield finding(
            "attack_dhcp_starvation", frames[0], Severity.HIGH, Side.CLIENT,
            f"{len(idle)} DHCP clients ask for an address within {lasted:.1f} s, and none takes what it is offered:"
            " somebody uses up the server's addresses in invented names (DHCP starvation).",
            Evidence.of(
                frames, "dhcp",
                [
                    Step(frames=firsts, text="each discover is from another client (card)"),
                    Step(frames=tuple(c.offers[0] for c in offered[:_SHOWN]), text="offers that nobody takes"),
                ],
            ),
            Scope(addresses=tuple({server for c in offered for server in c.servers})[:100], ports=(67, 68)),
            act="Whoever runs the network must find the port of the switch that they come from, and limit it (DHCP"
            " snooping, port security).",
            measured={"clients": len(idle), "offered": len(offered), "seconds": round(lasted, 3)},
            confidence=Confidence.PROBABLE,
            advice=("Compare the card in the Ethernet header (eth.src) with the client's (dhcp.hw.mac_addr).",),
            limits=("who sends them", "whether it is a permitted load test of the server"),
        )  # fmt: skip
