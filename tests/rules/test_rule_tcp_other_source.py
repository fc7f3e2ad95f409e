from pathlib import Path

import pytest
from factories import ACK, CLIENT, RST, SERVER, SYN, UDP, datagram, ethernet, ip, pcap
from flow import FactsOf, Flow, applies, found
from talk import Wire

from explainer.model import Confidence, Severity, Side

OTHER = "198.51.100.99"
RULES = ("tcp_other_source", "tcp_syn_unanswered", "tcp_syn_ack_unanswered")


def asked(wire: Wire, port: int = 40000) -> Flow:
    return Flow(wire, port).segment(True, SYN)


def answered(wire: Wire, port: int = 40000, server: str = OTHER, *, times: int = 1, reset: bool = True) -> None:
    other = Flow(wire, port, server=server)
    other.sequence[True] += 1  # the SYN, which went elsewhere
    for number in range(times):
        other.segment(False, SYN | ACK, back=int(number > 0))
        if reset:
            other.segment(True, RST)
        wire.wait(1)


def titles(wire: Wire, tmp_path: Path, facts_of: FactsOf) -> dict[str, list[str]]:
    capture = wire.save(tmp_path / "stray.pcap")
    return {rule: [f.title for f in found(rule, capture, facts_of)] for rule in RULES}


def test_an_answer_from_another_address_is_the_one_cause(tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    flow = asked(wire)
    answered(wire)
    for _ in range(2):
        flow.segment(True, SYN, back=1)
        answered(wire)
    told = titles(wire, tmp_path, facts_of)
    assert [len(told[rule]) for rule in RULES] == [1, 0, 0]
    assert told["tcp_other_source"][0].startswith(
        f"The answer to the connection requests to {SERVER}:80 comes from another address: {OTHER} answers {CLIENT}"
    )


@pytest.mark.parametrize(("reset", "certain"), [(True, Confidence.CERTAIN), (False, Confidence.PROBABLE)])
def test_a_client_that_resets_it_makes_it_certain(
    reset: bool, certain: Confidence, tmp_path: Path, facts_of: FactsOf
) -> None:
    wire = Wire()
    asked(wire)
    answered(wire, times=4, reset=reset)
    (finding,) = found("tcp_other_source", wire.save(tmp_path / "stray.pcap"), facts_of)
    assert (finding.severity, finding.side, finding.confidence) == (Severity.HIGH, Side.SERVER, certain)
    assert finding.evidence.frames[:2] == (1, 2)


def test_several_attempts_are_one_finding(tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    for port in (40000, 40001, 40002):
        asked(wire, port)
        answered(wire, port)
    (finding,) = found("tcp_other_source", wire.save(tmp_path / "stray.pcap"), facts_of)
    assert finding.measured["attempts"] == 3


@pytest.mark.parametrize(("wait", "told"), [(9.9, 1), (10.1, 0)], ids=["in time", "too late"])
def test_an_answer_of_later_is_of_another_connection(wait: float, told: int, tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    asked(wire)
    wire.wait(wait)
    answered(wire)
    assert len(titles(wire, tmp_path, facts_of)["tcp_other_source"]) == told


def test_another_port_of_the_client_is_another_connection(tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    asked(wire)
    answered(wire, 40001)
    assert titles(wire, tmp_path, facts_of)["tcp_other_source"] == []


def test_a_server_that_answers_itself_is_none(tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    asked(wire).segment(False, SYN | ACK).ack(True)
    answered(wire)
    assert titles(wire, tmp_path, facts_of)["tcp_other_source"] == []


def test_what_a_load_balancer_asks_for_its_client_is_none(tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    asked(wire)
    Flow(wire, server=OTHER).open()
    assert titles(wire, tmp_path, facts_of)["tcp_other_source"] == []


def test_it_does_not_apply_without_tcp(tmp_path: Path, facts_of: FactsOf) -> None:
    capture = pcap(tmp_path / "udp.pcap", [ethernet(ip(CLIENT, SERVER, UDP, datagram(5000, 9999, b"hello")))])
    assert not applies("tcp_other_source", capture, facts_of)
