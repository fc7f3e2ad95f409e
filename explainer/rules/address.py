"""Addresses on the local network: who has which one (ARP), and who gives them out (DHCP)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.arp import Resolution, resolutions
from explainer.protocols.dhcp import Lease, leases
from explainer.protocols.dhcp_relayed import relayed
from explainer.protocols.dhcp_settings import settings_of_searchers
from explainer.protocols.frame import last_ns
from explainer.protocols.ip import packets
from explainer.registry import rule
from explainer.rules.address_gateway import as_given_out
from explainer.rules.address_moved import Claims, moved
from explainer.rules.address_tunnelled import Tunnel, through, tunnel_of, tunnels
from explainer.rules.lone import only_addressing
from explainer.rules.tcp_case import finding
from explainer.wording import count, listing

_ARP_AREA, _DHCP_AREA = "the addresses on the local network (ARP)", "the giving out of addresses (DHCP)"
_SHOWN = 20
_UNASKED = 3
# Routers that share an address answer with these: VRRP (RFC 5798), HSRP, GLBP, CARP; and Wi-Fi repeaters do proxy ARP.
SHARED_MACS = ("00:00:5e:00:01:", "00:00:0c:07:ac:", "00:00:0c:9f:f", "00:07:b4:00:", "00:05:73:a0:")


@rule("ARP unanswered", resolutions, packets, last_ns, settings_of_searchers, subject="ARP requests", area=_ARP_AREA)
def address_arp_unanswered(facts: Facts, *, min_requests: int = 3, min_wait_s: float = 2.0) -> Iterator[Finding]:
    """A host that asks `min_requests` times who has an address, and nobody answers (RFC 826).

    Answers go to the asker alone: only a host whose own packets are recorded, with replies to it or not, counts as one
    of which the capture would show them; or the only one that asks, where the capture holds no packet from host to host
    at all: its gateway may be silent. Of one that asks inside a tunnel, what comes to the tunnel's end counts. Probes
    and announcements want no answer. Where DHCP gave the asker that address as its gateway, or as its only name server,
    it is of high severity.
    """
    every, end = facts[resolutions], facts[last_ns]
    heard = {r.asker for r in every if r.answered}
    seen = set(facts[packets].filter(facts[packets]["dst"].is_not_null())["dst"].unique())
    askers = {r.asker for r in every if not (r.probe or r.gratuitous)}
    alone = len(askers) == 1 and only_addressing(facts[packets])
    carried = tunnels(every, facts[packets])
    by_asker = defaultdict[tuple[str, Tunnel | None], list[Resolution]](list)
    for r in every:
        late = (end - r.first_ns) / 1e9 >= min_wait_s
        asks = len(r.request_frames) >= min_requests and not (r.answered or r.probe or r.gratuitous)
        tunnel = tunnel_of(r, carried, heard | seen)
        shown = r.asker in heard or r.asker in seen or alone or tunnel
        if asks and late and shown and r.target not in seen:
            by_asker[r.asker, tunnel].append(r)
    for (asker, tunnel), group in by_asker.items():
        found = _unanswered(asker, group)
        found = through(found, tunnel) if tunnel else found
        yield as_given_out(found, asker, [r.target for r in group], facts[settings_of_searchers])


def _unanswered(asker: str, group: Sequence[Resolution]) -> Finding:
    frames = [frame for r in group for frame in r.request_frames]
    targets = [r.target for r in group]
    hosts = (
        targets[0] if len(targets) == 1 else f"{len(targets)} hosts ({listing(targets[:3])}{' …' * (len(targets) > 3)})"
    )
    return finding(
        "address_arp_unanswered",
        frames[0],
        Severity.MEDIUM,
        Side.EITHER,
        f"Nobody on the local network has the address {hosts}: {asker} asks for it by ARP {count(len(frames), 'time')}"
        " without an answer.",
        Evidence.of(
            frames,
            f"arp.opcode == 1 && arp.src.proto_ipv4 == {asker}",
            [
                Step(
                    frames=tuple(frames[:_SHOWN]), text=f"{asker} asks who has {listing(targets[:3])}; no reply follows"
                )
            ],
        ),
        Scope(addresses=(asker, *targets[:99])),
        act=f"Either {targets[0]} is off or in another network, or {asker} has a wrong address, mask or gateway.",
        measured={"requests": len(frames), "addresses": len(targets)},
        confidence=Confidence.PROBABLE,
        advice=(
            f"Check that {targets[0]} is on, plugged in, and in the same network (VLAN) as {asker}.",
            f"Check address, mask and gateway of {asker}: ip address; ip route",
        ),
        limits=(
            "whether the host is off, moved, or in another VLAN",
            f"if this was not recorded at {asker}: whether it got an answer that did not pass here",
        ),
    )


@rule("Address used twice", resolutions, subject="ARP requests", area=_ARP_AREA)
def address_duplicate(facts: Facts) -> Iterator[Finding]:
    """Two network cards that claim the same IPv4 address in answer to one asker (RFC 5227).

    Shared addresses of router pairs (VRRP, HSRP, GLBP) are left out. One card that claims several such addresses is
    told as ARP spoofing. Of info severity is an address that moves: the second card announces it unasked, and the first
    one, which claimed it before, is not heard by ARP any more; so pairs of servers take over from each other.
    """
    claims = dict[str, dict[str, list[int]]]()
    for r in facts[resolutions]:
        own = [mac for mac in r.reply_macs if not mac.startswith(SHARED_MACS)]
        if len(own) > 1:
            for mac in own:
                claims.setdefault(r.target, {}).setdefault(mac, []).extend(r.reply_frames)
    takers = defaultdict[str, list[str]](list)
    for address, macs in claims.items():
        for mac in macs:
            takers[mac].append(address)
    said = Claims(facts[resolutions])
    owners = {r.asker_mac: r.asker for r in facts[resolutions] if not (r.probe or r.gratuitous)}
    for address, macs in claims.items():
        spoofer = next((mac for mac in macs if len(takers[mac]) > 1), None)
        unasked = _unasked(address, facts[resolutions], owners)
        found = _duplicate(address, macs, spoofer, unasked)
        handover = None if spoofer or unasked else said.handover(address, macs)
        yield moved(found, address, handover) if handover else found


def _unasked(address: str, every: Sequence[Resolution], owners: dict[str, str]) -> str:
    """Return who keeps claiming another's address without being asked, in words, or nothing."""
    for r in every:
        more = len(r.reply_frames) - len(r.request_frames)
        other = next((mac for mac in reversed(r.reply_macs) if owners.get(mac, address) != address), None)
        if r.target == address and more >= _UNASKED and other and len(r.reply_macs) > 1:
            return f"{owners[other]} ({other}) says again and again, unasked, that {address} is its own"
    return ""


