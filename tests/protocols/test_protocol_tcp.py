"""TCP facts against Wireshark's own numbers, and on captures that begin late, see one direction or reuse a port."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from factories import (
    ACK,
    CLIENT,
    EVERYTHING,
    FIN,
    ODDITIES,
    PSH,
    RST,
    SERVER,
    SYN,
    TCP,
    conversations,
    ethernet,
    ip,
    pcap,
    plainly,
    segment,
    segment_rows,
)

from explainer.facts import Facts
from explainer.protocols.tcp import Connection, Endpoint, connections, segments

FactsOf = Callable[..., Facts]


def out(flags: int, seq: int = 0, ack: int = 0, payload: bytes = b"", *, sport: int = 40000, dport: int = 443) -> bytes:
    return ethernet(ip(CLIENT, SERVER, TCP, segment(sport, dport, flags, seq, ack, payload)))


def back(
    flags: int, seq: int = 0, ack: int = 0, payload: bytes = b"", *, sport: int = 443, dport: int = 40000
) -> bytes:
    return ethernet(ip(SERVER, CLIENT, TCP, segment(sport, dport, flags, seq, ack, payload)))


OPENED = [out(SYN, 100), back(SYN | ACK, 500, 101), out(ACK, 101, 501)]


@pytest.fixture
def connections_of(tmp_path: Path, facts_of: FactsOf) -> Callable[..., tuple[Connection, ...]]:
    def found(*packets: bytes, **options: Any) -> tuple[Connection, ...]:
        return facts_of(pcap(tmp_path / "made.pcap", packets, **options), connections)[connections]

    return found


def test_connections_equal_wiresharks_conversations(sample: dict[str, Any], captures: Path, facts_of: FactsOf) -> None:
    found = facts_of(sample["name"], *EVERYTHING)[connections]
    ours = Counter((frozenset((plainly(c.client), plainly(c.server))), c.frames) for c in found)
    assert ours == Counter(conversations(captures / sample["file"], "tcp"))


def test_every_segment_has_wiresharks_stream_and_length(
    sample: dict[str, Any], captures: Path, facts_of: FactsOf
) -> None:
    table = facts_of(sample["name"], *EVERYTHING)[segments]
    assert [tuple(map(str, row)) for row in table.select("frame", "stream", "payload", "src").rows()] == [
        (row["frame.number"], row["tcp.stream"], row["tcp.len"], (row["ipv6.src"] or row["ip.src"]).split(",")[-1])
        for row in segment_rows(captures / sample["file"])
    ]


def test_round_trips_equal_wiresharks(sample: dict[str, Any], captures: Path, facts_of: FactsOf) -> None:
    found = facts_of(sample["name"], *EVERYTHING)[connections]
    shown = segment_rows(captures / sample["file"])
    for connection in found:
        own = [row for row in shown if row["tcp.stream"] == str(connection.stream)]
        initial = [float(row["tcp.analysis.initial_rtt"]) for row in own if row["tcp.analysis.initial_rtt"]]
        answers = [row["tcp.analysis.ack_rtt"] for row in own if int(row["tcp.flags"], 16) == SYN | ACK]
        answer = [float(value) for value in answers if value]
        assert connection.initial_rtt_ms == (pytest.approx(initial[0] * 1000, abs=1e-6) if initial else None)
        assert connection.syn_ack_rtt_ms == (pytest.approx(answer[0] * 1000, abs=1e-6) if answer else None)


def test_a_segment_that_an_icmp_error_quotes_is_none(connections_of: Any) -> None:
    errors = [packet for name, packets in ODDITIES.items() if name.startswith("icmp") for packet in packets]
    assert connections_of(*errors) == ()


@pytest.mark.parametrize("oddity", ["vlan", "gre", "ip_in_ip", "4in6", "vxlan"])
def test_a_segment_in_a_tunnel_has_the_inner_endpoints(oddity: str, connections_of: Any) -> None:
    (found,) = connections_of(*ODDITIES[oddity])
    assert (found.client, found.server) == (Endpoint(CLIENT, 40000), Endpoint(SERVER, 443))


def test_an_ipv6_endpoint_is_written_with_brackets(connections_of: Any) -> None:
    (found,) = connections_of(*ODDITIES["6in4"])
    assert str(found.server) == "[2001:db8::20]:443"


def test_a_whole_connection_is_told_by_direction(connections_of: Any) -> None:
    (found,) = connections_of(
        *OPENED, out(PSH | ACK, 101, 501, b"hello"), back(PSH | ACK, 501, 106, b"goodbye"), out(FIN | ACK, 106, 508),
        back(FIN | ACK, 508, 107), out(ACK, 107, 509), back(RST, 509),
    )  # fmt: skip
    assert found.established
    assert (found.syn_frames, found.syn_ack_frame, found.ack_frame) == ((1,), 2, 3)
    assert (found.client_payload, found.server_payload) == (5, 7)
    assert (found.client_frames, found.server_frames, found.frames) == (5, 4, 9)
    assert (found.client_ends, found.server_ends) == ((6,), (7,))
    assert (found.client_resets, found.server_resets) == ((), (9,))
    assert found.server_reset_ns == found.last_ns


def test_who_sends_the_syn_is_the_client_whatever_its_port(connections_of: Any) -> None:
    (found,) = connections_of(out(SYN, sport=80, dport=50000), back(RST | ACK, 0, 1, sport=50000, dport=80))
    assert (found.client, found.server) == (Endpoint(CLIENT, 80), Endpoint(SERVER, 50000))
    assert found.server_resets == (2,)


def test_who_receives_the_syn_ack_is_the_client_where_the_syn_was_missed(connections_of: Any) -> None:
    (found,) = connections_of(
        back(SYN | ACK, 500, 101, sport=50000, dport=80), out(ACK, 101, 501, sport=80, dport=50000)
    )
    assert (found.client, found.server) == (Endpoint(CLIENT, 80), Endpoint(SERVER, 50000))
    assert not found.established


@pytest.mark.parametrize("first_is_client", [True, False])
def test_in_mid_connection_the_higher_port_is_taken_for_the_client(first_is_client: bool, connections_of: Any) -> None:
    pair = [out(PSH | ACK, 101, 501, b"question"), back(PSH | ACK, 501, 109, b"answer")]
    (found,) = connections_of(*(pair if first_is_client else reversed(pair)))
    assert found.client == Endpoint(CLIENT, 40000)
    assert found.syn_frames == ()
    assert not found.established


def test_only_the_clients_direction_is_no_established_connection(connections_of: Any) -> None:
    (found,) = connections_of(out(SYN, 100), out(ACK, 101, 501), out(PSH | ACK, 101, 501, b"hello"))
    assert found.server_frames == 0
    assert found.syn_ack_frame is None
    assert found.ack_frame == 2
    assert not found.established


def test_only_the_servers_direction_is_no_established_connection(connections_of: Any) -> None:
    (found,) = connections_of(back(SYN | ACK, 500, 101), back(PSH | ACK, 501, 109, b"answer"))
    assert (found.client_frames, found.server_frames) == (0, 2)
    assert found.client == Endpoint(CLIENT, 40000)
    assert not found.established


def test_a_port_that_is_used_again_is_a_second_connection(connections_of: Any) -> None:
    closed = [*OPENED, out(FIN | ACK, 101, 501), back(FIN | ACK, 501, 102), out(ACK, 102, 502)]
    again = [out(SYN, 9_000_000), back(SYN | ACK, 7_000_000, 9_000_001), out(ACK, 9_000_001, 7_000_001)]
    first, second = connections_of(*closed, *again)
    assert (first.syn_frames, second.syn_frames) == ((1,), (7,))
    assert first.client == second.client
    assert second.established


def test_a_simultaneous_open_is_one_connection_of_two_syns(connections_of: Any) -> None:
    (found,) = connections_of(
        out(SYN, 100, sport=5000, dport=5001), back(SYN, 500, sport=5001, dport=5000),
        out(SYN | ACK, 100, 501, sport=5000, dport=5001), back(SYN | ACK, 500, 101, sport=5001, dport=5000),
    )  # fmt: skip
    # Who was first is called the client, and the other's own SYN is not counted as a retransmission of it.
    assert found.client == Endpoint(CLIENT, 5000)
    assert found.syn_frames == (1,)
    assert (found.client_frames, found.server_frames) == (2, 2)


def test_retransmitted_syns_are_all_listed_with_their_times(connections_of: Any) -> None:
    (found,) = connections_of(out(SYN, 100), out(SYN, 100), out(SYN, 100), step_ns=1_000_000_000)
    assert found.syn_frames == (1, 2, 3)
    assert [time - found.first_ns for time in found.syn_ns] == [0, 1_000_000_000, 2_000_000_000]
    assert found.retransmissions == 2


def test_a_frame_that_is_cut_within_the_tcp_header_takes_part_in_no_connection(connections_of: Any) -> None:
    assert connections_of(*OPENED, snap=14 + 20 + 6) == ()


def test_a_frame_that_is_cut_after_the_tcp_header_still_counts_whole(connections_of: Any) -> None:
    (found,) = connections_of(*OPENED, out(PSH | ACK, 101, 501, bytes(500)), snap=14 + 20 + 20)
    assert found.established
    assert found.client_payload == 500


def test_a_connection_to_oneself_has_two_sides(connections_of: Any) -> None:
    def local(sport: int, dport: int, flags: int, seq: int, ack: int = 0) -> bytes:
        return ethernet(ip("127.0.0.1", "127.0.0.1", TCP, segment(sport, dport, flags, seq, ack)))

    (found,) = connections_of(local(40000, 80, SYN, 1), local(80, 40000, SYN | ACK, 1, 2), local(40000, 80, ACK, 2, 2))
    assert found.established
    assert (found.client.port, found.server.port) == (40000, 80)
