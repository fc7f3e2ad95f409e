"""VRRP: which router says that it is the master of a virtual address (RFC 5798, RFC 3768)."""

from typing import NamedTuple

from explainer.facts import Column, Facts, Kind, fact
from explainer.protocols.frame import FRAME
from explainer.protocols.ip import packets

_ID, _PRIORITY = Column("vrrp.virt_rtr_id", Kind.INT), Column("vrrp.prio", Kind.INT)
_ADDRESS = Column("vrrp.ip_addr")


class Master(NamedTuple):
    """The routers that advertise one virtual router: `said` is who, with what priority, in which frame, in file order.

    Only a master advertises (RFC 5798, section 6.4.3); a priority of 0 says that it leaves. `address` is the virtual
    one, empty where it is not told.
    """

    identifier: int
    address: str
    said: tuple[tuple[str, int, int], ...]


@fact("VRRP routers", packets, FRAME, _ID, _PRIORITY, _ADDRESS)
def masters(facts: Facts) -> tuple[Master, ...]:
    """Return the virtual routers that are advertised, by first frame."""
    table = facts.frames_with((_ID,), FRAME, _ID, _PRIORITY, _ADDRESS)
    if table.is_empty():
        return ()
    rows = table.join(facts[packets].select("frame", "src"), left_on=FRAME.field, right_on="frame", how="left")
    groups = rows.drop_nulls(["src", _PRIORITY.field]).group_by(_ID.field, _ADDRESS.field, maintain_order=True)
    return tuple(
        Master(identifier, address or "", tuple(said.select("src", _PRIORITY.field, FRAME.field).iter_rows()))
        for (identifier, address), said in groups
    )
