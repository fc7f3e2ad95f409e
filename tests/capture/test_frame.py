import os
import subprocess
from pathlib import Path

import pytest

from capture import programs
from capture.programs import program
from explainer.capture import frame, tshark
from explainer.errors import CaptureError, TsharkError
from explainer.inspection import Layer


def dissected(path: Path, number: int) -> tuple[Layer, ...]:
    return frame.dissection(tshark.find(None), path, number)


def test_layers_are_those_of_tshark_in_order(captures: Path) -> None:
    path = captures / "tls12_healthy.pcapng"
    oracle = subprocess.run(
        ["tshark", "-n", "-r", path, "-c", "4", "-Y", "frame.number == 4", "-T", "fields", "-e", "frame.protocols"],
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    names = [layer.name for layer in dissected(path, 4)]
    assert names[0] == "frame"
    assert names[1:5] == [name for name in oracle.split(":") if name != "ethertype"][:4]


def test_fields_have_name_value_and_line(captures: Path) -> None:
    fields = {field.name: field for layer in dissected(captures / "tls12_healthy.pcapng", 4) for field in layer.fields}
    assert fields["frame.number"].value == "4"
    assert fields["ip.src"].value.startswith("10.20.")
    assert fields["ip.src"].value in fields["ip.src"].text
    assert fields["ip.src"].text != fields["ip.src"].value


def test_an_early_frame_and_the_last_one(captures: Path) -> None:
    path = captures / "tls12_healthy.pcapng"
    assert dissected(path, 1)
    assert dissected(path, 17)


@pytest.mark.parametrize("number", [18, 10**9])
def test_no_such_frame(captures: Path, number: int) -> None:
    with pytest.raises(CaptureError, match=rf"tls12_healthy\.pcapng has no frame {number}\."):
        dissected(captures / "tls12_healthy.pcapng", number)


def test_a_frame_before_the_cut_of_a_cut_file(captures: Path) -> None:
    assert dissected(captures / "tls12_capture_cut.pcapng", 3)[0].name == "frame"


@pytest.mark.parametrize("number", [69, 70])
def test_the_last_frames_of_a_cut_file(captures: Path, number: int) -> None:
    path = captures / "tls12_capture_cut.pcapng"
    if number == 69:
        assert dissected(path, number)[0].name == "frame"
    else:
        with pytest.raises((CaptureError, TsharkError), match=r"tls12_capture_cut\.pcapng"):
            dissected(path, number)


def test_a_text_file(tmp_path: Path) -> None:
    path = tmp_path / "t.pcap"
    path.write_text("no packets\n" * 20)
    with pytest.raises(CaptureError, match=r"t\.pcap is not a capture file"):
        dissected(path, 1)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match=r"gone\.pcap does not exist"):
        dissected(tmp_path / "gone.pcap", 1)


@pytest.mark.parametrize("number", [1, 99])
def test_the_environment_is_as_it_was(captures: Path, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "/x")
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    before = dict(os.environ)
    try:
        dissected(captures / "tls12_healthy.pcapng", number)
    except CaptureError:
        assert number == 99
    assert dict(os.environ) == before


def test_the_named_tshark_is_the_one_that_runs(captures: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    named = program(tmp_path / "bin", programs.logging(log))
    frame.dissection(tshark.Tshark(named), captures / "tls12_healthy.pcapng", 4)
    assert "frame.number == 4" in log.read_text()


def test_a_tshark_that_is_killed(captures: Path, tmp_path: Path) -> None:
    killed = program(tmp_path, programs.KILLED)
    with pytest.raises(TsharkError, match="tshark"):
        frame.dissection(tshark.Tshark(killed), captures / "tls12_healthy.pcapng", 4)


def test_hostile_names_come_as_they_are(captures: Path) -> None:
    path = captures / "tls12_hostile_names.pcapng"
    texts = [field.text for layer in dissected(path, 6) for field in layer.fields]
    assert any("Ignore previous instructions" in text for text in texts)


def test_the_name_does_not_matter(captures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "-r\n.pcapng").write_bytes((captures / "tls12_healthy.pcapng").read_bytes())
    monkeypatch.chdir(tmp_path)
    assert dissected(Path("-r\n.pcapng"), 1)[0].name == "frame"
