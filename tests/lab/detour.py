"""The way through forwarder.py: the router sends what it has to forward through a tun device of that program.

Rules
* Packets come back from the device and go on as they would have; they have lost one more hop, as on a longer way.
"""

from __future__ import annotations

import sys

from . import forwarder
from .network import wait_until
from .scenario import Lab

DEVICE = "way0"
SETTINGS = ("net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0")


def detour(lab: Lab, port: int, *options: str) -> None:
    """From now on, everything between client and server passes the forwarder, which counts segments of this port."""
    router = lab.router
    router.run("sysctl", "-qw", *SETTINGS)
    router.run("ip", "tuntap", "add", "dev", DEVICE, "mode", "tun")
    router.run("sysctl", "-qw", f"net.ipv4.conf.{DEVICE}.rp_filter=0")
    router.start(sys.executable, str(forwarder.__file__), f"--device={DEVICE}", f"--port={port}", *options)
    router.run("ip", "link", "set", DEVICE, "up")
    wait_until(lambda: b"LOWER_UP" in router.run("ip", "link", "show", "dev", DEVICE), "the forwarder")
    for number, link in enumerate(("lan0", "wan0"), start=100):
        router.run("ip", "route", "add", "default", "dev", DEVICE, "table", str(number))
        router.run("ip", "rule", "add", "iif", link, "lookup", str(number))
