"""Routers that speak of themselves: OSPF's hellos."""

from explainer.facts import Facts
from explainer.model import Stat
from explainer.protocols.ospf import routers
from explainer.registry import statistic
from explainer.stats.tables import table

_OSPF = ("router", "address", "area", "hello_s", "dead_s", "mask", "neighbors", "hellos", "first_frame")


@statistic("OSPF routers", routers)
def ospf(facts: Facts) -> Stat:
    """One row a router (OSPF version 2) and its address on a link, by first hello; Wireshark has no such table.

    Area, intervals (ospf.hello.*), mask and neighbors (ospf.hello.active_neighbor) are those of its last hello.
    """
    rows = [
        (
            r.identifier, r.address, r.area, r.hello_s, r.dead_s, r.mask, ", ".join(r.neighbors), len(r.hellos),
            r.hellos[0],
        )
        for r in facts[routers]
    ]  # fmt: skip
    return table("ospf", "OSPF routers", _OSPF, rows)
