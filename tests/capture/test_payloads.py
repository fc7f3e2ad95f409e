"""What segments carry, read from the file, against tshark's tcp.payload."""

import struct
import subprocess
from pathlib import Path

import pytest
from conftest import CASES
from factories import ACK, CLIENT, ODDITIES, RST, SERVER, TCP, ethernet, ip, pcap, segment, tshark

from capture import programs
from capture.programs import program
from explainer.capture import tshark as programs_found
from explainer.capture.again import Again
from explainer.capture.payloads import payload
from explainer.capture.records import Records, native
from explainer.capture.selection import EVERYTHING
from explainer.facts import View
from explainer.protocols.frame import FRAME
from explainer.protocols.tcp import CONTENT

HELLO = segment(40000, 443, ACK, payload=b"hello")


def opened(path: Path) -> Records:
    found = native(path)
    assert found is not None
    return found


def shown(path: Path) -> list[str]:
    """Return the innermost payload of each frame as tshark shows it."""
    fields = ("-T", "fields", "-e", "frame.number", "-e", "tcp.payload", "-E", "occurrence=l")
    return [line.split("\t")[1].replace(":", "") for line in tshark(path, *fields).removesuffix("\n").split("\n")]


@pytest.mark.parametrize("case", CASES[::6], ids=lambda case: case["name"])
def test_it_is_what_tshark_shows_or_left_to_tshark(captures: Path, case: dict[str, str]) -> None:
    path = captures / case["file"]
    found = opened(path)
    read = [payload(found, number) for number in range(1, len(found) + 1)]
    assert [(octets.hex(), text) for octets, text in zip(read, shown(path), strict=True) if octets is not None] == [
        (text, text) for octets, text in zip(read, shown(path), strict=True) if octets is not None
    ]


@pytest.mark.parametrize("kind", ["pcap", "nsecpcap", "pcapng"])
def test_in_each_format_most_are_read(captures: Path, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "capture"
    subprocess.run(["editcap", "-F", kind, captures / "tls12_expired.pcapng", path], check=True)
    found, texts = opened(path), shown(path)
    assert [payload(found, number + 1) for number, text in enumerate(texts) if text] == [
        bytes.fromhex(text) for text in texts if text
    ]


@pytest.mark.parametrize(
    "packet",
    [
        *(ODDITIES[name][0] for name in ("gre", "ip_in_ip", "icmp", "vxlan")),
        ethernet(ip(CLIENT, SERVER, TCP, segment(40000, 443, RST, payload=b"why"))),
        ethernet(ip(CLIENT, SERVER, TCP, HELLO))[:40],
        ethernet(ip(CLIENT, SERVER, TCP, HELLO))[:20] + b"\x20\x00" + ethernet(ip(CLIENT, SERVER, TCP, HELLO))[22:],
        bytes(12) + b"\x08\x06" + bytes(40),
    ],
    ids=["gre", "ip_in_ip", "icmp", "vxlan", "reset", "cut", "fragment", "arp"],
)
def test_what_is_not_plain_is_left_to_tshark(tmp_path: Path, packet: bytes) -> None:
    assert payload(opened(pcap(tmp_path / "c.pcap", [packet])), 1) is None


def test_padding_is_no_payload_and_vlan_tags_are_read(tmp_path: Path) -> None:
    short = ethernet(ip(CLIENT, SERVER, TCP, segment(40000, 443, ACK)), vlan=7)
    packets = [short + bytes(6), ethernet(ip("2001:db8::1", "2001:db8::2", TCP, HELLO), vlan=7)]
    found = opened(pcap(tmp_path / "c.pcap", packets))
    assert [payload(found, 1), payload(found, 2)] == [b"", b"hello"]


def test_a_simple_packet_block_ends_where_the_packet_does(tmp_path: Path) -> None:
    packet = ethernet(ip(CLIENT, SERVER, TCP, HELLO))
    body = struct.pack("<I", len(packet)) + packet + bytes(-len(packet) % 4)
    blocks = [
        (0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)), (1, struct.pack("<HHI", 1, 0, 0)), (3, body),
    ]  # fmt: skip
    path = tmp_path / "simple.pcapng"
    path.write_bytes(
        b"".join(
            struct.pack("<II", kind, len(text) + 12) + text + struct.pack("<I", len(text) + 12) for kind, text in blocks
        )
    )
    assert payload(opened(path), 1) == b"hello" == bytes.fromhex(shown(path)[0])


def test_a_look_for_payloads_starts_tshark_for_what_is_not_plain_alone(tmp_path: Path) -> None:
    inner = ip("10.0.0.1", "10.0.0.2", 47, struct.pack("!HH", 0, 0x0800) + ip(CLIENT, SERVER, TCP, HELLO))
    plain, tunnelled = ethernet(ip(CLIENT, SERVER, TCP, HELLO)), ethernet(inner)
    path, log = pcap(tmp_path / "c.pcap", [plain, tunnelled, plain]), tmp_path / "log"
    named = programs_found.find(program(tmp_path / "bin", programs.logging(log)))
    again = Again(path, named, 3, EVERYTHING, 30)
    assert again.look((FRAME, CONTENT), View((1, 3)))[FRAME.field].to_list() == [1, 3]
    assert log.read_text() == ""
    seen = again.look((FRAME, CONTENT), View((1, 2, 3)))
    assert seen.rows() == [(number, b"hello".hex()) for number in (1, 2, 3)]
    assert log.read_text(errors="replace").count("-r -") == 1
