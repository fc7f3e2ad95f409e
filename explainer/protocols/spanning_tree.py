"""Spanning tree (IEEE 802.1D, 802.1w): which bridge is the root, as the bridges on this link say."""

from typing import NamedTuple

from explainer.facts import Column, Facts, Kind, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME, TIME

_TYPE = Column("stp.type", Kind.INT)
_ROOT_PRIORITY, _ROOT_EXTENSION, _ROOT = (
    Column("stp.root.prio", Kind.INT), Column("stp.root.ext", Kind.INT), Column("stp.root.hw"),
)  # fmt: skip
_BRIDGE, _COST, _CHANGE = Column("stp.bridge.hw"), Column("stp.root.cost", Kind.INT), Column("stp.flags.tc")
_COLUMNS = (FRAME, TIME, _TYPE, _ROOT_PRIORITY, _ROOT_EXTENSION, _ROOT, _BRIDGE, _COST, _CHANGE)
_SET = ("1", "True")


class Bridge(NamedTuple):
    """What one bridge says of one root: its priority (with the VLAN's number in it), the cost of the way there.

    `changes` are the frames that tell of a topology change, `change_ns` when (nanoseconds since 1970).
    """

    bridge: str
    root: str
    root_priority: int
    cost: int
    frames: tuple[int, ...]
    changes: tuple[int, ...]
    change_ns: tuple[int, ...] = ()

    @property
    def is_root(self) -> bool:
        """Return whether the bridge says that it is the root itself."""
        return self.bridge == self.root


@fact("spanning tree", *_COLUMNS)
def bridges(facts: Facts) -> tuple[Bridge, ...]:
    """Return what each bridge says of each root that it names, by first frame."""
    table = facts.frames_with((_TYPE,), *_COLUMNS).drop_nulls([_ROOT.field, _BRIDGE.field])
    found = list[Bridge]()
    keys = [_BRIDGE.field, _ROOT.field, _ROOT_PRIORITY.field, _ROOT_EXTENSION.field]
    for (bridge, root, priority, extension), said in table.group_by(keys, maintain_order=True):
        frames = said[FRAME.field].to_list()
        changes = said.filter(pl.col(_CHANGE.field).is_in(_SET))
        number = int(str(priority or 0)) + int(str(extension or 0))
        cost = said[_COST.field].drop_nulls().to_list()
        told = tuple(changes[FRAME.field]), tuple(changes[TIME.field])
        found.append(Bridge(str(bridge), str(root), number, cost[-1] if cost else 0, tuple(frames), *told))
    return tuple(found)
