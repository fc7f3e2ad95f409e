"""The same broadcast again and again: a loop between switches."""

from pathlib import Path

import pytest
from factories import UDP, datagram, ethernet, ip, pcap
from sessions import FactsOf, found_in
from test_rule_address import request

from explainer.model import Severity

VIDEO = (
    bytes.fromhex("01005e010101") + ethernet(ip("192.0.2.10", "239.1.1.1", UDP, datagram(5000, 5004, b"x" * 99)))[6:]
)


def storm(frames: list[bytes], path: Path, facts_of: FactsOf, step_ns: int) -> list[Severity]:
    found = found_in("broadcast_storm", facts_of, pcap(path, frames, step_ns=step_ns))
    assert all("(a broadcast storm): one frame of ARP" in finding.title for finding in found)
    return [finding.severity for finding in found]


@pytest.mark.parametrize(
    ("times", "step_ns", "fires"),
    [(200, 1_000, True), (199, 1_000, False), (200, 10_000_000, True), (200, 11_000_000, False)],
    ids=["many", "too few", "just as often", "too seldom"],
)
def test_one_frame_again_and_again(times: int, step_ns: int, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    frames = [request("192.0.2.1")] * times
    assert storm(frames, tmp_path / "storm.pcap", facts_of, step_ns) == ([Severity.HIGH] if fires else [])


def test_a_search_and_a_stream_of_video_are_no_storm(tmp_path: Path, facts_of: FactsOf) -> None:
    search = [request(f"192.0.{third}.{last}") for third in (2, 3) for last in range(1, 200)]
    assert storm(search, tmp_path / "search.pcap", facts_of, 1_000) == []
    assert storm([VIDEO] * 400, tmp_path / "video.pcap", facts_of, 1_000) == []


def test_it_does_not_apply_without_broadcasts(tmp_path: Path, facts_of: FactsOf) -> None:
    assert (
        storm([ethernet(ip("192.0.2.10", "192.0.2.20", UDP, datagram(1, 2)))] * 300, tmp_path / "u.pcap", facts_of, 1)
        == []
    )
