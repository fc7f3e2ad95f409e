import dataclasses
import os
import shutil
import subprocess
from pathlib import Path

import factories
import pytest
from factories import dense

from capture import programs
from explainer import analyse, closeup, registry
from explainer.capture import filters, frame, read, taps, tshark
from explainer.capture.selection import EVERYTHING, Selection
from explainer.errors import CaptureError, SettingsError
from explainer.facts import Column, Kind, Tap
from explainer.model import Cell
from explainer.protocols.frame import FRAME, TIME

TCP_FILTER = 'tcp.port in {443, 8443} && frame contains "a" || tcp.port == 443'
STATEFUL = (
    Column("tcp.stream", Kind.INT), Column("tcp.analysis.initial_rtt"), Column("tcp.analysis.ack_rtt"),
    Column("tcp.analysis.acks_frame"), Column("tcp.window_size"), Column("tcp.completeness"), Column("tcp.seq"),
    Column("tls.handshake.type", many=True), Column("frame.time_relative"), Column("frame.time_delta"),
)  # fmt: skip


def read_frames(path: Path, chosen: Selection = EVERYTHING, *wanted: str) -> read.Capture:
    return read.read(
        path, tshark.find(None), STATEFUL, [Tap(word) for word in wanted], time_limit_s=60, selection=chosen
    )


def column(path: Path, chosen: Selection, field: str = FRAME.field) -> list[object]:
    return read_frames(path, chosen).frames.column(field).to_list()


