"""What DHCP relays pass on from clients to servers of other networks (RFC 1542, section 4)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from explainer.lazy import pl
from explainer.protocols.dhcp import NO_ADDRESS, Lease

if TYPE_CHECKING:
    import polars

_EVERYBODY = "255.255.255.255"


def relayed(packets: "polars.DataFrame", leases: Sequence[Lease]) -> dict[int, tuple[str, str]]:
    """Return the discovers that go from one address to another, with the two: a client has none yet and asks all."""
    frames = [frame for lease in leases for frame in lease.discovers]
    sent = packets.filter(pl.col("frame").is_in(frames)).select("frame", "src", "dst")
    told = sent.filter((pl.col("src") != NO_ADDRESS) & (pl.col("dst") != _EVERYBODY))
    return {frame: (source, target) for frame, source, target in told.iter_rows()}
