import html
import io
import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import factories
import pytest
from conftest import SAMPLE

from capture import programs
from explainer import pipeline
from explainer.capture import dissections, export
from explainer.capture.selection import EVERYTHING, Selection
from explainer.capture.tshark import environment
from explainer.errors import CaptureError, OutputError, SettingsError, TsharkError
from explainer.pipeline import Exported, Shape
from explainer.settings import Settings

LAB = [Path(__file__).parent.parent / "captures" / f"{name}.pcapng" for name in SAMPLE[::3]]
PARITY = "EXPLAINER_PARITY"
"""Folders of captures to compare with tshark, too, separated as in PATH."""
FIELD = re.compile(r'<field name="([^"]+)"[^>]*? show="([^"]+)"')
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
MEASURE = """
import resource, sys
from pathlib import Path
from explainer import pipeline
done = pipeline.export(sys.argv[1], Path(sys.argv[2]))
print(done.frames, done.bytes, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def exported(path: Path, shape: Shape = Shape(), selection: Selection = EVERYTHING, **more: Any) -> bytes:  # noqa: B008
    out = io.BytesIO()
    done = pipeline.export(path, out, shape=shape, selection=selection, **more)
    assert done.bytes == len(out.getvalue())
    return out.getvalue()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def printed(path: Path, *arguments: str, kind: str = "json") -> bytes:
    """Return what tshark itself prints."""
    with environment() as variables:
        words = ["tshark", "-n", "-r", str(path), "-T", kind, *arguments]
        return subprocess.run(words, capture_output=True, check=False, env=variables).stdout


def leaves(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Yield all strings of a frame, each with its nearest key; control characters as PDML writes them."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield from leaves(member, name)
    elif isinstance(value, list):
        for member in value:
            yield from leaves(member, key)
    elif isinstance(value, str):
        yield key, CONTROL.sub(lambda match: f"\\x{ord(match[0]):x}", value)


def alike(shown: str) -> str:
    """Return a flag as tshark 4.4 writes it in JSON: in PDML it writes True and False."""
    return {"True": "1", "False": "0"}.get(shown, shown)


def lost(path: Path) -> dict[int, Counter[tuple[str, str]]]:
    """Return by frame the values in tshark's PDML that the merged export does not have (as often)."""
    packets = printed(path, kind="pdml").decode("utf-8", "backslashreplace").split("<packet>")[1:]
    lines = exported(path, Shape(format="ndjson")).splitlines()
    assert len(lines) == len(packets)
    missing = {}
    for number, (line, packet) in enumerate(zip(lines, packets, strict=True), 1):
        described = packet.partition("</proto>")[2]  # without "geninfo", which only PDML has
        wanted = Counter((name, alike(html.unescape(shown))) for name, shown in FIELD.findall(described))
        held = leaves(json.loads(line)["_source"]["layers"])
        missing[number] = wanted - Counter((name, alike(shown)) for name, shown in held)
    return {number: values for number, values in missing.items() if values}


@pytest.mark.parametrize("path", LAB, ids=lambda path: path.stem)
class TestParity:
    @pytest.mark.parametrize("raw", [False, True], ids=["plain", "raw"])
    def test_wireshark_keys_are_what_tshark_prints(self, path: Path, raw: bool) -> None:
        assert exported(path, Shape("wireshark", raw=raw)) == printed(path, *(["-x"] if raw else []))

    def test_merging_loses_no_value(self, path: Path) -> None:
        assert lost(path) == {}

    def test_merging_loses_no_byte(self, path: Path) -> None:
        """With -x a field's bytes can share their key with another field (tcp.seq, tcp.seq_raw)."""
        frames = json.loads(exported(path, Shape(raw=True)))
        plain = [dissections.merged(text) for text in dissections.split([printed(path, "-x")])]
        assert frames == plain
        for whole, text in zip(frames, dissections.split([printed(path, "-x")]), strict=True):
            assert sum(1 for _ in leaves(whole)) == len(re.findall(rb'"[^"\n]*"(?=,?\n)', re.sub(rb"\\.", b"x", text)))

    def test_the_four_shapes_hold_the_same(self, path: Path) -> None:
        as_lines = [json.loads(line) for line in exported(path, Shape(format="ndjson")).splitlines()]
        assert json.loads(exported(path)) == as_lines
        tshark_lines = exported(path, Shape("wireshark", "ndjson")).splitlines()
        assert b"".join(tshark_lines) == b"".join(
            line.strip() for text in dissections.split([printed(path)]) for line in text.split(b"\n")
        )