class TestFilter:
    def test_the_frames_are_those_that_tshark_prints(self, captures: Path) -> None:
        path = captures / "tls12_expired.pcapng"
        assert set(column(path, Selection(TCP_FILTER))) == factories.matching(path, TCP_FILTER)

    def test_numbers_streams_times_and_state_are_those_of_the_whole_file(self, captures: Path) -> None:
        """Without -2 tshark dissects every frame in order, also those that it does not print."""
        path = captures / "tls12_expired.pcapng"
        whole = dense(read_frames(path).frames)
        some = dense(read_frames(path, Selection("tls || tcp.flags.fin == 1")).frames)
        assert 0 < some.height < whole.height
        assert some.equals(whole.filter(whole[FRAME.field].is_in(some[FRAME.field].implode())))

    def test_nothing_chosen_is_everything(self, captures: Path) -> None:
        captured = read_frames(captures / "tls12_expired.pcapng")
        assert (captured.info.frames, captured.info.selection) == (70, ())

    @pytest.mark.parametrize("blank", ["", "  ", "\n"])
    def test_a_blank_filter_is_none(self, blank: str) -> None:
        assert Selection(blank).arguments() == []

    def test_it_says_what_it_is(self, captures: Path) -> None:
        info = read_frames(captures / "tls12_expired.pcapng", Selection("tcp.port == 443", start="0.001")).info
        assert info.selection == (
            "only frames that match: tcp.port == 443",
            "only frames from 0.001 s after the first frame on",
            "10 of 70 frames match; what seems missing may be in the others",
        )

    @pytest.mark.parametrize(
        ("wrong", "marked"),
        [
            ("tcp.prt == 1", "tcp.prt == 1\n    ^~~~~~~"),
            ("tcp.port == = 1", "tcp.port == = 1\n                ^"),
            ('frame contains "é" && xx', 'frame contains "é" && xx\n                          ^~'),
            ("tcp &&\nxx", "tcp &&\\x0axx\n              ^~"),
            ("-w /tmp/owned", "-w /tmp/owned\n     ^"),
            ("tcp) || (udp", "tcp) || (udp\n       ^"),
            ("$(touch /tmp/owned)", "$(touch /tmp/owned)\n"),
            ("\x1b[31m", "\\x1b[31m\n    ^"),
            ("%n%s", "%n%s\n    ^"),
        ],
    )
    def test_a_wrong_one_is_refused_with_marks_under_the_fault(self, captures: Path, wrong: str, marked: str) -> None:
        with pytest.raises(SettingsError, match="--filter is wrong: ") as raised:
            analyse(captures / "tls12_expired.pcapng", selection=Selection(wrong))
        assert marked in raised.value.message
        assert "\x1b" not in raised.value.message

    @pytest.mark.parametrize(
        "wrong", ["tcp.port ==", 'http.host matches "("', "ip.addr == www.example.org", "tcp && !!!", "$"]
    )
    def test_a_fault_without_a_place_is_refused_with_the_sentence(self, captures: Path, wrong: str) -> None:
        with pytest.raises(SettingsError, match=r"--filter is wrong: \S"):
            analyse(captures / "tls12_expired.pcapng", selection=Selection(wrong))

    @pytest.mark.parametrize(
        ("depth", "opening", "closing"),
        [(20_000, "(", ""), (98, "(", ")"), (99, "!", ""), (33, "(eth && ", ")"), (100, "not ", ""), (50, "!(", ")")],
    )
    def test_one_that_tshark_would_not_understand_without_telling_is_refused(
        self, captures: Path, depth: int, opening: str, closing: str
    ) -> None:
        with pytest.raises(SettingsError, match="--filter is nested too deep"):
            read_frames(captures / "tls12_expired.pcapng", Selection(opening * depth + "udp" + closing * depth))

    @pytest.mark.parametrize(
        ("depth", "opening", "closing", "expected"),
        [
            (8, "(stp || eth && !!!!", ")", 6),
            (9, "(stp || eth && !!!", ")", 64),
            (25, "(eth && ", ")", 6),
            (75, "!", "", 64),
            (75, "(", ")", 6),
            (2000, "stp || ", "", 6),
            (1, 'not frame contains "((((((((((((((((((((((((((((((((((((((((((((((((" && ', "", 6),
        ],
    )
    def test_one_that_is_almost_too_deep_is_understood(
        self, captures: Path, depth: int, opening: str, closing: str, expected: int
    ) -> None:
        chosen = Selection(opening * depth + "udp" + closing * depth)
        assert read_frames(captures / "tls12_expired.pcapng", chosen).frames.height == expected

    @pytest.mark.parametrize("wrong", ["tcp\0", "x" * 30_001])
    def test_what_cannot_be_an_argument_is_refused(self, wrong: str) -> None:
        with pytest.raises(SettingsError, match=r"null character, or is longer"):
            Selection(wrong)

    def test_it_reaches_tshark_as_one_argument(self, tmp_path: Path, captures: Path) -> None:
        log = tmp_path / "log"
        program = tshark.Tshark(programs.program(tmp_path, programs.logging(log, "[%s]")))
        chosen = Selection('-w /tmp/owned; $(id) "')
        with pytest.raises(SettingsError):
            read.read(captures / "tcp_refused.pcapng", program, [], [], time_limit_s=60, selection=chosen)
        assert '[-Y][(-w /tmp/owned; $(id) ")]' in log.read_text(errors="replace")
        assert not Path("/tmp/owned").exists()

    def test_none_that_matches_is_no_error(self, captures: Path) -> None:
        info = read_frames(captures / "tls12_expired.pcapng", Selection("tcp.port == 1")).info
        assert info.frames == 0
        assert info.selection[-1] == "no frame matches: 0 of 70 frames"

    def test_none_of_none_is_a_file_without_packets(self, tmp_path: Path) -> None:
        path = factories.pcap(tmp_path / "none.pcap", [])
        with pytest.raises(CaptureError, match="holds no packets"):
            read_frames(path, Selection("tcp"))

    def test_none_of_a_cut_file(self, captures: Path) -> None:
        info = read_frames(captures / "tls12_capture_cut.pcapng", Selection("tcp.port == 1")).info
        assert (info.frames, info.selection[-1]) == (0, "no frame matches: 0 of 69 frames")
        assert info.warnings == ("The file is cut off in the middle of a packet: the 69 frames up to there were read.",)

    def test_without_capinfos_the_whole_is_not_known(self, tmp_path: Path, captures: Path) -> None:
        alone = tshark.Tshark(programs.program(tmp_path, f'exec {programs.TSHARK} "$@"\n'))
        object.__setattr__(alone, "companion", lambda name: None)
        path, empty = captures / "tls12_expired.pcapng", factories.pcap(tmp_path / "none.pcap", [])
        for wanted, said in (("udp", "6 frames match; "), ("stp", "no frame matches: 0 frames")):
            info = read.read(path, alone, [], [], time_limit_s=60, selection=Selection(wanted)).info
            assert info.selection[-1].startswith(said)
        with pytest.raises(CaptureError, match="holds no packets"):
            read.read(empty, alone, [], [], time_limit_s=60, selection=Selection("udp"))

    def test_every_rule_and_statistic_bears_it(self, captures: Path) -> None:
        for wanted in ("stp", "tcp.flags.syn == 1", "udp", "frame.number == 22"):
            looked = analyse(captures / "tls12_expired.pcapng", selection=Selection(wanted), strict=True)
            assert [stat.id for stat in looked.stats] == [statistic.id for statistic in registry.statistics]
            assert [outcome.rule for outcome in looked.outcomes] == [rule.id for rule in registry.rules]


