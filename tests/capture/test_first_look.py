"""What the headers tell at once, against what tshark counts."""

import subprocess
from collections import Counter
from pathlib import Path

import pytest
from factories import CLIENT, SERVER, SYN, TCP, ethernet, ip, pcap, segment, tshark

from explainer.capture.first_look import first_look
from explainer.capture.records import Records, laid_out, native

FOREVER_S = 60.0


def opened(path: Path) -> Records:
    found = native(path)
    assert found is not None
    return found


@pytest.mark.parametrize("name", ["tcp_refused", "tcp_syn_unanswered", "ipv6_healthy", "http_404"])
def test_hosts_and_silent_servers_are_those_that_tshark_counts(captures: Path, name: str) -> None:
    capture = captures / f"{name}.pcapng"
    seen = first_look(opened(capture), FOREVER_S)
    fields = ("-T", "fields", "-e", "ip.src", "-e", "ip.dst", "-e", "ipv6.src", "-e", "ipv6.dst", "-E", "occurrence=f")
    frames = [line.split("\t") for line in tshark(capture, *fields).removesuffix("\n").split("\n")]
    busy = Counter(address for frame in frames for address in frame if address)
    assert {host for host, _ in seen.hosts} <= set(busy)
    assert (seen.frames, seen.seen) == (len(frames), len(frames))
    streams = ("-T", "fields", "-e", "tcp.stream")
    asked = set(tshark(capture, "-Y", "tcp.flags.syn == 1 && tcp.flags.ack == 0", *streams).split())
    told = "(tcp.flags.syn == 1 && tcp.flags.ack == 1) || tcp.flags.reset == 1"
    answered = set(tshark(capture, "-Y", told, *streams).split())
    assert sum(times for _, _, times in seen.unanswered) == len(asked - answered)


@pytest.mark.parametrize("kind", ["pcap", "nsecpcap", "pcapng"])
def test_the_time_that_it_lasts(captures: Path, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "capture"
    subprocess.run(["editcap", "-F", kind, captures / "http_404.pcapng", path], check=True)
    last = tshark(path, "-T", "fields", "-e", "frame.time_relative").split()[-1]
    assert first_look(opened(path), FOREVER_S).duration_s == pytest.approx(float(last), abs=1e-3)


def test_the_busiest_port_is_the_servers(tmp_path: Path) -> None:
    path = pcap(tmp_path / "c.pcap", [ethernet(ip(CLIENT, SERVER, TCP, segment(40000, 443, SYN)))])
    seen = first_look(opened(path), FOREVER_S)
    assert [port for port, _ in seen.ports] == [443]
    assert seen.unanswered == ((SERVER, 443, 1),)


def test_what_is_cut_off_or_no_ip_is_passed_over(tmp_path: Path) -> None:
    whole = ethernet(ip(CLIENT, SERVER, TCP, segment(40000, 443, SYN)))
    for size in range(len(whole)):
        path = pcap(tmp_path / "c.pcap", [whole[:size] or b"\0", bytes(60), b"\xff" * 60])
        assert first_look(opened(path), FOREVER_S).frames == 3


def test_when_time_is_short_it_says_how_far_it_came(tmp_path: Path) -> None:
    path = pcap(tmp_path / "c.pcap", [ethernet(ip(CLIENT, SERVER, TCP, segment(40000, 443, SYN)))] * 10_000)
    seen = first_look(opened(path), 0)
    assert 0 < seen.seen < seen.frames == 10_000


def test_an_empty_capture_has_nothing(tmp_path: Path) -> None:
    found = laid_out(pcap(tmp_path / "c.pcap", []).read_bytes())
    assert found is not None
    seen = first_look(found, FOREVER_S)
    assert (seen.frames, seen.duration_s, seen.hosts) == (0, None, ())
