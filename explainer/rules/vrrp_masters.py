"""Two routers that both hold themselves for the master of one virtual address (VRRP, RFC 5798)."""

from collections.abc import Iterator
from itertools import pairwise

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.vrrp import Master, masters
from explainer.registry import rule
from explainer.rules.tcp_case import finding
from explainer.wording import listing

_SHOWN = 20


@rule("Two VRRP masters", masters, subject="VRRP routers", area="routers that share an address")
def vrrp_masters(facts: Facts, *, min_changes: int = 4) -> Iterator[Finding]:
    """Two senders that advertise the same virtual router in turn, `min_changes` times or more.

    A backup that hears a master of higher priority is silent (RFC 5798, section 6.4.2): who goes on does not hear it. A
    failover is one change, and two where the first router takes the address back; each may overlap once.
    """
    for master in facts[masters]:
        spoken = [(router, frame) for router, priority, frame in master.said if priority]
        changes = sum(one != other for (one, _), (other, _) in pairwise(spoken))
        if changes >= min_changes:
            yield _told(master, spoken)


def _told(master: Master, spoken: list[tuple[str, int]]) -> Finding:
    frames = {router: tuple(frame for by, frame in spoken if by == router) for router, _ in spoken}
    priority = {router: value for router, value, _ in master.said if value}
    what = f"the virtual address {master.address}" if master.address else f"the virtual router {master.identifier}"
    return finding(
        "vrrp_masters",
        spoken[0][1],
        Severity.HIGH,
        Side.NETWORK,
        f"{listing(list(frames))} both say, again and again, that they are the master of {what} (VRRP router"
        f" {master.identifier}): neither heeds the other, and packets to it reach now one, now the other.",
        Evidence.of(
            [frame for _, frame in spoken],
            f"vrrp.virt_rtr_id == {master.identifier}",
            [
                Step(frames=own[:_SHOWN], text=f"{router} advertises itself as master, priority {priority[router]}")
                for router, own in frames.items()
            ],
        ),
        Scope(addresses=(*frames, master.address) if master.address else tuple(frames)),
        act=f"Whoever runs {listing(list(frames))} must act: each has to hear what the other advertises.",
        measured={"virtual_router": master.identifier, "advertisements": len(spoken)},
        confidence=Confidence.PROBABLE,
        advice=(
            "Let VRRP pass between them (IP protocol 112, to 224.0.0.18): firewalls on the routers, filters of"
            " multicast on switches (IGMP snooping), the same VLAN.",
            "Compare their settings: authentication, version, advertisement interval; and whether two pairs of routers"
            f" use the number {master.identifier} on one network.",
        ),
        limits=("why they do not hear or accept each other",),
    )
