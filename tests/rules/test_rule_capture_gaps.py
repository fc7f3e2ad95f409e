"""Packets that the recording missed, told apart from packets that the network lost."""

from pathlib import Path

from flow import FactsOf, Flow, applies, found

from explainer.model import Severity, Side


def test_what_was_acknowledged_and_is_not_there(tmp_path: Path, facts_of: FactsOf) -> None:
    flow = Flow().open().send(True, b"a" * 100).lose(False, b"b" * 500).send(False, b"c" * 100).ack(True)
    (finding,) = found("capture_gaps", flow.wire.save(tmp_path / "gap.pcap"), facts_of)
    assert (finding.severity, finding.side) == (Severity.LOW, Side.NOBODY)
    assert "(500 bytes)" in finding.title


def test_what_the_network_lost_is_not_the_recordings_fault(tmp_path: Path, facts_of: FactsOf) -> None:
    flow = Flow().open().send(True, b"a" * 100).lose(False, b"b" * 500).send(False, b"c" * 100).ack(True, behind=600)
    assert found("capture_gaps", flow.wire.save(tmp_path / "lost.pcap"), facts_of) == []


def test_a_whole_recording(tmp_path: Path, facts_of: FactsOf) -> None:
    flow = Flow().open().send(True, b"a" * 100).send(False, b"c" * 100).repeat(False, b"c" * 100).ack(True)
    capture = flow.wire.save(tmp_path / "whole.pcap")
    assert found("capture_gaps", capture, facts_of) == []
    assert applies("capture_gaps", capture, facts_of)


def test_a_late_start_is_told_by_another_rule(tmp_path: Path, facts_of: FactsOf) -> None:
    flow = Flow().send(True, b"a" * 100).lose(False, b"b" * 500).send(False, b"c" * 100).ack(True)
    assert found("capture_gaps", flow.wire.save(tmp_path / "late.pcap"), facts_of) == []
