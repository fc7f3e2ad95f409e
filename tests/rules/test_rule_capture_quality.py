from pathlib import Path

import pytest
from factories import ACK, CLIENT, PSH, SECOND, SERVER, TCP, UDP, datagram, ethernet, ip, pcap, segment
from flow import FactsOf, Flow, applies, found

from explainer.model import Severity

DATA = b"x" * 400
CAPTURE_RULES = (
    "capture_duplicates", "capture_one_direction", "capture_late_start", "capture_offloading",
)  # fmt: skip


def conversation(copies: int, hops: int = 0, times: int = 6) -> Flow:
    flow = Flow().open()
    for _ in range(times):
        flow.segment(True, PSH | ACK, DATA, copies=copies, hops=hops)
        flow.segment(False, ACK, copies=copies, hops=hops)
    return flow


@pytest.mark.parametrize(("hops", "words"), [(1, "both sides of a router"), (0, "mirror port")])
def test_each_packet_twice(hops: int, words: str, tmp_path: Path, facts_of: FactsOf) -> None:
    capture = conversation(1, hops).wire.save(tmp_path / "twice.pcap")
    (finding,) = found("capture_duplicates", capture, facts_of)
    assert finding.severity is Severity.LOW
    assert finding.title.startswith("Most TCP packets are in this capture twice")
    assert words in finding.title
    assert finding.measured["copies"] == 12
    assert found("tcp_loss", capture, facts_of) == []


def test_packets_in_circles_are_no_copies_of_the_capture(tmp_path: Path, facts_of: FactsOf) -> None:
    capture = conversation(9, hops=2).wire.save(tmp_path / "circles.pcap")
    assert found("capture_duplicates", capture, facts_of) == []


def test_real_retransmissions_are_no_copies(tmp_path: Path, facts_of: FactsOf) -> None:
    flow = Flow().open()
    for _ in range(6):
        flow.send(True, DATA).wait(0.3).repeat(True, DATA).ack(False)
    capture = flow.wire.save(tmp_path / "loss.pcap")
    assert found("capture_duplicates", capture, facts_of) == []
    assert len(found("tcp_loss", capture, facts_of)) == 1


def test_two_copies_among_many_packets_say_nothing(tmp_path: Path, facts_of: FactsOf) -> None:
    flow = conversation(0, times=40)
    flow.segment(True, PSH | ACK, DATA, copies=2)
    assert found("capture_duplicates", flow.wire.save(tmp_path / "few.pcap"), facts_of) == []


def one_side(from_client: bool) -> Flow:
    flow = Flow()
    for _ in range(4):
        flow.lose(not from_client, DATA)
        flow.segment(from_client, ACK)
    return flow


@pytest.mark.parametrize("from_client", [True, False], ids=["client", "server"])
def test_one_direction(from_client: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    (finding,) = found("capture_one_direction", one_side(from_client).wire.save(tmp_path / "one.pcap"), facts_of)
    here, there = ("client", "server") if from_client else ("server", "client")
    # The client is who has the higher port.
    assert finding.title.startswith(f"Only the packets from the {here} to the {there} are in this capture")
    assert finding.severity is Severity.LOW


@pytest.mark.parametrize(
    ("port", "words"), [(8881, f"from {CLIENT} to {SERVER}"), (80, "from the client to the server")]
)
def test_high_ports_do_not_tell_who_the_server_is(port: int, words: str, tmp_path: Path, facts_of: FactsOf) -> None:
    flow = Flow(dport=port)
    for _ in range(4):
        flow.lose(False, DATA).segment(True, ACK)
    (finding,) = found("capture_one_direction", flow.wire.save(tmp_path / "one.pcap"), facts_of)
    assert finding.title.startswith(f"Only the packets {words} are in this capture")


def test_of_one_connection_among_whole_ones_it_is_information(tmp_path: Path, facts_of: FactsOf) -> None:
    flow = one_side(True)
    Flow(flow.wire, sport=41000).open().send(True, DATA).ack(False)
    (finding,) = found("capture_one_direction", flow.wire.save(tmp_path / "two.pcap"), facts_of)
    assert finding.severity is Severity.INFO


def test_unanswered_packets_are_not_one_direction(tmp_path: Path, facts_of: FactsOf) -> None:
    flow = Flow()
    for _ in range(4):
        flow.segment(True, ACK)
    assert found("capture_one_direction", flow.wire.save(tmp_path / "silent.pcap"), facts_of) == []


def test_late_start_is_information(tmp_path: Path, facts_of: FactsOf) -> None:
    late = Flow().send(True, DATA).ack(False).wire.save(tmp_path / "late.pcap")
    assert [f.severity for f in found("capture_late_start", late, facts_of)] == [Severity.INFO]
    whole = Flow().open().send(True, DATA).ack(False).wire.save(tmp_path / "whole.pcap")
    assert found("capture_late_start", whole, facts_of) == []


def test_cut_frames(tmp_path: Path, facts_of: FactsOf) -> None:
    packets = [ethernet(ip(CLIENT, SERVER, TCP, segment(40000, 80, ACK, payload=b"x" * n))) for n in (0, 0, 0, 300)]
    (some,) = found("capture_cut_frames", pcap(tmp_path / "some.pcap", packets, snap=96), facts_of)
    (most,) = found("capture_cut_frames", pcap(tmp_path / "most.pcap", packets[2:], snap=96), facts_of)
    assert (some.severity, most.severity) == (Severity.INFO, Severity.LOW)
    assert found("capture_cut_frames", pcap(tmp_path / "none.pcap", packets), facts_of) == []


@pytest.mark.parametrize(("back_s", "fires"), [(1.5, True), (0.9, False)])
def test_a_clock_that_steps_back(back_s: float, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    flow = Flow().open().wait(-back_s).send(True, DATA)
    assert bool(found("capture_clock", flow.wire.save(tmp_path / f"{back_s}.pcap"), facts_of)) is fires


def test_a_clock_that_was_never_set(tmp_path: Path, facts_of: FactsOf) -> None:
    for day, words, severity in ((1, "count from zero", Severity.INFO), (3, "was wrong", Severity.LOW)):
        flow = Flow()
        flow.wire.now_ns = (day - 1) * 86_400 * SECOND
        (finding,) = found("capture_clock", flow.open().wire.save(tmp_path / f"{day}.pcap"), facts_of)
        assert f"1970-01-0{day}" in finding.title
        assert words in finding.title
        assert finding.severity is severity


def test_large_segments(tmp_path: Path, facts_of: FactsOf) -> None:
    for size, fires in ((4000, True), (1460, False)):
        flow = Flow().open()
        for _ in range(3):
            flow.send(False, b"x" * size).ack(True)
        assert bool(found("capture_offloading", flow.wire.save(tmp_path / f"{size}.pcap"), facts_of)) is fires


@pytest.mark.parametrize("rule", CAPTURE_RULES)
def test_they_do_not_apply_without_tcp(rule: str, tmp_path: Path, facts_of: FactsOf) -> None:
    capture = pcap(tmp_path / "udp.pcap", [ethernet(ip(CLIENT, SERVER, UDP, datagram(5000, 6000, b"x")))] * 3)
    assert not applies(rule, capture, facts_of)


@pytest.mark.parametrize("rule", ["capture_clock", "capture_cut_frames"])
def test_one_frame_alone_tells_nothing_of_the_clock(rule: str, tmp_path: Path, facts_of: FactsOf) -> None:
    capture = pcap(tmp_path / "one.pcap", [ethernet(ip(CLIENT, SERVER, UDP, datagram(5000, 6000, b"x")))])
    assert not applies(rule, capture, facts_of)
