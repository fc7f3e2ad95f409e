"""Where packets lie in a file: found without dissecting them, and handed on as they are."""

import gzip
import subprocess
from pathlib import Path

import pytest
from factories import tshark

from explainer.capture.records import Records, laid_out, native, records
from explainer.capture.tshark import Tshark, find

FORMATS = ("pcap", "nsecpcap", "pcapng")


def converted(capture: Path, folder: Path, kind: str) -> Path:
    """Return the capture in another format."""
    path = folder / f"{capture.stem}.{kind}"
    subprocess.run(["editcap", "-F", kind, capture, path], check=True)
    return path


def bytes_of(capture: Path) -> list[str]:
    """Return the bytes of each frame, as tshark tells them."""
    return [line.split(" ")[0] for line in tshark(capture, "-T", "fields", "-e", "frame.len").split("\n") if line]


def written(found: Records, frames: list[int], path: Path) -> Path:
    path.write_bytes(b"".join(found.picked(frames)))
    return path


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("name", ["tls12_healthy", "dns_and_http_healthy", "tunnel_gre_healthy"])
def test_what_is_picked_is_what_it_was(captures: Path, tmp_path: Path, name: str, kind: str) -> None:
    path = converted(captures / f"{name}.pcapng", tmp_path, kind)
    found = native(path)
    assert found is not None
    fields = ("-T", "fields", "-e", "frame.time_epoch", "-e", "frame.len", "-e", "frame.cap_len", "-e", "eth.src")
    whole = tshark(path, *fields).splitlines()
    assert len(found) == len(whole)
    few = list(range(1, len(found) + 1, 3))
    assert tshark(written(found, few, tmp_path / "few"), *fields).splitlines() == whole[::3]


def test_secrets_go_along(captures: Path, tmp_path: Path) -> None:
    found = native(captures / "tls13_expired_with_keys.pcapng")
    assert found is not None
    path = written(found, list(range(1, len(found) + 1)), tmp_path / "all")
    assert path.read_bytes() == (captures / "tls13_expired_with_keys.pcapng").read_bytes()


@pytest.mark.parametrize("kind", ["pcap", "pcapng"])
def test_a_packet_that_is_cut_off_does_not_count(captures: Path, tmp_path: Path, kind: str) -> None:
    whole = converted(captures / "tls12_healthy.pcapng", tmp_path, kind).read_bytes()
    found, cut = laid_out(whole), laid_out(whole[:-5])
    assert found is not None
    assert cut is not None
    assert (found.whole, cut.whole) == (True, False)
    assert len(cut) == len(found) - 1


@pytest.mark.parametrize("data", [b"", b"\xd4\xc3\xb2\xa1", b"\x0a\x0d\x0d\x0a", b"GIF89a" * 10, bytes(100)])
def test_anything_else_is_neither_format(data: bytes) -> None:
    found = laid_out(data)
    assert found is None or len(found) == 0


def test_a_length_that_cannot_be_is_no_capture(captures: Path, tmp_path: Path) -> None:
    data = bytearray(converted(captures / "tls12_healthy.pcapng", tmp_path, "pcap").read_bytes())
    data[24 + 8 : 24 + 12] = (1 << 30).to_bytes(4, "little")
    assert laid_out(bytes(data)) is None


@pytest.mark.parametrize("kind", ["snoop", "gzip"])
def test_other_formats_are_converted(captures: Path, tmp_path: Path, kind: str) -> None:
    capture = captures / "tls12_healthy.pcapng"
    if kind == "gzip":
        path = tmp_path / "capture.pcapng.gz"
        path.write_bytes(gzip.compress(capture.read_bytes()))
    else:
        path = converted(capture, tmp_path, kind)
    assert native(path) is None
    found = records(path, find(None), 17, 60)
    assert len(found) == 17
    assert bytes_of(written(found, [3, 4], tmp_path / "two")) == bytes_of(capture)[2:4]


def test_what_editcap_cannot_read_has_no_records(tmp_path: Path) -> None:
    path = tmp_path / "capture"
    path.write_bytes(b"no capture at all")
    assert len(records(path, Tshark(find(None).path), 1, 60)) == 0
