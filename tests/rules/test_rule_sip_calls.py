"""The rule about answers of SIP that nobody acknowledges."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from factories import CLIENT, SERVER, UDP, datagram, ip
from sessions import FactsOf, found_in
from talk import Wire

from explainer.model import Severity, Side

RULE, ELSEWHERE = "sip_not_acknowledged", "192.0.2.99"
REPEATED_S = (0.5, 1.0, 2.0, 4.0)


def message(first: str, method: str, *more: str) -> bytes:
    lines = (
        first, f"Via: SIP/2.0/UDP {CLIENT};branch=z9hG4bK1", "From: <sip:anna@example.org>;tag=1",
        "To: <sip:200@example.org>;tag=2", "Call-ID: c1", f"CSeq: 1 {method}", *more, "Content-Length: 0", "", "",
    )  # fmt: skip
    return "\r\n".join(lines).encode()


def call(path: Path, *, pauses: Sequence[float] = REPEATED_S, ack_to: str = "", twice: bool = False) -> Path:
    """Write a call whose answer comes again after each pause, and is acknowledged to that address each time."""
    wire = Wire()

    def send(source: str, destination: str, payload: bytes) -> None:
        wire.put(ip(source, destination, UDP, datagram(5060, 5060, payload)))

    send(CLIENT, SERVER, message("INVITE sip:200@example.org SIP/2.0", "INVITE"))
    for pause in (0.0, *pauses):
        wire.wait(pause)
        for _ in range(2 if twice else 1):
            send(SERVER, CLIENT, message("SIP/2.0 200 OK", "INVITE", f"Contact: <sip:200@{ack_to or SERVER}>"))
        if ack_to:
            send(CLIENT, ack_to, message("ACK sip:200@example.org SIP/2.0", "ACK"))
    return wire.save(path)


@pytest.mark.parametrize(
    ("ack_to", "words", "side"),
    [
        (ELSEWHERE, f"sends the ACK to {ELSEWHERE}, as the answer's Contact says", Side.SERVER),
        (SERVER, f"although {CLIENT} sends the ACK", Side.NETWORK),
        ("", "5 times in 8 s. Such a call", Side.EITHER),
    ],
)
def test_an_answer_that_comes_again_and_again(
    ack_to: str, words: str, side: Side, tmp_path: Path, facts_of: FactsOf
) -> None:
    (finding,) = found_in(RULE, facts_of, call(tmp_path / "c.pcap", ack_to=ack_to))
    assert words in finding.title
    assert (finding.severity, finding.side, finding.measured["answers"]) == (Severity.HIGH, side, 5)


def test_a_few_answers_and_recordings_of_the_same_are_no_fault(tmp_path: Path, facts_of: FactsOf) -> None:
    assert found_in(RULE, facts_of, call(tmp_path / "a.pcap", pauses=REPEATED_S[:3], twice=True)) == []
    assert found_in(RULE, facts_of, call(tmp_path / "b.pcap", pauses=(0.5, 1.0, 1.0, 1.0))) == []
