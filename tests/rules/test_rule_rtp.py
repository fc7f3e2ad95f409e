"""Voice and video streams: what is lost, what comes unevenly, and voice in one direction only."""

import struct
from pathlib import Path

import pytest
from factories import CLIENT, ICMP, SERVER, UDP, datagram, ethernet, icmp_error, ip, pcap, tshark
from flow import FactsOf, applies, found
from talk import Wire

from explainer import analyse, ask
from explainer.model import Severity
from explainer.protocols.rtp import rtp_streams

VOICE, PACE_S = 10000, 0.02


def sdp(address: str, attribute: str = "sendrecv") -> str:
    lines = ("v=0", f"o=- 1 1 IN IP4 {address}", "s=-", f"c=IN IP4 {address}", "t=0 0", f"m=audio {VOICE} RTP/AVP 0")
    return "\r\n".join((*lines, "a=rtpmap:0 PCMU/8000", f"a={attribute}", ""))


def sip(first: str, body: str, *, of_client: bool, cseq: str = "1 INVITE") -> bytes:
    head = (
        first, "Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK1", "From: <sip:anna@a.example>;tag=1",
        "To: <sip:bert@a.example>;tag=2", "Call-ID: 1@a.example", f"CSeq: {cseq}", "Content-Type: application/sdp",
        f"Content-Length: {len(body)}", "", body,
    )  # fmt: skip
    ends = (CLIENT, SERVER) if of_client else (SERVER, CLIENT)
    return ip(*ends, UDP, datagram(5060, 5060, "\r\n".join(head).encode()))


def rtp(number: int, *, of_client: bool = False, stamp: int | None = None) -> bytes:
    head = struct.pack("!BBHII", 0x80, 0, number % 65536, (160 * number if stamp is None else stamp), 7 + of_client)
    ends = (CLIENT, SERVER) if of_client else (SERVER, CLIENT)
    return ip(*ends, UDP, datagram(VOICE, VOICE, head + bytes(160)))


def call(named: str = CLIENT, attribute: str = "sendrecv") -> Wire:
    wire = Wire()
    wire.put(sip("INVITE sip:bert@a.example SIP/2.0", sdp(named, attribute), of_client=True))
    wire.put(sip("SIP/2.0 200 OK", sdp(SERVER), of_client=False))
    return wire


def spoken(wire: Wire, numbers: list[int], *, of_client: bool = False, pace_s: float = PACE_S) -> Wire:
    for number in numbers:
        wire.put(rtp(number, of_client=of_client))
        wire.wait(pace_s)
    return wire


def without(total: int, every: int, first: int = 65_500) -> list[int]:
    """Return numbers that go beyond 65,535, of which each so many is missing."""
    return [first + n for n in range(total) if n % every != every - 1]


@pytest.mark.parametrize(
    ("numbers", "severity"),
    [
        (without(200, 10), Severity.HIGH),
        (without(600, 50), Severity.MEDIUM),
        (without(600, 150), None),
        (without(90, 10), None),
        ([0, 2, 1, *range(3, 300)], None),
    ],
    ids=["much", "some", "hardly any", "too short", "out of order"],
)
def test_numbers_that_never_come(
    numbers: list[int], severity: Severity | None, tmp_path: Path, facts_of: FactsOf
) -> None:
    findings = found("rtp_loss", spoken(call(), numbers).save(tmp_path / "call.pcap"), facts_of)
    assert [f.severity for f in findings] == ([severity] if severity else [])
    lost = numbers[-1] - numbers[0] + 1 - len(numbers)
    assert all(f.measured["lost"] == lost for f in findings)


