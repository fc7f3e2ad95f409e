"""DHCPv6 servers that have nothing to give."""

from pathlib import Path

import pytest
from dhcpv6_answers import ADVERTISE, CLIENT, REPLY, SERVER, answer
from factories import pcap
from flow import FactsOf, applies, found

from explainer.model import Severity, Side


@pytest.mark.parametrize(
    ("packets", "expected"),
    [
        ([answer(ADVERTISE, status=2)], "has no address for"),
        ([answer(REPLY, status=6)], "has no prefix for"),
        ([answer(ADVERTISE, status=2), answer(ADVERTISE, "2001:db8::8")], ""),
        ([answer(REPLY, status=3)], ""),
        ([answer(REPLY, "2001:db8::8")], ""),
    ],
    ids=["no address", "no prefix", "another offers one", "no binding", "given"],
)
def test_nothing_to_give(packets: list[bytes], expected: str, tmp_path: Path, facts_of: FactsOf) -> None:
    findings = found("address_refused_ipv6", pcap(tmp_path / "c.pcap", packets), facts_of)
    assert [(f.severity, f.side) for f in findings] == [(Severity.MEDIUM, Side.SERVER)] * bool(expected)
    assert all(f"The DHCPv6 server {SERVER} {expected} {CLIENT}" in f.title for f in findings)
    assert all(f.evidence.frames == (1,) for f in findings)


def test_it_does_not_apply_to_captures_without_dhcpv6(tmp_path: Path, facts_of: FactsOf) -> None:
    assert not applies("address_refused_ipv6", pcap(tmp_path / "c.pcap", [answer(REPLY)[:14]]), facts_of)
