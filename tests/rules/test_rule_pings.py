"""The rules about pings and traced routes."""

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


HEARD = ip("192.0.2.7", CLIENT, UDP, datagram(53, 40000, b"x"))


@pytest.mark.parametrize(
    ("packets", "severity"),
    [
        ((HEARD, asks(1), asks(2), asks(3)), Severity.MEDIUM), ((asks(1), asks(2), asks(3)), Severity.LOW),
        ((HEARD, asks(1)), None), ((HEARD, asks(1), asks(2)), None),
        ((asks(1), answers(1), asks(2), asks(3)), None),
    ],
    ids=["silent", "one direction", "one alone", "no time to answer", "answered once"],
)  # fmt: skip
def test_nobody_answers(
    packets: tuple[bytes, ...], severity: Severity | None, tmp_path: Path, facts_of: FactsOf
) -> None:
    findings = found_in("ping_unanswered", facts_of, save(tmp_path / "p.pcap", *packets))
    assert [f.severity for f in findings] == ([severity] if severity else [])
    assert all(SERVER in f.title and CLIENT in f.title for f in findings)


def test_a_router_denies_it(tmp_path: Path, facts_of: FactsOf) -> None:
    capture = save(tmp_path / "d.pcap", asks(1), says(ROUTERS[0], 3, 1, asks(1)), asks(2), asks(3))
    (finding,) = found_in("ping_denied", facts_of, capture)
    assert finding.severity is Severity.MEDIUM
    assert finding.title.startswith(f"{SERVER} cannot be reached from {CLIENT}: the pings are answered by {ROUTERS[0]}")
    assert "host unreachable" in finding.title
    assert found_in("ping_unanswered", facts_of, capture) == []
    fine = save(tmp_path / "f.pcap", asks(1), says(ROUTERS[0], 3, 1, asks(1)), asks(2), answers(2))
    assert found_in("ping_denied", facts_of, fine) == []


@pytest.mark.parametrize(("routers", "fires"), [(ROUTERS, True), (ROUTERS[:1], False)])
def test_a_traced_route(routers: tuple[str, ...], fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    packets = [packet for router in routers for packet in (asks(), says(router, 11, 0, asks()))]
    findings = found_in("path_traced", facts_of, save(tmp_path / "t.pcap", *packets, asks(9), answers(9)))
    assert [f.severity for f in findings] == ([Severity.INFO] if fires else [])
    assert all(f"{CLIENT} traces the route to {SERVER} (traceroute): 3 routers" in f.title for f in findings)


@pytest.mark.parametrize(
    ("sizes", "other", "fires"),
    [(range(100, 112), 40, True), (range(100, 112), 0, False), ([100] * 12, 40, False), (range(100, 106), 40, False)],
    ids=["tunnel", "replies repeat", "one size", "too few"],
)
def test_data_in_pings(sizes: range | list[int], other: int, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    packets = [p for n, size in enumerate(sizes) for p in (asks(n, size), answers(n, size + other))]
    findings = found_in("ping_tunnel", facts_of, save(tmp_path / "x.pcap", *packets))
    assert bool(findings) is fires
    assert all("ICMP tunnel" in f.title for f in findings)
