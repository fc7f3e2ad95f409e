"""Smurf, floods of network cards, DHCP starvation: told by numbers, with thresholds."""

import struct
from pathlib import Path

import pytest
from factories import CLIENT, ICMP, SERVER, UDP, datagram, ip, pcap
from flow import FactsOf, found
from talk import Wire

from explainer.model import Finding, Severity

EVERYBODY, ECHO, REPLY = "192.0.2.255", 8, 0
DISCOVER, OFFER, REQUEST = 1, 2, 3
KIND, ATTACKERS, VICTIMS = b"\x08\x00", b"\x02\0\0\0\0\x66", b"\x02\0\0\0\0\x05\x02\0\0\0\0\x07"
"""Of Ethernet: IPv4, a card, and a frame's two cards."""


def ping(kind: int, source: str, target: str, number: int) -> bytes:
    return ip(source, target, ICMP, struct.pack("!BBHHH", kind, 0, 0, 7, number) + bytes(32))


def smurf(path: Path, pings: int, hosts: int, *, target: str = EVERYBODY, forged: bool = True) -> Path:
    asks = VICTIMS[:6] + (ATTACKERS if forged else VICTIMS[:6])
    frames = list[bytes]()
    for number in range(pings):
        frames.append(asks + KIND + ping(ECHO, CLIENT, target, number))
        replies = (ping(REPLY, f"192.0.2.{100 + host}", CLIENT, number) for host in range(hosts))
        frames += (VICTIMS + KIND + reply for reply in replies)
    return pcap(path, [*frames, VICTIMS + KIND + ping(ECHO, SERVER, CLIENT, 1)])


@pytest.mark.parametrize(("pings", "hosts", "fires"), [(10, 4, True), (9, 4, False), (10, 3, False), (12, 0, False)])
def test_pings_to_everybody(pings: int, hosts: int, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    findings = found("attack_smurf", smurf(tmp_path / "smurf.pcap", pings, hosts), facts_of)
    assert [f.severity for f in findings] == [Severity.HIGH] * fires
    assert all(f"of {hosts} hosts: a Smurf attack on {CLIENT}" in f.title for f in findings)


def test_who_pings_everybody_by_himself_is_no_victim(tmp_path: Path, facts_of: FactsOf) -> None:
    (finding,) = found("attack_smurf", smurf(tmp_path / "own.pcap", 12, 5, forged=False), facts_of)
    assert finding.severity is Severity.LOW
    assert f"{CLIENT} pings everybody, or it is" in finding.title


def test_pings_to_one_host_are_none(tmp_path: Path, facts_of: FactsOf) -> None:
    assert found("attack_smurf", smurf(tmp_path / "one.pcap", 12, 5, target=SERVER), facts_of) == []


def flood(cards: int, others: int, *, group: bool = False) -> list[bytes]:
    def frame(source: int, target: int) -> bytes:
        ends = target.to_bytes(6) + (0x020000000000 + source).to_bytes(6)
        return ends + b"\x08\x00" + ip(CLIENT, SERVER, UDP, datagram(5000, 6000, b"x"))

    invented = [frame(1000 + n, (0x010000F00000 if group else 0x020000F00000) + n) for n in range(cards)]
    return invented + [frame(n % 2, 0x020000000000 + (n + 1) % 2) for n in range(others)]


@pytest.mark.parametrize(
    ("cards", "others", "step_ns", "fires"),
    [(200, 50, 1_000_000, True), (199, 0, 1_000_000, False), (200, 51, 1_000_000, False), (200, 0, 30_000_000, False)],
    ids=["flood", "fewer", "among others", "slowly"],
)
def test_a_flood_of_cards(
    cards: int, others: int, step_ns: int, fires: bool, tmp_path: Path, facts_of: FactsOf
) -> None:
    capture = pcap(tmp_path / "cards.pcap", flood(cards, others), step_ns=step_ns)
    findings = found("attack_mac_flood", capture, facts_of)
    assert [(f.severity, f.measured["cards"]) for f in findings] == [(Severity.HIGH, cards)] * fires


def test_what_goes_to_groups_is_no_flood(tmp_path: Path, facts_of: FactsOf) -> None:
    assert found("attack_mac_flood", pcap(tmp_path / "groups.pcap", flood(250, 0, group=True)), facts_of) == []


def dhcp(kind: int, client: int, *, offered: bool = False) -> bytes:
    card = (0x02AA00000000 + client).to_bytes(6)
    yours = bytes([192, 0, 2, client % 250]) if offered else bytes(4)
    head = struct.pack(
        "!BBBBIHH4s4s4s4s", 2 if offered else 1, 1, 6, 0, client, 0, 0, bytes(4), yours, bytes(4), bytes(4)
    )
    body = head + card + bytes(10 + 192) + bytes.fromhex("63825363") + bytes([53, 1, kind])
    if offered:
        return ip(SERVER, "255.255.255.255", UDP, datagram(67, 68, body + bytes([54, 4, 192, 0, 2, 1, 255])))
    return ip("0.0.0.0", "255.255.255.255", UDP, datagram(68, 67, body + b"\xff"))


def starved(
    tmp_path: Path, facts_of: FactsOf, clients: int, *, taking: int = 0, pause_s: float = 0.1, offers: bool = True,
    ends_s: float = 1.0,
) -> list[Finding]:  # fmt: skip
    wire = Wire()
    for client in range(clients + taking):
        wire.put(dhcp(DISCOVER, client))
        if offers:
            wire.put(dhcp(OFFER, client, offered=True))
        if client >= clients:
            wire.put(dhcp(REQUEST, client))
        wire.wait(pause_s)
    wire.wait(ends_s)
    wire.put(ip(SERVER, CLIENT, UDP, datagram(5000, 6000, b"the end")))
    return found(
        "attack_dhcp_starvation", wire.save(tmp_path / f"{clients}-{taking}-{pause_s}-{offers}-{ends_s}.pcap"), facts_of
    )


def test_clients_that_nobody_is(tmp_path: Path, facts_of: FactsOf) -> None:
    (finding,) = starved(tmp_path, facts_of, 25)
    assert finding.severity is Severity.HIGH
    assert finding.title.startswith("25 DHCP clients ask for an address within 2.4 s, and none takes")


def test_clients_that_may_be_real(tmp_path: Path, facts_of: FactsOf) -> None:
    assert starved(tmp_path, facts_of, 24) == []
    assert starved(tmp_path, facts_of, 25, taking=7) == []
    assert starved(tmp_path, facts_of, 25, pause_s=2.6) == []
    assert starved(tmp_path, facts_of, 25, offers=False) == []
    assert starved(tmp_path, facts_of, 25, ends_s=0.5) == []
