"""The numbers of VLANs and VXLAN networks, and who sends in them."""

from pathlib import Path

from factories import CLIENT, SERVER, UDP, datagram, ethernet, ip, pcap, vxlan

from explainer import analyse, ask

INNER = ip(CLIENT, SERVER, UDP, datagram(5000, 6000, b"x"))
BACK = ip(SERVER, CLIENT, UDP, datagram(6000, 5000, b"y"))
QINQ = ethernet(INNER, vlan=20)
QINQ = QINQ[:12] + bytes.fromhex("88a80064") + QINQ[12:]


def told(path: Path, *packets: bytes, question: str = "which VLAN is this?") -> str:
    return ask(analyse(pcap(path, packets), strict=True), question).verdict


def test_vlans_and_who_sends_in_them(tmp_path: Path) -> None:
    packets = (ethernet(INNER, vlan=20), ethernet(BACK, vlan=20), ethernet(INNER, vlan=30))
    assert told(tmp_path / "a.pcap", *packets) == (
        f"2 VLANs: 20 (2 frames, of {CLIENT} and {SERVER}) and 30 (1 frame, of {CLIENT})."
    )
    assert told(tmp_path / "a.pcap", *packets, question=f"which VLAN does {SERVER} use?").startswith("1 VLAN: 20")


def test_two_tags_and_networks_in_tunnels(tmp_path: Path) -> None:
    assert told(tmp_path / "a.pcap", QINQ) == (
        f"1 802.1ad VLAN: 100 (1 frame, of {CLIENT}); 1 VLAN: 20 (1 frame, of {CLIENT})."
    )
    carried = ethernet(ip("10.9.0.1", "10.9.0.2", UDP, datagram(50000, 4789, vxlan(ethernet(INNER)))))
    assert told(tmp_path / "b.pcap", carried, question="what is the VNI?").startswith("1 VXLAN network: ")


def test_without_tags(tmp_path: Path) -> None:
    assert told(tmp_path / "a.pcap", ethernet(INNER)).startswith("No tunnel, and no tag such as a VLAN's")
