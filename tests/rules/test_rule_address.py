import struct
from pathlib import Path

import pytest
from factories import UDP, datagram, ethernet, ip, matching, pcap
from flow import FactsOf, applies, found

from explainer import analyse
from explainer.model import Severity
from explainer.protocols.dhcp_settings import settings

A, B, ROUTER = "192.0.2.10", "192.0.2.20", "192.0.2.1"
NOWHERE, EVERYWHERE = "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"
SECOND = 1_000_000_000


def mac(last: int) -> str:
    return f"02:00:00:00:00:{last:02x}"


def arp(operation: int, sender: str, own: str, target: str, wanted: str) -> bytes:
    pairs = b"".join(
        bytes.fromhex(hardware.replace(":", "")) + bytes(map(int, address.split(".")))
        for hardware, address in ((sender, own), (target, wanted))
    )
    to = EVERYWHERE if operation == 1 else target
    head = bytes.fromhex(to.replace(":", "") + sender.replace(":", "")) + b"\x08\x06"
    return head + struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation) + pairs


def request(wanted: str, asker: str = A) -> bytes:
    return arp(1, mac(10), asker, NOWHERE, wanted)


def reply(owner: int, owned: str) -> bytes:
    return arp(2, mac(owner), owned, mac(10), A)


def between(source: str, target: str) -> bytes:
    return ethernet(ip(source, target, UDP, datagram(5000, 6000, b"x")))


def save(path: Path, packets: list[bytes]) -> Path:
    return pcap(path, packets, step_ns=SECOND)


