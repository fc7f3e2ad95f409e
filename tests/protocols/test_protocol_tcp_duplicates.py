import struct
from pathlib import Path

from flow import FactsOf, Flow

from explainer.protocols.tcp_duplicates import received_twice

DATA = b"x" * 400


def reported(flow: Flow, back: int) -> Flow:
    """Have the client say that it got the server's data from `back` bytes ago on twice (RFC 2883)."""
    right = flow.sequence[False] - back + len(DATA)
    return flow.segment(True, 0x10, options=struct.pack("!BBBBII", 1, 1, 5, 10, right - len(DATA), right))


def test_a_report_names_the_data_that_came_twice(tmp_path: Path, facts_of: FactsOf) -> None:
    flow = Flow().open().send(False, DATA).ack(True).send(False, DATA).ack(True).repeat(False, DATA)
    capture = reported(flow, len(DATA)).wire.save(tmp_path / "twice.pcap")
    found = facts_of(capture, received_twice)[received_twice]
    assert found.to_dicts() == [{"stream": 0, "from_client": False, "seq": 401, "reports": 1}]


def test_a_gap_is_no_report(tmp_path: Path, facts_of: FactsOf) -> None:
    flow = Flow().open().lose(False, DATA).send(False, DATA)
    edges = struct.pack("!BBBBII", 1, 1, 5, 10, flow.sequence[False] - len(DATA), flow.sequence[False])
    capture = flow.segment(True, 0x10, behind=2 * len(DATA), options=edges).wire.save(tmp_path / "gap.pcap")
    assert facts_of(capture, received_twice)[received_twice].is_empty()
