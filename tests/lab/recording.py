"""Recording what crosses one interface into a pcapng file.

Rules
* The scenario begins after the recorder listens, and the recorder ends after the wire is quiet: nothing is lost.
* A recorder that dropped packets is an error.
* ARP is left out, and what announces multicast groups: when the kernel sends them is chance.
"""

from __future__ import annotations

import json
import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .network import Host, wait_until
from .pcapng import without_machine
from .programs import LabError, run

# Longer than the 100 ms after which libpcap hands over a block that is not full.
QUIET_SECONDS = 0.6
# Multicast Listener Discovery is what has a hop-by-hop header, number 0 (RFC 3810, section 5).
TRAFFIC = "ip or (ip6 and not ip6 proto 0)"


@contextmanager
def recorded(host: Host, interface: str, into: Path, only: str = TRAFFIC, snap: int = 0) -> Iterator[None]:
    """Record one interface of a host while the body runs; of each frame `snap` bytes, or all."""
    recorder = host.start("dumpcap", "-q", "-i", interface, "-f", only, "-s", str(snap), "-w", str(into))
    sockets = Path(f"/proc/{recorder.pid}/net/packet")
    wait_until(lambda: into.exists() and len(sockets.read_text().splitlines()) > 1, "dumpcap to start")
    yield
    _wait_until_quiet(host, interface)
    recorder.send_signal(signal.SIGINT)
    recorder.wait(timeout=10)
    said = "".join(log.read_text() for log in host.logs.glob("dumpcap-*.log"))
    if not re.search(r"received/dropped on interface .*: \d+/0 ", said):
        raise LabError(f"dumpcap lost packets: {said}")
    into.write_bytes(without_machine(into.read_bytes()))


def _wait_until_quiet(host: Host, interface: str) -> None:
    before = _packets(host, interface)
    while True:
        time.sleep(QUIET_SECONDS)
        now = _packets(host, interface)
        if now == before:
            return
        before = now


def _packets(host: Host, interface: str) -> int:
    link = json.loads(run(("ip", "-n", host.namespace, "-j", "-s", "link", "show", "dev", interface)))[0]
    return int(link["stats64"]["rx"]["packets"]) + int(link["stats64"]["tx"]["packets"])
