"""Tunnels that carry data one way: WireGuard by its lengths, ESP by its direction."""

from pathlib import Path

import pytest
from factories import CLIENT, ICMP, SERVER, UDP, datagram, ip
from flow import FactsOf, found
from talk import Wire

from explainer.model import Confidence, Severity
from explainer.protocols.tunnels import tunnel_ways

ESP, PORT = 50, 51820
KEEP_ALIVE, RESPONSE, DATA, SMALL = (
    bytes([kind]) + bytes(size - 1) for kind, size in ((4, 32), (2, 92), (4, 128), (4, 80))
)


def wireguard(wire: Wire, data: bytes, *, back: bool = False) -> None:
    ends = (SERVER, CLIENT) if back else (CLIENT, SERVER)
    wire.put(ip(*ends, UDP, datagram(PORT, PORT, data)))


def esp(wire: Wire, number: int, *, back: bool = False) -> None:
    ends = (SERVER, CLIENT) if back else (CLIENT, SERVER)
    wire.put(ip(*ends, ESP, b"\x00\x00\xab\xcd" + number.to_bytes(4) + bytes(100)))


def talk(packets: int, *answers: bytes, pause_s: float = 1.3) -> Wire:
    wire = Wire()
    for _ in range(packets):
        wireguard(wire, DATA)
        wire.wait(pause_s)
    for answer in answers:
        wireguard(wire, answer, back=True)
    return wire


@pytest.mark.parametrize(
    ("wire", "fires"),
    [
        (talk(5, KEEP_ALIVE), True),
        (talk(5, RESPONSE, KEEP_ALIVE), True),
        (talk(4, KEEP_ALIVE, pause_s=2), False),
        (talk(5, KEEP_ALIVE, pause_s=1.2), False),
        (talk(5), False),
        (talk(5, KEEP_ALIVE, SMALL), False),
        (talk(5, SMALL), False),
        (talk(0, KEEP_ALIVE, KEEP_ALIVE), False),
    ],
    ids=["one way", "new handshake", "four", "soon over", "not heard", "data back", "no keep-alive", "idle"],
)
def test_wireguard(wire: Wire, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    findings = found("tunnel_one_way", wire.save(tmp_path / "wg.pcap"), facts_of)
    assert [(f.severity, f.confidence) for f in findings] == [(Severity.MEDIUM, Confidence.PROBABLE)] * fires
    assert all(f"{CLIENT} sends 5 packets" in f.title for f in findings)


@pytest.mark.parametrize(("back", "beside", "fires"), [(False, True, True), (True, True, False), (False, False, False)])
def test_esp(back: bool, beside: bool, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    for number in range(6):
        esp(wire, number)
        wire.wait(1.2)
    if back:
        esp(wire, 1, back=True)
    if beside:
        wire.put(ip(SERVER, CLIENT, ICMP, b"\x08\x00\xf7\xff" + bytes(4)))
    findings = found("tunnel_one_way", wire.save(tmp_path / "esp.pcap"), facts_of)
    assert len(findings) == fires
    assert all("IPsec (ESP)" in f.title and f.evidence.frames == (1, 2, 3, 4, 5, 6, 7) for f in findings)


def test_without_a_tunnel_there_is_nothing(tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    wire.put(ip(CLIENT, SERVER, UDP, datagram(5000, 6000, b"no tunnel")))
    assert facts_of(wire.save(tmp_path / "udp.pcap"), tunnel_ways)[tunnel_ways] == ()
