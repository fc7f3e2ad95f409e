"""QUIC in redacted captures: what a first packet says is said by somebody else, in the same places, and can be read."""

from pathlib import Path

import pytest
from factories import CLIENT, SERVER, UDP, datagram, ethernet, ip, pcap, tshark
from hypothesis import given
from hypothesis import strategies as st

from explainer.pcapng import Link, Packet, Section
from explainer.privacy.mapping import Mapping
from explainer.privacy.names import FittedWords
from explainer.redaction import quic_frames
from explainer.redaction.capture import redacted
from explainer.redaction.quic_protection import VERSIONS, Keys, Opened, initial_keys, opened, retry_tag, sealed
from explainer.redaction.stand_ins import StandIns

KEY = bytes(32)
CHOSEN, CLIENTS, SERVERS = b"a choice", b"8 bytes!", b"also one"
ONE, TWO = 1, 0x6B3343CF
NAME = b"payroll.internal.example"


def stand_ins() -> StandIns:
    return StandIns(Mapping(KEY, words=FittedWords), KEY)


def redact(*payloads: tuple[bool, bytes]) -> list[bytes]:
    """Return what datagrams become, each said by the client or by the server."""
    frames = [
        ethernet(ip(*(CLIENT, SERVER), UDP, datagram(50000, 443, said)))
        if client
        else ethernet(ip(SERVER, CLIENT, UDP, datagram(443, 50000, said)))
        for client, said in payloads
    ]
    section = Section((Link(1, 65535),), tuple(Packet(0, n, frame, len(frame)) for n, frame in enumerate(frames)))
    return [packet.data for packet in redacted(section, stand_ins()).packets]


def hello() -> bytes:
    """Return a ClientHello with a name, ALPN and transport parameters, one of them a connection ID."""
    extensions = b"".join(
        kind.to_bytes(2, "big") + len(data).to_bytes(2, "big") + data
        for kind, data in (
            (0, (len(NAME) + 3).to_bytes(2, "big") + b"\0" + len(NAME).to_bytes(2, "big") + NAME),
            (16, b"\0\3\2h3"),
            (43, b"\2\3\4"),
            (57, b"\x0f\x08" + CLIENTS + b"\x01\x02\x47\xd0" + b"\x40\x77\x03abc"),
        )
    )
    body = (
        b"\3\3" + bytes(range(32)) + b"\0" + b"\0\2\x13\1" + b"\1\0" + len(extensions).to_bytes(2, "big") + extensions
    )
    return b"\1" + len(body).to_bytes(3, "big") + body


def first_packet(
    version: int, keys: Keys, number: int, frames: bytes, *, client: bool = True, token: bytes = b""
) -> bytes:
    """Return an Initial packet of 1200 bytes or more with these frames."""
    to, own = (CHOSEN, CLIENTS) if client else (CLIENTS, SERVERS)
    kind = {ONE: 0xC3, TWO: 0xD3}[version]
    head = bytes([kind]) + version.to_bytes(4, "big") + b"\x08" + to + b"\x08" + own + bytes([len(token)])
    payload = frames.ljust(1162, b"\0")
    head += token + (0x4000 | len(payload) + 20).to_bytes(2, "big") + number.to_bytes(4, "big")
    return sealed(Opened(head, number, payload), keys)


def crypto(said: bytes, start: int, end: int) -> bytes:
    """Return a CRYPTO frame with a part of what is said."""
    return b"\6" + (0x4000 | start).to_bytes(2, "big") + (0x4000 | end - start).to_bytes(2, "big") + said[start:end]


def test_a_hello_in_pieces_out_of_order_over_two_packets_is_rewritten_in_its_places(tmp_path: Path) -> None:
    said = hello()
    cut = said.index(NAME) + 5
    for version in (ONE, TWO):
        client, _ = initial_keys(VERSIONS[version], CHOSEN)
        frames = [
            crypto(said, cut, cut + 30) + b"\1\0\0" + crypto(said, 0, 20),
            b"\0\1" + crypto(said, cut + 30, len(said)) + crypto(said, 20, cut) + b"\2\0\0\0\0",
        ]
        packets = [first_packet(version, client, number, one, token=b"tok") for number, one in enumerate(frames)]
        made = redact(*((True, packet) for packet in packets))
        destination = stand_ins().noise(CHOSEN)
        found = [opened(one[42:], 29, initial_keys(VERSIONS[version], destination)[0]) for one in made]
        whole = bytearray(len(said))
        for one, old in zip(found, frames, strict=True):
            assert one is not None
            assert one.header[6:14] == destination
            assert one.header[15:23] == stand_ins().noise(CLIENTS)
            assert [place for place, byte in enumerate(one.payload[:6]) if byte] == [
                place for place, byte in enumerate(old[:6]) if byte
            ]
            for piece in quic_frames.rewrite(one.payload, bytes)[1]:
                whole[piece.offset : piece.offset + piece.end - piece.start] = one.payload[piece.start : piece.end]
        assert stand_ins().host(NAME) in whole
        assert NAME not in whole
        assert whole.endswith(b"\x0f\x08" + stand_ins().noise(CLIENTS) + b"\x01\x02\x47\xd0\x40\x77\x03\0\0\0")
        read = tshark(pcap(tmp_path / f"{version}.pcap", made), "-V").replace(" ", "")
        assert f"ServerName:{stand_ins().host(NAME).decode()}" in read
        assert ("ALPNNextProtocol:h3" in read, "max_idle_timeout" in read, "Malformed" in read) == (True, True, False)


