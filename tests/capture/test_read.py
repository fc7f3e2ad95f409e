import gzip
import json
import os
import subprocess
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from factories import dense

from capture import programs
from capture.programs import MARK, left_behind, program
from explainer.capture import read, tshark
from explainer.capture.passes import Workers
from explainer.capture.selection import Selection
from explainer.errors import CaptureError, SettingsError, TsharkError
from explainer.facts import Column, Kind, Tap
from explainer.model import CaptureInfo

CASES = [
    case
    for line in (Path(__file__).parents[1] / "captures" / "cases.jsonl").read_text().splitlines()
    if (case := json.loads(line))["name"]
    in (
        "dns_and_http_healthy",
        "http_download_healthy",
        "tcp_rejected_icmp",
        "tls12_capture_cut",
        "tls12_hostile_names",
    )
]
SOURCE = Column("ip.src")
HIERARCHY = Tap("io,phs")


def opened(
    path: Path, *columns: Column, tshark_path: Path | None = None, time_limit_s: float = 60, **options: Any
) -> read.Capture:
    return read.read(path, tshark.find(tshark_path), columns, [HIERARCHY], time_limit_s=time_limit_s, **options)


def info_or_error(path: Path) -> CaptureInfo | str:
    """Return the facts about the file, or what is said against it."""
    try:
        return opened(path).info
    except CaptureError as error:
        return error.message


def editcap(*arguments: str | Path) -> None:
    subprocess.run(["editcap", *arguments], check=True, capture_output=True)


def printed_by_tshark(path: Path, *fields: str) -> list[list[str]]:
    """What plain tshark prints of these fields, as the oracle."""
    words = [word for field in fields for word in ("-e", field)]
    done = subprocess.run(
        ["tshark", "-n", "-r", path, "-T", "fields", *words], capture_output=True, text=True, check=False,
        env={**os.environ, "TZ": "UTC"},
    )  # fmt: skip
    return [line.split("\t") for line in done.stdout.splitlines()]


@pytest.fixture
def healthy(captures: Path) -> Path:
    return captures / "tls12_healthy.pcapng"


class TestLab:
    @pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
    def test_frames_times_and_lengths_are_tshark_s(self, captures: Path, case: dict[str, Any]) -> None:
        path = captures / case["file"]
        oracle = printed_by_tshark(path, "frame.time_epoch", "frame.len", "frame.cap_len")
        capture = opened(path)
        assert capture.info.frames == capture.frames.height == len(oracle) == case["frames"]
        assert capture.frames.column("frame.time_epoch").to_list() == [int(row[0].replace(".", "")) for row in oracle]
        assert capture.frames.column("frame.len").to_list() == [int(row[1]) for row in oracle]
        assert capture.frames.column("frame.number").to_list() == list(range(1, len(oracle) + 1))
        assert capture.info.cut_frames == sum(row[1] != row[2] for row in oracle)
        assert capture.info.bytes == path.stat().st_size
        assert f"frames:{len(oracle)} " in capture.taps["io,phs"]


def test_facts_about_the_file(healthy: Path) -> None:
    info = opened(healthy).info
    times = [float(row[0]) for row in printed_by_tshark(healthy, "frame.time_epoch")]
    assert info.file == "tls12_healthy.pcapng"
    assert info.link_types == ("Ethernet",)
    assert info.format == "pcapng"
    assert info.warnings == ()
    assert info.first is not None
    assert info.last is not None
    assert abs(info.first.timestamp() - times[0]) < 1e-5
    assert abs(info.last.timestamp() - times[-1]) < 1e-5
    assert info.duration_s == pytest.approx(times[-1] - times[0], abs=1e-5)
    assert info.first.tzinfo is UTC
    assert [(entry.number, entry.frames) for entry in info.interfaces] == [(0, 17)]
    assert info.tshark_version == tshark.version(tshark.find(None))


def test_columns_keep_their_kinds(healthy: Path) -> None:
    sources = Column("ip.src", many=True)
    ports = Column("tcp.srcport", Kind.INT)
    capture = opened(healthy, sources, ports)
    assert capture.frames.column("ip.src").to_list()[0] == [printed_by_tshark(healthy, "ip.src")[0][0]]
    assert capture.frames.column("tcp.srcport").to_list() == [
        int(row[0]) if row[0] else None for row in printed_by_tshark(healthy, "tcp.srcport")
    ]


