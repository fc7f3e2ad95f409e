from collections.abc import Callable
from pathlib import Path

from factories import CLIENT, SERVER, UDP, datagram, ethernet, ip, pcap

from explainer import analyse
from explainer.model import Analysis

AnalysisOf = Callable[[str], Analysis]


def rows(analysis: Analysis, name: str) -> list[tuple[object, ...]]:
    stat = analysis.stat(name)
    assert stat is not None
    return list(stat.rows)


def test_hosts_are_those_that_send(analysis_of: AnalysisOf) -> None:
    assert rows(analysis_of("dns_and_http_healthy"), "hosts") == [
        ("10.20.1.10", "02:00:0a:14:01:0a", 64, 33, 1), ("10.20.2.20", "02:00:0a:14:01:01", 63, 22, 4),
        ("10.20.1.1", "02:00:0a:14:01:01", 64, 5, 2),
    ]  # fmt: skip


def test_a_host_that_only_receives_is_none(tmp_path: Path) -> None:
    capture = pcap(tmp_path / "one.pcap", [ethernet(ip(CLIENT, SERVER, UDP, datagram(1, 2, b"x")))])
    assert [row[0] for row in rows(analyse(capture, strict=True), "hosts")] == [CLIENT]


def test_programs_name_themselves(analysis_of: AnalysisOf) -> None:
    named = rows(analysis_of("dns_and_http_healthy"), "software")
    assert [row[:4] for row in named] == [
        ("10.20.1.10", "client", "HTTP", "curl/7.88.1"), ("10.20.2.20", "server", "HTTP", "nginx/1.22.1"),
    ]  # fmt: skip
    ssh = rows(analysis_of("ssh_login_healthy"), "software")
    assert [row[1:3] for row in ssh if row[2] == "SSH"] == [("client", "SSH"), ("server", "SSH")]
