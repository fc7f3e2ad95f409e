import struct
from pathlib import Path

import pytest
from factories import CLIENT, SERVER, UDP, datagram, ethernet, ip, pcap
from flow import FactsOf, Flow, applies, found

from explainer.model import Severity, Side

DATA = b"x" * 400


def lossy(lost: int, segments: int, wait_s: float = 0.3) -> Flow:
    flow = Flow().open()
    for number in range(segments):
        flow.send(False, DATA)
        if number < lost:
            flow.wait(wait_s).repeat(False, DATA)
        flow.ack(True)
    return flow


@pytest.mark.parametrize(
    ("lost", "segments", "severity"),
    [(1, 40, Severity.INFO), (2, 40, Severity.INFO), (3, 40, Severity.LOW), (5, 60, Severity.MEDIUM),
     (5, 300, Severity.LOW), (3, 597, Severity.LOW), (3, 598, Severity.INFO)],
)  # fmt: skip
def test_how_much_was_lost(lost: int, segments: int, severity: Severity, tmp_path: Path, facts_of: FactsOf) -> None:
    (finding,) = found("tcp_loss", lossy(lost, segments).wire.save(tmp_path / "loss.pcap"), facts_of)
    assert (finding.severity, finding.side) == (severity, Side.NETWORK)
    assert finding.measured["sent_again"] == lost
    assert finding.measured["data_segments"] == segments + lost
    assert finding.title.startswith(f"Packets from {SERVER} to {CLIENT} were lost")


@pytest.mark.parametrize(("wait_s", "severity"), [(1.9, Severity.INFO), (2.1, Severity.MEDIUM)])
def test_a_long_stall(wait_s: float, severity: Severity, tmp_path: Path, facts_of: FactsOf) -> None:
    (finding,) = found("tcp_loss", lossy(1, 40, wait_s).wire.save(tmp_path / "stall.pcap"), facts_of)
    assert finding.severity is severity


def test_a_fast_retransmission_is_named(tmp_path: Path, facts_of: FactsOf) -> None:
    flow = Flow().open().send(False, DATA).ack(True).lose(False, DATA)
    for number in range(4):
        flow.send(False, DATA).ack(True, behind=(number + 2) * len(DATA))
    flow.segment(False, 0x18, DATA, back=5 * len(DATA)).ack(True)
    (finding,) = found("tcp_loss", flow.wire.save(tmp_path / "fast.pcap"), facts_of)
    assert "fast retransmission" in finding.title
    assert finding.severity is Severity.INFO


@pytest.mark.parametrize(("recorded", "words"), [(False, "were lost"), (True, "was sent twice within a short time")])
def test_what_never_came_this_far_was_lost(recorded: bool, words: str, tmp_path: Path, facts_of: FactsOf) -> None:
    flow = Flow().open().send(False, DATA).ack(True)
    flow = flow.send(False, DATA) if recorded else flow.lose(False, DATA)
    flow.send(False, DATA).wait(0.1).segment(False, 0x18, DATA, back=2 * len(DATA)).ack(True)
    (finding,) = found("tcp_loss", flow.wire.save(tmp_path / "unseen.pcap"), facts_of)
    assert words in finding.title
    assert finding.severity is Severity.INFO
    assert ("not recorded" in finding.title) is not recorded


def test_nothing_lost(tmp_path: Path, facts_of: FactsOf) -> None:
    capture = lossy(0, 40).wire.save(tmp_path / "fine.pcap")
    for rule in ("tcp_loss", "tcp_dead", "tcp_out_of_order"):
        assert found(rule, capture, facts_of) == []


@pytest.mark.parametrize(("reports", "sent_again"), [(6, 0), (5, 1)], ids=["all came twice", "one was lost"])
def test_what_the_receiver_got_twice_was_not_lost(
    reports: int, sent_again: int, tmp_path: Path, facts_of: FactsOf
) -> None:
    flow = Flow().open()
    for number in range(6):
        flow.send(False, DATA).wait(0.01).repeat(False, DATA)
        edges = (flow.sequence[False] - len(DATA), flow.sequence[False])
        flow.segment(True, 0x10, options=struct.pack("!BBBBII", 1, 1, 5, 10, *edges) if number < reports else b"")
    findings = found("tcp_loss", flow.wire.save(tmp_path / "twice.pcap"), facts_of)
    assert [f.measured["sent_again"] for f in findings] == [sent_again][:sent_again]


def test_keep_alives_are_no_loss(tmp_path: Path, facts_of: FactsOf) -> None:
    flow = Flow().open().send(True, DATA).ack(False)
    for _ in range(5):
        flow.wait(1).segment(True, 0x10, back=1).ack(False)
    assert found("tcp_loss", flow.wire.save(tmp_path / "alive.pcap"), facts_of) == []


def unheard(pauses: tuple[float, ...]) -> Flow:
    flow = Flow().open().send(True, DATA).ack(False).send(True, DATA)
    for pause in pauses:
        flow.wait(pause).repeat(True, DATA)
    return flow


