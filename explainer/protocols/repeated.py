"""Housekeeping frames to all or to a group that come again and again, the same each time: a loop between switches.

Rule: only of protocols in which no healthy host says the same a hundred times in a second; streams of video go to
groups as well.
"""

from typing import NamedTuple

from explainer.facts import Facts, fact
from explainer.lazy import pl
from explainer.protocols import arp, eth
from explainer.protocols.frame import FRAME, LENGTH, PROTOCOLS, TIME

_HOUSEKEEPING = r":(?:arp|icmpv6|igmp|dhcp|dhcpv6|nbns|nbdgm|mdns|llmnr|ssdp|lldp|stp)(?::|$)"
_GROUP = r"^.[13579bdf]"
"""The lowest bit of an address's first byte: a group, or everybody (IEEE 802.3)."""
_KEY = ("source", "target", PROTOCOLS.field, LENGTH.field, arp.SENDER_IP.field, arp.TARGET_IP.field)
_COLUMNS = (FRAME, TIME, LENGTH, PROTOCOLS, eth.SOURCE, eth.DESTINATION, arp.SENDER_IP, arp.TARGET_IP)


class Repeated(NamedTuple):
    """One frame that comes many times: its protocol, who sent it to which Ethernet address, where and how long."""

    protocol: str
    source: str
    target: str
    frames: tuple[int, ...]
    seconds: float


@fact("Ethernet frames to groups", *_COLUMNS)
def repeated(facts: Facts) -> tuple[Repeated, ...]:
    """Return the frames that come more than once, the most frequent first."""
    table = facts.frames(*_COLUMNS).with_columns(
        pl.col(eth.SOURCE.field).list.first().alias("source"),
        pl.col(eth.DESTINATION.field).list.first().alias("target"),
    )
    house = pl.col(PROTOCOLS.field).str.contains(_HOUSEKEEPING) & pl.col("target").str.contains(_GROUP)
    grouped = (
        table.filter(house)
        .drop_nulls(TIME.field)
        .group_by(_KEY, maintain_order=True)
        .agg(FRAME.field, pl.col(TIME.field).min().alias("first"), pl.col(TIME.field).max().alias("last"))
        .filter(pl.col(FRAME.field).list.len() > 1)
    )
    found = [
        Repeated(row[PROTOCOLS.field].split(":")[-1], row["source"] or "", row["target"], tuple(row[FRAME.field]),
                 (row["last"] - row["first"]) / 1e9)
        for row in grouped.iter_rows(named=True)
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda one: (-len(one.frames), one.frames)))
