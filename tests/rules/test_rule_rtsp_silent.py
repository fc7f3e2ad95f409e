"""Video that a server agrees to send, and that does not come."""

from pathlib import Path

import pytest
from factories import CLIENT, ICMP, SERVER, UDP, datagram, icmp_error, ip
from flow import FactsOf, applies, found
from talk import Talk, Wire

from explainer.model import Severity, Side

RULE = "rtsp_silent"
SETUP = b"SETUP rtsp://a/cam/1 RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/AVP;unicast;client_port=5000-5001\r\n\r\n"
AGREED = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nTransport: RTP/AVP;unicast;client_port=5000-5001;server_port=6970-6971\r\n\r\n"
ELSEWHERE = AGREED.replace(b"unicast;", b"unicast;source=198.51.100.77;")
INTERLEAVED = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nTransport: RTP/AVP/TCP;interleaved=0-1\r\n\r\n"
PLAY = b"PLAY rtsp://a/cam RTSP/1.0\r\nCSeq: 2\r\n\r\n"
YES, BUSY = b"RTSP/1.0 200 OK\r\nCSeq: 2\r\n\r\n", b"RTSP/1.0 453 Not Enough Bandwidth\r\nCSeq: 2\r\n\r\n"
OPENS = ip(CLIENT, SERVER, UDP, datagram(5000, 6970, b"opens the way"))
VIDEO = ip(SERVER, CLIENT, UDP, datagram(6970, 5000, b"video"))
DENIED = ip(SERVER, CLIENT, ICMP, icmp_error(3, 3, OPENS))


def played(
    path: Path, *, wait_s: float = 3.1, agreed: bytes = AGREED, plays: bytes = YES, udp: tuple[bytes, ...] = (OPENS,),
    later: tuple[bytes, ...] = (),
) -> Path:  # fmt: skip
    wire = Wire()
    talk = Talk(wire, dport=554).open().exchange(SETUP, agreed)
    for packet in udp:
        wire.put(packet)
    talk.exchange(PLAY, plays)
    for packet in later:
        wire.put(packet)
    talk.wait(wait_s).part()
    return wire.save(path)


def test_video_that_does_not_come(tmp_path: Path, facts_of: FactsOf) -> None:
    capture = played(tmp_path / "a.pcap", udp=(OPENS, DENIED))
    (finding,) = found(RULE, capture, facts_of)
    assert (finding.severity, finding.side) == (Severity.MEDIUM, Side.EITHER)
    assert f"{SERVER} agrees to send its video to {CLIENT} (RTSP, UDP port 5000), but none of it comes" in finding.title
    (denied,) = found("path_udp_unreachable", capture, facts_of)
    assert denied.severity is Severity.INFO


@pytest.mark.parametrize(
    "how",
    [
        {"wait_s": 2.5}, {"later": (VIDEO,)}, {"agreed": INTERLEAVED}, {"plays": BUSY}, {"udp": ()},
        {"agreed": ELSEWHERE},
    ],
    ids=["soon over", "it comes", "over the connection", "refused", "recorded without UDP", "from another host"],
)  # fmt: skip
def test_otherwise_nothing_is_told(how: dict[str, object], tmp_path: Path, facts_of: FactsOf) -> None:
    assert found(RULE, played(tmp_path / "a.pcap", **how), facts_of) == []  # type: ignore[arg-type]


def test_it_does_not_apply_without_signs(tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    wire.put(VIDEO)
    assert not applies(RULE, wire.save(tmp_path / "a.pcap"), facts_of)