def test_parity_on_other_captures() -> None:
    folders = os.environ.get(PARITY)
    if not folders:
        pytest.skip(f"{PARITY} names no folders of captures")
    differing = []
    for path in sorted(file for folder in folders.split(os.pathsep) for file in Path(folder).iterdir()):
        try:
            same = exported(path, Shape("wireshark")) == printed(path)
            raw = exported(path, Shape("wireshark", raw=True)) == printed(path, "-x")
            if not (same and raw and not lost(path)):
                differing.append(path.name)
        except CaptureError:
            assert not printed(path).strip(b"[]\n "), path
    assert differing == []


class TestShape:
    def test_where_nothing_repeats_the_layout_is_tsharks(self, tmp_path: Path) -> None:
        path = factories.pcap(tmp_path / "a.pcap", [b"\xff" * 14 + b"abc"])
        text = exported(path).decode()
        assert text.startswith(
            '[\n  {\n    "_index": "packets-2023-11-14",\n    "_type": "doc",\n    "_score": null,\n'
        )
        assert text.endswith("    }\n  }\n]\n")

    def test_a_repeated_key_is_a_list(self, captures: Path) -> None:
        frame = json.loads(exported(captures / "tls12_healthy.pcapng", selection=Selection(frames="4")))[0]
        layer = frame["_source"]["layers"]["tcp"]
        assert layer["tcp.port"] == [layer["tcp.srcport"], layer["tcp.dstport"]]

    def test_protocols(self, captures: Path) -> None:
        path, names = captures / "tls12_healthy.pcapng", ("tcp", "tls")
        assert exported(path, Shape("wireshark", protocols=names)) == printed(path, "-J", "tcp tls")
        layers = json.loads(exported(path, Shape(protocols=names)))[3]["_source"]["layers"]
        assert layers["ip"] == {"filtered": "ip"}
        assert layers["frame"]["frame.number"] == "4"
        assert layers["tcp"]["tcp.stream"] == "0"

    @pytest.mark.parametrize("wrong", ["nonsense", "tcp.prt"])
    def test_an_unknown_protocol_is_refused(self, captures: Path, wrong: str) -> None:
        with pytest.raises(SettingsError, match=rf"--protocols is wrong: \"?{wrong}\"? is n(either|ot)"):
            exported(captures / "tls12_healthy.pcapng", Shape(protocols=("tcp", wrong)))

    @pytest.mark.parametrize("words", [("x",), ("merge", "xml"), ("merge", "json", False, ("-w x",)), ("", "json")])
    def test_unknown_words_are_refused(self, words: tuple[Any, ...]) -> None:
        with pytest.raises(SettingsError):
            Shape(*words)

    def test_bytes_that_are_no_utf8_stand_as_text(self) -> None:
        frame = b'  {\n    "a": "x\xe4\xf6y",\n    "a": "\xc3\xa4"\n  }'
        assert json.loads(dissections.merged_line(frame)) == {"a": ["x\\xe4\\xf6y", "ä"]}

    @pytest.mark.parametrize("size", [1, 2, 7, 100, 1 << 20])
    def test_frames_are_the_same_however_the_stream_is_cut(self, captures: Path, size: int) -> None:
        text = printed(captures / "tcp_refused.pcapng")
        chunks = (text[at : at + size] for at in range(0, len(text), size))
        assert b"[\n" + b",\n".join(dissections.split(chunks)) + b"\n]\n" == text

    @pytest.mark.parametrize("text", [b"", b"[]\n", b"[\n", b'[\n  {\n    "a": "b"'])
    def test_no_whole_frame_is_none(self, text: bytes) -> None:
        assert list(dissections.split([text])) == []

    def test_a_terminal_gets_nothing_that_acts_on_it(self, captures: Path) -> None:
        path = captures / "tls12_hostile_names.pcapng"
        safe = exported(path, Shape("wireshark", terminal=True)).decode()
        assert [c for c in safe if c != "\n" and not c.isprintable()] == []
        assert json.loads(safe) == json.loads(printed(path).decode("utf-8", "replace"))
        acting = '"\x7f\x9b31m\u202e\u2066\U000e0001ä"'.encode()
        assert dissections.for_terminal(acting) == r'"\u007f\u009b31m\u202e\u2066\udb40\udc01ä"'.encode()
        assert json.loads(dissections.for_terminal(acting)) == json.loads(acting)


