"""ARP: who asks for which address, and whether anybody answers."""

from explainer.facts import Facts
from explainer.model import Stat, StatColumn
from explainer.protocols.arp import Resolution, resolutions
from explainer.registry import statistic

_NAMES = (
    "asker_mac", "asker", "target", "kind", "requests", "answered", "replies", "reply_mac", "first_frame",
    "reply_frame",
)  # fmt: skip


@statistic("ARP requests", resolutions)
def arp(facts: Facts) -> Stat:
    """ARP requests and replies (IPv4 over Ethernet), one row for each asker and asked address, by first frame.

    Wireshark has no such menu; requests and replies are arp.opcode 1 and 2. kind is "request", "probe" (the asker has
    no address yet, arp.isprobe) or "gratuitous" (it announces its own, by request or reply, arp.isgratuitous), which
    nobody answers unless the address is taken. reply_mac lists all who claimed the address towards the asker.
    Requests are broadcast, replies are not: behind a switch, a capture elsewhere holds the requests only.
    """
    rows = tuple(
        (
            found.asker_mac, found.asker, found.target, _kind(found), len(found.request_frames), found.answered,
            len(found.reply_frames), ", ".join(found.reply_macs) or None, found.first_frame,
            found.reply_frames[0] if found.reply_frames else None,
        )
        for found in facts[resolutions]
    )  # fmt: skip
    columns = tuple(StatColumn(name=name) for name in _NAMES)
    return Stat(id="arp", title="ARP requests", columns=columns, rows=rows, total_rows=len(rows))


def _kind(found: Resolution) -> str:
    if found.gratuitous:
        return "gratuitous"
    return "probe" if found.probe else "request"
