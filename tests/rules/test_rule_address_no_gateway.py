import struct
from pathlib import Path

import pytest
from factories import CLIENT, SERVER, SYN, TCP, UDP, datagram, ethernet, ip, pcap, segment
from flow import FactsOf, applies, found
from messages import A, address, answer, ask, query, reply

from explainer.model import Finding, Severity

RULE = "address_no_gateway"
GATEWAY, NEAR = "192.0.2.1", "192.0.2.77"
MASK, ROUTER, RESOLVER, CLASSLESS = 1, 3, 6, 121
INSIDE = {MASK: "255.255.255.0", RESOLVER: GATEWAY}


def lease(options: dict[int, str]) -> bytes:
    """Return an acknowledgement that gives CLIENT its address."""
    told = b"".join(bytes([code, 4, *map(int, text.split("."))]) for code, text in {54: GATEWAY, **options}.items())
    given = bytes(4) + bytes(map(int, CLIENT.split("."))) + bytes(8)
    head = struct.pack("!BBBBIHH", 2, 1, 6, 0, 7, 0, 0) + given + bytes.fromhex("02000000000a") + bytes(202)
    body = head + bytes.fromhex("63825363") + bytes([53, 1, 5]) + told + b"\xff"
    return ethernet(ip(GATEWAY, CLIENT, UDP, datagram(67, 68, body)))


def looked_up(result: str) -> list[bytes]:
    asked = ("www.example.org", A)
    return [
        ask(query(1, asked), to=GATEWAY),
        reply(answer(1, *asked, address(result)), source=GATEWAY),
    ]


def connects(to: str) -> bytes:
    return ethernet(ip(CLIENT, to, TCP, segment(40000, 443, SYN, 1)))


def told(packets: list[bytes], tmp_path: Path, facts_of: FactsOf) -> list[Finding]:
    return found(RULE, pcap(tmp_path / "lease.pcap", packets), facts_of)


@pytest.mark.parametrize(
    ("options", "after", "severity"),
    [
        (INSIDE, [], Severity.INFO),
        (INSIDE, [*looked_up(NEAR), connects(NEAR)], Severity.INFO),
        (INSIDE, looked_up(SERVER), Severity.MEDIUM),
        (INSIDE | {RESOLVER: "8.8.8.8"}, [], Severity.HIGH),
    ],
    ids=["a closed network", "a name of this network", "a name of another network", "a resolver of another network"],
)
def test_a_lease_without_a_gateway(
    options: dict[int, str], after: list[bytes], severity: Severity, tmp_path: Path, facts_of: FactsOf
) -> None:
    (finding,) = told([lease(options), *after], tmp_path, facts_of)
    assert finding.severity is severity
    assert finding.title.startswith(f"The DHCP server {GATEWAY} gives {CLIENT} an address without a gateway")
    assert 1 in finding.evidence.frames


@pytest.mark.parametrize(
    ("options", "after"),
    [
        (INSIDE | {ROUTER: GATEWAY}, looked_up(SERVER)),
        (INSIDE | {CLASSLESS: "0.192.0.2"}, looked_up(SERVER)),
        (INSIDE, [*looked_up(SERVER), connects(SERVER)]),
        ({RESOLVER: "8.8.8.8"}, looked_up(SERVER)),
        (INSIDE | {MASK: "255.0.255.0"}, looked_up(SERVER)),
    ],
    ids=["a gateway", "routes", "reached all the same", "no mask", "a damaged mask"],
)
def test_what_has_a_gateway_or_does_not_tell(
    options: dict[int, str], after: list[bytes], tmp_path: Path, facts_of: FactsOf
) -> None:
    assert told([lease(options), *after], tmp_path, facts_of) == []


def test_it_does_not_apply_without_a_lease(tmp_path: Path, facts_of: FactsOf) -> None:
    assert not applies(RULE, pcap(tmp_path / "none.pcap", looked_up(SERVER)), facts_of)
