from collections.abc import Callable
from pathlib import Path

import pytest
from factories import tls_alert
from talk import Talk, Wire, client_hello, server_hello

from explainer.facts import Facts
from explainer.protocols.openings import BYTES, Opening, openings

FactsOf = Callable[..., Facts]
GET, OK = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 %d x\r\nContent-Length: 0\r\n\r\n"
GREETING, SSH = b"220 mail.example ESMTP\r\n", b"SSH-2.0-OpenSSH_9.2\r\n"

LOOKED_AT: dict[str, Callable[[Wire, str], object]] = {
    "nothing recognised": lambda w, s: Talk(w, server=s, dport=9000).open().exchange(b"\x01\x02\x03", b"\x04\x05"),
    "the server's side alone": lambda w, s: Talk(w, server=s, dport=80).open().exchange(client_hello(), OK % 200),
    "an alert to HTTP": lambda w, s: Talk(w, server=s, dport=9000).open().exchange(GET, tls_alert(2, 10)),
    "no TLS in answer to TLS": lambda w, s: (
        Talk(w, server=s, dport=443).open().exchange(client_hello(), b"What is it?")
    ),
    "bad request": lambda w, s: Talk(w, server=s, dport=80).open().exchange(GET, OK % 400),
    "mail": lambda w, s: Talk(w, server=s, dport=25).open().answer(GREETING).exchange(b"EHLO a\r\n", b"250 a\r\n"),
    "TLS to SSH": lambda w, s: Talk(w, server=s, dport=22).open().answer(SSH).say(client_hello()),
    "TLS to a silent server on a port that tshark takes for GSM's": lambda w, s: (
        Talk(w, server=s, dport=3002).open().say(client_hello())
    ),
}
NOT_LOOKED_AT: dict[str, Callable[[Wire, str], object]] = {
    "TLS": lambda w, s: Talk(w, server=s).open().exchange(client_hello(), server_hello()),
    "HTTP": lambda w, s: Talk(w, server=s, dport=80).open().exchange(GET, OK % 200),
    "silence": lambda w, s: Talk(w, server=s, dport=9000).open().part(),
    "HTTP to a silent server": lambda w, s: Talk(w, server=s, dport=80).open().say(GET),
    "STARTTLS": lambda w, s: (
        Talk(w, server=s, dport=25).open().answer(GREETING).exchange(b"STARTTLS\r\n", b"220 go\r\n")
        .exchange(client_hello(), server_hello())
    ),
    "SSH": lambda w, s: Talk(w, server=s, dport=22).open().exchange(SSH, SSH).say(b"\0" * 40).say(b"\0" * 40),
}  # fmt: skip


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory, facts_of: FactsOf) -> dict[int, Opening]:
    wire = Wire()
    for number, said in enumerate((*LOOKED_AT.values(), *NOT_LOOKED_AT.values())):
        said(wire, f"198.51.100.{number}")
    capture = wire.save(tmp_path_factory.mktemp("openings") / "all.pcap")
    return {opening.stream: opening for opening in facts_of(capture, openings)[openings]}


def test_only_streams_that_may_hide_something_are_looked_at(opened: dict[int, Opening]) -> None:
    names = [*LOOKED_AT, *NOT_LOOKED_AT]
    assert [names[stream] for stream in sorted(opened)] == list(LOOKED_AT)


def test_what_each_side_said_first_is_kept_in_order(opened: dict[int, Opening]) -> None:
    opening = opened[0]
    assert [piece.data for piece in opening.client] == [b"\x01\x02\x03"]
    assert [piece.data for piece in opening.server] == [b"\x04\x05"]
    assert opening.client[0].frame < opening.server[0].frame


def test_of_long_talks_the_beginning_is_kept(tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    talk = Talk(wire, dport=9000).open()
    for number in range(10):
        talk.say(bytes([number]) * (BYTES + 100))
    (opening,) = facts_of(wire.save(tmp_path / "long.pcap"), openings)[openings]
    assert [piece.data for piece in opening.client] == [bytes([number]) * BYTES for number in range(4)]
    assert opening.server == ()


def test_repetitions_are_left_out(tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    Talk(wire, dport=9000).open().say(b"\x01\x02\x03", acked=False).wait(1).again(b"\x01\x02\x03")
    (opening,) = facts_of(wire.save(tmp_path / "again.pcap"), openings)[openings]
    assert len(opening.client) == 1


def test_a_capture_without_tcp_has_none(facts_of: FactsOf) -> None:
    assert facts_of("quic_healthy", openings)[openings] == ()
