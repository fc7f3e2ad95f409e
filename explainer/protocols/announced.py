"""Devices that tell their neighbours who they are: LLDP (IEEE 802.1AB) and Cisco's CDP."""

import re
from typing import Any, NamedTuple

from explainer.facts import Column, Facts, Kind, Look, fact
from explainer.protocols.frame import FRAME, OF_LAYERS, PROTOCOLS, with_layer

_NAME, _ID = Column("lldp.tlv.system.name"), Column("lldp.chassis.id.mac")
_PORT, _PORT_CARD = Column("lldp.port.id"), Column("lldp.port.id.mac")
_LABEL, _DESCRIPTION = Column("lldp.port.desc"), Column("lldp.tlv.system.desc")
_CDP_NAME, _CDP_PORT, _CDP_PLATFORM = Column("cdp.deviceid"), Column("cdp.portid"), Column("cdp.platform")
_CDP_VLAN = Column("cdp.native_vlan", Kind.INT)
_COLUMNS = (
    FRAME, PROTOCOLS, _NAME, _ID, _PORT, _PORT_CARD, _LABEL, _DESCRIPTION, _CDP_NAME, _CDP_PORT, _CDP_PLATFORM,
    _CDP_VLAN,
)  # fmt: skip
_MOST, _LONGEST = 500, 100


class Announced(NamedTuple):
    """What one device says of itself and of the port that it sends from; empty, or None, where it does not say."""

    protocol: str
    device: str
    port: str
    label: str
    platform: str
    vlan: int | None
    frames: tuple[int, ...]


_LOOK = Look("announcements of devices", OF_LAYERS, _COLUMNS, with_layer("lldp|cdp", _MOST))


@fact("announcements of devices", _LOOK, FRAME, PROTOCOLS)
def announced(facts: Facts) -> tuple[Announced, ...]:
    """Return each device's port once a protocol, in the order of the first frames."""
    seen = facts.look(_LOOK)
    if seen is None:
        return ()
    found = dict[tuple[str, str, str], tuple[dict[str, Any], list[int]]]()
    for row in seen.drop_nulls([FRAME.field, PROTOCOLS.field]).sort(FRAME.field).iter_rows(named=True):
        protocol = "CDP" if ":cdp" in row[PROTOCOLS.field] else "LLDP"
        device = row[_CDP_NAME.field] or row[_NAME.field] or row[_ID.field] or ""
        port = row[_CDP_PORT.field] or row[_PORT.field] or row[_PORT_CARD.field] or ""
        found.setdefault((protocol, device, port), (row, []))[1].append(row[FRAME.field])
    return tuple(
        Announced(
            protocol, device, port, row[_LABEL.field] or "",
            _short(row[_CDP_PLATFORM.field] or row[_DESCRIPTION.field] or ""),
            row[_CDP_VLAN.field], tuple(frames),
        )
        for (protocol, device, port), (row, frames) in found.items()
    )  # fmt: skip


def _short(text: str) -> str:
    """Return the first line, and of a long one what stands before its last comma."""
    # Some versions of tshark write the end of a line as two characters.
    line = re.split(r"\n|\\n|\\r", text)[0].strip()
    return line if len(line) <= _LONGEST else line[:_LONGEST].rpartition(",")[0] or line[:_LONGEST]
