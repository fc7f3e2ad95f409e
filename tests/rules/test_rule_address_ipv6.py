import struct
from ipaddress import ip_address
from pathlib import Path

import pytest
from factories import ICMPV6, UDP, datagram, ethernet, ip, pcap
from flow import FactsOf, applies, found

from explainer.model import Severity

A, B, ROUTER, LINK = "2001:db8::a", "2001:db8::b", "2001:db8::1", "fe80::a"
ROUTERS, NODES, NOBODY = "ff02::2", "ff02::1", "::"
SECOND = 1_000_000_000


def frame(packet: bytes, *, source: int = 10) -> bytes:
    return bytes([0x33, 0x33, 0, 0, 0, 1]) + bytes([2, 0, 0, 0, 0, source]) + b"\x86\xdd" + packet


def group(address: str) -> str:
    return f"ff02::1:ff00:{ip_address(address).packed[-1]:x}"


def solicitation(target: str, source: str = A, card: int = 10) -> bytes:
    body = struct.pack("!BBHI", 135, 0, 0, 0) + ip_address(target).packed
    return frame(hops(ip(source, group(target), ICMPV6, body)), source=card)


def advertisement(target: str, to: str = A, card: int = 20) -> bytes:
    body = struct.pack("!BBHI", 136, 0, 0, 0x20000000) + ip_address(target).packed
    return frame(hops(ip(target, to, ICMPV6, body)), source=card)


def message(kind: int, source: str, to: str, body: bytes = bytes(4)) -> bytes:
    return frame(hops(ip(source, to, ICMPV6, struct.pack("!BBH", kind, 0, 0) + body)))


def hops(packet: bytes) -> bytes:
    return packet[:7] + b"\xff" + packet[8:]  # RFC 4861: neighbors are no router away


def between(source: str, target: str) -> bytes:
    return frame(ip(source, target, UDP, datagram(5000, 6000, b"x")))


def save(path: Path, packets: list[bytes], step_s: float = 1.0) -> Path:
    return pcap(path, packets, step_ns=int(step_s * SECOND))


