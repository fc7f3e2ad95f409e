"""What a question about the default gateway asks for: which host passes on what others send, by Ethernet and ARP.

What DHCP gave a client as its gateway is told first: that is what the client uses (RFC 2132 section 3.5).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from explainer.brief.question import Question
from explainer.llm.rows import Row, rows
from explainer.model import Analysis, Claim
from explainer.wording import count, listing

_ROWS = 5
_NO_ADDRESS_YET = ("", "0.0.0.0")
_SOURCES = ("hosts", "arp")


def gateways(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield which gateway DHCP gives out, and through which host packets come from other networks.

    A network card from which packets of several IP addresses come is a router's; its own address is the one that it
    claims by ARP (RFC 826). A host with several addresses claims each of them, so it passes on nothing here.
    """
    own = _claimed(analysis)
    given = defaultdict[str, list[Row]](list)
    for row in rows(analysis.stat("dhcp_settings")):
        given[row["gateways"]].append(row)
    heard = {address: mac for mac, addresses in own.items() if mac for address in addresses}
    for gateway, clients in list(given.items())[:_ROWS]:
        yield _given(gateway, clients, heard)
    told = 0
    for mac, others in _passed(analysis, own).items():
        claimed = {address: frame for address, frame in own[mac].items() if address not in _NO_ADDRESS_YET}
        if claimed and told < _ROWS and not set(claimed) & set(given):
            told += 1
            yield _gateway(mac, claimed, others)
    if not (told or given) and not any(finding.rule == "address_arp_unanswered" for finding in analysis.findings):
        text = "This capture cannot tell which host is the default gateway: it shows no router's card that tells its"
        text += " own address by ARP. On the machine itself: ip route (Windows: ipconfig; macOS: netstat -rn)"
        yield Claim(text=f"{text}.", sources=_SOURCES)


def _claimed(analysis: Analysis) -> defaultdict[str, dict[str, int]]:
    """Return the addresses that each card claims by ARP, with a frame that shows it."""
    own = defaultdict[str, dict[str, int]](dict)
    for row in rows(analysis.stat("arp")):
        for mac in (row["reply_mac"] or "").split(", "):
            own[mac].setdefault(row["target"], row["reply_frame"] or row["first_frame"])
        own[row["asker_mac"]].setdefault(row["asker"], row["first_frame"])
    return own


def _passed(analysis: Analysis, own: defaultdict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """Return the addresses that are not a card's own and whose packets come from it, with their first frames."""
    passed = defaultdict[str, dict[str, int]](dict)
    for row in rows(analysis.stat("hosts")):
        for mac in (row["macs"] or "").split(", "):
            if mac and row["address"] not in own[mac] and not _on_link(row["address"]):
                passed[mac][row["address"]] = row["first_frame"]
    return passed


def _on_link(address: str) -> bool:
    """Return whether a packet from it tells of no way: IPv6, no address yet (DHCP), or one of the link alone."""
    return ":" in address or address in _NO_ADDRESS_YET or address.startswith("169.254.")


def _given(gateway: str, clients: list[Row], heard: Mapping[str, str]) -> Claim:
    who = listing([row["address"] or row["mac"] for row in clients[:_ROWS]])
    by = f" ({clients[0]['server']} gives it to {who})" if clients[0]["server"] else f" to {who}"
    mac = next((heard[address] for address in gateway.split(" and ") if address in heard), "")
    silent = f"; its network card is {mac}" if mac else "; nothing here tells of a card with that address"
    text = f"The default gateway is {gateway}, says DHCP{by}{silent}" if gateway else f"DHCP gives {who} no gateway"
    return Claim(text=f"{text}.", frames=tuple(row["frame"] for row in clients[:_ROWS]), sources=("dhcp_settings",))


def _gateway(mac: str, claimed: dict[str, int], others: dict[str, int]) -> Claim:
    shown = [*list(others)[:_ROWS], *([f"{count(len(others) - _ROWS, 'more address', 'more addresses')}"]
                                      if len(others) > _ROWS else [])]  # fmt: skip
    text = f"The gateway is {listing(list(claimed)[:_ROWS])}, most likely: packets of {listing(shown)} come from its"
    frames = (*list(claimed.values())[:_ROWS], *list(others.values())[:_ROWS])
    return Claim(text=f"{text} network card ({mac}).", frames=frames, sources=_SOURCES)