def _duplicate(address: str, macs: dict[str, list[int]], spoofer: str | None, unasked: str) -> Finding:
    frames = sorted({frame for found in macs.values() for frame in found})
    names = listing(list(macs))
    title = f"Two network cards claim the address {address}: {names}. Packets to it reach now one, now the other."
    if spoofer:
        title = f"The network card {spoofer} claims {address} and other addresses that belong to others: ARP spoofing."
    if unasked and not spoofer:
        title = f"Two network cards claim the address {address}, and {unasked}: that looks like ARP spoofing."
    return finding(
        "address_duplicate",
        frames[0],
        Severity.HIGH,
        Side.EITHER,
        title,
        Evidence.of(
            frames,
            f"arp.opcode == 2 && arp.src.proto_ipv4 == {address}",
            [Step(frames=tuple(frames[:_SHOWN]), text=f"{names} answer that {address} is theirs")],
        ),
        Scope(addresses=(address,)),
        act="Whoever runs the local network must act: find out what that host does, and take it off the network."
        if unasked or spoofer
        else f"Whoever runs the local network must act: give one of the two another address than {address}.",
        measured={"cards": len(macs)},
        confidence=Confidence.POSSIBLE if spoofer else Confidence.CERTAIN,
        advice=(
            f"Find the two by their MAC addresses in the switch's table: {names}",
            "Look for a fixed address inside the range that DHCP gives out.",
        ),
        limits=("which of the two is meant to have it", "whether a proxy answers on purpose for a host"),
    )


