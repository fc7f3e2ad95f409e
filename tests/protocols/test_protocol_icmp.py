from collections.abc import Callable
from pathlib import Path

from factories import CLIENT, EVERYTHING, ICMP, ODDITIES, SERVER, TCP, ethernet, icmp_error, ip, pcap, rows, segment

from explainer.facts import Facts
from explainer.protocols.icmp import Unreachable, unreachable
from explainer.protocols.tcp import Endpoint

FactsOf = Callable[..., Facts]

V4 = Endpoint(CLIENT, 40000), Endpoint(SERVER, 443)
V6 = Endpoint("2001:db8::10", 40000), Endpoint("2001:db8::20", 443)


def test_an_unreachable_names_its_sender_and_the_packet_that_it_quotes(tmp_path: Path, facts_of: FactsOf) -> None:
    names = ("icmp", "icmp_quotes_8_bytes", "icmp_in_gre", "icmpv6", "icmp_quotes_gre")
    capture = pcap(tmp_path / "errors.pcap", [ODDITIES[name][0] for name in names])
    assert facts_of(capture, unreachable)[unreachable] == (
        Unreachable(1, "192.0.2.1", 4, 13, *V4),
        Unreachable(2, "192.0.2.1", 4, 13, *V4),
        Unreachable(3, "192.0.2.1", 4, 13, *V4),
        Unreachable(4, "2001:db8::1", 6, 4, *V6),
        Unreachable(5, "192.0.2.1", 4, 1, *V4),
    )


def test_anything_else_is_no_unreachable_about_tcp(tmp_path: Path, facts_of: FactsOf) -> None:
    names = ("plain", "icmp_quotes_udp", "icmp_time_exceeded", "icmp_damaged", "icmpv6_damaged")
    capture = pcap(tmp_path / "others.pcap", [ODDITIES[name][0] for name in names])
    assert facts_of(capture, unreachable)[unreachable] == ()


def test_errors_come_in_the_order_of_the_file(tmp_path: Path, facts_of: FactsOf) -> None:
    quoted = [ip(CLIENT, SERVER, TCP, segment(port, 443, 2)) for port in (40002, 40001)]
    errors = [ethernet(ip("192.0.2.1", CLIENT, ICMP, icmp_error(3, 1, packet))) for packet in quoted]
    capture = pcap(tmp_path / "two.pcap", [errors[0], *ODDITIES["plain"], errors[1]])
    found = facts_of(capture, unreachable)[unreachable]
    assert [(error.frame, error.source.port) for error in found] == [(1, 40002), (3, 40001)]


def test_the_labs_rejection_is_what_tshark_shows(captures: Path, facts_of: FactsOf) -> None:
    (error,) = facts_of("tcp_rejected_icmp", *EVERYTHING)[unreachable]
    (shown,) = (row for row in rows(captures / "tcp_rejected_icmp.pcapng") if row["icmp.type"] == "3")
    assert shown["frame.number"] == str(error.frame)
    assert shown["ip.src"].split(",") == [error.sender, error.source.address]
    assert shown["ip.dst"].split(",") == [error.source.address, error.destination.address]
    assert (shown["icmp.code"], shown["tcp.dstport"]) == (str(error.code), str(error.destination.port))
