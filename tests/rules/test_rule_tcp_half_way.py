from pathlib import Path

import polars as pl
import pytest
from factories import ACK, CLIENT, SERVER, SYN, UDP, datagram, ethernet, ip, pcap
from flow import FactsOf, Flow, applies, found

from explainer.model import Severity, Side
from explainer.rules.other_vlan import apart

DATA = b"GET / HTTP/1.1\r\n\r\n"


def half(answers: int, *, again: bool = False, data: bool = False, ttl: int = 60, pause: float = 1.0) -> Flow:
    flow = Flow().segment(True, SYN)
    for number in range(answers):
        flow.segment(False, SYN | ACK, back=int(number > 0), ttl=ttl)
        if not number and data:
            flow.ack(True).send(True, DATA)
        elif number and again:
            flow.segment(True, SYN, back=1)
        elif number and data:
            flow.repeat(True, DATA)
        flow.wait(pause * 2**number)
    return flow


def titles(flow: Flow, tmp_path: Path, facts_of: FactsOf) -> list[tuple[Severity, Side, str]]:
    capture = flow.wire.save(tmp_path / "half.pcap")
    return [(f.severity, f.side, f.title) for f in found("tcp_syn_ack_unanswered", capture, facts_of)]


def test_answers_that_do_not_reach_the_client(tmp_path: Path, facts_of: FactsOf) -> None:
    ((severity, side, title),) = titles(half(4, again=True), tmp_path, facts_of)
    assert (severity, side) == (Severity.HIGH, Side.NETWORK)
    assert f"never reach {CLIENT}" in title


def test_a_client_that_is_not_heard(tmp_path: Path, facts_of: FactsOf) -> None:
    ((severity, side, title),) = titles(half(4, data=True), tmp_path, facts_of)
    assert (severity, side) == (Severity.HIGH, Side.EITHER)
    assert f"never reaches {SERVER}" in title
    assert "backlog" in title


def test_a_client_that_falls_silent(tmp_path: Path, facts_of: FactsOf) -> None:
    ((severity, _, title),) = titles(half(4), tmp_path, facts_of)
    assert severity is Severity.MEDIUM
    assert "nothing more comes from the client" in title


@pytest.mark.parametrize(("others", "told"), [(14, 1), (15, 0)], ids=["some", "a flood"])
def test_a_flood_is_no_matter_of_one_client(others: int, told: int, tmp_path: Path, facts_of: FactsOf) -> None:
    flow = Flow()
    for number in range(others):
        Flow(flow.wire, client=f"203.0.113.{number + 1}").segment(True, SYN).segment(False, SYN | ACK)
    flow.segment(True, SYN)
    for number in range(4):
        flow.segment(False, SYN | ACK, back=int(number > 0)).wait(2**number)
    assert len(titles(flow, tmp_path, facts_of)) == told


@pytest.mark.parametrize(
    "flow",
    [half(2, again=True), half(3, again=True, pause=0.3), half(4, again=True).ack(True).segment(False, ACK)],
    ids=["two", "quickly", "opened late"],
)
def test_what_is_no_failure(flow: Flow, tmp_path: Path, facts_of: FactsOf) -> None:
    assert titles(flow, tmp_path, facts_of) == []


def test_it_does_not_apply_without_tcp(tmp_path: Path, facts_of: FactsOf) -> None:
    capture = pcap(tmp_path / "udp.pcap", [ethernet(ip(CLIENT, SERVER, UDP, datagram(5000, 6000, b"x")))] * 3)
    assert not applies("tcp_syn_ack_unanswered", capture, facts_of)


@pytest.mark.parametrize(
    ("asked", "answered", "other"),
    [((10, 10), (20, 20), True), ((10, 10), (10, 10), False), ((10, 20), (20, 20), False), ((), (20, 20), False)],
    ids=["other", "one", "routed", "no tag on one side"],
)
def test_answers_in_another_vlan(
    asked: tuple[int, ...], answered: tuple[int, ...], other: bool, tmp_path: Path, facts_of: FactsOf
) -> None:
    (finding,) = found("tcp_syn_ack_unanswered", half(4, again=True).wire.save(tmp_path / "half.pcap"), facts_of)
    rows = [(n, "VLAN", vlan) for n, vlan in enumerate(asked)] + [
        (n + 5, "VLAN", vlan) for n, vlan in enumerate(answered)
    ]
    told = apart(finding, pl.DataFrame(rows, ["frame", "kind", "number"], orient="row"), (0, 1), (5, 6))
    assert told.title.endswith("they go back in VLAN 20, and the client asks in VLAN 10.") is other
    assert ("vlan_asked" in told.measured) is other
