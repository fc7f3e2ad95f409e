"""ICMP and ICMPv6 messages by who sent them to whom."""

from explainer.facts import Facts
from explainer.lazy import pl
from explainer.model import Stat, StatColumn
from explainer.protocols import icmp_names
from explainer.protocols.icmp import messages
from explainer.registry import statistic

_KEY = ("src", "dst", "version", "type", "code")
_NAMES = ("sender", "target", "version", "type", "code", "name", "count", "first_frame", "mtu")


@statistic("ICMP messages", messages)
def icmp(facts: Facts) -> Stat:
    """ICMP and ICMPv6 messages, one row for each sender, target, type and code, in the order of their first frame.

    Wireshark has no such menu; the counts equal those of a display filter on icmp.type and icmp.code (icmpv6.type and
    icmpv6.code). version is 4 for ICMP and 6 for ICMPv6; name says what type and code mean; mtu is the smallest that
    "fragmentation needed" (icmp.mtu) or "packet too big" (icmpv6.mtu) names. An error counts under who sent it, not
    under the packet that it quotes.
    """
    grouped = (
        facts[messages].group_by(_KEY)
        .agg(pl.len().alias("count"), pl.col("frame").min(), pl.col("mtu").min())
        .sort("frame")
    )  # fmt: skip
    rows = tuple(
        (src, dst, version, number, code, icmp_names.message(version, number, code), count, frame, mtu)
        for src, dst, version, number, code, count, frame, mtu in grouped.iter_rows()
    )
    columns = tuple(StatColumn(name=name, unit="bytes" if name == "mtu" else "") for name in _NAMES)
    return Stat(id="icmp", title="ICMP messages", columns=columns, rows=rows, total_rows=len(rows))