def test_the_packets_of_both_sides_and_what_no_key_opens(tmp_path: Path) -> None:
    client, server = initial_keys(VERSIONS[ONE], CHOSEN)
    reason = b"no way to payroll.internal.example"
    close = b"\x1c\x08\x06" + bytes([len(reason)]) + reason
    said = hello()
    short = b"\x45" + SERVERS + b"what nobody may read"
    made = redact(
        (True, first_packet(ONE, client, 0, crypto(said, 0, len(said)))),
        (False, first_packet(ONE, server, 0, close, client=False)),
        (True, short), (True, b"\xe3" + first_packet(ONE, client, 0, b"")[1:]),
    )  # fmt: skip
    answer = opened(made[1][42:], 26, initial_keys(VERSIONS[ONE], stand_ins().noise(CHOSEN))[1])
    assert answer is not None
    assert answer.payload.startswith(close[:4])
    assert b"payroll" not in answer.payload
    assert made[2][42:] == b"\x45" + stand_ins().noise(SERVERS) + bytes(20)
    assert made[3][42 + 26 :] == bytes(len(made[3]) - 68)
    asked = ("-T", "fields", "-e", "quic.cc.error_code", "-e", "quic.cc.reason_phrase")
    read = tshark(pcap(tmp_path / "close.pcap", made[:2]), *asked).splitlines()[1]
    assert read.split("\t")[0] == "8"
    assert "example" in read


def test_a_retry_has_a_right_tag_and_the_token_that_the_client_then_sends() -> None:
    client, _ = initial_keys(VERSIONS[ONE], CHOSEN)
    head = b"\xf0\0\0\0\1\0" + b"\x08" + SERVERS
    retry = head + b"token"
    made = redact(
        (True, first_packet(ONE, client, 0, b"\1")), (False, retry + retry_tag(retry, VERSIONS[ONE], CHOSEN)),
        (True, first_packet(ONE, client, 1, b"\1", token=b"token")),
    )  # fmt: skip
    answer = made[1][42:]
    assert answer[-16:] == retry_tag(answer[:-16], VERSIONS[ONE], stand_ins().noise(CHOSEN))
    assert answer[len(head) : -16] == made[2][42 + 24 : 42 + 29] == stand_ins().noise(b"token")


def test_of_version_negotiation_known_versions_stay() -> None:
    head = b"\x80\0\0\0\0\0\0"
    listed = bytes.fromhex("00000001 6b3343cf ff00001d 1a2a3a4a") + b"anna"
    (made,) = redact((False, head + listed))
    assert made[42:] == head + listed[:-4] + bytes(4)


@pytest.mark.parametrize("version", [ONE, TWO])
@given(
    frames=st.lists(st.sampled_from([b"\0", b"\1", b"\2", b"\3", b"\6", b"\x1c", b"\x1d", b"\x40", b"\xff", b"a" * 9]))
)
def test_whatever_a_packet_says_its_length_stays(version: int, frames: list[bytes]) -> None:
    client, _ = initial_keys(VERSIONS[version], CHOSEN)
    packet = first_packet(version, client, 0, b"".join(frames))
    assert [len(made) for made in redact((True, packet), (False, packet[:300]))] == [42 + len(packet), 342]


@given(st.binary(max_size=80), st.sampled_from(sorted(VERSIONS)))
def test_whatever_looks_like_quic_keeps_its_length(data: bytes, version: int) -> None:
    said = [b"\xc0" + version.to_bytes(4, "big") + data, b"\xf0" + version.to_bytes(4, "big") + data, data]
    assert [len(made) - 42 for made in redact(*((True, one) for one in said))] == [len(one) for one in said]