class TestTaps:
    @pytest.mark.parametrize("wanted", ["tcp.port == 443", TCP_FILTER, "udp", "tcp.port == 1"])
    def test_the_hierarchy_is_that_of_the_filter(self, captures: Path, wanted: str) -> None:
        path = captures / "tls12_expired.pcapng"
        found = read_frames(path, Selection(wanted), "io,phs").taps
        oracle = taps.sections(factories.tshark(path, "-q", "-z", f"io,phs,{wanted}"))["io,phs"]
        assert list(found) == ["io,phs"]
        assert _counts(found["io,phs"]) == _counts(oracle)

    @pytest.mark.parametrize("wanted", ["tcp.port == 80", "note || tcp.port == 80"])
    def test_expert_takes_no_word_of_the_filter_as_a_severity(self, captures: Path, wanted: str) -> None:
        path = captures / "tls12_expired.pcapng"
        if "note" in wanted:
            with pytest.raises(SettingsError):
                read_frames(path, Selection(wanted), "expert")
            return
        assert "Chats" in read_frames(path, Selection(wanted), "expert").taps["expert"]

    def test_a_filter_that_looks_like_a_line_of_the_table_adds_none(self, captures: Path) -> None:
        line = "\nframe                                    frames:9 bytes:9\n"
        path = captures / "tls12_expired.pcapng"
        found = analyse(path, selection=Selection(f'udp || frame contains "{line}"'), strict=True)
        hierarchy = found.stat("protocol_hierarchy")
        assert hierarchy
        assert max(int(str(row[3])) for row in hierarchy.rows) == 6


def _counts(text: str) -> list[str]:
    return [line for line in text.splitlines() if "frames:" in line]


