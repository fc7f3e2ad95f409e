"""What a question about the default gateway asks for: which host passes on what others send, by Ethernet and ARP."""

from collections import defaultdict
from collections.abc import Iterator

from explainer.brief.question import Question
from explainer.llm.rows import rows
from explainer.model import Analysis, Claim
from explainer.wording import count, listing

_ROWS = 5
_NO_ADDRESS_YET = ("", "0.0.0.0")


def gateways(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield through which host packets come from other networks.

    A network card from which packets of several IP addresses come is a router's; its own address is the one that it
    claims by ARP (RFC 826). A host with several addresses claims each of them, so it passes on nothing here.
    """
    own = defaultdict[str, dict[str, int]](dict)
    for row in rows(analysis.stat("arp")):
        for mac in (row["reply_mac"] or "").split(", "):
            own[mac].setdefault(row["target"], row["reply_frame"] or row["first_frame"])
        own[row["asker_mac"]].setdefault(row["asker"], row["first_frame"])
    passed = defaultdict[str, dict[str, int]](dict)
    for row in rows(analysis.stat("hosts")):
        for mac in (row["macs"] or "").split(", "):
            if mac and row["address"] not in own[mac] and ":" not in row["address"]:
                passed[mac][row["address"]] = row["first_frame"]
    told = 0
    for mac, others in list(passed.items()):
        claimed = {address: frame for address, frame in own[mac].items() if address not in _NO_ADDRESS_YET}
        if claimed and told < _ROWS:
            told += 1
            yield _gateway(mac, claimed, others)
    if not told and not any(finding.rule == "address_arp_unanswered" for finding in analysis.findings):
        text = "This capture cannot tell which host is the default gateway: it shows no router's card that tells its"
        text += " own address by ARP. On the machine itself: ip route (Windows: ipconfig; macOS: netstat -rn)"
        yield Claim(text=f"{text}.", sources=("hosts", "arp"))


def _gateway(mac: str, claimed: dict[str, int], others: dict[str, int]) -> Claim:
    shown = [*list(others)[:_ROWS], *([f"{count(len(others) - _ROWS, 'more address', 'more addresses')}"]
                                      if len(others) > _ROWS else [])]  # fmt: skip
    text = f"The gateway is {listing(list(claimed)[:_ROWS])}, most likely: packets of {listing(shown)} come from its"
    frames = (*list(claimed.values())[:_ROWS], *list(others.values())[:_ROWS])
    return Claim(text=f"{text} network card ({mac}).", frames=frames, sources=("hosts", "arp"))