def test_hostile_names_shift_no_column(captures: Path) -> None:
    path = captures / "tls12_hostile_names.pcapng"
    capture = opened(path, Column("x509sat.uTF8String", many=True), Column("tls.handshake.extensions_server_name"))
    assert capture.frames.column("frame.len").null_count() == 0
    names = [name for names in capture.frames.column("x509sat.uTF8String").to_list() for name in names or []]
    assert any("\x1b[31m" in name for name in names)
    assert any("Subject: payroll.example" in name for name in names)


def test_progress_counts_up_to_all_frames(captures: Path) -> None:
    seen = list[int]()
    path = captures / "http_download_healthy.pcapng"
    read.read(path, tshark.find(None), [], [], time_limit_s=60, progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 204


class TestContainers:
    def test_gzip(self, tmp_path: Path, healthy: Path) -> None:
        packed = tmp_path / "c.pcapng.gz"
        packed.write_bytes(gzip.compress(healthy.read_bytes()))
        found, plain = opened(packed, SOURCE), opened(healthy, SOURCE)
        assert dense(found.frames).equals(dense(plain.frames))
        assert found.info.bytes == packed.stat().st_size
        assert found.info.sha256 != plain.info.sha256

    def test_pcap(self, tmp_path: Path, healthy: Path) -> None:
        path = tmp_path / "c.pcap"
        editcap("-F", "pcap", healthy, path)
        info = opened(path).info
        assert (info.format, info.frames, info.interfaces) == ("pcap", 17, ())

    def test_nanosecond_pcap_keeps_nanoseconds(self, tmp_path: Path, healthy: Path) -> None:
        path = tmp_path / "c.pcap"
        editcap("-F", "nsecpcap", healthy, path)
        data = bytearray(path.read_bytes())
        data[28:32] = (123456789).to_bytes(4, "little")
        path.write_bytes(data)
        assert opened(path).frames.column("frame.time_epoch")[0] % 10**9 == 123456789

    def test_frames_stored_short_are_counted(self, tmp_path: Path, healthy: Path) -> None:
        path = tmp_path / "c.pcap"
        editcap("-F", "pcap", "-s", "34", healthy, path)
        info = opened(path).info
        assert (info.frames, info.cut_frames) == (17, 17)
        assert info.warnings == ()

    def test_several_interfaces(self, tmp_path: Path, captures: Path, healthy: Path) -> None:
        path = tmp_path / "c.pcapng"
        subprocess.run(
            ["mergecap", "-I", "none", "-w", path, healthy, captures / "tcp_healthy_idle.pcapng"], check=True
        )
        info = opened(path).info
        assert [entry.number for entry in info.interfaces] == [0, 1]
        assert sum(entry.frames for entry in info.interfaces) == 17 + 15

    def test_another_link_type(self, tmp_path: Path, healthy: Path) -> None:
        path = tmp_path / "c.pcap"
        editcap("-F", "pcap", "-T", "rawip", "-C", "14", healthy, path)
        assert opened(path).info.link_types == ("raw IP",)

    def test_a_time_that_no_clock_shows_is_no_time(self, tmp_path: Path, healthy: Path) -> None:
        path = tmp_path / "c.pcapng"
        editcap("-t", "15000000000", healthy, path)
        assert float(printed_by_tshark(path, "frame.time_epoch")[0][0]) > 2**63 / 1e9
        info = opened(path).info
        assert (info.frames, info.first, info.last, info.duration_s) == (17, None, None, 0.0)

    @pytest.mark.parametrize("name", ["-r.pcapng", "a b.pcapng", "a\nb\x1b[31m.pcapng", "ü.pcapng", "$(id).pcapng"])
    def test_the_name_does_not_matter(
        self, tmp_path: Path, healthy: Path, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / name).write_bytes(healthy.read_bytes())
        monkeypatch.chdir(tmp_path)
        info = opened(Path(name)).info
        assert (info.file, info.frames) == (name, 17)

    def test_a_name_that_is_no_utf_8(self, tmp_path: Path, healthy: Path) -> None:
        path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/c\xff.pcapng"))
        path.write_bytes(healthy.read_bytes())
        assert opened(path).info.frames == 17


class TestDamage:
    def test_a_cut_file_is_read_up_to_the_cut_and_says_so(self, captures: Path) -> None:
        info = opened(captures / "tls12_capture_cut.pcapng").info
        assert info.frames == 69
        assert info.warnings == ("The file is cut off in the middle of a packet: the 69 frames up to there were read.",)

    @pytest.mark.parametrize("kind", ["pcap", "pcapng"])
    def test_any_cut_is_a_warning_or_a_clear_error(self, tmp_path: Path, healthy: Path, kind: str) -> None:
        whole = tmp_path / f"whole.{kind}"
        editcap("-F", kind, healthy, whole)
        data, path = whole.read_bytes(), tmp_path / f"cut.{kind}"
        for size in (1, 20, 30, 60, len(data) // 2, len(data) - 1):
            path.write_bytes(data[:size])
            found = info_or_error(path)
            if isinstance(found, str):
                assert f"cut.{kind}" in found
            else:
                assert found.frames == 17 or found.warnings or _ends_between_packets(path, found)

    def test_bytes_damaged_in_the_middle(self, tmp_path: Path, healthy: Path) -> None:
        path = tmp_path / "c.pcap"
        editcap("-F", "pcap", healthy, path)
        data = bytearray(path.read_bytes())
        at = 24
        for _ in range(10):  # tshark looks at the first ones to tell the dialects of pcap apart
            at += 16 + int.from_bytes(data[at + 8 : at + 12], "little")
        data[at + 8 : at + 12] = b"\xff\xff\xff\x7f"
        path.write_bytes(data)
        info = opened(path).info
        assert info.frames == 10
        assert info.warnings == ("The file is damaged after frame 10: what came before was read.",)

    def test_a_damaged_first_packet(self, tmp_path: Path, healthy: Path) -> None:
        path = tmp_path / "c.pcap"
        editcap("-F", "pcap", healthy, path)
        data = bytearray(path.read_bytes())
        data[32:36] = b"\xff\xff\xff\x7f"
        path.write_bytes(data)
        with pytest.raises(CaptureError, match=r"c\.pcap is damaged, and no packet in it can be read"):
            opened(path)

    def test_text(self, tmp_path: Path) -> None:
        path = tmp_path / "t.pcap"
        path.write_text("12:00:01 something happened\n" * 50)
        with pytest.raises(CaptureError, match=r"^t\.pcap is not a capture file\.$"):
            opened(path)

    def test_random_bytes(self, tmp_path: Path) -> None:
        path = tmp_path / "r.pcap"
        path.write_bytes(bytes((at * 97 + 13) % 256 for at in range(5000)))
        with pytest.raises(CaptureError, match=r"^r\.pcap is not a capture file\.$"):
            opened(path)

    @pytest.mark.parametrize("kind", ["pcap", "pcapng"])
    def test_no_packets(self, tmp_path: Path, healthy: Path, kind: str) -> None:
        path = tmp_path / f"none.{kind}"
        editcap("-F", kind, "-r", healthy, path, "1000000")
        with pytest.raises(CaptureError, match=rf"^none\.{kind} holds no packets\.$"):
            opened(path)

    def test_a_link_type_that_nobody_knows(self, tmp_path: Path, healthy: Path) -> None:
        path = tmp_path / "c.pcap"
        editcap("-F", "pcap", healthy, path)
        data = bytearray(path.read_bytes())
        data[20:24] = (147).to_bytes(4, "little")
        path.write_bytes(data)
        info = opened(path).info
        assert info.frames == 17
        assert info.link_types != ("Ethernet",)

    def test_a_damaged_gzip_file(self, tmp_path: Path, captures: Path) -> None:
        packed = gzip.compress((captures / "http_download_healthy.pcapng").read_bytes())
        path = tmp_path / "c.pcapng.gz"
        path.write_bytes(packed[: len(packed) // 2])
        found = info_or_error(path)
        assert "c.pcapng.gz" in found if isinstance(found, str) else found.warnings


def _ends_between_packets(path: Path, info: CaptureInfo) -> bool:
    """Whether tshark sees nothing wrong either: the cut fell between two packets."""
    return subprocess.run(["tshark", "-r", path], capture_output=True, check=False).returncode == 0 and info.frames < 17


class TestMisbehavingTshark:
    @pytest.fixture(autouse=True)
    def mark(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
        monkeypatch.setenv(MARK, str(tmp_path))
        return str(tmp_path)

    def test_killed_in_the_middle(self, tmp_path: Path, healthy: Path) -> None:
        with pytest.raises(TsharkError, match=r"ended before it had read tls12_healthy\.pcapng \(it was killed"):
            opened(healthy, tshark_path=program(tmp_path, programs.KILLED))

    def test_failing_without_a_word(self, tmp_path: Path, healthy: Path) -> None:
        with pytest.raises(TsharkError, match="ended before it had read"):
            opened(healthy, tshark_path=program(tmp_path, programs.FAILING_MUTELY))

    def test_failing_with_a_complaint_of_its_own(self, tmp_path: Path, healthy: Path) -> None:
        with pytest.raises(
            TsharkError, match=r"cannot read tls12_healthy\.pcapng: tshark: the moon is in the wrong phase"
        ):
            opened(healthy, tshark_path=program(tmp_path, programs.COMPLAINING))

    def test_a_complaint_cannot_act_on_the_terminal(self, tmp_path: Path, healthy: Path) -> None:
        body = programs.COMPLAINING.replace("the moon", "$(printf '\\033')[31mthe moon").replace("'tshark", '"tshark')
        with pytest.raises(TsharkError) as raised:
            opened(healthy, tshark_path=program(tmp_path, body.replace("phase'", 'phase"')))
        assert "\x1b" not in raised.value.message
        assert "\\x1b[31mthe moon" in raised.value.message

    def test_too_old(self, tmp_path: Path, healthy: Path) -> None:
        with pytest.raises(TsharkError, match=r"version 3\.6\.2"):
            opened(healthy, tshark_path=program(tmp_path, programs.OLD))

    @pytest.mark.parametrize("body", [programs.QUIET, programs.ANOTHER], ids=["silent", "talking"])
    def test_another_program(self, tmp_path: Path, healthy: Path, body: str) -> None:
        with pytest.raises(TsharkError, match="does not answer as tshark does"):
            opened(healthy, tshark_path=program(tmp_path, body))

    def test_not_installed(self, tmp_path: Path, healthy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
        with pytest.raises(TsharkError, match="not installed"):
            opened(healthy)

    def test_named_but_missing(self, tmp_path: Path, healthy: Path) -> None:
        with pytest.raises(SettingsError):
            opened(healthy, tshark_path=tmp_path / "tshark")

    def test_the_time_limit_without_a_frame(self, tmp_path: Path, healthy: Path, mark: str) -> None:
        with pytest.raises(TsharkError, match=r"read no frame of tls12_healthy\.pcapng within 0\.3 seconds") as raised:
            opened(healthy, tshark_path=program(tmp_path, programs.SILENT), time_limit_s=0.3)
        assert "--time-limit" in raised.value.hint
        assert left_behind(mark) == []

    def test_the_time_limit_keeps_what_was_read(self, tmp_path: Path, healthy: Path, mark: str) -> None:
        capture = opened(healthy, tshark_path=program(tmp_path, programs.ENDLESS), time_limit_s=3)
        assert capture.info.frames == 17
        assert capture.info.warnings == (
            "Only the first 17 frames were read: tshark was stopped after 3 seconds (--time-limit allows it more).",
        )
        assert left_behind(mark) == []


class TestMemory:
    """Of a capture that does not fit, the beginning is read, and that is said."""

    def test_what_there_is_room_for_is_read(self, healthy: Path) -> None:
        capture = opened(healthy, workers=Workers(frames=12))
        assert (capture.info.frames, capture.frames.height) == (12, 12)
        (warning,) = capture.info.warnings
        assert warning.startswith(f"Only the first 12 of {opened(healthy).info.frames} frames were read: this machine")

    def test_what_fits_exactly_is_whole(self, healthy: Path) -> None:
        whole = opened(healthy)
        capture = opened(healthy, workers=Workers(frames=whole.info.frames))
        assert (capture.info.frames, capture.info.warnings) == (whole.info.frames, ())

    def test_a_selection_is_looked_for_in_the_whole_file(self, healthy: Path) -> None:
        last = opened(healthy).info.frames
        capture = opened(healthy, workers=Workers(frames=1), selection=Selection(frames=str(last)))
        assert capture.frames.column("frame.number").to_list() == [last]
