"""What a question about one's own address, or about what DHCP gave, asks for."""

from collections.abc import Iterator

from explainer.brief.question import Question, Topic
from explainer.llm.host_lookup import nobody, talks
from explainer.llm.rows import rows
from explainer.model import Analysis, Claim
from explainer.wording import count, listing

_ROWS = 5
_MOST = 0.9
"""A machine that records itself is in nearly every packet, save what others send to all of the network."""
_FRESH = (64, 128, 255)  # the time to live with which systems send: who has it still is no router away
_ENDPOINTS = ("endpoints_ip", "endpoints_ipv6")


def own_address(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield whose capture it most likely is: of the host that is in nearly every packet, and asks the others."""
    hosts = [row for key in _ENDPOINTS for row in rows(analysis.stat(key)) if not nobody(row["address"])]
    # Each packet has two ends.
    total = sum(row["packets"] for key in _ENDPOINTS for row in rows(analysis.stat(key))) / 2
    first = {row["address"]: row for row in rows(analysis.stat("hosts"))}
    near = [row for row in hosts if row["packets"] >= _MOST * total and row["address"] in first]
    asking = {talk.client for talk in talks(analysis)}
    fresh = [row for row in near if first[row["address"]]["ttl"] in _FRESH]
    clients = [row for row in near if row["address"] in asking]
    likely = next((found[0] for found in (near, fresh, clients) if len(found) == 1), None)
    if likely is None:
        text = "This capture cannot tell which of its hosts is yours"
        busy = [row["address"] for row in near or hosts][:_ROWS]
        text += f": packets do not say where they were recorded. The busiest are {listing(busy)}" if busy else ""
        yield Claim(text=f"{text}.", sources=_ENDPOINTS)
        return
    address = likely["address"]
    share = f"it sends or receives {likely['packets']:,} of {count(round(total), 'packet')}"
    text = f"Your address is {address}, if this was recorded on your machine: {share}"
    yield Claim(text=f"{text}.", frames=(first[address]["first_frame"],), sources=_ENDPOINTS)


def leases(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield what DHCP gave to whom: the address, for how long, with which mask, gateway and name servers."""
    given, given_ipv6 = rows(analysis.stat("dhcp_settings")), list(leases_ipv6(analysis))
    if Topic.IP_VERSION in question.topics:  # asked is one version, and it is IPv6 that needs to be named
        yield from given_ipv6
    for row in given[:_ROWS]:
        parts = [
            f"the mask {row['mask']}" if row["mask"] else "",
            f"the gateway {row['gateways']}" if row["gateways"] else "no gateway",
            _resolvers(row["name_servers"]),
            f"for {_lasting(row['lease_s'])}" if row["lease_s"] is not None else "",
        ]
        who = f"The DHCP server {row['server']}" if row["server"] else "A DHCP server"
        what = f"the address {row['address']}" if row["address"] else "settings"
        text = f"{who} gives {row['mac']} {what}, with {listing([part for part in parts[:3] if part])}"
        yield Claim(
            text=f"{text}{', ' if parts[3] else ''}{parts[3]}.", frames=(row["frame"],), sources=("dhcp_settings",)
        )
    if Topic.IP_VERSION not in question.topics:
        yield from given_ipv6
    offered = [row for row in rows(analysis.stat("dhcp")) if row["ack_frame"] is None and row.get("offered")]
    for row in offered[:_ROWS]:
        text = f"{row['mac']} is offered the address {row['offered']}"
        text += f" by the DHCP server {row['server']}" if row["server"] else ""
        text += "; no acknowledgement that gives it is in this capture"
        yield Claim(text=f"{text}.", frames=(row["offer_frame"],), sources=("dhcp",))
    if not given and not given_ipv6 and not offered:
        text = "This capture cannot tell: it holds no acknowledgement of a DHCP server"
        yield Claim(text=f"{text}.", sources=("dhcp_settings",))


def leases_ipv6(analysis: Analysis) -> Iterator[Claim]:
    """Yield what DHCPv6 gave to whom: addresses, prefixes, name servers, and for how long."""
    for row in rows(analysis.stat("dhcpv6"))[:_ROWS]:
        what = [f"the address {row['addresses']}" if row["addresses"] else ""]
        what += [f"the prefix {row['prefixes']}" if row["prefixes"] else ""]
        text = f"The DHCPv6 server {row['server']} gives {row['client']} {listing([part for part in what if part])}"
        text += f", with {_resolvers(row['name_servers'])}"
        lasting = f", for {_lasting(row['valid_s'])}" if row["valid_s"] is not None else ""
        yield Claim(text=f"{text}{lasting}.", frames=(row["frame"],), sources=("dhcpv6",))


def _resolvers(names: str) -> str:
    if not names:
        return "no name server"
    return f"the name servers {names}" if " and " in names else f"the name server {names}"


def _lasting(seconds: int) -> str:
    """Return "10 minutes", in the largest unit that is whole."""
    if seconds == 0xFFFFFFFF:  # RFC 2131, section 3.3
        return "ever"
    for length, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= length and seconds % length == 0:
            return count(seconds // length, unit)
    return count(seconds, "second")
