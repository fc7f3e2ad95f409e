"""Network cards that claim the addresses of others, so that packets go by way of them."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.arp import resolutions
from explainer.protocols.arp_claims import Claim, claims
from explainer.registry import rule
from explainer.rules.address import SHARED_MACS
from explainer.rules.tcp_case import finding

_SHOWN = 20


@rule("ARP spoofing", resolutions, claims, subject="ARP requests", area="the addresses on the local network (ARP)")
def address_spoofed(facts: Facts) -> Iterator[Finding]:
    """A card that tells a host unasked that another address is its own, while it uses an address besides (RFC 826).

    Likely where the host's packets to the same addresses then change their way and go through this card (high);
    otherwise only possible, since routers with several addresses do so, too (low). Shared addresses of router pairs
    (VRRP, HSRP, GLBP) are left out.
    """
    told = set[tuple[str, str]]()
    for claim in facts[claims]:
        if not claim.mac.startswith(SHARED_MACS) and (claim.mac, claim.address) not in told:
            told.add((claim.mac, claim.address))
            yield _spoofed(claim)


def _spoofed(claim: Claim) -> Finding:
    turned = bool(claim.before and claim.detour)
    own = claim.own[0]
    effect = (
        f"; from then on packets of {claim.victim} go through it (man in the middle)."
        if turned
        else f", and uses the address {own} besides."
    )
    steps = [
        Step(frames=claim.frames[:_SHOWN], text=f"{claim.mac} tells {claim.victim}, unasked: {claim.address} is me")
    ]
    steps.append(Step(frames=claim.own_frames[:_SHOWN], text=f"the same card uses the address {own}"))
    if turned:
        steps += [
            Step(frames=claim.before[:3], text=f"before, packets of {claim.victim} went through another card"),
            Step(frames=claim.detour[:3], text=f"after it, packets to the same hosts go through {claim.mac}"),
        ]
    return finding(
        "address_spoofed",
        claim.frames[0],
        Severity.HIGH if turned else Severity.LOW,
        Side.CLIENT,
        f"The network card {claim.mac} ({own}) claims the address {claim.address} towards {claim.victim}"
        f" (ARP spoofing, ARP poisoning){effect}"
        if turned
        else f"The network card {claim.mac} tells {claim.victim} unasked that {claim.address} is its own{effect}"
        " ARP spoofing looks like that; so does a router with two addresses.",
        Evidence.of(
            (*claim.frames, *claim.own_frames, *claim.before[:3], *claim.detour[:3]),
            f"arp || eth.addr == {claim.mac}",
            steps,
        ),
        Scope(addresses=(claim.victim, claim.address, *claim.own)),
        act=f"Whoever runs the local network must find the host {own} with the card {claim.mac}, and say what it does.",
        measured={"replies": len(claim.frames)},
        confidence=Confidence.PROBABLE if turned else Confidence.POSSIBLE,
        advice=(
            f"Compare with the card that {claim.address} really has: look at its label, or at the switch's table.",
            "Let switches check ARP (dynamic ARP inspection), and use encrypted protocols: whoever is in the middle"
            " reads all the rest.",
        ),
        limits=("whether the card belongs to a device that is meant to answer for others",),
    )
