"""Which side ended a connection, and how."""

from pathlib import Path

import pytest
from factories import ACK, CLIENT, FIN, RST, SERVER, SYN
from flow import Flow

from explainer import analyse, ask


@pytest.mark.parametrize(
    ("first", "flags", "words"),
    [
        (True, FIN | ACK, f"The client {CLIENT} ended the connection of {CLIENT}:40000 to {SERVER}:80 first (FIN)"),
        (False, FIN | ACK, f"The server {SERVER} ended the connection"),
        (False, RST, "first with a reset (RST)"),
    ],
)
def test_who_closed(first: bool, flags: int, words: str, tmp_path: Path) -> None:
    flow = Flow().open().send(True, b"hello").send(False, b"welcome")
    flow.segment(first, flags).segment(not first, FIN | ACK)
    told = ask(analyse(flow.wire.save(tmp_path / "end.pcap"), strict=True), "who closed the connection?")
    assert any(words in text for text in (told.verdict, *(claim.text for claim in told.claims)))


def test_a_refusal_is_no_end_and_many_are_summed_up(tmp_path: Path) -> None:
    flow = Flow()
    flow.segment(True, SYN).segment(False, RST | ACK)
    for port in range(40001, 40007):
        one = Flow(wire=flow.wire, sport=port).open().send(True, b"hello").send(False, b"welcome")
        one.segment(False, FIN | ACK).segment(True, FIN | ACK)
    analysis = analyse(flow.wire.save(tmp_path / "ends.pcap"), strict=True)
    stat = analysis.stat("closings")
    assert stat is not None
    assert stat.total_rows == 6
    told = ask(analysis, "which side ended the connections?")
    assert any("Of 6 connections that end here, 6 are ended by the server" in c.text for c in told.claims)
