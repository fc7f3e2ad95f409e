from collections.abc import Callable
from pathlib import Path
from typing import Any

from factories import CLIENT, INNERMOST, IPIP, ODDITIES, SERVER, UDP, datagram, ethernet, ip, pcap

from explainer.facts import Facts
from explainer.protocols.ip import packets

FactsOf = Callable[..., Facts]


def test_the_addresses_are_of_the_innermost_packet_that_is_the_frames_own(tmp_path: Path, facts_of: FactsOf) -> None:
    capture = pcap(tmp_path / "odd.pcap", [packet for packets in ODDITIES.values() for packet in packets])
    rows = facts_of(capture, packets)[packets].select("src", "dst", "headers").rows()
    assert dict(zip(ODDITIES, rows, strict=True)) == INNERMOST


def test_frames_without_ip_are_left_out_and_the_others_keep_the_order_of_the_file(
    tmp_path: Path, facts_of: FactsOf
) -> None:
    arp = bytes.fromhex(
        "ffffffffffff0200000000010806" + "0001080006040001" + "0200000000010a000001" + "0" * 12 + "0a000002"
    )
    capture = pcap(tmp_path / "mixed.pcap", [arp, *ODDITIES["6in4"], arp, *ODDITIES["plain"]])
    table = facts_of(capture, packets)[packets]
    assert table["frame"].to_list() == [2, 4]
    assert table["length"].to_list() == [len(ODDITIES["6in4"][0]), len(ODDITIES["plain"][0])]


def test_a_capture_without_ip_has_no_packets(tmp_path: Path, facts_of: FactsOf) -> None:
    capture = pcap(tmp_path / "none.pcap", [bytes(12) + b"\x88\xb5" + bytes(46)])
    assert facts_of(capture, packets)[packets].is_empty()


def test_a_frame_whose_ip_header_is_cut_has_no_address(tmp_path: Path, facts_of: FactsOf) -> None:
    capture = pcap(tmp_path / "cut.pcap", ODDITIES["plain"], snap=14 + 12)
    rows: list[tuple[Any, ...]] = facts_of(capture, packets)[packets].select("src", "dst").rows()
    assert all(row == (None, None) for row in rows)


def test_many_layers_of_one_tunnel_count_each_header(tmp_path: Path, facts_of: FactsOf) -> None:
    packet = ip(CLIENT, SERVER, UDP, datagram(1, 2))
    for layer in range(4):
        packet = ip(f"10.0.{layer}.1", f"10.0.{layer}.2", IPIP, packet)
    capture = pcap(tmp_path / "deep.pcap", [ethernet(packet)])
    assert facts_of(capture, packets)[packets].select("src", "dst", "headers").rows() == [(CLIENT, SERVER, 5)]
