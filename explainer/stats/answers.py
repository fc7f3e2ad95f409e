"""Addresses that DHCP gives out, and what application servers answer."""

from explainer.facts import Facts
from explainer.model import Stat
from explainer.protocols.applications import replies
from explainer.protocols.dhcp import leases
from explainer.protocols.dhcp_settings import settings
from explainer.protocols.dhcpv6 import leases_ipv6
from explainer.registry import statistic
from explainer.stats.tables import table
from explainer.wording import listing

_ANSWERS = (
    "protocol", "kind", "client", "server", "request", "about", "code", "text", "ok", "request_frame", "frame",
)  # fmt: skip
_LEASES = (
    "mac", "given", "server", "requested", "request_frame", "ack_frame", "nak_frame", "decline_frame",
    "offered", "offer_frame",
)  # fmt: skip
_SETTINGS_IPV6 = ("client", "addresses", "prefixes", "server", "name_servers", "valid_s", "frame")
_SETTINGS = ("mac", "address", "server", "gateways", "name_servers", "mask", "lease_s", "frame")


@statistic("Answers of application servers", replies)
def answers(facts: Facts) -> Stat:
    """One row an answer to a login, a mail, a file, a query or the like, in the order of the file; ok is yes or no.

    Of mail, files, terminals, directories, databases, wireless access points and others that the rules read. Steps on
    the way to an answer are left out.
    """
    rows = [
        (
            r.protocol, str(r.kind), str(r.client) if r.client.port else r.client.address,
            str(r.server) if r.server.port else r.server.address, r.request, r.about, r.code, r.text, r.ok,
            r.request_frame, r.frame,
        )
        for r in facts[replies]
    ]  # fmt: skip
    return table("answers", "Answers of application servers", _ANSWERS, rows)


@statistic("DHCP leases", leases)
def dhcp(facts: Facts) -> Stat:
    """One row a client of DHCP (by its MAC): the addresses that it was given or offered, by whom, and the frames."""
    rows = [
        (
            lease.mac,
            listing(lease.given),
            listing(lease.servers),
            listing(lease.requested),
            *(frames[-1] if frames else None for frames in (lease.requests, lease.acks, lease.naks, lease.declines)),
            listing(lease.offered),
            lease.offers[-1] if lease.offers else None,
        )
        for lease in facts[leases]
    ]
    return table("dhcp", "DHCP leases", _LEASES, rows)


@statistic("DHCP settings", settings)
def dhcp_settings(facts: Facts) -> Stat:
    """One row a client that DHCP gave an address: what its last acknowledgement says, lease_s in seconds."""
    rows = [
        (g.mac, g.address, g.server, listing(g.routers), listing(g.resolvers), g.mask, g.lease_s, g.frame)
        for g in facts[settings]
    ]
    return table("dhcp_settings", "DHCP settings", _SETTINGS, rows)


@statistic("DHCPv6 leases", leases_ipv6)
def dhcpv6(facts: Facts) -> Stat:
    """One row a client that DHCPv6 gave an address or a prefix: what the last reply says, valid_s in seconds."""
    rows = [
        (g.client, listing(g.addresses), listing(g.prefixes), g.server, listing(g.resolvers), g.valid_s, g.frame)
        for g in facts[leases_ipv6]
    ]
    return table("dhcpv6", "DHCPv6 leases", _SETTINGS_IPV6, rows)
