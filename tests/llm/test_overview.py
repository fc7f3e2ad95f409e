"""What the traffic is, in plain words: who speaks what with whom, and what carries it."""

from pathlib import Path

import pytest
from factories import CLIENT, ICMP, SERVER, UDP, datagram, ethernet, gre, ip, pcap
from sessions import asks, says, session

from explainer import analyse, ask

SSH = ((False, b"SSH-2.0-OpenSSH_9.6\r\n"), (True, b"SSH-2.0-OpenSSH_9.6\r\n"))


@pytest.mark.parametrize(
    ("port", "said", "protocol"),
    [
        (502, ((True, bytes.fromhex("000100000006010300000001")),), "Modbus/TCP (industrial control)"),
        (21, (says("220 ready"), asks("QUIT")), "FTP (file transfer, in clear text)"),
        (443, SSH, "SSH"),
        (50000, ((True, b"\1\2\3"), (False, b"\4\5\6")), "an unknown protocol"),
    ],
    ids=["Modbus", "FTP", "SSH on a port of TLS", "unknown"],
)
def test_the_traffic_is_named(port: int, said: tuple[tuple[bool, bytes], ...], protocol: str, tmp_path: Path) -> None:
    analysis = analyse(session(tmp_path / "c.pcap", port, *said))
    for question, told in {
        "What is this traffic?": f"{CLIENT} talks to {SERVER}: {protocol}, TCP port {port}, ",
        f"What are the connections to port {port}?": f"{CLIENT} speaks {protocol} with {SERVER} (TCP port {port}): 1",
    }.items():
        answer = ask(analysis, question)
        assert protocol in answer.verdict
        assert answer.claims[0].frames == (1,)
        assert [claim.text.startswith(told) for claim in answer.claims].count(True) == 1


def test_the_traffic_is_told_once_and_the_busiest_first(tmp_path: Path) -> None:
    echo = bytes([8, 0, 0, 0, 0, 7, 0, 1]) + bytes(32)
    lookup = ip(CLIENT, SERVER, UDP, datagram(40000, 50000, b"\1\2"))
    packets = [lookup, *[ip(CLIENT, SERVER, ICMP, echo)] * 3]
    answer = ask(analyse(pcap(tmp_path / "c.pcap", [ethernet(packet) for packet in packets])), "What is going on here?")
    told = [claim.text for claim in answer.claims if CLIENT in claim.text]
    assert [text.split(" (")[0].split(",")[0] for text in told] == [
        f"{CLIENT} and {SERVER} exchange ICMP",
        f"{CLIENT} talks to {SERVER}: an unknown protocol",
    ]


def test_what_carries_it_is_named(tmp_path: Path) -> None:
    inner = ip("10.0.0.1", "10.0.0.2", UDP, datagram(40000, 50000, b"\1\2"))
    capture = pcap(tmp_path / "g.pcap", [ethernet(ip(CLIENT, SERVER, 47, gre(inner)))] * 2)
    answer = ask(analyse(capture), "Which tunnel is used?")
    assert answer.verdict == "Packets are carried in GRE (2 packets)."
    plain = pcap(tmp_path / "p.pcap", [ethernet(inner)])
    assert ask(analyse(plain), "Is there a tunnel?").verdict.startswith("No tunnel")


def test_pings_are_told_by_name(tmp_path: Path) -> None:
    echo = bytes([8, 0, 0, 0, 0, 7, 0, 1]) + bytes(32)
    capture = pcap(tmp_path / "i.pcap", [ethernet(ip(CLIENT, SERVER, ICMP, echo))])
    assert (
        f"{CLIENT} and {SERVER} exchange ICMP (echo request): 1 packet."
        in ask(analyse(capture), "What is this?").verdict
    )


def test_a_fault_is_told_before_the_traffic(tmp_path: Path) -> None:
    said = (says("220 ready"), asks("USER", "a"), says("331 password"), asks("PASS", "b"), says("530 no"))
    analysis = analyse(session(tmp_path / "f.pcap", 21, *said))
    assert "refuses" in ask(analysis, "What is wrong with this traffic?").verdict


def test_a_lone_syn_is_not_called_healthy(tmp_path: Path) -> None:
    from factories import SYN, TCP, segment

    capture = pcap(tmp_path / "s.pcap", [ethernet(ip(CLIENT, SERVER, TCP, segment(40000, 80, SYN, 1)))])
    verdict = ask(analyse(capture), "Was the connection established?").verdict
    assert "1 connection request (SYN) is not finished" in verdict