@pytest.mark.parametrize(
    ("packets", "fires"),
    [
        ([solicitation(B)] * 3, True),
        ([solicitation(B)] * 2, False),
        ([*[solicitation(B)] * 3, advertisement(B)], False),
        ([*[solicitation(B)] * 3, between(ROUTER, "2001:db8::99")], False),
        ([*[solicitation(B)] * 3, between(ROUTER, A)], True),
        ([solicitation(B, NOBODY)] * 3, False),
    ],
    ids=["three", "two", "answered", "asker gets nothing here", "asker gets packets", "probes"],
)
def test_nobody_has_the_address(packets: list[bytes], fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    findings = found("address_neighbor_unanswered", save(tmp_path / "nd.pcap", packets), facts_of)
    assert [f.severity for f in findings] == [Severity.MEDIUM] * fires
    assert all(f.title.startswith(f"Nobody on the local network has the address {B}") for f in findings)


@pytest.mark.parametrize(("card", "to", "fires"), [(20, NODES, True), (10, NODES, False), (20, A, False)])
def test_an_address_in_use(card: int, to: str, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    capture = save(tmp_path / "dad.pcap", [solicitation(B, NOBODY), advertisement(B, to, card)], 0.1)
    findings = found("address_duplicate_ipv6", capture, facts_of)
    assert [f.severity for f in findings] == [Severity.HIGH] * fires
    assert all(B in f.title and "already in use" in f.title for f in findings)


@pytest.mark.parametrize(
    ("packets", "expected"),
    [
        ([message(133, LINK, ROUTERS)] * 3, [Severity.MEDIUM]),
        ([message(133, LINK, ROUTERS)] * 2, []),
        ([*[message(133, LINK, ROUTERS)] * 3, between(A, B)], [Severity.INFO]),
        ([*[message(133, LINK, ROUTERS)] * 3, message(134, "fe80::1", NODES, bytes(12))], []),
    ],
    ids=["three", "two", "beside other traffic", "advertised"],
)
def test_no_router(packets: list[bytes], expected: list[Severity], tmp_path: Path, facts_of: FactsOf) -> None:
    findings = found("address_no_router", save(tmp_path / "rs.pcap", packets, 4.0), facts_of)
    assert [f.severity for f in findings] == expected


DHCP = ethernet(ip("0.0.0.0", "255.255.255.255", UDP, datagram(68, 67, b"discover")))


def dhcpv6(kind: int, source: str = LINK, to: str = "ff02::1:2", port: int = 547) -> bytes:
    return frame(ip(source, to, UDP, datagram(1093 - port, port, bytes([kind, 0, 0, 7]))))


@pytest.mark.parametrize(
    ("packets", "expected"),
    [
        ([dhcpv6(1)] * 3, []),
        ([dhcpv6(1)] * 4, [Severity.HIGH]),
        ([*[dhcpv6(1)] * 4, between(A, B)], [Severity.INFO]),
        ([*[dhcpv6(1)] * 4, DHCP], [Severity.INFO]),
        ([*[dhcpv6(1)] * 4, dhcpv6(2, "fe80::1", LINK, 546)], []),
    ],
    ids=["too short", "four", "beside other traffic", "beside DHCP for IPv4", "answered"],
)
def test_no_dhcpv6(packets: list[bytes], expected: list[Severity], tmp_path: Path, facts_of: FactsOf) -> None:
    findings = found("address_no_offer_ipv6", save(tmp_path / "dhcpv6.pcap", packets), facts_of)
    assert [f.severity for f in findings] == expected


@pytest.mark.parametrize(
    "rule",
    ["address_neighbor_unanswered", "address_duplicate_ipv6", "address_no_router", "address_no_offer_ipv6"],
)
def test_they_do_not_apply_to_other_traffic(rule: str, tmp_path: Path, facts_of: FactsOf) -> None:
    assert not applies(rule, save(tmp_path / "udp.pcap", [between(A, B)] * 3), facts_of)


OTHER_LINK = "fe80::b"


def offered(lifetime_s: int, prefix: str = "2001:db8::", source: str = LINK) -> bytes:
    """Return a router advertisement, with a prefix (RFC 4861, sections 4.2 and 4.6.2) where one is given."""
    option = struct.pack("!BBBBIII", 3, 4, 64, 0xC0, 86400, 14400, 0) + ip_address(prefix).packed if prefix else b""
    return message(134, source, NODES, struct.pack("!BBHII", 64, 0, lifetime_s, 0, 0) + option)


@pytest.mark.parametrize(
    ("packets", "severity"),
    [
        ([offered(1800), offered(1800), offered(0)], Severity.MEDIUM),
        ([offered(0)] * 3, Severity.INFO),
        ([offered(0), offered(1800)], None),
        ([offered(1800), offered(0), offered(1800, source=OTHER_LINK)], None),
    ],
    ids=["takes itself back", "never was one", "comes back", "another one stays"],
)
def test_a_router_that_is_none(
    packets: list[bytes], severity: Severity | None, tmp_path: Path, facts_of: FactsOf
) -> None:
    findings = found("address_router_left", save(tmp_path / "left.pcap", packets), facts_of)
    assert [f.severity for f in findings] == ([severity] if severity else [])
    assert all(LINK in f.title and "lifetime 0" in f.title for f in findings)


@pytest.mark.parametrize(
    ("other", "fires"),
    [
        (offered(1800, "2001:db8:bad::", OTHER_LINK), True),
        (offered(1800, "2001:db8::", OTHER_LINK), False),
        (offered(0, "fd00:7::", OTHER_LINK), False),
        (offered(1800, "", OTHER_LINK), False),
        (offered(1800, "2001:db8:bad::", LINK), False),
    ],
    ids=["another prefix", "the same prefix", "no default router", "no prefix", "one router"],
)
def test_routers_that_contradict_each_other(other: bytes, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    findings = found("address_second_router", save(tmp_path / "two.pcap", [offered(1800), other]), facts_of)
    assert [f.severity for f in findings] == [Severity.MEDIUM] * fires
    assert all(f"{LINK} and {OTHER_LINK}" in f.title for f in findings)


@pytest.mark.parametrize("rule", ["address_router_left", "address_second_router"])
def test_without_advertisements_they_do_not_apply(rule: str, tmp_path: Path, facts_of: FactsOf) -> None:
    assert not applies(rule, save(tmp_path / "udp.pcap", [between(A, B)]), facts_of)
