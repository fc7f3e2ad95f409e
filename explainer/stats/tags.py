"""Virtual networks: by which numbers frames are marked, and who sends in each."""

from explainer.facts import Facts
from explainer.lazy import pl
from explainer.model import Stat
from explainer.protocols.tags import tags as tagged
from explainer.registry import statistic
from explainer.stats.tables import table

_NAMES = ("kind", "number", "frames", "hosts", "first_frame")
_HOSTS = 20


@statistic("Virtual networks", tagged)
def tags(facts: Facts) -> Stat:
    """One row a VLAN (vlan.id) or VXLAN network (vxlan.vni), the busiest first; Wireshark has no such table.

    A frame with two tags (QinQ) counts for both. hosts are the first 20 that send IP packets in it.
    """
    counted = (
        facts[tagged]
        .group_by("kind", "number", maintain_order=True)
        .agg(
            pl.col("frame").n_unique().cast(pl.Int64).alias("frames"),
            pl.col("src").drop_nulls().unique(maintain_order=True).head(_HOSTS),
            pl.col("frame").min().alias("first"),
        )
        .sort("frames", "kind", "number", descending=[True, False, False])
    )
    rows = [
        (kind, number, frames, ", ".join(hosts), first) for kind, number, frames, hosts, first in counted.iter_rows()
    ]
    return table("tags", "Virtual networks", _NAMES, rows)
