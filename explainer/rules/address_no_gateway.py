"""A DHCP lease without a gateway: its client reaches no other network (RFC 2132, section 3.5)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import NamedTuple

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.dhcp_settings import Given, settings
from explainer.protocols.dns import Lookup, lookups
from explainer.protocols.ip import packets
from explainer.registry import rule
from explainer.rules.tcp_case import finding

_AREA = "the giving out of addresses (DHCP)"
_SHOWN = 20


class _Sign(NamedTuple):
    """What shows that the client misses the gateway."""

    severity: Severity
    text: str
    frames: tuple[int, ...]


@rule("DHCP lease without a gateway", settings, packets, lookups, subject="DHCP settings", area=_AREA)
def address_no_gateway(facts: Facts) -> Iterator[Finding]:
    """A lease with an address and a mask, and neither a router (option 3) nor routes (options 33, 121, 249).

    For information alone: networks that are closed on purpose give none. High where all its name servers lie in other
    networks; medium where the client looks up names, gets addresses of other networks, and sends nothing there. Silent
    where the client sends something to another network all the same: it has a gateway from elsewhere.
    """
    given = {g.address: g for g in facts[settings] if g.address and g.mask and not (g.routers or g.routes)}
    networks = {address: network for address, g in given.items() if (network := _network(g))}
    reached = _reached(facts, networks) if networks else {}
    asked = defaultdict[str, list[Lookup]](list)
    for x in facts[lookups] if networks else ():
        if x.answers and x.query_frames:
            asked[x.client.address].append(x)
    for address, network in networks.items():
        if not any(_is_outside(to, network) for to in reached[address]):
            yield _told(given[address], _sign(given[address], network, asked[address]))


def _network(given: Given) -> IPv4Network | None:
    try:
        return IPv4Network((given.address, given.mask), strict=False)
    except ValueError:  # a damaged mask
        return None


def _reached(facts: Facts, clients: Iterable[str]) -> dict[str, set[str]]:
    sent = facts[packets].select("src", "dst").unique().iter_rows()
    reached = {client: set[str]() for client in clients}
    for source, target in sent:
        if source in reached and target:
            reached[source].add(target)
    return reached


def _is_outside(text: str, network: IPv4Network) -> bool:
    """Return whether a text is an address that only a gateway can reach."""
    try:
        address = IPv4Address(text)
    except ValueError:
        return False
    local = address.is_multicast or address.is_link_local or address.is_unspecified or address.is_reserved
    return address not in network and not local


def _sign(given: Given, network: IPv4Network, asked: list[Lookup]) -> _Sign:
    if given.resolvers and all(_is_outside(resolver, network) for resolver in given.resolvers):
        text = f"the name servers that it is given, {', '.join(given.resolvers)}, are all in other networks"
        return _Sign(Severity.HIGH, text, (given.frame,))
    later = (x for x in asked if x.query_frames[0] > given.frame)
    abroad = [x for x in later if any(_is_outside(answer, network) for answer in x.answers)]
    if abroad:
        frames = tuple(frame for x in abroad for frame in x.response_frames[:1])[:_SHOWN]
        text = f"{given.address} gets addresses of other networks for the names it looks up, and sends nothing there"
        return _Sign(Severity.MEDIUM, text, frames)
    return _Sign(Severity.INFO, f"{given.address} sends nothing to another network", ())


def _told(given: Given, sign: _Sign) -> Finding:
    server = given.server or "the DHCP server"
    frames = sorted({given.frame, *sign.frames})
    suffers = sign.severity is not Severity.INFO
    return finding(
        "address_no_gateway",
        given.frame,
        sign.severity,
        Side.NETWORK,
        f"The DHCP server {given.server or 'of this network'} gives {given.address} an address without a gateway:"
        " it reaches no other network, and so no internet.",
        Evidence.of(
            frames,
            f"dhcp && frame.number == {given.frame}" if len(frames) == 1 else f"dhcp || ip.addr == {given.address}",
            [
                Step(
                    frames=(given.frame,),
                    text=f"{server} gives {given.mac} the address {given.address} with the mask {given.mask}, and no"
                    " router (option 3)",
                ),
                Step(frames=sign.frames, text=sign.text),
            ],
        ),
        Scope(addresses=(given.address,)),
        act=f"Whoever runs the DHCP server {server} must give out the router (option 3)."
        if suffers
        else "Nobody has to act where this network is closed on purpose; else the DHCP server must give out a router.",
        confidence=Confidence.PROBABLE if suffers else Confidence.CERTAIN,
        advice=(
            "On the client: ip route shows whether there is a line with default.",
            f"On {server}, set option 3 (routers), as in: dhcp-option=option:router,ADDRESS (dnsmasq), option routers"
            " ADDRESS (ISC)",
        ),
        limits=(
            "whether the client was given a gateway by hand",
            "what this recording leaves out (a capture filter)",
        ),
    )
