"""Spanning trees that change, once and again and again."""

from pathlib import Path

import pytest
from factories import SECOND, START_NS, KnownFacts, findings_of, pcap
from flow import FactsOf

from explainer.model import Finding, Severity
from explainer.protocols.spanning_tree import Bridge, bridges

ROOT, BRIDGE = "02:00:00:00:00:01", "02:00:00:00:00:02"


def octets(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))


def says(*, change: bool) -> bytes:
    """A message of a bridge by RSTP (IEEE 802.1w)."""
    body = b"\0\0\x02\x02" + bytes([0x7C | change]) + b"\x80\0" + octets(ROOT) + b"\0\0\0\4"
    body += b"\x80\0" + octets(BRIDGE) + b"\x80\x01\x01\0\x14\0\x02\0\x0f\0" + b"\0"
    return octets("01:80:c2:00:00:00") + octets(BRIDGE) + (len(body) + 3).to_bytes(2) + b"\x42\x42\x03" + body


def told(*seconds: float) -> list[Finding]:
    times = tuple(int(second * SECOND) for second in seconds)
    frames = tuple(range(1, len(times) + 1))
    return findings_of("stp_changes", KnownFacts({bridges: (Bridge(BRIDGE, ROOT, 32768, 4, frames, frames, times),)}))


def test_when_a_bridge_tells_of_changes(tmp_path: Path, facts_of: FactsOf) -> None:
    capture = pcap(tmp_path / "stp.pcap", [says(change=n in (1, 3)) for n in range(5)], step_ns=SECOND)
    (bridge,) = facts_of(capture, bridges)[bridges]
    assert bridge.changes == (2, 4)
    assert [(time - START_NS) // SECOND for time in bridge.change_ns] == [1, 3]


def test_changes_again_and_again() -> None:
    (finding,) = told(0, 2, 30, 32, 60, 90, 92)
    assert finding.severity is Severity.MEDIUM
    assert "4 topology changes in 90 s, every 30 s on average" in finding.title
    assert finding.evidence.frames == (1, 3, 5, 6)


@pytest.mark.parametrize(
    "seconds",
    [(0, 30, 60), (0, 121, 242, 363), range(0, 300, 2), (0, 6, 12, 18)],
    ids=["three", "seldom", "one that lasts", "one message after the other"],
)
def test_some_changes_are_ordinary(seconds: tuple[float, ...]) -> None:
    assert told(*seconds) == []


def test_it_does_not_apply_without_spanning_tree(tmp_path: Path, facts_of: FactsOf) -> None:
    arp = b"\xff" * 6 + octets(ROOT) + b"\x08\x06" + bytes(28)
    assert facts_of(pcap(tmp_path / "none.pcap", [arp]), bridges)[bridges] == ()
