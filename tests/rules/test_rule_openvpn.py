"""OpenVPN connections that do not come up, by who stops, and at which step."""

from collections.abc import Callable
from pathlib import Path

import pytest
from factories import CLIENT, ICMP, SERVER, UDP, datagram, icmp_error, ip, matching
from flow import FactsOf, found
from talk import Talk, Wire, client_hello

from explainer.model import Confidence, Finding, Severity
from explainer.protocols.tls import handshakes

OTHER, PORT = "203.0.113.9", 1194
RESET, ANSWER, CONTROL, ACK, DATA = 7, 8, 4, 5, 9


class Vpn:
    """One client port's packets to and from the server."""

    def __init__(self, wire: Wire, port: int = 40000) -> None:
        self._wire, self._port = wire, port

    def client(self, opcode: int, size: int = 100) -> "Vpn":
        return self._put(CLIENT, SERVER, self._port, PORT, opcode, size)

    def server(self, opcode: int, size: int = 100) -> "Vpn":
        return self._put(SERVER, CLIENT, PORT, self._port, opcode, size)

    def wait(self, seconds: float) -> "Vpn":
        self._wire.wait(seconds)
        return self

    def hello(self) -> "Vpn":
        """Go as far as the server's part of the TLS handshake."""
        return self.client(RESET, 14).server(ANSWER, 26).client(CONTROL, 300).server(CONTROL, 1200)

    def gone(self) -> "Vpn":
        """Let the client say that nothing listens on its port."""
        lost = ip(SERVER, CLIENT, UDP, datagram(PORT, self._port, bytes(8)))
        self._wire.put(ip(CLIENT, SERVER, ICMP, icmp_error(3, 3, lost)))
        return self

    def _put(self, source: str, target: str, sport: int, dport: int, opcode: int, size: int) -> "Vpn":
        packet = bytes([opcode << 3]) + b"session1" + bytes(size - 9)
        self._wire.put(ip(source, target, UDP, datagram(sport, dport, packet)))
        self._wire.wait(0.01)
        return self


def server_stops(vpn: Vpn, *, pause_s: float = 3.1, size: int = 400) -> None:
    vpn.hello().client(ACK, 26).client(CONTROL, size).wait(pause_s).client(CONTROL, size)


def client_stops(vpn: Vpn, *, acknowledged: bool = True) -> None:
    vpn.hello()
    if acknowledged:
        vpn.client(ACK, 26)
    vpn.wait(3.1)


def refused(vpn: Vpn, *, last: int = 70, wait_s: float = 3.1) -> Vpn:
    return vpn.hello().client(CONTROL, 1200).server(ACK, 26).server(CONTROL, 240).server(CONTROL, last).wait(wait_s)


def not_heard(vpn: Vpn, *, pause_s: float = 3.1) -> None:
    vpn.client(RESET, 14).server(ANSWER, 26).wait(pause_s).client(RESET, 14).server(ANSWER, 26)


def up(vpn: Vpn) -> None:
    vpn.hello().client(CONTROL, 1200).server(CONTROL, 300).client(DATA, 80).server(DATA, 80).wait(5)


def told(tmp_path: Path, facts_of: FactsOf, *talks: Callable[[Vpn], object]) -> list[Finding]:
    wire = Wire()
    for number, talk in enumerate(talks):
        talk(Vpn(wire, 40000 + number))
    wire.put(ip(CLIENT, OTHER, UDP, datagram(5000, 6000, b"the end")))
    return found("openvpn_refused", wire.save(tmp_path / "vpn.pcap"), facts_of)


@pytest.mark.parametrize(
    ("talk", "words"),
    [
        (server_stops, "does not accept the client's certificate"),
        (client_stops, "does not accept the server's certificate"),
        (refused, "most likely its login"),
        (not_heard, f"the answers of {SERVER} do not reach {CLIENT}"),
        (lambda vpn: server_stops(vpn, size=1200), "the client's certificate, or large packets do not get through"),
    ],
    ids=["server", "client", "login", "not heard", "large"],
)
def test_who_stops_is_told(talk: Callable[[Vpn], object], words: str, tmp_path: Path, facts_of: FactsOf) -> None:
    (finding,) = told(tmp_path, facts_of, talk)
    assert (finding.severity, finding.confidence) == (Severity.HIGH, Confidence.PROBABLE)
    assert words in finding.title
    assert all(step.frames or "no data" in step.text for step in finding.evidence.steps)


@pytest.mark.parametrize(
    "talk",
    [
        lambda vpn: server_stops(vpn, pause_s=2.9),
        lambda vpn: client_stops(vpn, acknowledged=False),
        lambda vpn: refused(vpn, last=200),
        lambda vpn: refused(vpn, wait_s=2.5),
        lambda vpn: not_heard(vpn, pause_s=2.9),
        lambda vpn: vpn.client(RESET, 14).wait(4).client(RESET, 14),
        up,
    ],
    ids=["soon over", "not acknowledged", "many words", "still there", "soon again", "no answer", "up"],
)
def test_what_may_come_up_is_silent(talk: Callable[[Vpn], object], tmp_path: Path, facts_of: FactsOf) -> None:
    assert told(tmp_path, facts_of, talk) == []


def test_a_client_that_is_gone_need_not_be_waited_for(tmp_path: Path, facts_of: FactsOf) -> None:
    (finding,) = told(tmp_path, facts_of, lambda vpn: refused(vpn, wait_s=0.1).gone())
    assert "most likely its login" in finding.title


def test_connections_that_fail_alike_are_one_finding(tmp_path: Path, facts_of: FactsOf) -> None:
    (finding,) = told(tmp_path, facts_of, refused, refused, refused)
    assert (finding.severity, finding.measured["connections"]) == (Severity.HIGH, 3)


def test_a_connection_that_comes_up_later_makes_it_small(tmp_path: Path, facts_of: FactsOf) -> None:
    (finding,) = told(tmp_path, facts_of, refused, up)
    assert finding.severity is Severity.LOW
    assert finding.title.endswith("a later connection comes up.")


def test_tls_inside_openvpn_is_no_connection_of_its_own(tmp_path: Path, facts_of: FactsOf) -> None:
    wire, packet = Wire(), bytes([CONTROL << 3]) + b"session1\0" + bytes(4) + client_hello("vpn.example.org")
    talk = Talk(wire, dport=PORT).open().say(len(packet).to_bytes(2) + packet)
    talk.close(from_client=True).close(from_client=False)
    capture = wire.save(tmp_path / "tcp.pcap")
    assert matching(capture, "openvpn && tls.handshake.type == 1")
    assert facts_of(capture, handshakes)[handshakes] == ()
