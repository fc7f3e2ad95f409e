import struct
from pathlib import Path

import pytest
from factories import SECOND, UDP, datagram, ethernet, ip, pcap
from flow import FactsOf, applies, found

from explainer import analyse, ask
from explainer.model import Severity, Side

DISCOVER, OFFER, REQUEST, DECLINE, ACK, NAK = range(1, 7)
D, F, R, X = DISCOVER, OFFER, REQUEST, 0
"""F offers; X is something else a second later: the capture goes on."""
SERVER, OFFERED, RELAY, CARD = "10.0.0.1", "10.0.0.99", "10.0.7.1", "02:00:00:00:00:0a"
PXE = bytes([60, 9]) + b"PXEClient"


def dhcp(kind: int, *, wanted: str = OFFERED, to: str = "", extra: bytes = b"", file: bytes = b"") -> bytes:
    """Return a message; one of the server goes to everybody, or to a relay."""
    by_server = kind in (OFFER, ACK, NAK)
    yours = bytes(map(int, OFFERED.split("."))) if kind in (OFFER, ACK) else bytes(4)
    options = bytes([53, 1, kind]) + (bytes([54, 4, 10, 0, 0, 1]) if by_server else b"") + extra
    options += bytes([50, 4, *map(int, wanted.split("."))]) if kind in (REQUEST, DECLINE) else b""
    head = struct.pack("!BBBBIHH", 2 if by_server else 1, 1, 6, 0, 7, 0, 0) + bytes(4) + yours + bytes(8)
    card = bytes.fromhex(CARD.replace(":", "")) + bytes(10)
    body = head + card + bytes(64) + file.ljust(128, b"\0") + bytes.fromhex("63825363") + options + b"\xff"
    ends = (SERVER, to or "255.255.255.255") if by_server else ("0.0.0.0", "255.255.255.255")
    return ethernet(ip(*ends, UDP, datagram(*((67, 68) if by_server else (68, 67)), body)))


def other(source: str = "10.0.0.5") -> bytes:
    return ethernet(ip(source, "10.0.0.6", UDP, datagram(5000, 6000, b"x")))


def save(path: Path, packets: list[bytes], step_s: float = 2) -> Path:
    return pcap(path, packets, step_ns=int(step_s * SECOND))


def capture_of(path: Path, kinds: list[int], step_s: float = 2) -> Path:
    return save(path, [dhcp(kind) if kind else other() for kind in kinds], step_s)