class TestSelected:
    def test_selected_frames_are_dissected_as_among_all(self, captures: Path) -> None:
        path = captures / "tls12_expired.pcapng"
        every = json.loads(exported(path))
        some = json.loads(exported(path, selection=Selection(frames="4,20-24")))
        assert [_still(frame) for frame in some] == [_still(every[number - 1]) for number in (4, 20, 21, 22, 23, 24)]

    def test_a_filter_is_tsharks(self, captures: Path) -> None:
        path = captures / "tls12_expired.pcapng"
        assert exported(path, Shape("wireshark"), Selection("tls")) == printed(path, "-Y", "tls")

    def test_none(self, captures: Path, tmp_path: Path) -> None:
        path, target = captures / "tls12_expired.pcapng", tmp_path / "none.json"
        done = pipeline.export(path, target, selection=Selection("stp"))
        assert done == Exported(0, 3, ("No frame matches: there was nothing to export.",))
        assert target.read_bytes() == printed(path, "-Y", "stp") == b"[]\n"
        assert exported(path, Shape(format="ndjson"), Selection("stp")) == b""

    def test_a_cut_file_is_exported_up_to_there(self, captures: Path, tmp_path: Path) -> None:
        done = pipeline.export(captures / "tls12_capture_cut.pcapng", tmp_path / "cut.json")
        assert done.frames == len(json.loads((tmp_path / "cut.json").read_bytes())) == 69
        assert done.warnings == ("The file is cut off in the middle of a packet: the 69 frames up to there were read.",)


def _still(frame: dict[str, Any]) -> dict[str, Any]:
    """Return the frame without the one field that is about the frames that are shown."""
    del frame["_source"]["layers"]["frame"]["frame.time_delta_displayed"]
    return frame


