from collections.abc import Callable
from pathlib import Path
from typing import Any

from factories import (
    CLIENT,
    ODDITIES,
    SERVER,
    UDP,
    conversations,
    datagram,
    destination_tree,
    ethernet,
    ip,
    pcap,
    rows,
)

from explainer import analyse
from explainer.model import Analysis, Stat

AnalysisOf = Callable[[str], Analysis]


def counted(stat: Stat | None) -> dict[tuple[str, ...], int]:
    assert stat is not None
    found: dict[tuple[str, ...], int] = {
        (str(row[0]), str(row[1]).upper(), str(row[2])): int(str(row[3])) for row in stat.rows
    }
    assert len(found) == len(stat.rows)
    return found


def wiresharks(capture: Path) -> dict[tuple[str, ...], int]:
    # A tunnel of one IP version in the other is in both tables, once for each header of that version.
    totals = destination_tree(capture, 4)
    for path, count in destination_tree(capture, 6).items():
        totals[path] = totals.get(path, 0) + count
    return totals


def test_they_equal_wiresharks(sample: dict[str, Any], captures: Path, analysis_of: AnalysisOf) -> None:
    assert counted(analysis_of(sample["name"]).stat("destinations")) == wiresharks(captures / sample["file"])


def test_they_equal_wiresharks_in_tunnels_and_icmp_errors(tmp_path: Path) -> None:
    capture = pcap(tmp_path / "odd.pcap", [packet for packets in ODDITIES.values() for packet in packets])
    assert counted(analyse(capture, strict=True).stat("destinations")) == wiresharks(capture)


def test_the_most_packets_come_first_and_the_shares_make_a_hundred(analysis_of: AnalysisOf) -> None:
    stat = analysis_of("tcp_refused").stat("destinations")
    assert stat is not None
    packets = [int(str(row[3])) for row in stat.rows]
    assert packets == sorted(packets, reverse=True)
    assert abs(sum(float(str(row[4])) for row in stat.rows) - 100) < 0.01 * len(packets)


def test_a_capture_without_ip_has_no_destination(tmp_path: Path) -> None:
    analysis = analyse(pcap(tmp_path / "none.pcap", [bytes(12) + b"\x88\xb5" + bytes(46)]), strict=True)
    for name in ("destinations", "ports", "rtt", "tls"):
        stat = analysis.stat(name)
        assert stat is not None
        assert (stat.rows, stat.total_rows) == ((), 0), name


def test_ports_add_up_to_wiresharks_conversations(
    sample: dict[str, Any], captures: Path, analysis_of: AnalysisOf
) -> None:
    stat = analysis_of(sample["name"]).stat("ports")
    assert stat is not None
    for transport in ("TCP", "UDP"):
        shown = conversations(captures / sample["file"], transport.lower())
        own = [row for row in stat.rows if row[0] == transport]
        assert sum(int(str(row[3])) for row in own) == len(shown)
        assert sum(int(str(row[4])) for row in own) == sum(frames for _, frames in shown)


def test_the_bytes_of_a_port_are_those_of_its_frames(captures: Path, analysis_of: AnalysisOf) -> None:
    stat = analysis_of("tcp_refused").stat("ports")
    assert stat is not None
    (postgresql,) = (row for row in stat.rows if row[1] == 5432)
    frames = [
        int(row["frame.number"])
        for row in rows(captures / "tcp_refused.pcapng")
        if "5432" in (row["tcp.srcport"], row["tcp.dstport"])
    ]
    sizes = [int(row["frame.len"]) for row in rows(captures / "tcp_refused.pcapng")]
    assert postgresql == (
        "TCP", 5432, "postgresql", 3, len(frames), sum(sizes[n - 1] for n in frames), min(frames), None,
    )  # fmt: skip


def test_ports_are_the_servers_and_those_in_use_most_come_first(tmp_path: Path) -> None:
    there = [ethernet(ip(CLIENT, SERVER, UDP, datagram(port, 53, b"?"))) for port in (5001, 5002)]
    back = ethernet(ip(SERVER, CLIENT, UDP, datagram(53, 5001, b"!")))
    other = ethernet(ip(CLIENT, SERVER, UDP, datagram(5001, 9999)))
    stat = analyse(pcap(tmp_path / "ports.pcap", [other, *there, back]), strict=True).stat("ports")
    assert stat is not None
    size = len(there[0])
    assert stat.rows == (("UDP", 53, "dns", 2, 3, 3 * size, 2, "dns"), ("UDP", 9999, "", 1, 1, size - 1, 1, None))


def test_cut_frames_count_with_the_length_that_they_had(tmp_path: Path) -> None:
    packet = ethernet(ip(CLIENT, SERVER, UDP, datagram(5000, 9999, bytes(1000))))
    stat = analyse(pcap(tmp_path / "cut.pcap", [packet], snap=60), strict=True).stat("ports")
    assert stat is not None
    assert stat.rows[0][5] == len(packet)