class TestTimes:
    FIRST_NS = 1_700_000_000 * 10**9

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        """Ten frames, a second apart, from 2023-11-14 22:13:20 UTC on."""
        packets = [factories.ethernet(factories.ip("192.0.2.1", "192.0.2.2", factories.UDP, factories.datagram(1, 2)))]
        return factories.pcap(tmp_path / "ten.pcap", packets * 10, step_ns=10**9)

    @pytest.mark.parametrize(
        ("start", "end", "frames"),
        [
            ("2", "4", [3, 4, 5]),
            ("+2.0", "3.999999999", [3, 4]),
            ("2.000000001", "", [4, 5, 6, 7, 8, 9, 10]),
            ("", "-1", []),
            ("2023-11-14T22:13:22Z", "2023-11-14 22:13:23", [3, 4]),
            ("2023-11-15T03:43:22+05:30", "2023-11-14T22:13:22.000000001Z", [3]),
            ("2023-11-14T22:13:22.000000001Z", "4", [4, 5]),
            ("2023-11-14", "2023-11-15", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
            ("0001-01-01", "9999-12-31T23:59:59Z", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
            ("9999-01-01", "", []),
            ("", "1969-12-31T23:59:59Z", []),
            ("1960-01-01T00:00:00.5Z", "0", [1]),
        ],
    )
    def test_from_and_to_are_included(self, path: Path, start: str, end: str, frames: list[int]) -> None:
        assert column(path, Selection(start=start, end=end)) == frames

    def test_they_join_the_filter_without_changing_it(self, path: Path) -> None:
        assert column(path, Selection("frame.number == 1 || frame.number > 7", start="5")) == [8, 9, 10]

    def test_the_time_column_is_that_of_the_whole_file(self, path: Path) -> None:
        assert column(path, Selection(start="9"), TIME.field) == [self.FIRST_NS + 9 * 10**9]

    @pytest.mark.parametrize("wrong", ["noon", "1e3", "inf", "12:30", "2026-13-01", "1; 2", "0x10", "1" * 20, "\x1b[m"])
    def test_what_is_no_time_is_refused(self, wrong: str) -> None:
        with pytest.raises(SettingsError, match=r"is no time\.") as raised:
            Selection(start=wrong)
        assert "\x1b" not in raised.value.message

    @pytest.mark.parametrize(("start", "end"), [("2", "1"), ("2026-01-02", "2026-01-01")])
    def test_from_after_to_is_refused(self, start: str, end: str) -> None:
        with pytest.raises(SettingsError, match=r"--from is later than --to\."):
            Selection(start=start, end=end)

    def test_in_words(self) -> None:
        chosen = Selection(start="2026-11-21T10:53:02.5+01:00", end="+12.5")
        assert chosen.sentences() == (
            "only frames from 2026-11-21 09:53:02.5 UTC on",
            "only frames up to 12.5 s after the first frame",
        )


class TestFrames:
    @pytest.mark.parametrize(
        ("numbers", "expected"), [("4", [4]), ("4,7-9", [4, 7, 8, 9]), ("69-99, 1-1", [1, 69, 70])]
    )
    def test_numbers_and_ranges(self, captures: Path, numbers: str, expected: list[int]) -> None:
        assert column(captures / "tls12_expired.pcapng", Selection(frames=numbers)) == expected

    @pytest.mark.parametrize("wrong", ["0", "4,", "9-7", "-3", "a", "1-", "4294967296", "1 2", "4..7", ","])
    def test_anything_else_is_refused(self, wrong: str) -> None:
        with pytest.raises(SettingsError, match="no frame number"):
            Selection(frames=wrong)


class TestDecodeAs:
    def test_the_hierarchy_changes(self, captures: Path) -> None:
        path = captures / "tls12_healthy.pcapng"
        plain, as_http = (
            _protocols(path, Selection(decode_as=rules)) for rules in ((), ("tcp.port==443,http", "tcp.port==81,tls"))
        )
        assert "tls" in plain
        assert "tls" not in as_http
        healthy = captures / "dns_and_http_healthy.pcapng"
        assert "http" in _protocols(healthy, EVERYTHING)
        assert "http" not in _protocols(healthy, Selection(decode_as=("tcp.port==80,ssh",)))

    def test_it_is_said(self, captures: Path) -> None:
        info = read_frames(captures / "tls12_healthy.pcapng", Selection(decode_as=("tcp.port==443,http",))).info
        assert info.selection == ("decoded as the user says: tcp.port==443,http",)

    @pytest.mark.parametrize(
        ("wrong", "sentence"),
        [
            ("tcp.port==443,nonsense", 'Unknown protocol -- "nonsense"'),
            ("tcp.prt==443,http", "Unknown layer type -- tcp.prt"),
            ("tcp.port==abc,http", 'Invalid selector number "abc"'),
            ("-w", 'Parameter "-w" doesn\'t follow the template'),
            ("", 'Parameter "" doesn\'t follow the template'),
        ],
    )
    def test_a_wrong_one_is_refused_in_tsharks_words(self, captures: Path, wrong: str, sentence: str) -> None:
        with pytest.raises(SettingsError) as raised:
            read_frames(captures / "tls12_healthy.pcapng", Selection(decode_as=("tcp.port==80,http", wrong)))
        assert raised.value.message.startswith(f"--decode-as is wrong: {sentence}")
        assert "\n" not in raised.value.message

    def test_one_frame_is_dissected_that_way_too(self, captures: Path) -> None:
        path, rules = captures / "tls12_healthy.pcapng", ("tcp.port==443,http",)
        names = [
            layer.name for layer in frame.dissection(tshark.find(None), path, 4, selection=Selection(decode_as=rules))
        ]
        assert "tls" not in names

    def test_one_frame_that_does_not_match(self, captures: Path) -> None:
        with pytest.raises(CaptureError, match=r"has no frame 4 that matches\."):
            closeup.frame(captures / "tls12_healthy.pcapng", 4, selection=Selection("udp"))
        assert closeup.frame(captures / "tls12_healthy.pcapng", 4, selection=Selection("tcp || udp"))


def _protocols(path: Path, chosen: Selection) -> set[Cell]:
    hierarchy = analyse(path, selection=chosen, only_statistics=["protocol_hierarchy"], rules=False).stats[0]
    return {row[1] for row in hierarchy.rows}


RECORD = """
set -e
ip link set lo up
openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out crt -days 2 -subj /CN=lo.example
tcpdump -i lo -U -w tls.pcap & recorder=$!
openssl s_server -accept 127.0.0.1:443 -key key -cert crt -www & server=$!
for turn in $(seq 100); do [ -s tls.pcap ] && ss -tln | grep -q :443 && break; sleep 0.1; done
printf 'GET /secret HTTP/1.0\\r\\n\\r\\n' | openssl s_client -connect 127.0.0.1:443 -keylogfile keys -ign_eof
sleep 1
kill $server $recorder
wait $recorder || true
"""


@pytest.fixture(scope="module")
def encrypted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A real HTTP request over TLS, recorded in a network of its own, and the key log of its client."""
    missing = [name for name in ("unshare", "ip", "ss", "openssl", "tcpdump") if shutil.which(name) is None]
    if os.geteuid() != 0 or missing:
        reason = f"a TLS connection with its key log can be recorded by root only, with {missing or 'these programs'}"
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("keylog")
    folder.chmod(0o777)  # tcpdump gives up its rights
    done = subprocess.run(
        ["unshare", "--net", "sh", "-c", RECORD], cwd=folder, capture_output=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder / "tls.pcap", folder / "keys"


class TestKeylog:
    def test_http_appears_with_it_alone(self, encrypted: tuple[Path, Path]) -> None:
        path, keys = encrypted
        wanted = [Column("http.request.uri")]
        for keylog, expected in ((None, []), (keys, ["/secret"])):
            found = read.read(path, tshark.find(None), wanted, [], time_limit_s=60, selection=Selection(keylog=keylog))
            assert found.frames.column("http.request.uri").drop_nulls().to_list() == expected
            assert ("http" in _protocols(path, Selection(keylog=keylog))) == bool(expected)

    def test_a_filter_sees_what_was_decrypted(self, encrypted: tuple[Path, Path]) -> None:
        path, keys = encrypted
        assert len(column(path, Selection("http.request", keylog=keys))) == 1
        assert column(path, Selection("http.request")) == []

    @pytest.mark.parametrize("name", ["a b,c'\"d:e#f", "trailing ", "new\nline", "%s%n", "$HOME", "p\u00e4th", "-w"])
    def test_whatever_it_is_called(self, encrypted: tuple[Path, Path], tmp_path: Path, name: str) -> None:
        path, keys = encrypted
        shutil.copy(keys, tmp_path / name)
        assert len(column(path, Selection("http.request", keylog=tmp_path / name))) == 1

    def test_one_frame_is_decrypted(self, encrypted: tuple[Path, Path]) -> None:
        path, keys = encrypted
        chosen = Selection("http.request", keylog=keys)
        (number,) = column(path, chosen)
        assert isinstance(number, int)
        assert "http" in [layer.name for layer in closeup.frame(path, number, selection=Selection(keylog=keys))]

    def test_no_more_than_its_name_is_said(self, captures: Path, tmp_path: Path) -> None:
        keys = tmp_path / "my.keys"
        keys.write_text("CLIENT_RANDOM aa bb\n")
        analysis = analyse(captures / "tls12_healthy.pcapng", selection=Selection(keylog=keys))
        assert analysis.info.selection == ("decrypted with the TLS secrets in my.keys",)
        assert str(tmp_path) not in analysis.model_dump_json()

    @pytest.mark.parametrize(
        ("name", "sentence"), [("gone", "cannot be read: No such file"), (".", "not a regular file")]
    )
    def test_one_that_cannot_be_read_is_refused(self, tmp_path: Path, name: str, sentence: str) -> None:
        with pytest.raises(SettingsError, match=sentence):
            Selection(keylog=tmp_path / name)

    def test_a_named_pipe_is_refused_at_once(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(SettingsError, match="not a regular file"):
            Selection(keylog=tmp_path / "pipe")


def test_it_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        EVERYTHING.display_filter = "tcp"  # type: ignore[misc]


def test_a_tshark_that_crashes_on_a_filter_is_named(tmp_path: Path, captures: Path) -> None:
    crashing = tshark.Tshark(programs.program(tmp_path, "kill -SEGV $$\n"))
    with pytest.raises(SettingsError, match=r"--filter is wrong: tshark cannot work with it \(exit code -11\)"):
        filters.check(crashing, Selection("tcp"))


def test_check_asks_nothing_where_nothing_was_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*arguments: object) -> str:
        raise AssertionError("tshark was asked")

    monkeypatch.setattr(filters, "_complaint", never)
    filters.check(tshark.Tshark(tmp_path / "none"), EVERYTHING)
