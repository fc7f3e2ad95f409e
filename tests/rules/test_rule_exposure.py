"""The rules about doors open to the internet, outdated file sharing, and cryptocurrency."""

from collections.abc import Callable
from pathlib import Path

import pytest
from factories import CLIENT, SERVER, KnownFacts, connection, findings_of
from sessions import FactsOf, found, found_in, session

from explainer.model import Analysis, Confidence, Finding
from explainer.protocols import tcp
from explainer.protocols.applications import Sign, signs
from explainer.protocols.applications.terminals import DESKTOP
from explainer.protocols.tcp import Endpoint

OUTSIDE, INSIDE = "185.1.2.3", "93.184.216.34"


def exposed(client: str = OUTSIDE, server: str = INSIDE, port: int = 3389, payload: int = 19) -> list[Finding]:
    one = connection(client=Endpoint(client, 40000), server=Endpoint(server, port), server_payload=payload)
    desktop = Sign(DESKTOP, "RDP", 0, one.client, one.server, 4, "anna")
    return findings_of("exposed_remote_control", KnownFacts({tcp.connections: (one,), signs: (desktop,)}))


def test_remote_desktop_between_public_addresses() -> None:
    (finding,) = exposed()
    assert f"remote desktop (RDP) of {INSIDE}:3389 answers across the internet: {OUTSIDE} uses it" in finding.title
    assert finding.evidence.frames == (1, 4)
    assert finding.evidence.steps[1].text == "remote desktop asks for a session as anna"


@pytest.mark.parametrize(
    ("client", "server", "port", "payload"),
    [
        (OUTSIDE, "10.0.0.1", 3389, 19), ("10.0.0.1", INSIDE, 3389, 19), (OUTSIDE, INSIDE, 22, 19),
        (OUTSIDE, INSIDE, 3389, 0), ("93.184.1.1", INSIDE, 3389, 19), ("2a00:1::1", "2a00:1::2", 5900, 9),
        ("224.0.0.1", INSIDE, 23, 9),
    ],
)  # fmt: skip
def test_other_doors_are_not_told(client: str, server: str, port: int, payload: int) -> None:
    assert exposed(client, server, port, payload) == []


def smb(command: int, *, answers: bool, rest: bytes = bytes(3)) -> bytes:
    message = b"\xffSMB" + bytes([command, 0, 0, 0, 0, 0x80 * answers]) + bytes(22) + rest
    return len(message).to_bytes(4, "big") + message


def test_smb1_is_in_use_when_the_server_answers_in_it(tmp_path: Path, facts_of: FactsOf) -> None:
    dialects = b"\0" + (12).to_bytes(2, "little") + b"\x02NT LM 0.12\0"
    asked = (True, smb(0x72, answers=False, rest=dialects))
    used = session(tmp_path / "used.pcap", 445, asked, (False, smb(0x72, answers=True)))
    (finding,) = found_in("unwanted_smb1", facts_of, used)
    assert f"{CLIENT} and {SERVER} use SMBv1" in finding.title
    assert finding.evidence.frames == (4, 5)
    newer = (False, b"\0\0\0\x40\xfeSMB\x40\0" + bytes(6) + b"\0\0\1\0\1" + bytes(47))
    offered = session(tmp_path / "offered.pcap", 445, asked, newer)
    assert found_in("unwanted_smb1", facts_of, offered) == []


def test_the_pattern_of_an_exploit() -> None:
    sign = Sign("smb1-exploit", "SMB", 0, Endpoint(CLIENT, 40000), Endpoint(SERVER, 445), 7)
    (finding,) = found("smb1_exploit_pattern", sign)
    assert finding.confidence is Confidence.PROBABLE
    assert found("smb1_exploit_pattern", Sign("smb1", "SMB", 0, sign.client, sign.server, 7)) == []


FIRST = {
    "Monero": b"\x01\x21\x01\x01\x01\x01\x01\x01" + bytes(25),
    "stratum": b'{"id": 1, "method": "mining.subscribe", "params": []}\n',
    "pool": b'{"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"x","pass":"x","agent":"XMRig/6"}}\n',
    "Bitcoin": b"\xf9\xbe\xb4\xd9version\0\0\0\0\0" + bytes(8),
}


@pytest.mark.parametrize("currency", FIRST)
def test_cryptocurrency_is_known_by_its_first_bytes(currency: str, tmp_path: Path, facts_of: FactsOf) -> None:
    capture = session(tmp_path / "c.pcap", 14444, (True, FIRST[currency]), (False, b"\1\2\3\4"))
    (finding,) = found_in("unwanted_cryptocurrency", facts_of, capture)
    assert f"What {CLIENT} exchanges with {SERVER}:14444 is " in finding.title
    assert finding.evidence.frames == (4,)
    assert finding.scope.ports == (14444,)


@pytest.mark.parametrize(
    "first", [b'{"method": "login", "params": {"user": "anna"}}\n', b"\x01\x21\x01\x01\x01\x01\x01", b"version\0"]
)
def test_other_first_bytes_are_not(first: bytes, tmp_path: Path, facts_of: FactsOf) -> None:
    assert found_in("unwanted_cryptocurrency", facts_of, session(tmp_path / "c.pcap", 14444, (True, first))) == []


def test_without_their_traffic_they_do_not_apply(analysis_of: Callable[[str], Analysis]) -> None:
    named = ("exposed_remote_control", "smb1_exploit_pattern", "unwanted_smb1")
    outcomes = {o.rule: o.status for o in analysis_of("dns_nxdomain").outcomes if o.rule in named}
    assert outcomes["unwanted_smb1"] == outcomes["smb1_exploit_pattern"] == "not applicable"