@pytest.mark.parametrize(
    ("pauses", "fires"),
    [((0.3, 0.6, 1.2), True), ((0.3, 0.6), False), ((0.1, 0.2, 0.4), False), ((0.6, 0.6, 0.6), False)],
    ids=["three, growing", "two", "too short", "not growing"],
)
def test_gone_silent(pauses: tuple[float, ...], fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    findings = found("tcp_dead", unheard(pauses).wire.save(tmp_path / "dead.pcap"), facts_of)
    assert bool(findings) is fires
    assert all(f.severity is Severity.HIGH for f in findings)


@pytest.mark.parametrize(
    ("meanwhile", "size", "words"),
    [
        (True, 1400, "most likely large packets are dropped on the way (a smaller MTU)."),
        (False, 1400, "(a smaller MTU), or the path was broken for a time."),
        (True, 900, "no longer knows this one."),
        (False, 900, "was dead for a time: later"),
    ],
)
def test_a_peer_that_answers_elsewhere_is_alive(
    meanwhile: bool, size: int, words: str, tmp_path: Path, facts_of: FactsOf
) -> None:
    flow = Flow().open().send(True, b"x" * size).wait(0.3).repeat(True, b"x" * size).wait(0.6).repeat(True, b"x" * size)
    if meanwhile:
        Flow(wire=flow.wire, sport=40001).open()
    flow.wait(1.2).repeat(True, b"x" * size)
    if not meanwhile:
        Flow(wire=flow.wire, sport=40001).open()
    (finding,) = found("tcp_dead", flow.wire.save(tmp_path / "alive.pcap"), facts_of)
    assert words in finding.title


def test_an_acknowledgement_in_the_end_is_not_silence(tmp_path: Path, facts_of: FactsOf) -> None:
    capture = unheard((0.3, 0.6, 1.2)).ack(False).wire.save(tmp_path / "late.pcap")
    assert found("tcp_dead", capture, facts_of) == []
    assert len(found("tcp_loss", capture, facts_of)) == 1


def test_after_good_bye_it_is_information(tmp_path: Path, facts_of: FactsOf) -> None:
    flow = Flow().open().send(True, DATA).ack(False)
    flow.send(True, DATA).segment(True, 0x11)
    flow.sequence[True] -= 1
    for pause in (0.3, 0.6, 1.2):
        flow.wait(pause).repeat(True, DATA)
    assert [f.severity for f in found("tcp_dead", flow.wire.save(tmp_path / "bye.pcap"), facts_of)] == [Severity.INFO]


@pytest.mark.parametrize(("swapped", "fires"), [(5, True), (4, False)])
def test_out_of_order(swapped: int, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    flow = Flow().open(0.05)
    for number in range(30):
        if number < swapped:
            flow.lose(False, DATA).send(False, DATA).segment(False, 0x18, DATA, back=2 * len(DATA), overtaken=True)
        else:
            flow.send(False, DATA)
        flow.ack(True)
    findings = found("tcp_out_of_order", flow.wire.save(tmp_path / "order.pcap"), facts_of)
    assert bool(findings) is fires


@pytest.mark.parametrize("overtaken", [True, False])
def test_the_ip_id_tells_overtaken_from_sent_again(overtaken: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    flow = Flow().open(0.05)
    for number in range(40):
        if number % 5 == 0:
            flow.lose(False, DATA).send(False, DATA)
            flow.segment(False, 0x18, DATA, back=2 * len(DATA), overtaken=overtaken).ack(True)
        else:
            flow.send(False, DATA).ack(True)
    capture = flow.wire.save(tmp_path / "ids.pcap")
    assert bool(found("tcp_out_of_order", capture, facts_of)) is overtaken
    assert [f.severity for f in found("tcp_loss", capture, facts_of)] == ([] if overtaken else [Severity.MEDIUM])


@pytest.mark.parametrize(("passed", "late"), [(150, True), (2047, True), (2049, False)])
def test_a_segment_that_many_passed_is_late_and_not_lost(
    passed: int, late: bool, tmp_path: Path, facts_of: FactsOf
) -> None:
    flow, small = Flow().open(0.05), b"x"
    for _ in range(5):
        flow.lose(False, small)
        for _ in range(passed):
            flow.send(False, small)
        flow.wait(0.02).segment(False, 0x18, small, back=(passed + 1) * len(small), overtaken=passed).ack(True)
    capture = flow.wire.save(tmp_path / "late.pcap")
    assert bool(found("tcp_out_of_order", capture, facts_of)) is late
    assert bool(found("tcp_loss", capture, facts_of)) is not late


@pytest.mark.parametrize("rule", ["tcp_loss", "tcp_dead", "tcp_out_of_order"])
def test_they_do_not_apply_without_tcp(rule: str, tmp_path: Path, facts_of: FactsOf) -> None:
    capture = pcap(tmp_path / "udp.pcap", [ethernet(ip(CLIENT, SERVER, UDP, datagram(5000, 6000, b"x")))] * 3)
    assert not applies(rule, capture, facts_of)


@pytest.mark.parametrize(("closed", "sent_again"), [(True, 0), (False, 5)])
def test_what_a_full_receiver_discards_is_no_loss(
    closed: bool, sent_again: int, tmp_path: Path, facts_of: FactsOf
) -> None:
    flow = Flow().open()
    for _ in range(5):
        flow.send(False, DATA).ack(True, window=0 if closed else 800, behind=len(DATA))
        flow.wait(0.3).repeat(False, DATA).ack(True)
    findings = found("tcp_loss", flow.wire.save(tmp_path / "full.pcap"), facts_of)
    assert [f.measured["sent_again"] for f in findings] == [sent_again][:sent_again]
