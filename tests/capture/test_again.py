"""A second look at some frames of a capture, dissected another way."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from factories import matching, tshark

from capture import programs
from capture.programs import MARK, left_behind, program
from explainer.capture import tshark as programs_found
from explainer.capture.again import Again, Asked
from explainer.capture.selection import EVERYTHING, Selection
from explainer.facts import Column, Kind, View
from explainer.protocols.tcp import CONTENT

NUMBER = Column("frame.number", Kind.INT)
KINDS = Column("tls.handshake.type", Kind.INT, many=True)
REASSEMBLED = ("tcp.reassemble_out_of_order:TRUE",)
SERVER_HELLO = 2


def seen(
    capture: Path,
    display_filter: str,
    *columns: Column,
    frames: tuple[int, ...] = (),
    how: dict[str, tuple[str, ...]] | None = None,
    selection: Selection = EVERYTHING,
    named: Path | None = None,
) -> pl.DataFrame:
    """Return what a second look shows, of all frames unless some are named."""
    total = len(matching(capture, ""))
    how = how or {}
    decode_as, preferences = how.get("decode_as", ()), how.get("preferences", ())
    view = View(frames or tuple(range(1, total + 1)), display_filter, decode_as, preferences)
    return Again(capture, programs_found.find(named), total, selection, 2).look([NUMBER, *columns], view)


@pytest.fixture
def disordered(captures: Path) -> Path:
    return captures / "tls12_out_of_order_healthy.pcapng"


def test_it_shows_the_frames_of_the_filter_in_order(disordered: Path) -> None:
    rows = seen(disordered, "tcp.stream == 1")
    assert rows["frame.number"].to_list() == sorted(matching(disordered, "tcp.stream == 1"))


@pytest.mark.parametrize(("preferences", "shown"), [((), False), (REASSEMBLED, True)])
def test_a_preference_shows_what_the_defaults_do_not(
    disordered: Path, preferences: tuple[str, ...], shown: bool
) -> None:
    rows = seen(disordered, "tls", KINDS, how={"preferences": preferences})
    assert (SERVER_HELLO in rows["tls.handshake.type"].explode()) is shown


@pytest.mark.parametrize(("decode_as", "shown"), [((), True), (("tcp.port==443,http",), False)])
def test_decode_as_says_how_a_port_is_dissected(disordered: Path, decode_as: tuple[str, ...], shown: bool) -> None:
    assert seen(disordered, "tls", how={"decode_as": decode_as}).is_empty() is not shown


def test_frames_keep_the_numbers_that_they_have_in_the_capture(disordered: Path) -> None:
    stream = tuple(sorted(matching(disordered, "tcp.stream == 1")))
    assert stream[0] > 1
    assert seen(disordered, "", frames=stream)["frame.number"].to_list() == list(stream)


@pytest.mark.parametrize("kind", ["pcap", "nsecpcap", "snoop"])
def test_any_format_can_be_looked_at_again(disordered: Path, tmp_path: Path, kind: str) -> None:
    other = tmp_path / f"other.{kind}"
    subprocess.run(["editcap", "-F", kind, disordered, other], check=True)
    stream = tuple(sorted(matching(disordered, "tcp.stream == 1")))
    assert seen(other, "tls", frames=stream)["frame.number"].to_list() == sorted(
        matching(disordered, "tls && tcp.stream == 1")
    )


def test_nothing_matches(disordered: Path) -> None:
    rows = seen(disordered, "frame.number > 1000000", KINDS)
    assert rows.is_empty()
    assert {"frame.number", "tls.handshake.type"} <= set(rows.columns)


def test_the_users_way_of_dissecting_stays_and_his_filter_does_not(disordered: Path) -> None:
    chosen = Selection(display_filter="dns", decode_as=("tcp.port==443,http",))
    assert seen(disordered, "tls", selection=chosen).is_empty()
    assert seen(disordered, "tcp.port == 443", selection=chosen).height == len(matching(disordered, "tcp.port == 443"))


def test_the_users_key_log_decrypts_here_too(captures: Path, tmp_path: Path) -> None:
    capture = captures / "tls13_healthy.pcapng"
    # A key log without the right keys changes nothing: it only has to reach tshark.
    (tmp_path / "keys").write_text("")
    log = tmp_path / "log"
    logging = program(tmp_path / "bin", programs.logging(log))
    seen(capture, "tls", selection=Selection(keylog=tmp_path / "keys"), named=logging)
    assert f"-o tls.keylog_file:{tmp_path / 'keys'}" in log.read_text(errors="replace")


def test_it_is_what_tshark_prints(disordered: Path) -> None:
    printed = tshark(
        disordered, "-o", REASSEMBLED[0], "-Y", "tls", "-T", "fields", "-e", "frame.number", "-e", KINDS.field
    )
    rows = seen(disordered, "tls", KINDS, how={"preferences": REASSEMBLED}).select("frame.number", KINDS.field).rows()
    shown = [(number, ",".join(str(kind) for kind in kinds or ())) for number, kinds in rows]
    assert shown == [(int(number), kinds) for number, kinds in (line.split("\t") for line in printed.splitlines())]


def test_a_look_that_takes_too_long_keeps_what_it_saw(
    disordered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MARK, str(tmp_path))
    endless = program(tmp_path, programs.ENDLESS)
    assert seen(disordered, "tls", named=endless).height == len(matching(disordered, "tls"))
    assert left_behind(str(tmp_path)) == []


PAYLOAD = Column("tcp.len", Kind.INT, many=True)
FIRST, SECOND = "tcp.stream == 0", "tcp.stream == 1"


def asked(capture: Path, frames: str, display_filter: str = "", *columns: Column, **how: tuple[str, ...]) -> Asked:
    """Return the look at these frames of a capture, of which the filter shows some."""
    decode_as, preferences = how.get("decode_as", ()), how.get("preferences", ())
    view = View(tuple(sorted(matching(capture, frames))), display_filter, decode_as, preferences)
    return Asked((NUMBER, *columns), view)


def again_at(capture: Path, named: Path | None = None) -> Again:
    return Again(capture, programs_found.find(named), len(matching(capture, "")), EVERYTHING, 30)


def test_looks_that_fit_share_one_tshark_and_see_what_each_sees_alone(disordered: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    again = again_at(disordered, program(tmp_path / "bin", programs.logging(log)))
    looks = [
        asked(disordered, SECOND, "tls", KINDS),
        asked(disordered, FIRST, "", PAYLOAD),
        asked(disordered, "udp", "dns.flags.response == 1", Column("dns.id")),
    ]
    assert again.together(looks)
    together = again.looks(looks)
    assert log.read_text(errors="replace").count("-r -") == 1
    alone = [again.looks([look])[0] for look in looks]
    assert [table.height > 0 for table in together] == [True, True, True]
    for one, other in zip(together, alone, strict=True):
        assert one.equals(other)


@pytest.mark.parametrize(
    "other",
    [
        lambda capture: asked(capture, "frame", "tls", KINDS),
        lambda capture: asked(capture, FIRST, "", preferences=REASSEMBLED),
        lambda capture: asked(capture, FIRST, "", decode_as=("tcp.port==443,http",)),
        lambda capture: asked(capture, FIRST, "", Column(KINDS.field)),
        lambda capture: Asked((NUMBER, CONTENT), View((1,))),
    ],
    ids=["the same frames", "another preference", "decode as", "a field read in another way", "bytes of the file"],
)
def test_looks_that_do_not_fit(disordered: Path, other: Callable[[Path], Asked]) -> None:
    assert not again_at(disordered).together([asked(disordered, SECOND, "tls", KINDS), other(disordered)])


def test_looks_at_a_file_of_several_sections_stay_apart(disordered: Path, tmp_path: Path) -> None:
    twice = tmp_path / "twice.pcapng"
    twice.write_bytes(disordered.read_bytes() * 2)
    assert not again_at(twice).together([asked(twice, FIRST), asked(twice, SECOND)])