@pytest.mark.parametrize(("swing_s", "fires"), [(0.08, True), (0.01, False)])
def test_packets_that_come_unevenly(swing_s: float, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    wire = call()
    for number in range(200):
        wire.put(rtp(number))
        wire.wait(PACE_S + (swing_s if number % 2 else -PACE_S + 0.001))
    findings = found("rtp_loss", wire.save(tmp_path / "uneven.pcap"), facts_of)
    assert ["come unevenly" in f.title for f in findings] == [True] * fires


@pytest.mark.parametrize(
    ("packets", "numbered", "port", "seen"),
    [(200, True, VOICE, 1), (199, True, VOICE, 0), (200, False, VOICE, 0), (200, True, VOICE + 1, 0)],
    ids=["numbered", "too few", "numbers that jump", "odd port"],
)
def test_a_stream_without_signalling(
    packets: int, numbered: bool, port: int, seen: int, tmp_path: Path, facts_of: FactsOf
) -> None:
    wire = Wire()
    for number in range(packets):
        head = struct.pack("!BBHII", 0x80, 33, number if numbered else number * 7919 % 65536, 900 * number, 7)
        wire.put(ip(SERVER, "239.1.1.1", UDP, datagram(40000, port, head + bytes(188))))
    streams = facts_of(wire.save(tmp_path / "video.pcap"), rtp_streams)[rtp_streams]
    assert [s.packets for s in streams] == [packets] * seen


def test_a_sender_that_begins_anew_lost_nothing(tmp_path: Path, facts_of: FactsOf) -> None:
    capture = spoken(call(), [*range(100), *range(30_000, 30_100)]).save(tmp_path / "anew.pcap")
    (stream,) = facts_of(capture, rtp_streams)[rtp_streams]
    assert (stream.packets, stream.lost, stream.late) == (200, 0, 0)


@pytest.mark.parametrize(
    ("packets", "attribute", "back", "fires"),
    [(300, "sendrecv", 0, True), (200, "sendrecv", 0, False), (300, "sendonly", 0, False), (300, "sendrecv", 5, False)],
    ids=["one way", "too short", "on hold", "both ways"],
)
def test_voice_in_one_direction(
    packets: int, attribute: str, back: int, fires: bool, tmp_path: Path, facts_of: FactsOf
) -> None:
    wire = spoken(call(attribute=attribute), list(range(packets)), of_client=True)
    capture = spoken(wire, list(range(back))).save(tmp_path / "call.pcap")
    findings = found("rtp_one_way", capture, facts_of)
    assert [f.severity for f in findings] == [Severity.MEDIUM] * fires
    assert all(f"who is at {CLIENT} hears nothing" in f.title for f in findings)


def test_the_address_in_sdp_is_another_one(tmp_path: Path, facts_of: FactsOf) -> None:
    capture = spoken(call(named="10.0.0.5"), list(range(300)), of_client=True).save(tmp_path / "nat.pcap")
    (finding,) = found("rtp_one_way", capture, facts_of)
    assert "asks for its voice at 10.0.0.5 (SDP)" in finding.title


@pytest.mark.parametrize(("late", "severity"), [(10, Severity.INFO), (11, Severity.MEDIUM)])
def test_voice_that_comes_after_hanging_up(late: int, severity: Severity, tmp_path: Path, facts_of: FactsOf) -> None:
    wire = call()
    for number in range(late):
        wire.put(rtp(number))
        wire.put(ip(CLIENT, SERVER, ICMP, icmp_error(3, 3, rtp(number))))
    findings = found("path_udp_unreachable", wire.save(tmp_path / "late.pcap"), facts_of)
    assert [f.severity for f in findings] == [severity]
    assert all("(voice, RTP)" in f.title for f in findings)
    assert all(("named this port" in f.act) == (f.severity is Severity.MEDIUM) for f in findings)


def test_reports_about_a_call_that_is_over(tmp_path: Path, facts_of: FactsOf) -> None:
    goodbye = ip(SERVER, CLIENT, UDP, datagram(VOICE + 1, VOICE + 1, struct.pack("!BBHI", 0x81, 203, 1, 7)))
    wire = call()
    for _ in range(12):
        wire.put(goodbye)
        wire.put(ip(CLIENT, SERVER, ICMP, icmp_error(3, 3, goodbye)))
    findings = found("path_udp_unreachable", wire.save(tmp_path / "over.pcap"), facts_of)
    assert [f.severity for f in findings] == [Severity.INFO]


@pytest.mark.parametrize("rule", ["rtp_loss", "rtp_one_way"])
def test_they_do_not_apply_to_other_traffic(rule: str, tmp_path: Path, facts_of: FactsOf) -> None:
    capture = pcap(tmp_path / "udp.pcap", [ethernet(ip(CLIENT, SERVER, UDP, datagram(5000, 6000, b"x")))] * 3)
    assert not applies(rule, capture, facts_of)


def test_calls_are_told_and_their_voice(tmp_path: Path) -> None:
    wire = spoken(call(), without(100, 20), of_client=True)
    wire.put(sip("BYE sip:bert@a.example SIP/2.0", "", of_client=True, cseq="2 BYE"))
    wire.put(sip("SIP/2.0 200 OK", "", of_client=False, cseq="2 BYE"))
    analysis = analyse(spoken(wire, list(range(100))).save(tmp_path / "call.pcap"), strict=True)
    told = ask(analysis, "who called whom?").verdict
    assert told.startswith(f"{CLIENT} calls sip:bert@a.example at {SERVER}: the call is taken")
    assert told.endswith(f"{CLIENT} hangs up (BYE).")
    stat = analysis.stat("rtp")
    assert stat is not None
    assert [(row[4], row[5], row[6]) for row in stat.rows] == [(95, 4, 4.04), (100, 0, 0.0)]


def test_the_statistic_counts_as_wireshark_does(tmp_path: Path, facts_of: FactsOf) -> None:
    capture = spoken(call(), without(600, 50)).save(tmp_path / "call.pcap")
    (stream,) = facts_of(capture, rtp_streams)[rtp_streams]
    (row,) = [row for row in tshark(capture, "-q", "-z", "rtp,streams").splitlines() if "g711U" in row]
    packets, lost = row.split("g711U")[1].split()[:2]
    assert (stream.packets, stream.lost) == (int(packets), int(lost))
