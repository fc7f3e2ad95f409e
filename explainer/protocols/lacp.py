"""LACP: what the ports of a link bundle say of themselves, and of whom they hear (IEEE 802.1AX)."""

from typing import NamedTuple

from explainer.facts import Column, Facts, Kind, Look, fact
from explainer.protocols.frame import FRAME, OF_LAYERS, TIME, with_layer

_SYSTEM, _PORT = Column("lacp.actor.sysid"), Column("lacp.actor.port", Kind.INT)
_STATE, _PARTNER = Column("lacp.actor.state"), Column("lacp.partner.sysid")
_MOST = 2_000
_NOBODY = "00:00:00:00:00:00"
DEFAULTED, EXPIRED = 0x40, 0x80  # section 6.4.2.3


class Said(NamedTuple):
    """One message of a port: its state (bits), and the system that it hears, empty for nobody."""

    frame: int
    time: int
    state: int
    partner: str

    @property
    def alone(self) -> bool:
        """Return whether it hears no partner, or no more."""
        return bool(self.state & (DEFAULTED | EXPIRED))


class Port(NamedTuple):
    """A port of a bundle, and what it says, in file order."""

    system: str
    number: int
    said: tuple[Said, ...]


_LOOK = Look("LACP", OF_LAYERS, (FRAME, TIME, _SYSTEM, _PORT, _STATE, _PARTNER), with_layer("lacp", _MOST))


@fact("ports of link bundles", _LOOK)
def ports(facts: Facts) -> tuple[Port, ...]:
    """Return the ports by first message."""
    seen = facts.look(_LOOK)
    if seen is None:
        return ()
    found = dict[tuple[str, int], list[Said]]()
    columns = (_SYSTEM, _PORT, FRAME, TIME, _STATE, _PARTNER)
    rows = seen.drop_nulls([_SYSTEM.field, _PORT.field, _STATE.field]).sort(FRAME.field)
    for system, number, frame, time, state, partner in rows.select(c.field for c in columns).iter_rows():
        heard = "" if partner in (None, _NOBODY) else str(partner)
        found.setdefault((system, number), []).append(Said(frame, time, int(str(state), 0), heard))
    return tuple(Port(system, number, tuple(said)) for (system, number), said in found.items())
