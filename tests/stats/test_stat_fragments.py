"""Packets that come in fragments, and those of which fragments are missing."""

import struct
from pathlib import Path

from factories import CLIENT, SERVER, UDP, datagram, ethernet, ip, pcap

from explainer import analyse, ask

DATA = datagram(5000, 6000, bytes(2992))
MORE = 0x2000


def fragment(number: int, offset: int, data: bytes, *, last: bool) -> bytes:
    """Return an IPv4 fragment (RFC 791): its offset counts in units of eight bytes."""
    packet = bytearray(ip(CLIENT, SERVER, UDP, data))
    struct.pack_into("!HH", packet, 4, number, offset // 8 | (0 if last else MORE))
    return ethernet(bytes(packet))


def whole(number: int) -> list[bytes]:
    return [fragment(number, 0, DATA[:1480], last=False), fragment(number, 1480, DATA[1480:], last=True)]


def told(path: Path, *packets: bytes) -> str:
    return ask(analyse(pcap(path, packets), strict=True), "Are all fragments there?").verdict


def test_fragments_that_make_whole_packets(tmp_path: Path) -> None:
    expected = f"{CLIENT} sends {SERVER} 2 packets in 4 fragments, all of them complete."
    assert told(tmp_path / "a.pcap", *whole(1), *whole(2)) == expected
    twice = told(tmp_path / "b.pcap", *whole(1), whole(1)[0])
    assert twice == f"{CLIENT} sends {SERVER} 1 packet in 3 fragments, all of them complete."


def test_a_fragment_that_is_missing(tmp_path: Path) -> None:
    verdict = told(tmp_path / "a.pcap", *whole(1), whole(2)[0])
    assert verdict.startswith(f"{CLIENT} sends {SERVER} 2 packets in 3 fragments; 1 of them is not complete here:")


def test_without_fragments(tmp_path: Path) -> None:
    assert told(tmp_path / "a.pcap", ethernet(ip(CLIENT, SERVER, UDP, DATA[:100]))) == (
        "No packet in this capture is fragmented."
    )
