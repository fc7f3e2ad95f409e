"""The rule about clients that wait for a greeting on a port for TLS."""

from pathlib import Path

import pytest
from sessions import FactsOf, found_in
from talk import Talk, Wire, client_hello

from explainer.model import Severity, Side


@pytest.mark.parametrize(
    ("port", "seconds", "said", "by_client", "tells"),
    [
        (993, 6.0, b"", True, True),
        (993, 4.0, b"", True, False),
        (143, 6.0, b"", True, False),
        (993, 6.0, b"A1 NOOP\r\n", True, False),
        (993, 6.0, b"", False, False),
    ],
    ids=["waits", "leaves early", "another port", "says something", "ended by the server"],
)
def test_a_client_that_waits_for_a_greeting(
    port: int, seconds: float, said: bytes, by_client: bool, tells: bool, tmp_path: Path, facts_of: FactsOf
) -> None:
    wire = Wire()
    talk = Talk(wire, sport=40000, dport=port).open()
    if said:
        talk.say(said)
    wire.wait(seconds)
    talk.close(from_client=by_client)
    findings = found_in("tls_not_begun", facts_of, wire.save(tmp_path / "c.pcap"))
    assert len(findings) == tells
    assert all("never begins TLS on port 993" in f.title and "waits 6 s" in f.title for f in findings)
    assert all((f.severity, f.side) == (Severity.MEDIUM, Side.CLIENT) for f in findings)


def test_a_client_that_speaks_tls_there_too_knows_the_port(tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    Talk(wire, sport=40001, dport=993).open().say(client_hello("mail.example")).close(from_client=True)
    talk = Talk(wire, sport=40000, dport=993).open()
    wire.wait(6)
    talk.close(from_client=True)
    assert found_in("tls_not_begun", facts_of, wire.save(tmp_path / "c.pcap")) == []
