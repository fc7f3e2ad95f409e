"""A capture that several tsharks read in parts gives the table that one makes of the whole."""

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from factories import ACK, CLIENT, ODDITIES, SERVER, SYN, TCP, UDP, datagram, dense, ethernet, ip, pcap, segment, tshark

from capture import programs
from capture.programs import MARK, left_behind, program
from explainer import registry
from explainer.analysis import needs
from explainer.capture import parts, passes, read
from explainer.capture import tshark as programs_found
from explainer.capture.pairs import NestedError, Pairs
from explainer.capture.passes import Workers
from explainer.capture.records import laid_out
from explainer.capture.selection import EVERYTHING, Selection
from explainer.capture.splitting import split
from explainer.facts import required

COLUMNS, _ = required(needs(registry.statistics, registry.rules))


@pytest.fixture
def in_parts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let captures of any size be split; return how many parts each was read in."""
    monkeypatch.setattr(passes, "SPLIT_FROM_BYTES", 0)
    used = list[int]()
    real = parts.Reading.table

    def noting(self: parts.Reading, *arguments: Any) -> Any:
        made = real(self, *arguments)
        used.append(len(self.split.parts) if made else 0)
        return made

    monkeypatch.setattr(parts.Reading, "table", noting)
    return used


def table(path: Path, jobs: int, *, selection: Selection = EVERYTHING, named: Path | None = None) -> pl.DataFrame:
    program = programs_found.find(named)
    return dense(
        read.read(path, program, COLUMNS, (), time_limit_s=3, workers=Workers(jobs), selection=selection).frames
    )


def fragment(source: str, destination: str, data: bytes, flags_and_offset: int) -> bytes:
    packet = bytearray(ip(source, destination, UDP, data))
    packet[6:8] = flags_and_offset.to_bytes(2, "big")
    return ethernet(bytes(packet))


def conversation(number: int) -> list[bytes]:
    """Return the start of a connection between two hosts of their own, a lookup, and its repetition."""
    client, server = f"10.0.{number}.1", f"10.1.{number}.2"
    query = bytes.fromhex("1234010000010000000000000161076578616d706c650000010001")
    return [
        ethernet(ip(client, server, TCP, segment(40000, 80, SYN))),
        ethernet(ip(server, client, TCP, segment(80, 40000, SYN | ACK, 0, 1))),
        ethernet(ip(client, server, TCP, segment(40000, 80, ACK, 1, 1, b"GET / HTTP/1.1\r\n\r\n"))),
        *[ethernet(ip(client, server, UDP, datagram(5000, 53, query)))] * 2,
    ]


def interleaved(conversations: Sequence[Sequence[bytes]]) -> list[bytes]:
    return [packet for turn in zip(*conversations, strict=True) for packet in turn]


def test_it_is_equal_where_pairs_mix_and_tunnels_and_errors_occur(tmp_path: Path, in_parts: list[int]) -> None:
    packets = interleaved([conversation(number) for number in range(30)])
    odd = [packet for oddity in ODDITIES.values() for packet in oddity]
    path = pcap(tmp_path / "mixed.pcap", [*packets[:50], *odd, *packets[50:]])
    whole = table(path, 1)
    assert table(path, 2).equals(whole)
    assert table(path, 3).equals(whole)
    assert in_parts == [2, 3]


def test_what_fragments_are_put_together_is_told_by_frames_of_the_capture(tmp_path: Path, in_parts: list[int]) -> None:
    whole = datagram(7000, 7001, bytes(24))
    pairs = [(f"10.0.{number}.1", f"10.1.{number}.2") for number in range(30)]
    first = [fragment(*pair, whole[:16], 0x2000) for pair in pairs]
    last = [fragment(*pair, whole[16:], 2) for pair in pairs]
    path = pcap(tmp_path / "fragments.pcap", [*first, *interleaved([conversation(n) for n in range(30)]), *last])
    seen = table(path, 1)
    assert table(path, 2).equals(seen)
    assert in_parts == [2]
    assert seen["ip.fragment"].drop_nulls().to_list()[0] == [1, 181]


@pytest.mark.parametrize("oddity", ODDITIES)
def test_as_many_ip_headers_are_read_as_tshark_sees(tmp_path: Path, oddity: str) -> None:
    path = pcap(tmp_path / "odd.pcap", ODDITIES[oddity])
    found = laid_out(path.read_bytes())
    assert found is not None
    pairs = Pairs()
    pairs.of_packet(found.data, 40, len(found.data), 1)
    layers = tshark(path, "-T", "fields", "-e", "frame.protocols").strip().split(":")
    assert pairs.headers >= layers.count("ip") + layers.count("ipv6")


def number(pairs: Pairs, packet: bytes, link: int = 1) -> int:
    return pairs.root(pairs.of_packet(packet, 0, len(packet), link))


def test_both_directions_are_one_pair_and_another_host_is_another() -> None:
    pairs = Pairs()
    there, back = (ethernet(ip(*ends, TCP, segment(1, 2, SYN))) for ends in ((CLIENT, SERVER), (SERVER, CLIENT)))
    assert number(pairs, there) == number(pairs, back) != number(pairs, ethernet(ip(CLIENT, "10.9.9.9", TCP, b"")))


@pytest.mark.parametrize("oddity", ["gre", "ip_in_ip", "4in6", "vxlan", "icmp", "icmp_quotes_8_bytes"])
def test_what_is_inside_belongs_to_what_is_outside(oddity: str) -> None:
    pairs = Pairs()
    plain = number(pairs, ODDITIES["plain"][0])
    number(pairs, ODDITIES[oddity][0])
    assert number(pairs, ODDITIES[oddity][0]) == number(pairs, ODDITIES["plain"][0])
    assert plain


def test_link_layers() -> None:
    pairs = Pairs()
    bare = ip(CLIENT, SERVER, TCP, segment(1, 2, SYN))
    known = number(pairs, ethernet(bare))
    assert number(pairs, bare, 101) == known
    assert number(pairs, bytes(14) + b"\x08\x00" + bare, 113) == known
    assert number(pairs, b"\x08\x00" + bytes(18) + bare, 276) == known
    assert number(pairs, bytes(12) + b"\x88\x64\x11\x00\x00\x01\x00\x50\x00\x21" + bare) == known
    assert number(pairs, bytes(12) + b"\x88\x47" + struct.pack("!I", 0x00064140) + bare) == known
    assert number(pairs, bytes(12) + b"\x08\x06" + bytes(28)) == 0
    with pytest.raises(NestedError):
        number(pairs, bare, 105)


@pytest.mark.parametrize("packet", [ip(CLIENT, SERVER, 115, b"l2tp"), ip(CLIENT, SERVER, UDP, datagram(2152, 2152))])
def test_what_may_hide_addresses_is_not_split(tmp_path: Path, in_parts: list[int], packet: bytes) -> None:
    packets = interleaved([conversation(number) for number in range(4)])
    path = pcap(tmp_path / "nested.pcap", [*packets, ethernet(packet)])
    found = laid_out(path.read_bytes())
    assert found is not None
    assert split(found, 2) is None
    assert table(path, 2).height == len(packets) + 1
    assert in_parts == []


def test_short_memory_makes_more_parts_which_take_turns(tmp_path: Path, in_parts: list[int]) -> None:
    path = pcap(tmp_path / "mixed.pcap", interleaved([conversation(number) for number in range(12)]))
    program = programs_found.find(None)
    short = Workers(2, 2 * (165_000_000 + 640 * 13))
    captured = read.read(path, program, COLUMNS, (), time_limit_s=30, workers=short)
    assert dense(captured.frames).equals(table(path, 1))
    assert in_parts == [5]


@pytest.mark.parametrize(
    ("workers", "packets", "wanted"),
    [
        (Workers(2), 10**9, 2), (Workers(1, 10**9), 1000, 1), (Workers(1, 10**9), 10**6, 1),
        (Workers(1, 10**9), 2 * 10**6, 2), (Workers(4, 4 * 10**9), 10**6, 4), (Workers(2, 1000), 10**6, 64),
    ],
)  # fmt: skip
def test_how_many_parts(workers: Workers, packets: int, wanted: int) -> None:
    assert workers.parts(packets) == wanted


def test_one_conversation_is_not_worth_two_tsharks(tmp_path: Path, in_parts: list[int]) -> None:
    table(pcap(tmp_path / "one.pcap", conversation(1)), 2)
    assert in_parts == []


def test_a_selection_is_read_by_one(tmp_path: Path, in_parts: list[int]) -> None:
    path = pcap(tmp_path / "mixed.pcap", interleaved([conversation(number) for number in range(4)]))
    assert table(path, 2, selection=Selection("tcp.stream == 1")).height == 3
    assert in_parts == []


def test_a_damaged_time_is_for_one_to_tell(tmp_path: Path, in_parts: list[int]) -> None:
    data = bytearray(pcap(tmp_path / "c.pcap", interleaved([conversation(n) for n in range(4)])).read_bytes())
    data[24:28] = b"\xff\xff\xff\xff"
    path = tmp_path / "damaged.pcap"
    path.write_bytes(data)
    assert table(path, 2).equals(table(path, 1))


def test_where_time_runs_out_what_came_before_the_first_gap_is_kept(
    tmp_path: Path, in_parts: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MARK, str(tmp_path))
    path = pcap(tmp_path / "mixed.pcap", interleaved([conversation(number) for number in range(4)]))
    slow = program(tmp_path / "bin", programs.ENDLESS)
    captured = read.read(path, programs_found.find(slow), COLUMNS, (), time_limit_s=3, workers=Workers(2))
    assert dense(captured.frames).equals(table(path, 1))
    assert captured.info.warnings[0].startswith("Only the first 20 frames were read")
    assert left_behind(str(tmp_path)) == []


def test_a_tshark_that_fails_is_followed_by_one_that_reads_all(tmp_path: Path, in_parts: list[int]) -> None:
    path = pcap(tmp_path / "mixed.pcap", interleaved([conversation(number) for number in range(4)]))
    body = f'case "$*" in *"-r - "*) exit 3;; *) exec {programs.TSHARK} "$@";; esac\n'
    assert table(path, 2, named=program(tmp_path / "bin", body)).equals(table(path, 1))
    assert in_parts == [0]
