"""Answers of name servers that arrive in fragments, whole and in part."""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from factories import CLIENT, SERVER, UDP, datagram, ethernet, ip, pcap
from messages import TXT, answer, ask, query, reply

from explainer.facts import Facts
from explainer.protocols.dns_fragments import partial_answers

MORE, FIRST_BYTES, ID = 0x2000, 1480, 77
LONG = answer(1, "huge.example", TXT, *[(TXT, b"\xfa" + b"x" * 250)] * 8)


def fragments(source: str = SERVER, target: str = CLIENT) -> list[bytes]:
    """The answer in two fragments of one IP id (RFC 791)."""
    whole, made = datagram(53, 5000, LONG), list[bytes]()
    for offset in (0, FIRST_BYTES):
        packet = bytearray(ip(source, target, UDP, whole[offset : offset + FIRST_BYTES]))
        packet[4:8] = struct.pack("!HH", ID, (0 if offset else MORE) | offset // 8)
        made.append(ethernet(bytes(packet)))
    return made


ASKED = ask(query(1, ("huge.example", TXT)))


@pytest.mark.parametrize(
    ("packets", "expected"),
    [
        ([ASKED, fragments()[0]], {1: (2,)}),
        ([ASKED, fragments()[1]], {1: (2,)}),
        ([ASKED, *fragments()], {}),
        ([fragments()[0], ASKED], {}),
        ([ASKED, fragments("192.0.2.77")[0]], {}),
        ([ASKED, reply(answer(1, "huge.example", TXT)), fragments()[0]], {}),
        ([ASKED], {}),
    ],
)
def test_fragments_without_the_rest(
    packets: list[bytes], expected: dict[int, tuple[int, ...]], tmp_path: Path, facts_of: Callable[..., Facts]
) -> None:
    assert facts_of(pcap(tmp_path / "made.pcap", packets), partial_answers)[partial_answers] == expected


@pytest.mark.parametrize(("step_s", "expected"), [(5, {1: (2,)}), (6, {})])
def test_a_fragment_that_comes_too_late_is_of_something_else(
    step_s: int, expected: Any, tmp_path: Path, facts_of: Callable[..., Facts]
) -> None:
    capture = pcap(tmp_path / "made.pcap", [ASKED, fragments()[0]], step_ns=step_s * 10**9)
    assert facts_of(capture, partial_answers)[partial_answers] == expected
