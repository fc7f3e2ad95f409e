"""Sessions that a message broker ends: identifiers that are used twice, keep-alives that are missed."""

import struct
from pathlib import Path

import pytest
from sessions import FactsOf, found_in
from talk import Talk, Wire

from explainer.model import Severity, Side

ACCEPTED = b"\x20\x02\0\0"


def connect(name: bytes, keep_alive: int = 60) -> bytes:
    """Return MQTT 3.1.1's CONNECT (section 3.1)."""
    body = b"\0\x04MQTT\x04\x02" + struct.pack("!HH", keep_alive, len(name)) + name
    return bytes([0x10, len(body)]) + body


def sessions(path: Path, *names: bytes, late_s: float = 0.1, answers: bool = True) -> Path:
    """Write a connection for each name, at the opening of which the broker ends the one before."""
    wire, before = Wire(), None
    for number, name in enumerate(names):
        talk = Talk(wire, sport=40000 + number, dport=1883).open().exchange(connect(name), ACCEPTED)
        if before:
            before.wait(late_s).close(from_client=False)
            if answers:
                before.close(from_client=True)
        before = talk.wait(1)
    return wire.save(path)


def test_an_identifier_that_two_fight_for(tmp_path: Path, facts_of: FactsOf) -> None:
    (finding,) = found_in("broker_taken_over", facts_of, sessions(tmp_path / "a.pcap", b"meter", b"meter", b"meter"))
    assert (finding.severity, finding.side, finding.measured["times"]) == (Severity.HIGH, Side.CLIENT, 2)
    assert 'identifier "meter" is used twice, on more than one connection of' in finding.title


@pytest.mark.parametrize(("answers", "severity"), [(True, Severity.MEDIUM), (False, Severity.INFO)])
def test_one_take_over(answers: bool, severity: Severity, tmp_path: Path, facts_of: FactsOf) -> None:
    capture = sessions(tmp_path / "a.pcap", b"meter", b"meter", answers=answers)
    (finding,) = found_in("broker_taken_over", facts_of, capture)
    assert finding.severity is severity
    assert "connected with the same client identifier" in finding.title


def test_other_names_and_later_ends_are_no_take_over(tmp_path: Path, facts_of: FactsOf) -> None:
    assert found_in("broker_taken_over", facts_of, sessions(tmp_path / "a.pcap", b"one", b"two")) == []
    late = sessions(tmp_path / "b.pcap", b"meter", b"meter", late_s=1.1)
    assert found_in("broker_taken_over", facts_of, late) == []


def silent(path: Path, keep_alive: int, seconds: float, *, first: str = "server") -> Path:
    talk = Talk(Wire(), dport=1883).open().exchange(connect(b"meter", keep_alive), ACCEPTED).wait(seconds)
    talk.close(from_client=first == "client").close(from_client=first != "client")
    return talk.wire.save(path)


def test_a_keep_alive_that_is_missed(tmp_path: Path, facts_of: FactsOf) -> None:
    (finding,) = found_in("broker_keep_alive_missed", facts_of, silent(tmp_path / "a.pcap", 10, 15.1))
    assert (finding.severity, finding.side) == (Severity.HIGH, Side.CLIENT)
    assert 'client identifier "meter"' in finding.title
    assert "said nothing for 15.1 s, though it had promised to speak every 10 s" in finding.title


def test_a_missed_keep_alive_of_amqp(tmp_path: Path, facts_of: FactsOf) -> None:
    def method(kind: int, arguments: bytes) -> bytes:
        body = struct.pack("!HH", 10, kind) + arguments
        return struct.pack("!BHI", 1, 0, len(body)) + body + b"\xce"

    tuned = struct.pack("!HIH", 2047, 131072, 5)
    talk = Talk(Wire(), dport=5672).open().say(b"AMQP\0\0\x09\x01").answer(method(30, tuned)).say(method(31, tuned))
    capture = talk.wait(10).reset(from_client=False).wire.save(tmp_path / "a.pcap")
    (finding,) = found_in("broker_keep_alive_missed", facts_of, capture)
    assert "(AMQP) ends the connection" in finding.title
    assert "every 5 s (heartbeat)" in finding.title


@pytest.mark.parametrize(
    ("keep_alive", "seconds", "first"), [(10, 13.9, "server"), (10, 20, "client"), (0, 20, "server")],
    ids=["in time", "the client leaves", "nothing was promised"],
)  # fmt: skip
def test_no_keep_alive_is_missed(
    keep_alive: int, seconds: float, first: str, tmp_path: Path, facts_of: FactsOf
) -> None:
    capture = silent(tmp_path / "a.pcap", keep_alive, seconds, first=first)
    assert found_in("broker_keep_alive_missed", facts_of, capture) == []
