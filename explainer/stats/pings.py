"""Pings by who asks whom, with their round trips."""

from statistics import fmean

from explainer.facts import Facts
from explainer.model import Stat
from explainer.protocols.echo import pings as ping_pairs
from explainer.registry import statistic
from explainer.stats.tables import table

_NAMES = (
    "source", "target", "version", "requests", "replies", "min_ms", "mean_ms", "max_ms", "first_frame", "reply_frame",
)  # fmt: skip


@statistic("Pings", ping_pairs)
def pings(facts: Facts) -> Stat:
    """Echo requests and replies (ICMP and ICMPv6), one row for each source and target, by first frame.

    Wireshark has no such menu; requests and replies are icmp.type 8 and 0 (icmpv6.type 128 and 129). The times are
    those from a request to a reply that comes before the next request (icmp.resptime, where none overtakes another).
    """
    rows = []
    for p in facts[ping_pairs]:
        took = [pair[2] for pair in p.pairs]
        times = [round(min(took), 6), round(fmean(took), 6), round(max(took), 6)] if took else [None] * 3
        reply = p.replies[0] if p.replies else None
        row = (p.source, p.target, p.version, len(p.requests), len(p.replies), *times, p.requests[0], reply)
        rows.append(row)
    return table("pings", "Pings", _NAMES, rows)
