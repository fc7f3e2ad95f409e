"""HTTP/2 streams whose receiver gives no more room."""

import struct
from pathlib import Path

import pytest
from sessions import FactsOf, found_in
from talk import Talk, Wire
from test_rule_http2_calls import DATA, HEADERS, PREFACE, RESET, SETTINGS, http2, literal

WINDOW = 65_535
MORE = 8
"""WINDOW_UPDATE."""
SIZES = (16_384, 16_384, 16_384, 16_383)


def more(stream: int, size: int) -> bytes:
    return http2(MORE, stream, struct.pack("!I", size))


def ask(stream: int) -> bytes:
    return http2(HEADERS, stream, b"\x82\x86" + literal(":path", f"/{stream}"), 5)


def answer(stream: int, *sizes: int, end: bool = False) -> list[bytes]:
    data = [http2(DATA, stream, b"x" * size) for size in sizes]
    return [http2(HEADERS, stream, b"\x88", 4), *data, *([http2(DATA, stream, b"", 1)] if end else [])]


def recorded(
    path: Path, *, given: bytes = b"", sizes: tuple[int, ...] = SIZES, wait_s: float = 4.0, leave: bytes = b"",
    end: bool = False, later: bytes = b"",
) -> Path:  # fmt: skip
    """Write a connection on which the answer to /1 uses up the stream's window, and that to /3 is whole."""
    wire = Wire()
    said = Talk(wire, dport=8080).open()
    said.say(PREFACE + more(0, 1_000_000) + given, acked=False)
    said.answer(http2(SETTINGS, 0, b""), acked=False)
    said.say(ask(1), acked=False)
    for piece in answer(1, *sizes, end=end):
        for start in range(0, len(piece), 1400):
            said.answer(piece[start : start + 1400], acked=False)
    said.say(ask(3) + later, acked=False)
    said.answer(b"".join(answer(3, 10, end=True)), acked=False)
    wire.wait(wait_s)
    said.say(leave or http2(6, 0, bytes(8)), acked=False)
    return wire.save(path)


GIVE_UP = http2(RESET, 1, struct.pack("!I", 8))


def test_a_stream_without_room(tmp_path: Path, facts_of: FactsOf) -> None:
    (finding,) = found_in("http2_stalled", facts_of, recorded(tmp_path / "c.pcap", leave=GIVE_UP))
    assert "takes no more of the answer to /1" in finding.title
    assert "after 65,535 bytes" in finding.title
    assert "the stream's flow-control window" in finding.title
    assert "1 other stream went on meanwhile" in finding.title


@pytest.mark.parametrize(
    "changes",
    [
        {"wait_s": 2.9},
        {"leave": b""},
        {"given": more(1, 10)},
        {"later": more(1, 10)},
        {"end": True},
        {"sizes": (*SIZES[:3], 16_382)},
    ],
    ids=["not long enough", "may read on", "has room", "gets room later", "is whole", "not used up"],
)
def test_a_stream_that_does_not_wait_in_vain(changes: dict[str, bytes], tmp_path: Path, facts_of: FactsOf) -> None:
    capture = recorded(tmp_path / "c.pcap", **({"leave": GIVE_UP} | changes))  # type: ignore[arg-type]  # by name
    assert found_in("http2_stalled", facts_of, capture) == []


def test_who_waits_for_long_needs_no_end(tmp_path: Path, facts_of: FactsOf) -> None:
    assert len(found_in("http2_stalled", facts_of, recorded(tmp_path / "c.pcap", wait_s=10.1))) == 1