@rule("No DHCP offer", leases, packets, last_ns, subject="DHCP messages", area=_DHCP_AREA)
def address_no_offer(facts: Facts, *, min_discovers: int = 2, min_wait_s: float = 3.0) -> Iterator[Finding]:
    """A client that asks for an address `min_discovers` times, and no server offers one (RFC 2131).

    A server that serves other clients of the capture is named: its pool may be used up, which it says to nobody. A
    client with an address from before asks for that first; a request that follows the discover has had an offer. What
    a relay passes on is counted apart, and tells where it goes.
    """
    served = {server for lease in facts[leases] if lease.acks for server in lease.servers}
    passed_on = relayed(facts[packets], facts[leases])
    for lease in facts[leases]:
        waited = (facts[last_ns] - lease.first_ns) / 1e9
        asked = [frame for frame in lease.discovers if frame not in passed_on]
        times = max(len(asked), len(lease.discovers) - len(asked))
        answered = lease.offers or lease.acks or lease.naks or lease.requests[-1:] > lease.discovers[:1]
        if times >= min_discovers and not answered and waited >= min_wait_s:
            others = f" The server {listing(sorted(served))} serves others: it may have no free address left (pool used"
            others = f"{others} up), or not serve this client." if served else ""
            relay = next((passed_on[frame] for frame in lease.discovers if frame in passed_on), None)
            way = f" {relay[0]} (a relay) passes this on to {relay[1]}, of which no answer is seen." if relay else ""
            yield _lease(
                "address_no_offer",
                lease,
                lease.discovers,
                f"No DHCP server offers {lease.mac} an address: it asks {count(times, 'time')} in {waited:.0f} s"
                f" without an answer.{way}{others}",
                f"{lease.mac} asks for an address (DHCP discover); no offer follows",
                act="Whoever runs the local network must act: the DHCP server or the relay to it does not answer.",
                advice=(
                    "Check that the DHCP server runs, has free addresses, and serves this network (VLAN, relay).",
                    "Record on the server: udp port 67 shows whether the question arrives.",
                ),
                limits=("whether the question, or the offer, gets lost",),
            )


@rule("DHCP refuses the address", leases, subject="DHCP messages", area=_DHCP_AREA)
def address_refused(facts: Facts) -> Iterator[Finding]:
    """A server that answers a client's request with NAK, and no acknowledgement of any server follows (RFC 2131)."""
    for lease in facts[leases]:
        if lease.naks and not any(frame > lease.naks[-1] for frame in lease.acks):
            wanted = f" {lease.requested[-1]}" if lease.requested else ""
            who = listing(list(lease.refusing)) or "a server"
            yield _lease(
                "address_refused",
                lease,
                (*lease.requests, *lease.naks),
                f"The DHCP server {who} refuses {lease.mac} the address{wanted} (NAK), and gives no other.",
                f"{who} refuses the address{wanted} (DHCP NAK)",
                act="Whoever runs the DHCP server must act, or the client must forget its old address.",
                advice=(
                    "Let the client ask anew: release and renew its lease.",
                    "See whether two DHCP servers with different ranges serve this network.",
                ),
                limits=("why the server refuses: its log says so",),
            )


@rule("DHCP address declined", leases, subject="DHCP messages", area=_DHCP_AREA)
def address_declined(facts: Facts) -> Iterator[Finding]:
    """A client that gives back an address because another host has it already (DECLINE; RFC 2131, section 3.1.5)."""
    for lease in facts[leases]:
        if lease.declines:
            which = f" {lease.declined[-1]}" if lease.declined else ""
            yield _lease(
                "address_declined",
                lease,
                lease.declines,
                f"The client {lease.mac} gives back the address{which} that it was given (DHCP decline): another host"
                " uses it already.",
                f"{lease.mac} declines the address{which}",
                act="Whoever runs the local network must find the host that uses an address of the DHCP range.",
                advice=(
                    "Ask who has it: arping, or the switch's table; look for a fixed address inside the DHCP range.",
                ),
                limits=("which host has the address",),
            )


def _lease(
    rule_id: str,
    lease: Lease,
    frames: Sequence[int],
    title: str,
    shown: str,
    *,
    act: str,
    advice: tuple[str, ...],
    limits: tuple[str, ...],
) -> Finding:
    return finding(
        rule_id,
        frames[0],
        Severity.HIGH,
        Side.SERVER,
        title,
        Evidence.of(
            frames, f"dhcp.hw.mac_addr == {lease.mac}", [Step(frames=tuple(sorted(frames)[:_SHOWN]), text=shown)]
        ),
        Scope(addresses=lease.requested + lease.servers + lease.refusing, ports=(67, 68)),
        act=act,
        measured={"discovers": len(lease.discovers), "requests": len(lease.requests)},
        advice=advice,
        limits=limits,
    )