@pytest.mark.parametrize(
    ("packets", "fires"),
    [
        ([request(ROUTER), reply(1, ROUTER), *[request(B)] * 3], True),
        ([request(ROUTER), reply(1, ROUTER), *[request(B)] * 2, request("192.0.2.30")], False),
        ([*[request(B)] * 3, reply(20, B)], False),
        ([*[request(B)] * 3], True),
        ([*[request(B)] * 3, request(B, "192.0.2.40")], False),
        ([*[request(B)] * 5, between("192.0.2.40", ROUTER)], False),
        ([request(ROUTER), reply(1, ROUTER), *[request(B, "0.0.0.0")] * 3], False),
    ],
    ids=["three", "two", "answered late", "all there is", "of several", "asker seen nowhere else", "a probe"],
)
def test_nobody_has_the_address(packets: list[bytes], fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    findings = found("address_arp_unanswered", save(tmp_path / "arp.pcap", packets), facts_of)
    assert bool(findings) is fires
    assert all(f.title.startswith(f"Nobody on the local network has the address {B}") for f in findings)


NEAR, OTHER_END = "203.0.113.1", "198.51.100.2"


def inside(frame: bytes, source: str = NEAR, target: str = OTHER_END) -> bytes:
    """A frame that VXLAN carries (RFC 7348)."""
    return ethernet(ip(source, target, UDP, datagram(50000, 4789, b"\x08\0\0\0\0\0\x64\0" + frame)))


HEARD = arp(2, mac(1), "203.0.113.254", mac(7), NEAR)  # its tunnel's end is recorded


@pytest.mark.parametrize(
    ("packets", "told"),
    [
        ([HEARD, *[inside(request(B))] * 3], "Nothing comes back through the tunnel"),
        ([HEARD, between(OTHER_END, NEAR), *[inside(request(B))] * 3], "Nobody on the local network"),
        ([HEARD, *[inside(request(B))] * 2], ""),
        ([*[inside(request(B))] * 3], ""),
        ([HEARD, *[inside(request(B))] * 3, inside(reply(20, B), OTHER_END, NEAR)], ""),
    ],
    ids=["one way", "the other end is there", "two", "recorded elsewhere", "answered"],
)
def test_a_question_inside_a_tunnel(packets: list[bytes], told: str, tmp_path: Path, facts_of: FactsOf) -> None:
    findings = found("address_arp_unanswered", save(tmp_path / "vxlan.pcap", packets), facts_of)
    assert bool(findings) is bool(told)
    assert all(f.title.startswith(told) and {NEAR, OTHER_END} <= set(f.scope.addresses) for f in findings)


def test_two_cards_claim_one_address(tmp_path: Path, facts_of: FactsOf) -> None:
    both = save(tmp_path / "both.pcap", [request(B), reply(20, B), reply(21, B)])
    (finding,) = found("address_duplicate", both, facts_of)
    assert finding.severity is Severity.HIGH
    assert f"{mac(20)} and {mac(21)}" in finding.title
    one = save(tmp_path / "one.pcap", [request(B), reply(20, B), reply(20, B)])
    assert found("address_duplicate", one, facts_of) == []


def announcement(owner: int, owned: str, operation: int = 2) -> bytes:
    return arp(operation, mac(owner), owned, EVERYWHERE, owned)


@pytest.mark.parametrize(
    ("later", "severity"),
    [
        ([announcement(21, B), request(B), reply(21, B)], Severity.INFO),
        ([announcement(21, B, 1), request(B), reply(21, B)], Severity.INFO),
        ([request(B), reply(21, B)], Severity.HIGH),
        ([announcement(21, B), request(B), reply(21, B), reply(20, B)], Severity.HIGH),
        ([request(B), reply(21, B), announcement(21, B)], Severity.HIGH),
        ([*[announcement(21, B)] * 10, request(B), reply(21, B)], Severity.INFO),
        ([*[announcement(21, B)] * 11, request(B), reply(21, B)], Severity.HIGH),
    ],
    ids=[
        "a partner takes over",
        "announced by a request",
        "unannounced",
        "the first goes on answering",
        "announced afterwards",
        "announced ten times",
        "announced again and again",
    ],
)
def test_an_address_that_moves(later: list[bytes], severity: Severity, tmp_path: Path, facts_of: FactsOf) -> None:
    packets = [request(B), reply(20, B), *later]
    capture = save(tmp_path / "moved.pcap", packets)
    (finding,) = found("address_duplicate", capture, facts_of)
    assert finding.severity is severity
    assert set(finding.evidence.frames) <= matching(capture, finding.evidence.display_filter)
    assert (f"moves from the network card {mac(20)} to {mac(21)}" in finding.title) is (severity is Severity.INFO)


def test_routers_that_share_an_address(tmp_path: Path, facts_of: FactsOf) -> None:
    shared = arp(2, "00:00:5e:00:01:05", B, mac(10), A)
    assert found("address_duplicate", save(tmp_path / "v.pcap", [request(B), reply(20, B), shared]), facts_of) == []


def test_one_card_that_claims_several(tmp_path: Path, facts_of: FactsOf) -> None:
    packets = [request(B), reply(20, B), reply(66, B), request(ROUTER), reply(1, ROUTER), reply(66, ROUTER)]
    findings = found("address_duplicate", save(tmp_path / "spoof.pcap", packets), facts_of)
    assert len(findings) == 2
    assert all("ARP spoofing" in f.title and mac(66) in f.title for f in findings)


def test_one_card_that_claims_unasked(tmp_path: Path, facts_of: FactsOf) -> None:
    other = arp(1, mac(66), "192.0.2.66", NOWHERE, A)
    packets = [request(ROUTER), reply(1, ROUTER), other, *[reply(66, ROUTER)] * 3]
    (finding,) = found("address_duplicate", save(tmp_path / "unasked.pcap", packets), facts_of)
    assert f"192.0.2.66 ({mac(66)}) says again and again, unasked" in finding.title
    (finding,) = found("address_duplicate", save(tmp_path / "twice.pcap", packets[:-1]), facts_of)
    assert "unasked" not in finding.title


@pytest.mark.parametrize(
    ("address", "router", "severity"),
    [(A, B, Severity.HIGH), (A, ROUTER, Severity.MEDIUM), ("192.0.2.11", B, Severity.MEDIUM)],
    ids=["its gateway", "another is its gateway", "another client's gateway"],
)
def test_nobody_has_the_gateways_address(
    address: str, router: str, severity: Severity, tmp_path: Path, facts_of: FactsOf
) -> None:
    asked = [request(ROUTER), reply(1, ROUTER), *[request(B)] * 3]
    packets = [dhcp(ACK, client=address, gateway=router), *asked]
    (finding,) = found("address_arp_unanswered", save(tmp_path / "arp.pcap", packets), facts_of)
    assert finding.severity is severity
    assert (f"its gateway is {B}, says DHCP (10.0.0.1)" in finding.title) is (severity is Severity.HIGH)


@pytest.mark.parametrize(
    ("resolvers", "severity"),
    [((B,), Severity.HIGH), ((B, ROUTER), Severity.MEDIUM), ((ROUTER,), Severity.MEDIUM)],
    ids=["the only name server", "one of two", "another"],
)
def test_nobody_has_the_name_servers_address(
    resolvers: tuple[str, ...], severity: Severity, tmp_path: Path, facts_of: FactsOf
) -> None:
    asked = [request(ROUTER), reply(1, ROUTER), *[request(B)] * 3]
    packets = [dhcp(ACK, client=A, resolvers=resolvers), *asked]
    (finding,) = found("address_arp_unanswered", save(tmp_path / "arp.pcap", packets), facts_of)
    assert finding.severity is severity
    assert (f"name server is {B}" in finding.title or f"name servers is {B}" in finding.title) is (B in resolvers)
    assert ("cannot look up names" in finding.title) is (severity is Severity.HIGH)


DISCOVER, OFFER, REQUEST, ACK, NAK = 1, 2, 3, 5, 6


def dhcp(
    kind: int, *, server: int = 1, router: int = 0, card: int = 10, client: str = "0.0.0.0", gateway: str = "",
    resolvers: tuple[str, ...] = (), relay: str = "",
) -> bytes:  # fmt: skip
    own, asked = (
        (f"10.0.0.{server}", "255.255.255.255"),
        (relay or "0.0.0.0", "10.9.9.9" if relay else "255.255.255.255"),
    )
    from_server = kind in (OFFER, ACK, NAK)
    named = bytes([54, 4, 10, 0, 0, server]) + (bytes([3, 4, 10, 0, 0, router]) if router else b"")
    named += bytes([3, 4, *map(int, gateway.split("."))]) if gateway else b""
    addresses = [int(part) for resolver in resolvers for part in resolver.split(".")]
    named += bytes([6, len(addresses), *addresses]) if resolvers else b""
    options = bytes([53, 1, kind]) + (named if from_server else bytes([50, 4, 10, 0, 0, 99]))
    given = bytes(4) + bytes(map(int, client.split("."))) + bytes(8)
    head = struct.pack("!BBBBIHH", 2 if from_server else 1, 1, 6, 0, 7, 0, 0) + given
    body = (
        head
        + bytes.fromhex("0200000000")
        + bytes([card])
        + bytes(10)
        + bytes(192)
        + bytes.fromhex("63825363")
        + options
        + b"\xff"
    )
    ports = (67, 68) if from_server else (68, 67)
    return ethernet(ip(*(own if from_server else asked), UDP, datagram(*ports, body)))


@pytest.mark.parametrize(
    ("kinds", "rule"),
    [
        ([DISCOVER, DISCOVER, DISCOVER, DISCOVER], "address_no_offer"),
        ([REQUEST, REQUEST, REQUEST, REQUEST], "address_no_offer"),
        ([REQUEST, REQUEST, REQUEST, ACK], ""),
        ([DISCOVER, DISCOVER], ""),
        ([DISCOVER, DISCOVER, DISCOVER, OFFER], ""),
        ([DISCOVER, DISCOVER, DISCOVER, REQUEST], ""),
        ([REQUEST, REQUEST, DISCOVER, DISCOVER, DISCOVER], "address_no_offer"),
        ([REQUEST, NAK], "address_refused"),
        ([REQUEST, NAK, DISCOVER, OFFER, REQUEST, ACK], ""),
    ],
    ids=[
        "no offer",
        "an old address",
        "given again",
        "too short",
        "offered",
        "an offer unseen",
        "an old one first",
        "refused",
        "refused, then given",
    ],
)
def test_dhcp(kinds: list[int], rule: str, tmp_path: Path, facts_of: FactsOf) -> None:
    capture = save(tmp_path / "dhcp.pcap", [dhcp(kind) for kind in kinds])
    findings = [f for name in ("address_no_offer", "address_refused") for f in found(name, capture, facts_of)]
    assert [(f.rule, f.severity) for f in findings] == ([(rule, Severity.HIGH)] if rule else [])


GIVEN = [DISCOVER, OFFER, REQUEST, ACK]


@pytest.mark.parametrize(
    ("kinds", "severity"),
    [
        ([*GIVEN, *[REQUEST] * 4], Severity.MEDIUM),
        ([*GIVEN, REQUEST, *[DISCOVER] * 3], Severity.HIGH),
        ([*GIVEN, *[REQUEST] * 4, ACK], None),
        ([*GIVEN, REQUEST], None),
        ([*GIVEN, REQUEST, REQUEST], None),
        ([REQUEST] * 5, None),
    ],
    ids=["not renewed", "lost", "renewed late", "one request", "too short", "nothing was given"],
)
def test_a_lease_that_nobody_renews(
    kinds: list[int], severity: Severity | None, tmp_path: Path, facts_of: FactsOf
) -> None:
    capture = save(tmp_path / "dhcp.pcap", [dhcp(kind, client=A if kind == ACK else "0.0.0.0") for kind in kinds])
    findings = found("address_not_renewed", capture, facts_of)
    assert [f.severity for f in findings] == ([severity] if severity else [])
    assert all(f"10.0.0.1 no longer answers 02:00:00:00:00:0a, to which it gave {A}" in f.title for f in findings)


def test_what_a_relay_passes_on_is_told_apart(tmp_path: Path, facts_of: FactsOf) -> None:
    rounds = [dhcp(DISCOVER), dhcp(DISCOVER, relay=ROUTER)] * 3
    (finding,) = found("address_no_offer", save(tmp_path / "relay.pcap", rounds), facts_of)
    assert "it asks 3 times" in finding.title
    assert f"{ROUTER} (a relay) passes this on to 10.9.9.9, of which no answer is seen" in finding.title
    once = save(tmp_path / "once.pcap", [*rounds[:2], *[between(A, B)] * 4])
    assert found("address_no_offer", once, facts_of) == []


def test_who_asks_for_settings_alone_is_given_no_address(tmp_path: Path, facts_of: FactsOf) -> None:
    capture = save(tmp_path / "inform.pcap", [dhcp(8), dhcp(ACK, router=1)])
    (given,) = facts_of(capture, settings)[settings]
    assert (given.address, given.routers) == ("", ("10.0.0.1",))


def test_a_server_that_serves_others_may_have_none_left(tmp_path: Path, facts_of: FactsOf) -> None:
    others = [dhcp(kind, card=11) for kind in (DISCOVER, OFFER, REQUEST, ACK)]
    capture = save(tmp_path / "pool.pcap", [*others, *[dhcp(DISCOVER)] * 4])
    (finding,) = found("address_no_offer", capture, facts_of)
    assert "The server 10.0.0.1 serves others: it may have no free address left" in finding.title


@pytest.mark.parametrize(
    ("offers", "fires"),
    [
        ([dhcp(OFFER, router=1), dhcp(OFFER, server=2, router=2)], True),
        ([dhcp(OFFER, router=1), dhcp(OFFER, server=2, router=1)], False),
        ([dhcp(OFFER, router=1), dhcp(OFFER, router=2)], False),
    ],
    ids=["two gateways", "one gateway", "one server"],
)
def test_a_second_server(offers: list[bytes], fires: bool, tmp_path: Path) -> None:
    analysis = analyse(save(tmp_path / "second.pcap", [dhcp(DISCOVER), *offers]), strict=True)
    findings = [f for f in analysis.findings if f.rule == "address_second_server"]
    assert [f.severity for f in findings] == [Severity.MEDIUM] * fires
    assert all("10.0.0.1 and 10.0.0.2" in f.title for f in findings)


@pytest.mark.parametrize(
    "rule",
    [
        "address_arp_unanswered",
        "address_duplicate",
        "address_no_offer",
        "address_refused",
        "address_second_server",
        "address_not_renewed",
    ],
)
def test_they_do_not_apply_to_other_traffic(rule: str, tmp_path: Path, facts_of: FactsOf) -> None:
    capture = pcap(tmp_path / "udp.pcap", [ethernet(ip(A, B, UDP, datagram(5000, 6000, b"x")))] * 3)
    assert not applies(rule, capture, facts_of)


def sent(card: int, target: str, source: str = A) -> bytes:
    head = bytes.fromhex(mac(card).replace(":", "") + mac(10).replace(":", "")) + b"\x08\x00"
    return head + ip(source, target, UDP, datagram(40000, 53, b"x"))


FAR = "198.51.100.9"


@pytest.mark.parametrize(
    ("packets", "severity"),
    [
        ([sent(1, FAR), reply(66, ROUTER), arp(1, mac(66), B, NOWHERE, ROUTER), sent(66, FAR)], Severity.HIGH),
        ([reply(66, ROUTER), arp(1, mac(66), B, NOWHERE, "192.0.2.77")], Severity.LOW),
        ([request(ROUTER), reply(66, ROUTER), arp(1, mac(66), B, NOWHERE, "192.0.2.77")], None),
        ([reply(66, ROUTER)], None),
    ],
    ids=["packets turn", "claims alone", "was asked", "one address"],
)
def test_a_card_claims_the_address_of_another(
    packets: list[bytes], severity: Severity | None, tmp_path: Path, facts_of: FactsOf
) -> None:
    findings = found("address_spoofed", save(tmp_path / "spoof.pcap", packets), facts_of)
    assert [f.severity for f in findings] == ([severity] if severity else [])
    assert all(mac(66) in f.title and ROUTER in f.title for f in findings)


def away(card: int, source: str) -> bytes:
    """Return a packet to A that this card sends for that address."""
    head = bytes.fromhex(mac(10).replace(":", "") + mac(card).replace(":", "")) + b"\x08\x00"
    return head + ip(source, A, UDP, datagram(53, 40000, b"x"))


ASKED = [request(ROUTER), reply(1, ROUTER)]


@pytest.mark.parametrize(
    ("packets", "severity"),
    [
        ([*ASKED, away(1, FAR), *[request(ROUTER)] * 4], Severity.HIGH),
        ([*ASKED, away(1, ROUTER), *[request(ROUTER)] * 4], Severity.LOW),
        ([*ASKED, request(B), reply(1, B), away(1, B), *[request(ROUTER)] * 4], Severity.LOW),
        ([*ASKED, away(1, FAR), *[request(ROUTER)] * 2], None),
        ([*ASKED, *[request(ROUTER)] * 4, away(1, FAR)], None),
        ([*ASKED, *[request(ROUTER)] * 4, reply(1, ROUTER)], None),
        ([away(1, FAR), *[request(ROUTER)] * 4], None),
    ],
    ids=[
        "a gateway",
        "a host",
        "a host of two addresses",
        "two requests",
        "its card still sends",
        "it answers late",
        "it never answered",
    ],
)
def test_a_host_that_answers_no_more(
    packets: list[bytes], severity: Severity | None, tmp_path: Path, facts_of: FactsOf
) -> None:
    findings = found("address_silent", save(tmp_path / "gone.pcap", packets), facts_of)
    assert [f.severity for f in findings] == ([severity] if severity else [])
    assert all(("The gateway" in f.title) is (severity is Severity.HIGH) for f in findings)


def test_without_arp_nobody_falls_silent(tmp_path: Path, facts_of: FactsOf) -> None:
    assert not applies("address_silent", save(tmp_path / "udp.pcap", [sent(1, FAR)]), facts_of)
