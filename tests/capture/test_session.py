import subprocess
import time
from pathlib import Path

import pytest

from explainer.capture import session, tshark
from explainer.capture.selection import EVERYTHING, Selection
from explainer.capture_access import CaptureAccess
from explainer.errors import SettingsError

FILTERS = (
    "tcp.flags.reset == 1",
    "tls.alert_message",
    "dns && udp.port == 53",
    'http contains "GET"',
    "frame.number > 60",
)
BROKEN = ("nonsense ==", "tcp) || (udp", "ip.addr == banana", '"', "(" * 90 + "tcp" + ")" * 90)


@pytest.fixture
def opened(captures: Path) -> session.Session:
    found = session.opened(tshark.find(None), captures / "tls12_expired.pcapng", 60)
    if found is None:
        pytest.skip("sharkd is not installed: filters go through tshark")
    return found


@pytest.mark.parametrize("display_filter", FILTERS)
def test_it_finds_the_frames_that_tshark_finds(opened: session.Session, captures: Path, display_filter: str) -> None:
    capture = str(captures / "tls12_expired.pcapng")
    words = ["tshark", "-n", "-2", "-r", capture, "-Y", display_filter, "-T", "fields", "-e", "frame.number"]
    done = subprocess.run(words, capture_output=True, check=True)
    assert opened.matching(display_filter) == tuple(map(int, done.stdout.split()))
    assert opened.complaint(display_filter) == ""


@pytest.mark.parametrize("display_filter", BROKEN, ids=range(len(BROKEN)))
def test_a_filter_that_is_none_is_complained_of(opened: session.Session, display_filter: str) -> None:
    assert opened.complaint(display_filter)


def test_a_follow_up_takes_milliseconds(opened: session.Session) -> None:
    started = time.monotonic()
    for port in range(40):
        opened.matching(f"tcp.port == {port}")
    assert time.monotonic() - started < 4  # 3 ms each on an idle machine


def test_it_goes_with_who_opened_it(captures: Path) -> None:
    found = session.opened(tshark.find(None), captures / "tcp_refused.pcapng", 60)
    if found is None:
        pytest.skip("sharkd is not installed")
    process = found._process
    del found
    assert process.wait(5) is not None


class TestAccess:
    def access(self, captures: Path, selection: Selection = EVERYTHING) -> CaptureAccess:
        return CaptureAccess(captures / "tls12_expired.pcapng", tshark.find(None), selection, 60)

    def test_a_selection_holds_and_cannot_be_left(self, captures: Path) -> None:
        narrow = self.access(captures, Selection("tls"))
        assert narrow.matching("tcp.port == 443") == (20, 22, 24)
        with pytest.raises(SettingsError):
            narrow.matching("udp) || (tcp")

    def test_with_decode_as_tshark_does_it(self, captures: Path) -> None:
        assert self.access(captures, Selection(decode_as=("tcp.port==80,tls",))).matching("tls.alert_message") == (24,)
