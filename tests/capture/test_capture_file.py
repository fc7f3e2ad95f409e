import gzip
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from explainer.capture import file, tshark
from explainer.errors import CaptureError

NOBODY = 65534


@pytest.fixture
def capture(captures: Path) -> Path:
    return captures / "tls12_healthy.pcapng"


def editcap(*arguments: str | Path) -> None:
    subprocess.run(["editcap", *arguments], check=True, capture_output=True)


class TestCheck:
    def test_a_capture_passes(self, capture: Path) -> None:
        file.check(capture)

    def test_a_link_to_a_capture_passes(self, tmp_path: Path, capture: Path) -> None:
        link = tmp_path / "link.pcapng"
        link.symlink_to(capture)
        file.check(link)

    def test_missing(self, tmp_path: Path) -> None:
        with pytest.raises(CaptureError, match=r"gone\.pcap does not exist\.$") as raised:
            file.check(tmp_path / "gone.pcap")
        assert raised.value.hint

    def test_standard_input(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        with pytest.raises(CaptureError, match=r"^Standard input is not read\.$") as raised:
            file.check(Path("-"))
        assert "Save the capture to a file" in raised.value.hint

    def test_a_file_as_folder(self, capture: Path) -> None:
        with pytest.raises(CaptureError, match=r"x\.pcap cannot be read: Not a directory\."):
            file.check(capture / "x.pcap")

    def test_a_link_to_itself(self, tmp_path: Path) -> None:
        loop = tmp_path / "loop.pcap"
        loop.symlink_to(loop)
        with pytest.raises(CaptureError, match=r"loop\.pcap cannot be read"):
            file.check(loop)

    def test_a_name_that_is_too_long(self, tmp_path: Path) -> None:
        with pytest.raises(CaptureError, match="cannot be read: File name too long"):
            file.check(tmp_path / ("a" * 300))

    def test_directory(self, tmp_path: Path) -> None:
        with pytest.raises(CaptureError, match=r"is a directory\.$"):
            file.check(tmp_path)

    def test_empty(self, tmp_path: Path) -> None:
        (tmp_path / "e.pcap").touch()
        with pytest.raises(CaptureError, match=r"e\.pcap is empty: it holds 0 bytes"):
            file.check(tmp_path / "e.pcap")

    def test_a_named_pipe_is_refused_at_once(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "p.pcap")
        with pytest.raises(CaptureError, match=r"p\.pcap is not a regular file"):
            file.check(tmp_path / "p.pcap")

    def test_a_device_is_refused(self) -> None:
        with pytest.raises(CaptureError, match="/dev/zero is not a regular file"):
            file.check(Path("/dev/zero"))

    def test_the_name_is_made_visible(self, tmp_path: Path) -> None:
        with pytest.raises(CaptureError) as raised:
            file.check(tmp_path / "a\x1b[31m\nb\u202e.pcap")
        assert r"a\x1b[31m\x0ab\u202e.pcap does not exist." in raised.value.message

    def test_without_permission(self, tmp_path: Path) -> None:
        """Root may read everything, so a child that gives its rights up looks."""
        secret = tmp_path / "secret.pcap"
        secret.write_bytes(b"x")
        secret.chmod(0)
        if os.geteuid() == 0:
            script = (
                "import os, sys; from pathlib import Path; from explainer.capture import file;"
                f"os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY});"
                "os.chdir(sys.argv[1]); file.check(Path('secret.pcap'))"
            )
            # The folder itself must be open to the child; pytest makes its folders for their owner alone.
            for folder in (tmp_path, *tmp_path.parents):
                if folder.stat().st_uid == 0 and not folder.stat().st_mode & 0o001:
                    folder.chmod(folder.stat().st_mode | 0o001)
            done = subprocess.run(
                [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=False
            )
            assert "CaptureError: secret.pcap may not be read by this user." in done.stderr
        else:
            with pytest.raises(CaptureError, match="may not be read by this user"):
                file.check(secret)


class TestSha256:
    def test_is_that_of_the_bytes(self, capture: Path) -> None:
        assert file.sha256(capture) == hashlib.sha256(capture.read_bytes()).hexdigest()

    def test_of_a_compressed_file_is_that_of_the_compressed_bytes(self, tmp_path: Path, capture: Path) -> None:
        packed = tmp_path / "c.pcapng.gz"
        packed.write_bytes(gzip.compress(capture.read_bytes()))
        assert file.sha256(packed) == hashlib.sha256(packed.read_bytes()).hexdigest()


class TestContainer:
    def test_pcapng(self, capture: Path) -> None:
        found = file.container(tshark.find(None), capture)
        assert found is not None
        assert found.format == "pcapng"

    def test_pcap_with_a_snap_length(self, tmp_path: Path, capture: Path) -> None:
        editcap("-F", "pcap", "-s", "34", capture, tmp_path / "c.pcap")
        found = file.container(tshark.find(None), tmp_path / "c.pcap")
        assert found is not None
        assert found.format == "pcap"
        assert found.snap_length == _snap_length(tmp_path / "c.pcap")

    def test_gzip(self, tmp_path: Path, capture: Path) -> None:
        (tmp_path / "c.pcapng.gz").write_bytes(gzip.compress(capture.read_bytes()))
        found = file.container(tshark.find(None), tmp_path / "c.pcapng.gz")
        assert found is not None
        assert found.format.startswith("pcapng")

    def test_a_text_file_has_none(self, tmp_path: Path) -> None:
        (tmp_path / "t.txt").write_text("not packets\n" * 10)
        assert file.container(tshark.find(None), tmp_path / "t.txt") is None

    def test_without_capinfos_it_is_not_known(
        self, tmp_path: Path, capture: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        assert file.container(tshark.Tshark(tmp_path / "tshark"), capture) is None

    @pytest.mark.parametrize("name", ['a,b"c.pcapng', "a\nb.pcapng", "-r.pcapng", "ü\x1b.pcapng"])
    def test_the_name_does_not_matter(self, tmp_path: Path, capture: Path, name: str) -> None:
        (tmp_path / name).write_bytes(capture.read_bytes())
        found = file.container(tshark.find(None), tmp_path / name)
        assert found is not None
        assert found.format == "pcapng"


def _snap_length(path: Path) -> int:
    """The snap length in the header of a little-endian pcap file."""
    return int.from_bytes(path.read_bytes()[16:20], "little")
