"""Routers that ask each other for a BGP session, and drop what is not signed as they expect."""

from pathlib import Path

import pytest
from factories import SYN, findings_of
from flow import FactsOf, Flow
from talk import Wire

from explainer import registry
from explainer.facts import Facts
from explainer.model import Confidence, Finding

ONE, OTHER = "10.0.0.1", "10.0.0.2"
SIGNED = bytes([19, 18, *range(16), 1, 1])
BGP = 179


def asking(
    tmp_path: Path, facts_of: FactsOf, *, one: bytes, other: bytes, times: tuple[int, int] = (2, 2), port: int = BGP
) -> Facts:
    """Return the facts of a capture in which each router asks the other so many times, with these TCP options."""
    wire = Wire()
    for number, (client, server, options) in enumerate(((ONE, OTHER, one), (OTHER, ONE, other))):
        flow = Flow(wire, 40000 + number, port, client, server)
        for again in range(times[number]):
            flow.segment(True, SYN, options=options, back=1 if again else 0).wait(1.0 + again)
    wire.wait(3.0)
    needs = [need for name in ("bgp_password", "tcp_syn_unanswered") for need in _needs(name)]
    return facts_of(wire.save(tmp_path / f"{len(one)}-{len(other)}-{times}-{port}.pcap"), *dict.fromkeys(needs))


def _needs(name: str) -> tuple[object, ...]:
    entry = registry.rules.get(name)
    assert entry is not None
    return entry.needs


def told(known: Facts) -> tuple[list[Finding], int]:
    return findings_of("bgp_password", known), len(findings_of("tcp_syn_unanswered", known))


def test_a_password_on_one_side_alone(tmp_path: Path, facts_of: FactsOf) -> None:
    (finding,), others = told(asking(tmp_path, facts_of, one=SIGNED, other=b""))
    assert f"{ONE} signs what it sends with a password (TCP MD5 or TCP-AO), {OTHER} does not" in finding.title
    assert finding.confidence is Confidence.PROBABLE
    assert finding.evidence.frames == (1, 2, 3, 4)
    assert others == 0


def test_of_two_that_sign_a_filter_is_named_too(tmp_path: Path, facts_of: FactsOf) -> None:
    (finding,), _ = told(asking(tmp_path, facts_of, one=SIGNED, other=SIGNED))
    assert "either their passwords differ" in finding.title
    assert "or a filter on the way" in finding.title
    assert finding.confidence is Confidence.POSSIBLE


@pytest.mark.parametrize(
    ("one", "times", "port"),
    [(b"", (2, 2), BGP), (SIGNED, (2, 1), BGP), (SIGNED, (2, 0), BGP), (SIGNED, (2, 2), 178)],
    ids=["no signature", "asked once", "one alone asks", "another port"],
)
def test_what_is_left_to_the_rule_about_silence(
    one: bytes, times: tuple[int, int], port: int, tmp_path: Path, facts_of: FactsOf
) -> None:
    findings, others = told(asking(tmp_path, facts_of, one=one, other=b"", times=times, port=port))
    assert findings == []
    assert others > 0
