"""Who announces itself on a link by LLDP or CDP."""

import struct
from pathlib import Path

from factories import CLIENT, SERVER, UDP, datagram, ethernet, ip, pcap

from explainer import analyse, ask


def lldp() -> bytes:
    """Return a frame of LLDP (IEEE 802.1AB): chassis by MAC, port by name, time to live, system name, port VLAN."""
    fields = (
        (1, b"\x04" + bytes.fromhex("020000000001")), (2, b"\x05gi0/7"), (3, struct.pack("!H", 120)), (5, b"sw1"),
        (127, bytes.fromhex("0080c201") + struct.pack("!H", 20)), (0, b""),
    )  # fmt: skip
    body = b"".join(struct.pack("!H", kind << 9 | len(value)) + value for kind, value in fields)
    return bytes.fromhex("0180c200000e02000000000188cc") + body


def cdp() -> bytes:
    """Return a frame of CDP over SNAP: device, port and platform."""
    fields = ((1, b"r1.example"), (3, b"Ethernet0"), (6, b"model 9"))
    body = b"\x02\xb4\0\0" + b"".join(struct.pack("!HH", kind, 4 + len(value)) + value for kind, value in fields)
    body = bytes.fromhex("aaaa0300000c2000") + body
    return bytes.fromhex("01000ccccccc020000000002") + struct.pack("!H", len(body)) + body


def told(path: Path, *packets: bytes) -> list[str]:
    answer = ask(analyse(pcap(path, packets), strict=True), "Which switch port is this?")
    return [answer.verdict, *(claim.text for claim in answer.claims)]


def test_switches_that_announce_themselves(tmp_path: Path) -> None:
    verdict, *claims = told(tmp_path / "a.pcap", lldp(), cdp(), lldp())
    assert verdict == "The device sw1 sends from its port gi0/7, says LLDP."
    assert "The device r1.example sends from its port Ethernet0, says CDP; it is model 9." in claims


def test_without_an_announcement(tmp_path: Path) -> None:
    quiet = ethernet(ip(CLIENT, SERVER, UDP, datagram(5000, 6000, b"x")))
    assert told(tmp_path / "a.pcap", quiet)[0].startswith("This capture cannot tell which switch is on this link")
