"""Fragments: who sends packets in pieces to whom, and how many are whole."""

from explainer.facts import Facts
from explainer.model import Stat
from explainer.protocols.fragments import fragments as cut
from explainer.registry import statistic
from explainer.stats.tables import table

_NAMES = ("source", "destination", "fragments", "packets", "whole", "first_frame", "incomplete_frame")


@statistic("Fragments", cut)
def fragments(facts: Facts) -> Stat:
    """One row a pair of hosts between which packets come in fragments; Wireshark has no such table.

    packets counts the identifications (ip.id, ipv6.fraghdr.ident); whole those that tshark puts together (ip.fragment,
    ipv6.fragment). incomplete_frame is the first fragment of a packet that is not.
    """
    rows = [
        (
            f.source, f.destination, len(f.frames), f.packets, f.whole_packets, f.frames[0],
            next((frame for frame in f.frames if frame not in f.whole), None),
        )
        for f in facts[cut]
    ]  # fmt: skip
    return table("fragments", "Fragments", _NAMES, rows)
