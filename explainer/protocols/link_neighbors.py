"""Switches, routers and access points that announce themselves on a link: LLDP (IEEE 802.1AB) and Cisco's CDP."""

from dataclasses import dataclass

from explainer.facts import Column, Facts, Kind, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME

_NAMES = {
    "LLDP": tuple(map(Column, ("lldp.tlv.system.name", "lldp.chassis.id.mac", "lldp.chassis.id"))),
    "CDP": (Column("cdp.deviceid"),),
}
_PORTS = {
    "LLDP": tuple(map(Column, ("lldp.port.id", "lldp.port.desc", "lldp.port.id.mac"))),
    "CDP": (Column("cdp.portid"),),
}
_PLATFORMS = {"LLDP": Column("lldp.tlv.system.desc"), "CDP": Column("cdp.platform")}
_VLANS = {"LLDP": Column("lldp.ieee.802_1.port_vlan.id", Kind.INT), "CDP": Column("cdp.native_vlan", Kind.INT)}
_COLUMNS = (
    FRAME, *_NAMES["LLDP"], *_NAMES["CDP"], *_PORTS["LLDP"], *_PORTS["CDP"], *_PLATFORMS.values(), *_VLANS.values(),
)  # fmt: skip
_TEXT = 100


@dataclass(frozen=True, slots=True)
class Announcement:
    """What a device says of itself and of its port on this link; `platform` is its model, as far as it tells."""

    protocol: str
    device: str
    port: str
    platform: str
    vlan: int | None
    frames: tuple[int, ...]


@fact("announcements of switches", *_COLUMNS)
def announcements(facts: Facts) -> tuple[Announcement, ...]:
    """Return who announces itself on which port, by first frame."""
    table = facts.frames(*_COLUMNS)
    found = [each for protocol in _NAMES for each in _of(protocol, table)]
    return tuple(sorted(found, key=lambda each: each.frames))


def _of(protocol: str, table: "pl.DataFrame") -> list[Announcement]:
    told = table.select(
        pl.coalesce(pl.col(c.field) for c in _NAMES[protocol]).alias("device"),
        pl.coalesce(*(pl.col(c.field) for c in _PORTS[protocol]), pl.lit("")).alias("port"),
        pl.col(_PLATFORMS[protocol].field).alias("platform"),
        pl.col(_VLANS[protocol].field).alias("vlan"),
        pl.col(FRAME.field).alias("frame"),
    ).drop_nulls("device")
    groups = told.group_by("device", "port", maintain_order=True).agg(
        pl.col("platform").drop_nulls().first(), pl.col("vlan").drop_nulls().first(), "frame"
    )
    return [
        Announcement(protocol, device, port, " ".join((platform or "").split())[:_TEXT], vlan, tuple(frames))
        for device, port, platform, vlan, frames in groups.iter_rows()
    ]
