"""Several DHCP servers that offer different things (RFC 2131)."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.dhcp_offers import Offer, offers
from explainer.registry import rule
from explainer.rules.tcp_case import finding
from explainer.wording import listing


@rule(
    "Two DHCP servers disagree",
    offers,
    subject="offers of several DHCP servers",
    area="the giving out of addresses (DHCP)",
)
def address_second_server(facts: Facts) -> Iterator[Finding]:
    """DHCP servers that offer clients of one network different gateways or name servers: one may be a stranger.

    Pairs that back each other up (failover) offer the same ones, and are left out.
    """
    by_server = dict[str, Offer]()
    for offer in facts[offers]:
        by_server.setdefault(offer.server, offer)
    found = list(by_server.values())
    if len({offer.routers for offer in found}) < 2 and len({offer.resolvers for offer in found}) < 2:
        return
    names = [offer.server for offer in found]
    frames = [offer.frame for offer in found]
    yield finding(
        "address_second_server",
        frames[0],
        Severity.MEDIUM,
        Side.NETWORK,
        f"{len(found)} DHCP servers answer in this network and give out different settings: {listing(names)}. One of"
        " them is probably not meant to be there (a rogue DHCP server); clients that take its offer may have no"
        " network.",
        Evidence.of(
            frames,
            "dhcp.option.dhcp == 2 || dhcp.option.dhcp == 5",
            [Step(frames=(offer.frame,), text=_told(offer)) for offer in found],
        ),
        Scope(addresses=tuple(names), ports=(67, 68)),
        act="Whoever runs the local network must act: find out which server is meant, and switch the other off.",
        measured={"servers": len(found)},
        confidence=Confidence.PROBABLE,
        advice=(
            f"Find the servers by their MAC addresses in the switch's table: {listing(names)}",
            "Often it is a Wi-Fi router or a virtual machine plugged in by somebody; DHCP snooping on the switch stops"
            " it.",
        ),
        limits=("which of the servers is meant to be there",),
    )


def _told(offer: Offer) -> str:
    parts = [f"the gateway {listing(list(offer.routers))}"] if offer.routers else ["no gateway"]
    parts += [f"the name server {listing(list(offer.resolvers))}"] if offer.resolvers else ["no name server"]
    return f"{offer.server} offers {offer.address}, {listing(parts)}"