class TestTarget:
    def test_a_file_appears_with_the_usual_rights_and_nothing_else(self, captures: Path, tmp_path: Path) -> None:
        before = os.umask(0o027)
        try:
            pipeline.export(captures / "tcp_refused.pcapng", tmp_path / "out.json")
        finally:
            os.umask(before)
        assert names(tmp_path) == ["out.json"]
        assert (tmp_path / "out.json").stat().st_mode & 0o777 == 0o640

    def test_one_that_exists_is_kept(self, captures: Path, tmp_path: Path) -> None:
        target = tmp_path / "out.json"
        target.write_text("mine")
        with pytest.raises(SettingsError, match=r"exists already\."):
            pipeline.export(captures / "tcp_refused.pcapng", target)
        assert target.read_text() == "mine"
        pipeline.export(captures / "tcp_refused.pcapng", target, force=True)
        assert json.loads(target.read_bytes())

    def test_a_link_stays_and_points_to_what_is_written(self, captures: Path, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to(tmp_path / "real.json")
        pipeline.export(captures / "tcp_refused.pcapng", tmp_path / "link")
        assert (tmp_path / "link").is_symlink()
        assert json.loads((tmp_path / "real.json").read_bytes())

    def test_the_capture_and_the_key_log_are_never_replaced(self, captures: Path, tmp_path: Path) -> None:
        capture, keys = tmp_path / "a.pcapng", tmp_path / "keys"
        capture.write_bytes((captures / "tcp_refused.pcapng").read_bytes())
        keys.write_text("secret")
        (tmp_path / "other").hardlink_to(capture)
        for target in (capture, keys, tmp_path / "other"):
            with pytest.raises(OutputError, match="is what the export is made from"):
                pipeline.export(capture, target, selection=Selection(keylog=keys), force=True)
        assert keys.read_text() == "secret"

    @pytest.mark.parametrize("name", ["", "gone/out.json", "a" * 300])
    def test_where_nothing_can_be_written(self, captures: Path, tmp_path: Path, name: str) -> None:
        with pytest.raises(OutputError):
            pipeline.export(captures / "tcp_refused.pcapng", tmp_path / name)
        assert names(tmp_path) == []

    def test_a_device_is_written_to_and_not_replaced(self, captures: Path) -> None:
        assert pipeline.export(captures / "tcp_refused.pcapng", Path("/dev/null")).frames == 36
        assert Path("/dev/null").is_char_device()
        with pytest.raises(OutputError, match=r"/dev/full cannot be written: No space left on device\."):
            pipeline.export(captures / "tcp_refused.pcapng", Path("/dev/full"))
        assert Path("/dev/full").is_char_device()

    def test_a_full_disk_leaves_nothing(self, captures: Path, tmp_path: Path) -> None:
        if os.geteuid() != 0:
            pytest.skip("a small disk can be mounted by root only")
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", tmp_path], check=False).returncode:
            pytest.skip("nothing can be mounted here")
        try:
            with pytest.raises(OutputError, match="No space left on device"):
                pipeline.export(captures / "http_download_healthy.pcapng", tmp_path / "out.json")
            assert names(tmp_path) == []
        finally:
            subprocess.run(["umount", tmp_path], check=True)

    @pytest.mark.parametrize(
        ("body", "error"),
        [(programs.KILLED, TsharkError), (programs.FAILING_MUTELY, TsharkError), (programs.COMPLAINING, TsharkError),
         (programs.OLD, TsharkError), (programs.QUIET, TsharkError)],
    )  # fmt: skip
    def test_a_tshark_that_fails_leaves_nothing(
        self, captures: Path, tmp_path: Path, body: str, error: type[Exception]
    ) -> None:
        program = programs.program(tmp_path / "bin", body)
        (tmp_path / "to").mkdir()
        with pytest.raises(error):
            pipeline.export(
                captures / "tcp_refused.pcapng", tmp_path / "to" / "out.json", settings=Settings(tshark=program)
            )
        assert names(tmp_path / "to") == []

    def test_one_killed_in_the_middle_of_much_leaves_nothing(self, tmp_path: Path) -> None:
        path = _big(tmp_path / "big.pcap", 4000)
        body = programs._REAL_VERSION + f'case "$*" in *json*) ;; *) exec {programs.TSHARK} "$@";; esac\n'
        body += f'{programs.TSHARK} "$@" | head -c 12000000; kill -KILL $$\n'
        (tmp_path / "to").mkdir()
        with pytest.raises(TsharkError, match="was killed, or crashed"):
            pipeline.export(
                path, tmp_path / "to" / "o", settings=Settings(tshark=programs.program(tmp_path / "bin", body))
            )
        assert names(tmp_path / "to") == []

    def test_one_that_takes_too_long_leaves_whole_frames(self, captures: Path, tmp_path: Path) -> None:
        settings = Settings(tshark=programs.program(tmp_path / "bin", programs.ENDLESS), time_limit_s=3)
        done = pipeline.export(captures / "tcp_refused.pcapng", tmp_path / "out.json", settings=settings)
        assert len(json.loads((tmp_path / "out.json").read_bytes())) == done.frames == 36
        assert "tshark was stopped after 3 seconds" in done.warnings[0]

    def test_no_capture_leaves_nothing_even_on_a_stream(self, tmp_path: Path) -> None:
        (tmp_path / "a.pcap").write_text("no packets\n" * 20)
        out = io.BytesIO()
        with pytest.raises(CaptureError, match="is not a capture file"):
            pipeline.export(tmp_path / "a.pcap", out)
        assert out.getvalue() == b""


def _big(path: Path, frames: int) -> Path:
    packet = factories.ethernet(
        factories.ip(factories.CLIENT, factories.SERVER, factories.TCP, factories.segment(1, 2, factories.ACK))
    )
    return factories.pcap(path, [packet] * frames)


class TestSize:
    def test_a_large_export_is_announced_before_it_starts(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(export, "SAMPLE_BYTES", 500_000)
        monkeypatch.setattr(export, "LARGE_BYTES", 4_000_000)
        path, said = _big(tmp_path / "big.pcap", 3000), list[str]()
        for selection, expected in (
            (EVERYTHING, 1),
            (Selection("frame.number > 0"), 1),
            (Selection(frames="1-300"), 0),
        ):
            said.clear()
            pipeline.export(path, tmp_path / "out.json", selection=selection, notice=said.append, force=True)
            assert len(said) == expected
        assert all(re.fullmatch(r"The export will take about \d\.\d GB\.", sentence) for sentence in said)

    @pytest.mark.parametrize("shape", [Shape(), Shape("wireshark", "ndjson"), Shape("wireshark", protocols=("tcp",))])
    def test_the_estimate_is_near(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shape: Shape) -> None:
        monkeypatch.setattr(export, "SAMPLE_BYTES", 200_000)
        estimates = list[int | None]()
        monkeypatch.setattr(export, "_announce", lambda size, *rest, **more: estimates.append(size))
        size = len(exported(_big(tmp_path / "big.pcap", 1000), shape))
        assert estimates[0] == pytest.approx(size, rel=0.05)

    def test_too_little_room_asks_for_force(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(export, "SAMPLE_BYTES", 500_000)
        monkeypatch.setattr(export, "LARGE_BYTES", 1_000_000)
        monkeypatch.setattr("shutil.disk_usage", lambda folder: type("Usage", (), {"free": 2_000_000}))
        path, target = _big(tmp_path / "big.pcap", 1000), tmp_path / "out.json"
        with pytest.raises(OutputError, match="GB are free there") as raised:
            pipeline.export(path, target)
        assert "--force" in raised.value.hint
        assert names(tmp_path) == ["big.pcap"]
        assert pipeline.export(path, target, force=True).frames == 1000

    def test_memory_does_not_grow_with_the_capture(self, tmp_path: Path) -> None:
        peaks = []
        for frames in (2500, 25_000):
            words: list[str | Path] = [
                sys.executable,
                "-c",
                MEASURE,
                _big(tmp_path / "a.pcap", frames),
                tmp_path / f"{frames}.json",
            ]
            done = subprocess.run(words, capture_output=True, text=True, check=True)
            written, size, peak = map(int, done.stdout.split())
            assert (written, size > frames * 3000) == (frames, True)
            peaks.append(peak)
        assert peaks[1] < peaks[0] + 8 * 1024  # KiB; the larger export alone is about 100 MB
