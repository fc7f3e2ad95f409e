"""SCTP associations that nobody answers, or that are refused or torn down."""

import struct
from pathlib import Path

import pytest
from factories import CLIENT, SECOND, SERVER, ethernet, icmp_error, ip, pcap
from sessions import FactsOf, found_in, session

from explainer.model import Severity
from explainer.protocols.applications import signs

UNANSWERED, ABORTED = "sctp_unanswered", "sctp_aborted"
SCTP, ICMP = 132, 1
INIT_BODY = struct.pack("!IIHHI", 7, 65536, 10, 10, 1)
INIT, INIT_ACK, DATA, ABORT, COOKIE_ECHO, COOKIE_ACK = 1, 2, 0, 6, 10, 11


def packet(from_client: bool, kind: int, body: bytes = b"", port: int = 2905) -> bytes:
    ends, ports = ((CLIENT, SERVER), (40000, port)) if from_client else ((SERVER, CLIENT), (port, 40000))
    chunk = struct.pack("!BBH", kind, 0, 4 + len(body)) + body
    return ip(*ends, SCTP, struct.pack("!HHII", *ports, 1, 0) + chunk)


def written(path: Path, *packets: bytes, step_s: float = 1.0) -> Path:
    return pcap(path, [ethernet(each) for each in packets], step_ns=int(step_s * SECOND))


ASKED = packet(True, INIT, INIT_BODY)
OPENED = (
    ASKED, packet(False, INIT_ACK, INIT_BODY), packet(True, COOKIE_ECHO, b"cook"), packet(False, COOKIE_ACK),
)  # fmt: skip


@pytest.mark.parametrize(
    ("packets", "step_s", "fires"),
    [
        ((ASKED, ASKED), 1.0, True),
        ((ASKED,), 1.0, False),
        ((ASKED, ASKED), 0.001, False),  # one INIT, recorded twice
        ((ASKED, ASKED, packet(False, INIT_ACK, INIT_BODY)), 1.0, False),
        ((ASKED, ASKED, packet(False, ABORT)), 1.0, False),
    ],
)
def test_an_init_that_is_repeated_in_vain(
    packets: tuple[bytes, ...], step_s: float, fires: bool, tmp_path: Path, facts_of: FactsOf
) -> None:
    findings = found_in(UNANSWERED, facts_of, written(tmp_path / "a.pcap", *packets, step_s=step_s))
    assert len(findings) == fires
    for finding in findings:
        assert f"{SERVER} does not answer {CLIENT}, which asks 2 times for an SCTP association" in finding.title
        assert finding.evidence.frames == (1, 2)
        assert finding.severity is Severity.HIGH


def test_a_server_that_takes_others(tmp_path: Path, facts_of: FactsOf) -> None:
    again = packet(True, INIT, INIT_BODY, port=2906)
    (finding,) = found_in(UNANSWERED, facts_of, written(tmp_path / "a.pcap", *OPENED, again, again))
    assert finding.severity is Severity.MEDIUM


def test_what_icmp_returns_is_no_second_request(tmp_path: Path, facts_of: FactsOf) -> None:
    returned = ip(SERVER, CLIENT, ICMP, icmp_error(3, 2, ASKED))
    assert found_in(UNANSWERED, facts_of, written(tmp_path / "a.pcap", ASKED, returned)) == []


@pytest.mark.parametrize(
    ("packets", "words", "severity"),
    [
        ((ASKED, packet(False, ABORT)), "refuses 192.0.2.10 an SCTP association with port 2905", Severity.HIGH),
        ((*OPENED, packet(False, ABORT, struct.pack("!HH", 12, 4))), "its program ended it", Severity.LOW),
        ((*OPENED, packet(True, ABORT, struct.pack("!HH", 13, 4))), "cannot go on with it", Severity.MEDIUM),
        ((ASKED, packet(False, ABORT, struct.pack("!HH", 4, 4))), "has no room", Severity.MEDIUM),
    ],
)
def test_what_an_abort_means(
    packets: tuple[bytes, ...], words: str, severity: Severity, tmp_path: Path, facts_of: FactsOf
) -> None:
    (finding,) = found_in(ABORTED, facts_of, written(tmp_path / "a.pcap", *packets))
    assert words in finding.title
    assert finding.severity is severity
    assert len(packets) in finding.evidence.frames


def test_an_association_that_goes_well(tmp_path: Path, facts_of: FactsOf) -> None:
    capture = written(tmp_path / "a.pcap", *OPENED)
    assert found_in(ABORTED, facts_of, capture) == []
    assert found_in(UNANSWERED, facts_of, capture) == []


def test_it_does_not_apply_without_sctp(tmp_path: Path, facts_of: FactsOf) -> None:
    capture = session(tmp_path / "a.pcap", 9999, (True, b"\x01\x02"), (False, b"\x03\x04"))
    assert facts_of(capture, signs)[signs] == ()
    assert found_in(UNANSWERED, facts_of, capture) == []
