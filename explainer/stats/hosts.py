"""Who sent packets: by which network card, with which time to live."""

from explainer.facts import Facts
from explainer.lazy import pl
from explainer.model import Cell, Stat
from explainer.protocols.ip import packets
from explainer.protocols.layers import ETHERNET
from explainer.registry import statistic
from explainer.stats.tables import table

_NAMES = ("address", "macs", "ttl", "packets", "first_frame")
_MACS = 3


@statistic("Hosts", packets, ETHERNET.headers)
def hosts(facts: Facts) -> Stat:
    """One row an IP address that sent packets, the busiest first; Wireshark has no such table.

    macs are the Ethernet addresses from which its packets came here: beyond a router these are the router's. ttl is
    the time to live (hop limit) that most of its packets arrived with. In a tunnel the inner address counts.
    """
    cards = facts[ETHERNET.headers].group_by("frame", maintain_order=True).agg(pl.col("src").last().alias("mac"))
    counted = (
        facts[packets]
        .drop_nulls("src")
        .join(cards.with_columns(pl.col("frame").cast(pl.Int64)), on="frame", how="left")
        .group_by("src")
        .agg(
            pl.col("mac").drop_nulls().unique().sort().head(_MACS),
            pl.col("ttl").drop_nulls().mode().max(),
            pl.len().cast(pl.Int64).alias("packets"),
            pl.col("frame").min(),
        )
        .sort("packets", "src", descending=[True, False])
    )
    rows: list[tuple[Cell, ...]] = [
        (address, ", ".join(macs) or None, ttl, count, frame)
        for address, macs, ttl, count, frame in counted.iter_rows()
    ]
    return table("hosts", "Hosts", _NAMES, rows)
