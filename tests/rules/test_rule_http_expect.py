"""Uploads that wait for leave which does not come."""

from pathlib import Path

import pytest
from sessions import FactsOf, found_in
from talk import Talk, Wire

from explainer.model import Severity, Side

RULE = "http_expect_unanswered"
HEAD = b"PUT /x HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3000\r\n"
ASKS = HEAD + b"Expect: 100-continue\r\n\r\n"
LEAVE, DONE = b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def upload(path: Path, *, head: bytes = ASKS, wait_s: float = 1.0, leave: bool = False) -> Path:
    wire = Wire()
    talk = Talk(wire).open().say(head)
    wire.wait(wait_s)
    if leave:
        talk.answer(LEAVE)
    for _ in range(3):
        talk.say(b"x" * 1000)
    talk.answer(DONE).part()
    return wire.save(path)


def test_the_client_waits_in_vain(tmp_path: Path, facts_of: FactsOf) -> None:
    (finding,) = found_in(RULE, facts_of, upload(tmp_path / "a.pcap"))
    assert (finding.severity, finding.side) == (Severity.LOW, Side.SERVER)
    assert "for leave to send the body of the request for /x, and then sends it unasked" in finding.title


@pytest.mark.parametrize(
    ("head", "wait_s", "leave", "fires"),
    [
        (ASKS, 0.91, False, True),
        (ASKS, 0.88, False, False),
        (ASKS, 1.0, True, False),
        (HEAD + b"\r\n", 1.0, False, False),
        (ASKS.replace(b"100-continue", b"something"), 1.0, False, False),
    ],
    ids=["long enough", "too short", "with leave", "without asking", "another expectation"],
)
def test_who_waits(head: bytes, wait_s: float, leave: bool, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    path = upload(tmp_path / "a.pcap", head=head, wait_s=wait_s, leave=leave)
    assert bool(found_in(RULE, facts_of, path)) is fires


def test_downloads_do_not_ask(tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    Talk(wire).open().say(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").answer(DONE).part()
    assert found_in(RULE, facts_of, wire.save(tmp_path / "a.pcap")) == []
