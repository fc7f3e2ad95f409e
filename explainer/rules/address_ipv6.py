"""IPv6 addresses on the local network: neighbors, duplicates, routers, DHCPv6 (RFC 4861, RFC 4862, RFC 8415)."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.dhcp_offers import solicitations
from explainer.protocols.frame import last_ns
from explainer.protocols.ip import packets
from explainer.protocols.neighbors import neighbors, sought
from explainer.registry import rule
from explainer.rules.lone import only_addressing, only_ipv6_addressing
from explainer.rules.tcp_case import finding
from explainer.wording import count

_AREA = "the addresses on the local network (IPv6)"
_SHOWN = 20


@rule("IPv6 neighbor unanswered", neighbors, sought, packets, last_ns, subject="IPv6 neighbors", area=_AREA)
def address_neighbor_unanswered(facts: Facts, *, min_wait_s: float = 2.0) -> Iterator[Finding]:
    """A host that asks three times or more for the network card of an IPv6 address, and nobody answers (RFC 4861).

    Answers go to the asker alone: as with ARP, only a host that gets packets in this capture counts, or one that is
    all there is.
    """
    known = facts[neighbors]
    if known is None:
        return
    reached = set(facts[packets]["dst"].unique())
    alone = only_addressing(facts[packets])
    for search in known.searches:
        target = facts[sought].get(search.frames[0], "")
        late = (facts[last_ns] - search.first_ns) / 1e9 >= min_wait_s
        if not target or not late or not (search.asker in reached or alone):
            continue
        asks = f"{search.asker} asks for it {count(len(search.frames), 'time')} (neighbor solicitation)"
        yield finding(
            "address_neighbor_unanswered",
            search.frames[0],
            Severity.MEDIUM,
            Side.EITHER,
            f"Nobody on the local network has the address {target}: {asks} without an answer.",
            Evidence.of(
                search.frames,
                f"icmpv6.nd.ns.target_address == {target}",
                [Step(frames=search.frames[:_SHOWN], text=f"{asks}; no advertisement follows")],
            ),
            Scope(addresses=(search.asker, target)),
            act=f"Either {target} is off or elsewhere, or {search.asker} has a wrong address, prefix or route.",
            measured={"requests": len(search.frames)},
            confidence=Confidence.PROBABLE,
            advice=(
                f"Check that {target} is on, plugged in, and in the same network (VLAN) as {search.asker}.",
                f"Check addresses and routes of {search.asker}: ip -6 address; ip -6 route",
            ),
            limits=("whether the host is off, moved, or in another VLAN", "whether a switch drops multicast (MLD)"),
        )


@rule("IPv6 address used twice", neighbors, subject="IPv6 neighbors", area=_AREA)
def address_duplicate_ipv6(facts: Facts) -> Iterator[Finding]:
    """A host that tries whether an IPv6 address is free, and another network card answers that it has it (RFC 4862)."""
    known = facts[neighbors]
    for clash in known.clashes if known else ():
        prober, owner = clash.macs
        yield finding(
            "address_duplicate_ipv6",
            clash.probe,
            Severity.HIGH,
            Side.EITHER,
            f"The IPv6 address {clash.address} is already in use (duplicate address): {prober} wants it, and"
            f" {owner} has"
            f" it, so {prober} may not use it.",
            Evidence.of(
                (clash.probe, clash.answer),
                "icmpv6.type == 135 || icmpv6.type == 136",
                [
                    Step(frames=(clash.probe,), text=f"{prober} asks whether the address is free (DAD probe)"),
                    Step(frames=(clash.answer,), text=f"{owner} answers that {clash.address} is its own"),
                ],
            ),
            Scope(addresses=(clash.address,)),
            act=f"Whoever runs the local network must act: give one of the two another address than {clash.address}.",
            measured={"cards": 2},
            advice=(
                f"Find the two by their MAC addresses in the switch's table: {prober} and {owner}",
                "On Linux: ip -6 address shows such an address as dadfailed.",
            ),
            limits=("which of the two is meant to have it",),
        )


@rule("No IPv6 router", neighbors, packets, last_ns, subject="IPv6 neighbors", area=_AREA)
def address_no_router(facts: Facts, *, min_asked: int = 3, min_wait_s: float = 8.0) -> Iterator[Finding]:
    """A host that asks for IPv6 routers `min_asked` times, and none advertises itself (RFC 4861 section 6.3.7).

    Most networks without IPv6 look like that: only information, unless the capture holds nothing but addressing, and
    none for IPv4 (DHCP).
    """
    known = facts[neighbors]
    if known is None or known.advertisements:
        return
    for asker, frames in known.routers_asked.items():
        times = dict(facts[packets].filter(facts[packets]["frame"] == frames[0]).select("frame", "time").iter_rows())
        if len(frames) < min_asked or (facts[last_ns] - times[frames[0]]) / 1e9 < min_wait_s:
            continue
        yield finding(
            "address_no_router",
            frames[0],
            Severity.MEDIUM if only_ipv6_addressing(facts[packets]) else Severity.INFO,
            Side.NETWORK,
            f"No IPv6 router answers: {asker} asks {count(len(frames), 'time')} (router solicitation), and no router"
            " advertisement comes, so it gets no prefix and no default route.",
            Evidence.of(
                frames,
                "icmpv6.type == 133 || icmpv6.type == 134",
                [Step(frames=frames[:_SHOWN], text=f"{asker} asks for routers; no advertisement follows")],
            ),
            Scope(addresses=(asker,)),
            act="Whoever runs the router must act, if this network is to have IPv6: let it send router advertisements.",
            measured={"requests": len(frames)},
            confidence=Confidence.PROBABLE,
            advice=("On the router, see whether radvd (or its like) runs on this network, and forwarding is on.",),
            limits=("whether this network is meant to have IPv6",),
        )


@rule("No DHCPv6 answer", solicitations, packets, subject="DHCPv6 messages", area=_AREA)
def address_no_offer_ipv6(facts: Facts, *, min_asked: int = 3, min_wait_s: float = 3.0) -> Iterator[Finding]:
    """A DHCPv6 client that asks `min_asked` times, and no server answers (RFC 8415 section 15).

    Windows asks in networks without DHCPv6, too: only information, unless the capture holds nothing but addressing, and
    none for IPv4 (DHCP).
    """
    for s in facts[solicitations]:
        if len(s.frames) < min_asked or s.waited_s < min_wait_s:
            continue
        asks = f"{s.client} asks {count(len(s.frames), 'time')} in {s.waited_s:.0f} s"
        yield finding(
            "address_no_offer_ipv6",
            s.frames[0],
            Severity.HIGH if only_ipv6_addressing(facts[packets]) else Severity.INFO,
            Side.SERVER,
            f"No DHCPv6 server answers: {asks} (solicit) without an answer, and gets no IPv6 address from it.",
            Evidence.of(
                s.frames, "dhcpv6", [Step(frames=s.frames[:_SHOWN], text=f"{asks} by DHCPv6; nothing answers")]
            ),
            Scope(addresses=(s.client,), ports=(546, 547)),
            act="Whoever runs the local network must act: the DHCPv6 server or the relay to it does not answer.",
            measured={"requests": len(s.frames), "seconds": round(s.waited_s, 3)},
            advice=(
                "Check that a DHCPv6 server runs and serves this network (VLAN, relay), and that UDP 546 and 547 pass.",
                "Where addresses are to come from router advertisements alone, the flag M must not be set there.",
            ),
            limits=("whether this network is meant to have DHCPv6", "whether the question, or the answer, gets lost"),
        )
