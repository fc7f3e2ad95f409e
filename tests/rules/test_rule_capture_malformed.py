"""Packets that Wireshark cannot read to their end."""

from pathlib import Path

import pytest
from sessions import FactsOf, datagrams, found_in

from explainer.model import Severity
from explainer.rules.capture_malformed import is_misread

RULE = "capture_malformed"
WHOLE = bytes.fromhex("1234010000010000000000000161000001" + "0001")
BROKEN = WHOLE[:-3]  # the question ends in its type


@pytest.mark.parametrize(
    ("broken", "whole", "severity"),
    [(1, 0, Severity.LOW), (1, 1, Severity.LOW), (1, 2, Severity.INFO), (0, 2, None)],
    ids=["alone", "half", "a third", "none"],
)
def test_how_many(broken: int, whole: int, severity: Severity | None, tmp_path: Path, facts_of: FactsOf) -> None:
    capture = datagrams(tmp_path / "a.pcap", 53, *[(True, BROKEN)] * broken, *[(True, WHOLE)] * whole)
    findings = found_in(RULE, facts_of, capture)
    assert [f.severity for f in findings] == ([severity] if severity else [])
    assert all("(malformed packet): DNS" in f.title and f.evidence.frames == (1,) for f in findings)


@pytest.mark.parametrize(
    ("layers", "told"),
    [("eth:ip:tcp:smpp", False), ("eth:ip:udp:rdt", False), ("eth:ip:tcp:xmpp:xml", False), ("eth:ip:tcp:xml", True)],
)
def test_what_wireshark_misreads_is_not_told(layers: str, told: bool) -> None:
    assert (is_misread(layers)) is not told
