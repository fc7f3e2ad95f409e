from pathlib import Path

import pytest
from factories import CLIENT, SERVER, UDP, datagram, ethernet, ip, pcap
from flow import FactsOf, Flow, applies, found
from talk import Talk, Wire

from explainer import analyse, ask
from explainer.model import Severity, Side

DATA = b"x" * 400


def exchange(rtt_s: float, think_s: float = 0.0) -> Flow:
    flow = Flow().open(rtt_s).send(True, DATA).wait(rtt_s).ack(False)
    return flow.wait(think_s).send(False, DATA).ack(True)


@pytest.mark.parametrize(
    ("rtt_s", "severity"), [(0.61, Severity.MEDIUM), (0.31, Severity.LOW), (0.29, None), (0.03, None)]
)
def test_a_slow_network(rtt_s: float, severity: Severity | None, tmp_path: Path, facts_of: FactsOf) -> None:
    findings = found("tcp_slow_network", exchange(rtt_s).wire.save(tmp_path / "slow.pcap"), facts_of)
    assert [f.severity for f in findings] == ([severity] if severity else [])
    assert all(f.side is Side.NETWORK and "network between" in f.title for f in findings)


def test_one_late_answer_makes_no_slow_network(tmp_path: Path, facts_of: FactsOf) -> None:
    flow = exchange(0.01).send(True, DATA).wait(0.7).send(False, DATA)
    assert found("tcp_slow_network", flow.wire.save(tmp_path / "once.pcap"), facts_of) == []


@pytest.mark.parametrize(("think_s", "rtt_s", "fires"), [(1.1, 0.03, True), (0.9, 0.03, False), (1.1, 0.25, False)])
def test_a_slow_server_is_information(
    think_s: float, rtt_s: float, fires: bool, tmp_path: Path, facts_of: FactsOf
) -> None:
    findings = found("tcp_slow_server", exchange(rtt_s, think_s).wire.save(tmp_path / "server.pcap"), facts_of)
    assert bool(findings) is fires
    assert all((f.severity, f.side) == (Severity.INFO, Side.SERVER) for f in findings)


@pytest.mark.parametrize("rule", ["tcp_slow_network", "tcp_slow_server"])
def test_they_do_not_apply_without_an_exchange(rule: str, tmp_path: Path, facts_of: FactsOf) -> None:
    assert not applies(rule, Flow().open().send(True, DATA).wire.save(tmp_path / "asked.pcap"), facts_of)
    udp = pcap(tmp_path / "udp.pcap", [ethernet(ip(CLIENT, SERVER, UDP, datagram(5000, 6000, b"x")))] * 3)
    assert not applies(rule, udp, facts_of)


@pytest.mark.parametrize(
    ("flow", "begins"),
    [
        (exchange(0.03), "No, it is not slow"),
        (exchange(0.7), f"The network between {CLIENT} and {SERVER} is slow"),
        (exchange(0.03, 2.5), f"The server {SERVER}:80 took"),
    ],
    ids=["healthy", "network", "server"],
)
def test_the_answer_splits_the_time(flow: Flow, begins: str, tmp_path: Path) -> None:
    answer = ask(analyse(flow.wire.save(tmp_path / "split.pcap"), strict=True), "Is this connection slow?")
    assert answer.verdict.startswith(begins)
    assert any("SYN/ACK after" in claim.text and "first request acknowledged" in claim.text for claim in answer.claims)


@pytest.mark.parametrize(("port", "fires"), [(9999, True), (179, False)])
def test_peers_do_not_answer_each_other(port: int, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    """BGP's keep-alives go both ways, each when its own timer says so."""
    wire, keep_alive = Wire(), b"\xff" * 16 + b"\x00\x13\x04"
    conversation = Talk(wire, sport=40000, dport=port, server=SERVER).open()
    conversation.say(keep_alive)
    wire.wait(2.4)
    conversation.answer(keep_alive)
    assert bool(found("tcp_slow_server", wire.save(tmp_path / "peers.pcap"), facts_of)) is fires


def redis(*words: str) -> bytes:
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word.encode()) for word in words)


@pytest.mark.parametrize("port", [6379, 7001])
@pytest.mark.parametrize(
    ("command", "fires"),
    [
        (redis("BRPOP", "jobs", "5"), False),
        (redis("blpop", "jobs", "0"), False),
        (redis("BRPOPLPUSH", "jobs", "doing", "0"), False),
        (redis("BLMOVE", "jobs", "doing", "RIGHT", "LEFT", "0"), False),
        (redis("XREAD", "COUNT", "10", "BLOCK", "5000", "STREAMS", "orders", "$"), False),
        (redis("XREADGROUP", "GROUP", "g", "worker", "BLOCK", "5000", "STREAMS", "orders", ">"), False),
        (redis("PING") + redis("BZPOPMIN", "jobs", "0"), False),
        (b"BRPOP jobs 5\r\n", False),
        (redis("XREAD", "COUNT", "10", "STREAMS", "orders", "$"), True),
        (redis("EVAL", "return redis.call('BRPOP')", "0"), True),
        (redis("LPUSH", "words", "BLPOP"), True),
        (redis("WAIT", "1", "5000"), True),
        (redis("KEYS", "*"), True),
    ],
)
def test_who_waits_for_a_job_is_no_slow_server(
    command: bytes, fires: bool, port: int, tmp_path: Path, facts_of: FactsOf
) -> None:
    """Commands of Redis that block the connection wait on purpose; others that are answered late are slow."""
    wire = Wire()
    conversation = Talk(wire, sport=40000, dport=port, server=SERVER).open()
    conversation.say(redis("PING"))
    conversation.answer(b"+PONG\r\n")
    conversation.say(command)
    wire.wait(2.4)
    conversation.answer(b"*2\r\n$4\r\njobs\r\n$1\r\n7\r\n")
    assert bool(found("tcp_slow_server", wire.save(tmp_path / "worker.pcap"), facts_of)) is fires


def test_a_slow_command_beside_a_waiting_one_is_told(tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    conversation = Talk(wire, sport=40000, dport=6379, server=SERVER).open()
    for command, waited_s in ((redis("BRPOP", "jobs", "9"), 8.2), (redis("KEYS", "*"), 1.4)):
        conversation.say(command)
        wire.wait(waited_s)
        conversation.answer(b"*0\r\n")
    (finding,) = found("tcp_slow_server", wire.save(tmp_path / "both.pcap"), facts_of)
    assert finding.title.startswith(f"The server {SERVER}:6379 took 1.4")