@pytest.mark.parametrize(
    ("kinds", "fires"),
    [
        ([D, F, R, R, X, X], True),
        ([D, F, R, R, R, R], True),
        ([D, F, R, D, F, R, X, X], True),
        ([D, F, R, R, X], False),
        ([D, F, R, X, X, X, X], False),
        ([D, F, R, R, ACK, X, X], False),
        ([D, F, R, R, NAK, X, X], False),
        ([D, F, R, R, DECLINE, X, X], False),
        ([R, R, R, R, X, X], False),
        ([R, R, F, X, X, X], False),
        ([D, F, X, X, X], False),
    ],
    ids=[
        "two", "they alone", "anew", "soon over", "one", "acknowledged", "refused", "declined", "no offer",
        "requests before", "no request",
    ],
)  # fmt: skip
def test_a_request_that_nobody_acknowledges(kinds: list[int], fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    findings = found("address_not_acknowledged", capture_of(tmp_path / "request.pcap", kinds), facts_of)
    assert [(f.severity, f.side) for f in findings] == ([(Severity.HIGH, Side.SERVER)] if fires else [])
    assert all(f"{CARD} is offered the address {OFFERED} by the DHCP server {SERVER}" in f.title for f in findings)


def test_the_copy_of_a_relay_is_no_second_request(tmp_path: Path, facts_of: FactsOf) -> None:
    packets = [dhcp(DISCOVER), dhcp(OFFER), dhcp(REQUEST), dhcp(REQUEST), *[other()] * 40]
    assert found("address_not_acknowledged", save(tmp_path / "copy.pcap", packets, 0.2), facts_of) == []


@pytest.mark.parametrize("packet", [dhcp(REQUEST, wanted="10.0.0.77"), other(OFFERED)], ids=["of another", "in use"])
def test_what_another_server_may_have_given(packet: bytes, tmp_path: Path, facts_of: FactsOf) -> None:
    """A request for an address that was not offered here, or a client that uses the address, was answered elsewhere."""
    packets = [dhcp(DISCOVER), dhcp(OFFER), packet, packet, packet, other(), other()]
    assert found("address_not_acknowledged", save(tmp_path / "elsewhere.pcap", packets), facts_of) == []


@pytest.mark.parametrize(
    ("kinds", "step_s", "fires"),
    [
        ([D, F, D, F, D, F, X, X], 2, True),
        ([D, F, D, F, D, F, D], 2, True),
        ([D, D, F, D, D, F, D, D, F, X, X], 2, True),
        ([D, F, D, F, D, F, X], 2, False),
        ([D, F, D, F, X, X, X], 2, False),
        ([D, F, F, F, X, X, X], 2, False),
        ([D, F, D, F, D, F, R, X, X], 2, False),
        ([D, F, D, F, D, F, R, ACK, X, X], 2, False),
        ([D, F, X, X, D, F, X, X, D, F, X, X], 20, False),
        ([D, D, D, D, X, X], 2, False),
    ],
    ids=[
        "three", "they alone", "copies", "soon over", "two", "offers alone", "requested", "given", "who looks rarely",
        "no offer",
    ],
)  # fmt: skip
def test_an_offer_that_nobody_takes(
    kinds: list[int], step_s: float, fires: bool, tmp_path: Path, facts_of: FactsOf
) -> None:
    findings = found("address_not_taken", capture_of(tmp_path / "offers.pcap", kinds, step_s), facts_of)
    assert [(f.severity, f.side) for f in findings] == ([(Severity.HIGH, Side.CLIENT)] if fires else [])
    assert all(OFFERED in f.title and "boot" not in f.title for f in findings)


@pytest.mark.parametrize(
    ("client", "server", "file", "boots"),
    [
        (PXE, b"", b"", True),
        (b"", b"", b"", False),
        (PXE, PXE, b"", False),
        (PXE, b"", b"pxelinux.0", False),
        (PXE, bytes([67, 4]) + b"boot", b"", False),
    ],
    ids=["nothing to boot", "no PXE", "a PXE server", "a file", "its option"],
)
def test_who_boots_by_pxe_needs_a_boot_file(
    client: bytes, server: bytes, file: bytes, boots: bool, tmp_path: Path, facts_of: FactsOf
) -> None:
    packets = [dhcp(DISCOVER, extra=client), dhcp(OFFER, extra=server, file=file)] * 3
    (finding,) = found("address_not_taken", save(tmp_path / "pxe.pcap", [*packets, other(), other()]), facts_of)
    assert ("no offer names a boot file" in finding.title) is boots
    assert finding.side is (Side.SERVER if boots else Side.CLIENT)


def test_the_relay_that_offers_go_to_is_named(tmp_path: Path, facts_of: FactsOf) -> None:
    packets = [dhcp(DISCOVER), dhcp(OFFER, to=RELAY)] * 3
    (finding,) = found("address_not_taken", save(tmp_path / "relay.pcap", [*packets, other(), other()]), facts_of)
    assert any(RELAY in line for line in finding.advice)


@pytest.mark.parametrize("rule", ["address_not_acknowledged", "address_not_taken"])
@pytest.mark.parametrize("kinds", [[X, X], [D, F, R, ACK, X, X]], ids=["no DHCP", "given"])
def test_they_do_not_apply_without_an_open_offer(
    rule: str, kinds: list[int], tmp_path: Path, facts_of: FactsOf
) -> None:
    assert not applies(rule, capture_of(tmp_path / "none.pcap", kinds), facts_of)


def test_which_address_is_offered_is_told(tmp_path: Path) -> None:
    analysis = analyse(capture_of(tmp_path / "offer.pcap", [D, F]), strict=True)
    answer = ask(analysis, "Which address is offered?")
    assert answer.verdict.startswith(f"{CARD} is offered the address {OFFERED} by the DHCP server {SERVER}")
    assert any(claim.frames == (2,) for claim in answer.claims)
