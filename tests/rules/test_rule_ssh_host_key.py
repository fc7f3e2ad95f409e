"""SSH clients that leave at the server's host key."""

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from sessions import FactsOf, found_in
from talk import Talk, Wire

from explainer.model import Analysis, Confidence, RuleStatus, Severity

RULE = "ssh_host_key_refused"
BANNER = b"SSH-2.0-OpenSSH_9.2\r\n"
NEWKEYS = struct.pack("!IBB", 12, 10, 21) + bytes(10)


def offer() -> bytes:
    lists = ("curve25519-sha256", "ssh-ed25519", *2 * ("aes128-ctr",), *2 * ("hmac-sha2-256",), *2 * ("none",), "", "")
    body = bytes(16) + b"".join(struct.pack("!I", len(names)) + names.encode() for names in lists) + bytes(5)
    return packet(20, body)


def packet(kind: int, body: bytes) -> bytes:
    padding = 8 - (6 + len(body)) % 8 + 4
    return struct.pack("!IBB", 2 + len(body) + padding, padding, kind) + body + bytes(padding)


def text(data: bytes) -> bytes:
    return struct.pack("!I", len(data)) + data


def shown(wire: Wire, *, client: bytes = BANNER, sport: int = 40000) -> Talk:
    """Return a connection up to the server's NEWKEYS."""
    talk = Talk(wire, sport=sport, dport=22).open().say(client).answer(BANNER).say(offer()).answer(offer())
    key = text(text(b"ssh-ed25519") + text(bytes(32))) + text(bytes(32)) + text(bytes(64))
    return talk.say(packet(30, text(bytes(32)))).answer(packet(31, key) + NEWKEYS)


def test_the_recorded_refusal(analysis_of: Callable[[str], Analysis]) -> None:
    (finding,) = (f for f in analysis_of("ssh_host_key_changed").findings if f.rule == RULE)
    assert "before any login: it probably does not accept that key" in finding.title


def test_a_client_that_leaves_at_the_key(tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    shown(wire).part()
    (finding,) = found_in(RULE, facts_of, wire.save(tmp_path / "c.pcap"))
    assert "leaves as soon as 198.51.100.20:22 has shown its host key" in finding.title
    assert (finding.severity, finding.confidence) == (Severity.MEDIUM, Confidence.PROBABLE)


def test_where_another_connection_goes_on_it_is_small(tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    shown(wire).part()
    shown(wire, sport=40001).say(NEWKEYS).part()
    (finding,) = found_in(RULE, facts_of, wire.save(tmp_path / "c.pcap"))
    assert finding.severity is Severity.LOW


@pytest.mark.parametrize("case", ["goes on", "server leaves", "wants the key only", "stays"])
def test_others_are_no_refusal(case: str, tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    talk = shown(wire, client=b"SSH-2.0-OpenSSH-keyscan\r\n" if case == "wants the key only" else BANNER)
    if case == "goes on":
        talk.say(NEWKEYS)
    if case == "server leaves":
        talk.close(from_client=False).close(from_client=True)
    elif case != "stays":
        talk.part()
    assert found_in(RULE, facts_of, wire.save(tmp_path / "c.pcap")) == []


def test_without_ssh_it_does_not_apply(analysis_of: Callable[[str], Analysis]) -> None:
    (outcome,) = (o for o in analysis_of("dns_nxdomain").outcomes if o.rule == RULE)
    assert outcome.status is RuleStatus.NOT_APPLICABLE
