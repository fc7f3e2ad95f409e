"""Addresses on the local network: who has which one (ARP)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.arp import Resolution, resolutions
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

_ARP_AREA = "the addresses on the local network (ARP)"
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
