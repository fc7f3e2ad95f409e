import struct
from collections.abc import Callable
from pathlib import Path

from factories import CLIENT, ICMP, SERVER, TCP, ethernet, ip, matching, pcap, segment

from explainer.facts import Facts
from explainer.protocols.icmp import messages
from explainer.stats.icmp import icmp

FactsOf = Callable[..., Facts]


def test_counts_equal_the_display_filter(captures: Path, facts_of: FactsOf) -> None:
    stat = icmp(facts_of("tcp_rejected_icmp", messages))
    frames = matching(captures / "tcp_rejected_icmp.pcapng", "icmp.type == 3 && icmp.code == 13")
    name = "destination unreachable: communication administratively prohibited"
    assert stat.rows == (("10.20.1.1", "10.20.1.10", 4, 3, 13, name, len(frames), min(frames), None),)


def test_each_sender_target_type_and_code_has_a_row(tmp_path: Path, facts_of: FactsOf) -> None:
    def message(kind: int, code: int, mtu: int = 0, sender: str = "192.0.2.1") -> bytes:
        quoted = ip(CLIENT, SERVER, TCP, segment(40000, 443, 2))
        return ethernet(ip(sender, CLIENT, ICMP, struct.pack("!BBHHH", kind, code, 0, 0, mtu) + quoted))

    packets = [message(3, 4, 1400), message(3, 4, 1300), message(3, 1), message(11, 0), message(11, 0, 0, "192.0.2.2")]
    stat = icmp(facts_of(pcap(tmp_path / "made.pcap", packets), messages))
    names = [column.name for column in stat.columns]
    rows = [dict(zip(names, row, strict=True)) for row in stat.rows]
    assert [(row["sender"], row["count"], row["first_frame"], row["mtu"]) for row in rows] == [
        ("192.0.2.1", 2, 1, 1300), ("192.0.2.1", 1, 3, None), ("192.0.2.1", 1, 4, None), ("192.0.2.2", 1, 5, None),
    ]  # fmt: skip


def test_without_messages_there_are_no_rows(facts_of: FactsOf) -> None:
    stat = icmp(facts_of("tls12_healthy", messages))
    assert (stat.rows, stat.total_rows) == ((), 0)
