"""What devices tell their neighbours, by LLDP (IEEE 802.1AB-2016, clause 8)."""

import struct
from collections.abc import Callable
from pathlib import Path

from factories import UDP, datagram, ethernet, ip, pcap

from explainer.facts import Facts
from explainer.protocols.announced import announced

FactsOf = Callable[..., Facts]


def tlv(kind: int, data: bytes) -> bytes:
    return struct.pack("!H", kind << 9 | len(data)) + data


def lldp(name: str, port: str, label: str = "") -> bytes:
    chassis = tlv(1, b"\x04" + bytes.fromhex("020000000001"))
    parts = chassis + tlv(2, b"\x05" + port.encode()) + tlv(3, struct.pack("!H", 120))
    parts += tlv(4, label.encode()) if label else b""
    parts += tlv(5, name.encode()) + tlv(6, b"Switch OS 1\nCopyright") + tlv(0, b"")
    return bytes.fromhex("0180c200000e02000000000188cc") + parts


def test_each_port_once(tmp_path: Path, facts_of: FactsOf) -> None:
    packets = [lldp("sw1", "13", "uplink"), lldp("sw2", "1"), lldp("sw1", "13", "uplink"), lldp("sw1", "14")]
    found = facts_of(pcap(tmp_path / "c.pcap", packets), announced)[announced]
    assert [(a.protocol, a.device, a.port, a.label, a.frames) for a in found] == [
        ("LLDP", "sw1", "13", "uplink", (1, 3)), ("LLDP", "sw2", "1", "", (2,)), ("LLDP", "sw1", "14", "", (4,)),
    ]  # fmt: skip
    assert {a.platform for a in found} == {"Switch OS 1"}
    assert found[0].vlan is None


def test_nobody_announces_himself(tmp_path: Path, facts_of: FactsOf) -> None:
    other = ethernet(ip("10.0.0.1", "10.0.0.2", UDP, datagram(1, 2, b"x")))
    assert facts_of(pcap(tmp_path / "c.pcap", [other]), announced)[announced] == ()
