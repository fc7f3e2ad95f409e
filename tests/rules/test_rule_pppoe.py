"""Lines that are dialled by PPPoE: nobody answers, or a session is refused."""

import struct
from pathlib import Path

import pytest
from factories import UDP, datagram, ethernet, findings_of, ip, pcap
from flow import FactsOf

from explainer import registry
from explainer.model import Finding, Severity
from explainer.protocols.pppoe import callers

CLIENT, SERVER, ALL = "020000000001", "020000000002", "ffffffffffff"
PADI, PADO, PADR, PADS = 0x09, 0x07, 0x19, 0x65
SECOND = 1_000_000_000
NO_SERVICE, NO_ROOM = b"\x02\x01\x00\x0fno such service", b"\x02\x02\x00\x04full"
NAME = b"\x01\x02\x00\x05BRAS1"


def frame(code: int, tags: bytes = b"", session: int = 0, *, down: bool = False) -> bytes:
    tags = b"\x01\x01\x00\x04gold" + tags
    to, by = (CLIENT, SERVER) if down else (ALL if code == PADI else SERVER, CLIENT)
    return bytes.fromhex(to + by + "886311") + struct.pack("!BHH", code, session, len(tags)) + tags


def told(rule: str, packets: list[bytes], tmp_path: Path, facts_of: FactsOf) -> list[Finding]:
    entry = registry.rules.get(rule)
    assert entry is not None
    capture = pcap(tmp_path / f"{len(packets)}.pcap", packets, step_ns=2 * SECOND)
    return findings_of(rule, facts_of(capture, *entry.needs))


OFFER, BEGUN = frame(PADO, NAME, down=True), frame(PADS, session=7, down=True)
ELSEWHERE = ethernet(ip("10.0.0.1", "10.0.0.2", UDP, datagram(5000, 6000, b"x")))


@pytest.mark.parametrize(
    ("packets", "severity"),
    [
        ([frame(PADI)] * 3, Severity.HIGH),
        ([frame(PADI), OFFER, frame(PADR), BEGUN, *[frame(PADI)] * 3, ELSEWHERE], Severity.HIGH),
        ([*[frame(PADI)] * 3, ELSEWHERE], Severity.INFO),
    ],
    ids=["never", "no more", "seen from elsewhere"],
)
def test_nobody_answers(packets: list[bytes], severity: Severity, tmp_path: Path, facts_of: FactsOf) -> None:
    (finding,) = told("pppoe_unanswered", packets, tmp_path, facts_of)
    assert finding.severity is severity
    assert "it asks 3 times" in finding.title
    assert set(finding.evidence.frames) <= {1, 2, 3, 5, 6, 7}


@pytest.mark.parametrize(
    "packets", [[frame(PADI)] * 2, [*[frame(PADI)] * 3, OFFER, frame(PADR), BEGUN]], ids=["two", "answered late"]
)
def test_what_may_still_be_answered(packets: list[bytes], tmp_path: Path, facts_of: FactsOf) -> None:
    assert told("pppoe_unanswered", packets, tmp_path, facts_of) == []


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (frame(PADS, NO_SERVICE, down=True), 'does not offer the service that is asked for: gold ("no such service")'),
        (frame(PADS, NO_ROOM, down=True), 'such as no room for another session ("full")'),
        (frame(PADO, NO_ROOM, down=True), 'such as no room for another session ("full")'),
        (frame(PADS, down=True), "does not say why"),
    ],
    ids=["no such service", "no room", "in the offer", "without a word"],
)
def test_a_session_is_refused(answer: bytes, words: str, tmp_path: Path, facts_of: FactsOf) -> None:
    packets = [frame(PADI), OFFER, frame(PADR), answer]
    (finding,) = told("pppoe_refused", packets, tmp_path, facts_of)
    assert words in finding.title
    assert "BRAS1 (02:00:00:00:00:02)" in finding.title
    assert finding.evidence.frames == (4,)
    assert told("pppoe_refused", [*packets, frame(PADI), OFFER, frame(PADR), BEGUN], tmp_path, facts_of) == []


def test_they_do_not_apply_without_pppoe(tmp_path: Path, facts_of: FactsOf) -> None:
    entry = registry.rules.get("pppoe_refused")
    assert entry is not None
    assert facts_of(pcap(tmp_path / "none.pcap", [ELSEWHERE]), *entry.needs)[callers] == ()
