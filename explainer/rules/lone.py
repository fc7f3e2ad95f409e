"""Whether a capture holds nothing but what hosts say to get addresses and find each other."""

from typing import TYPE_CHECKING

from explainer.lazy import pl

if TYPE_CHECKING:
    import polars as pl

_CONFIGURING = r"^(?:0\.0\.0\.0|::|fe80:.*)$"
_GROUPS = r"(?i)^(?:255\.255\.255\.255|22[4-9]\..*|23\d\..*|.*\.255|ff[0-9a-f]{2}:.*)$"


def only_addressing(packets: "pl.DataFrame") -> bool:
    """Return whether no packet goes from one host to another: each is to a group, or of a host without address."""
    table = packets.select("src", "dst").drop_nulls().unique()
    return table.filter(~pl.col("dst").str.contains(_GROUPS) & ~pl.col("src").str.contains(_CONFIGURING)).is_empty()


def only_ipv6_addressing(packets: "pl.DataFrame") -> bool:
    """Return whether that is so, and no host asks for an IPv4 address (DHCP): else IPv6 need not be meant."""
    return only_addressing(packets) and packets.filter(pl.col("dst") == "255.255.255.255").is_empty()
