"""Devices that tell their neighbours who they are."""

from explainer.facts import Facts
from explainer.model import Stat
from explainer.protocols.announced import announced
from explainer.registry import statistic
from explainer.stats.tables import table

_NAMES = ("protocol", "device", "device_port", "port_label", "platform", "vlan", "packets", "first_frame")


@statistic("Devices that announce themselves", announced)
def devices(facts: Facts) -> Stat:
    """One row a device's port, as it tells its neighbours by LLDP or CDP; vlan is the native one of CDP."""
    rows = [
        (a.protocol, a.device, a.port, a.label, a.platform, a.vlan, len(a.frames), a.frames[0])
        for a in facts[announced]
    ]
    return table("devices", "Devices that announce themselves", _NAMES, rows)
