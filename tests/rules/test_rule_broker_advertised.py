"""Kafka brokers that name an address at which nobody gets to them."""

import struct
from pathlib import Path

import pytest
from factories import CLIENT, SERVER, SYN
from sessions import FactsOf, found_in
from talk import Talk, Wire

from explainer.model import Finding, Severity

METADATA, OTHER = 3, "198.51.100.99"


def text(value: bytes) -> bytes:
    return struct.pack(">h", len(value)) + value


def framed(data: bytes) -> bytes:
    return struct.pack(">i", len(data)) + data


def question(number: int) -> bytes:
    """Return a Metadata request, version 1, for all topics."""
    return framed(struct.pack(">hhi", METADATA, 1, number) + text(b"app") + struct.pack(">i", -1))


def answer(number: int, *hosts: bytes) -> bytes:
    """Return a Metadata response, version 1: its brokers on port 9092, a controller, no topics."""
    brokers = b"".join(
        struct.pack(">i", n) + text(host) + struct.pack(">ih", 9092, -1) for n, host in enumerate(hosts, 1)
    )
    return framed(struct.pack(">i", number) + struct.pack(">i", len(hosts)) + brokers + struct.pack(">ii", 1, 0))


def recorded(
    path: Path, *hosts: str, times: int = 3, tried: tuple[str, ...] = (), accepted: tuple[str, ...] = (),
    client: str = CLIENT, server: str = SERVER,
) -> Path:  # fmt: skip
    """Write a client that asks where the brokers are, and its attempts at some addresses."""
    wire = Wire()
    first = Talk(wire, dport=9092, client=client, server=server).open()
    for number in range(1, times + 1):
        first.exchange(question(number), answer(number, *(host.encode() for host in hosts)))
    for n, address in enumerate((*tried, *accepted)):
        attempt = Talk(wire, sport=41000 + n, dport=9092, client=client, server=address)
        if address in accepted:
            attempt.open()
        else:
            attempt._send(True, SYN, mss=1460)
            attempt.client_seq += 1
            attempt.reset(from_client=False)
    return wire.save(path)


def found(facts_of: FactsOf, capture: Path) -> list[Finding]:
    return list(found_in("broker_advertised", facts_of, capture))


def test_localhost_is_the_clients_own_machine(tmp_path: Path, facts_of: FactsOf) -> None:
    (finding,) = found(facts_of, recorded(tmp_path / "c.pcap", "localhost"))
    assert f"sends its client {CLIENT} on to localhost:9092" in finding.title
    assert "the client's own machine" in finding.title
    assert finding.severity is Severity.HIGH


def test_who_only_lists_the_brokers_may_need_none(tmp_path: Path, facts_of: FactsOf) -> None:
    (finding,) = found(facts_of, recorded(tmp_path / "c.pcap", "localhost", times=2))
    assert finding.severity is Severity.MEDIUM


def test_a_broker_that_refuses_may_be_down(tmp_path: Path, facts_of: FactsOf) -> None:
    (finding,) = found(facts_of, recorded(tmp_path / "c.pcap", OTHER, times=1, tried=(OTHER,)))
    assert f"{OTHER}:9092 (advertised.listeners), which refuses the client's connections" in finding.title
    assert "reaches no broker" in finding.title
    assert finding.act.startswith("Either the broker")


def test_one_of_two_brokers(tmp_path: Path, facts_of: FactsOf) -> None:
    (finding,) = found(facts_of, recorded(tmp_path / "c.pcap", OTHER, SERVER, tried=(OTHER,)))
    assert "reaches no broker" not in finding.title
    assert finding.severity is Severity.MEDIUM


@pytest.mark.parametrize(
    ("hosts", "more"),
    [
        ((SERVER,), {}),
        ((OTHER,), {}),
        ((OTHER,), {"accepted": (OTHER,)}),
        (("localhost",), {"client": "127.0.0.1", "server": "127.0.0.1"}),
        (("localhost",), {"tried": (), "client": SERVER, "server": SERVER}),
    ],
    ids=["itself", "not tried", "accepted", "on one machine", "on one machine by its address"],
)
def test_brokers_that_are_reached(
    hosts: tuple[str, ...], more: dict[str, str | tuple[str, ...]], tmp_path: Path, facts_of: FactsOf
) -> None:
    capture = recorded(tmp_path / "c.pcap", *hosts, **more)  # type: ignore[arg-type]  # by name
    assert found(facts_of, capture) == []
