"""HTTP answers that stop half-way while the connection stays open."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sessions import FactsOf, found_in
from talk import Talk, Wire

from explainer.model import Analysis, Severity, Side

AnalysisOf = Callable[[str], Analysis]
RULE = "http_stalled"
REQUEST = b"GET /a.zip HTTP/1.1\r\nHost: a.example\r\n\r\n"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n"


def stalled(
    path: Path, *, wait_s: float = 3.1, head: bytes = HEAD, came: int = 1200, end: str = "client", lost: bool = False
) -> Path:
    wire = Wire()
    talk = Talk(wire).open().say(REQUEST).answer(head + b"x" * came)
    if lost:
        talk.answer(b"y" * 100, lost=True).answer(b"z" * 100)
    wire.wait(wait_s)
    if end == "client":
        talk.close(from_client=True).ack(from_client=False)
    elif end == "server":
        talk.close(from_client=False)
    else:
        Talk(wire, sport=40001).open()
    return wire.save(path)


def test_the_labs_download_that_hangs(analysis_of: AnalysisOf) -> None:
    (finding,) = [f for f in analysis_of(RULE).findings if f.rule == RULE]
    assert finding.severity is Severity.HIGH
    assert "nothing more comes" in finding.title


def test_it_says_how_much_came_and_who_should_look(tmp_path: Path, facts_of: FactsOf) -> None:
    (finding,) = found_in(RULE, facts_of, stalled(tmp_path / "a.pcap"))
    assert "after 1,200 of 3,000 bytes nothing more comes, and 3.1 s later the client gives up" in finding.title
    assert finding.side is Side.SERVER


@pytest.mark.parametrize(
    ("wait_s", "end", "fires"),
    [
        (3.0, "client", True),
        (2.9, "client", False),
        (10.1, "none", True),
        (9.8, "none", False),
        (3700, "none", False),
        (5, "server", False),
    ],
)
def test_how_long_is_long(wait_s: float, end: str, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    path = stalled(tmp_path / "a.pcap", wait_s=wait_s, end=end)
    assert bool(found_in(RULE, facts_of, path)) is fires


@pytest.mark.parametrize(
    ("head", "came"),
    [
        (HEAD, 3000),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", 0),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n", 0),
    ],
    ids=["whole", "chunks", "events"],
)
def test_what_is_whole_or_announces_no_length(head: bytes, came: int, tmp_path: Path, facts_of: FactsOf) -> None:
    assert found_in(RULE, facts_of, stalled(tmp_path / "a.pcap", head=head, came=came)) == []


def test_losses_are_another_matter(tmp_path: Path, facts_of: FactsOf) -> None:
    assert found_in(RULE, facts_of, stalled(tmp_path / "a.pcap", lost=True)) == []
