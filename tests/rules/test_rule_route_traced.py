"""The rule about traced routes."""

import struct
from pathlib import Path

import pytest
from factories import CLIENT, ICMP, SERVER, UDP, datagram, ethernet, icmp_error, ip, pcap
from sessions import FactsOf, found_in

from explainer.model import Severity

SECOND = 1_000_000_000
ROUTERS = ("192.0.2.1", "203.0.113.1", "203.0.113.5")


def echo(kind: int, size: int = 56, number: int = 1) -> bytes:
    return struct.pack("!BBHHH", kind, 0, 0, 7, number) + bytes(size)


def asks(number: int = 1, size: int = 56) -> bytes:
    return ip(CLIENT, SERVER, ICMP, echo(8, size, number))


def answers(number: int = 1, size: int = 56) -> bytes:
    return ip(SERVER, CLIENT, ICMP, echo(0, size, number))


def says(router: str, kind: int, code: int, about: bytes) -> bytes:
    return ip(router, CLIENT, ICMP, icmp_error(kind, code, about))


def save(path: Path, *packets: bytes) -> Path:
    return pcap(path, [ethernet(packet) for packet in packets], step_ns=SECOND)


@pytest.mark.parametrize(("routers", "fires"), [(ROUTERS, True), (ROUTERS[:1], False)])
def test_a_traced_route(routers: tuple[str, ...], fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    packets = [packet for router in routers for packet in (asks(), says(router, 11, 0, asks()))]
    findings = found_in("path_traced", facts_of, save(tmp_path / "t.pcap", *packets, asks(9), answers(9)))
    assert [f.severity for f in findings] == ([Severity.INFO] if fires else [])
    assert all(f"{CLIENT} traces the route to {SERVER} (traceroute): 3 routers" in f.title for f in findings)


@pytest.mark.parametrize(("port", "fires"), [(33434, True), (53, False)])
def test_one_router_and_the_end_of_a_traceroute(port: int, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    probe = ip(CLIENT, SERVER, UDP, datagram(40000, port, b"x" * 32))
    ends = says(SERVER, 3, 3, probe)
    packets = [probe, says(ROUTERS[0], 11, 0, probe), probe, ends]
    findings = found_in("path_traced", facts_of, save(tmp_path / "t.pcap", *packets))
    assert [f.evidence.frames for f in findings] == ([(2, 4)] if fires else [])
