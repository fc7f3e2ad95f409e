"""DHCPv6 servers that have nothing to give (RFC 8415, section 21.13)."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.dhcpv6 import NO_ADDRESS, refused_ipv6
from explainer.registry import rule
from explainer.rules.tcp_case import finding
from explainer.wording import count

_SHOWN = 20


@rule("DHCPv6 has no address", refused_ipv6, subject="DHCPv6 answers", area="the addresses on the local network (IPv6)")
def address_refused_ipv6(facts: Facts) -> Iterator[Finding]:
    """A DHCPv6 server that answers with NoAddrsAvail or NoPrefixAvail, to a client that nobody offers anything.

    Of medium severity: the client may well have an address by router advertisements, or one of IPv4.
    """
    for refused in facts[refused_ipv6]:
        address = NO_ADDRESS in refused.statuses
        what, name = ("address", "NoAddrsAvail") if address else ("prefix", "NoPrefixAvail")
        yield finding(
            "address_refused_ipv6",
            refused.frames[0],
            Severity.MEDIUM,
            Side.SERVER,
            f"The DHCPv6 server {refused.server} has no {what} for {refused.client} ({name}):"
            " its pool is used up, or it has none for this network or client.",
            Evidence.of(
                refused.frames,
                f"dhcpv6.status_code in {{2, 6}} && ipv6.dst == {refused.client}",
                [
                    Step(
                        frames=refused.frames[:_SHOWN],
                        text=f"{refused.server} answers {count(len(refused.frames), 'time')}: {name}",
                    )
                ],
            ),
            Scope(addresses=(refused.client, refused.server)),
            act=f"Whoever runs the DHCPv6 server {refused.server} must give it a (larger) pool for this network.",
            measured={"answers": len(refused.frames)},
            advice=(
                f"Look at the pools and leases of {refused.server}: is one for this network, and is it full?",
                "If addresses come by router advertisements alone, switch the M flag of the router off.",
            ),
            limits=("which of the reasons it is: the server's log tells",),
        )
