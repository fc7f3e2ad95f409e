from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explainer.capture import table
from explainer.facts import Column, Kind
from explainer.protocols.frame import FRAME, LENGTH, TIME

ROWS = b"1\ta\t60\n2\t\t61\n3\tc\t62\n"


def values(column: Column, *texts: str) -> list[object]:
    rows = "".join(f"{number}\t{text}\t60\n" for number, text in enumerate(texts, 1))
    frames = table.read(rows.encode(), (FRAME, column, LENGTH), doubled=False)
    return frames[column.field].to_list()


class TestWholeLines:
    def test_one_cut_anywhere_changes_nothing(self) -> None:
        for cut in range(len(ROWS) + 1):
            found = list(table.whole_lines([ROWS[:cut], ROWS[cut:]]))
            assert b"".join(found) == ROWS, cut
            assert all(lines.endswith(b"\n") for lines in found), cut

    def test_chunks_of_any_one_size_change_nothing(self) -> None:
        for size in range(1, len(ROWS)):
            found = list(table.whole_lines(ROWS[at : at + size] for at in range(0, len(ROWS), size)))
            assert b"".join(found) == ROWS, size
            assert all(lines.endswith(b"\n") for lines in found), size

    @given(st.lists(st.integers(0, len(ROWS)), max_size=8))
    def test_any_cuts_change_nothing(self, cuts: list[int]) -> None:
        edges = [0, *sorted(cuts), len(ROWS)]
        found = list(table.whole_lines(ROWS[a:b] for a, b in pairwise(edges)))
        assert b"".join(found) == ROWS
        assert all(lines.endswith(b"\n") for lines in found)

    @pytest.mark.parametrize("chunks", [[], [b""], [b"", b""]])
    def test_nothing(self, chunks: list[bytes]) -> None:
        assert list(table.whole_lines(chunks)) == []

    def test_a_line_that_a_killed_tshark_did_not_finish_is_dropped(self) -> None:
        whole, unfinished = b"1\ta\t60\n2\tb\t61\n", b"3\tc\t6"
        for size in range(1, len(unfinished) + 1):
            assert b"".join(table.whole_lines([whole + unfinished[:size]])) == whole
            assert b"".join(table.whole_lines([whole, unfinished[:size]])) == whole

    def test_an_unfinished_line_alone_is_nothing(self) -> None:
        assert list(table.whole_lines([b"1\ta"])) == []

    def test_lines_are_handed_out_before_the_stream_ends(self) -> None:
        taken = list[int]()

        def stream() -> Iterator[bytes]:
            for number in range(3):
                taken.append(number)
                yield ROWS

        assert next(iter(table.whole_lines(stream()))) == ROWS
        assert taken == [0]


class TestColumns:
    def test_order_puts_the_number_first_and_the_length_last(self) -> None:
        other = Column("ip.src")
        assert table.ordered([LENGTH, other, FRAME, TIME]) == (FRAME, other, TIME, LENGTH)

    def test_number_and_length_are_always_there(self) -> None:
        assert table.ordered([]) == (FRAME, LENGTH)

    def test_arguments_name_each_field_once_in_order(self) -> None:
        words = table.arguments((FRAME, Column("ip.src"), LENGTH))
        assert [words[at + 1] for at, word in enumerate(words) if word == "-e"] == [
            "frame.number", "ip.src", "frame.len",
        ]  # fmt: skip
        assert "occurrence=a" in words


class TestKinds:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("0", 0), ("17", 17), ("-5", -5), ("0x1f", 31), ("0x00000000", 0), ("0xFFFFFFFF", 4294967295),
            ("", None), ("0x", None), ("0xzz", None), ("abc", None), ("1.5", None), ("7\r9", 7), ("0x10\r0x20", 16),
        ],
    )  # fmt: skip
    def test_int(self, text: str, value: int | None) -> None:
        assert values(Column("x", Kind.INT), text) == [value]

    def test_decimal_and_hexadecimal_side_by_side(self) -> None:
        assert values(Column("x", Kind.INT), "10", "0x10", "", "abc") == [10, 16, None, None]

    @pytest.mark.parametrize(
        ("text", "value"), [("0.25", 0.25), ("-1", -1.0), ("1e3", 1000.0), ("", None), ("x", None)]
    )
    def test_float(self, text: str, value: float | None) -> None:
        assert values(Column("x", Kind.FLOAT), text) == [value]

    @pytest.mark.parametrize(
        ("text", "value"), [("1", True), ("True", True), ("0", False), ("False", False), ("", False)]
    )
    def test_flag(self, text: str, value: bool) -> None:
        assert values(Column("x", Kind.FLAG), text) == [value]

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("0.000000000", 0),
            ("1763718938.123456789", 1763718938123456789),
            ("1763718938.000000001", 1763718938000000001),
            ("1763718938.5", 1763718938500000000),
            ("1763718938", 1763718938000000000),
            ("-1.500000000", -1500000000),
            ("-0.000000001", -1),
            ("-2.000000000", -2000000000),
            ("", None),
            ("abc", None),
            ("12.xyz", None),
            # A damaged file can claim any time; what 64 bits of nanoseconds cannot hold is no time, not a wrong one.
            ("17241998857.070618000", None),
            ("-17241998857.070618000", None),
        ],
    )
    def test_time(self, text: str, value: int | None) -> None:
        assert values(Column("x", Kind.TIME), text) == [value]

    @given(st.integers(-(2**62), 2**62))
    def test_time_keeps_each_nanosecond(self, moment: int) -> None:
        sign, (seconds, rest) = "-" if moment < 0 else "", divmod(abs(moment), 10**9)
        assert values(Column("x", Kind.TIME), f"{sign}{seconds}.{rest:09}") == [moment]

    def test_many_keeps_all_occurrences_in_order(self) -> None:
        assert values(Column("x", Kind.TEXT, many=True), "b\ra\rb", "", "c") == [["b", "a", "b"], None, ["c"]]
        assert values(Column("x", Kind.INT, many=True), "2\r0x10\rx", "") == [[2, 16, None], None]
        assert values(Column("x", Kind.FLAG, many=True), "1\r0") == [[True, False]]
        assert values(Column("x", Kind.TIME, many=True), "1.5\r-1.5") == [[1500000000, -1500000000]]

    def test_one_takes_the_first_occurrence(self) -> None:
        assert values(Column("x"), "a\rb", "c", "") == ["a", "c", None]

    @pytest.mark.parametrize(
        "text", ['"', '""', 'say "hi', "'", "#c", " a ", "\\t\\n", "a,b;c|d", "\x1b[31m", "\x0b\x0c"]
    )
    def test_text_is_kept_as_it_is(self, text: str) -> None:
        assert values(Column("x"), text, "after") == [text, "after"]

    @given(
        st.lists(st.text(st.characters(exclude_characters="\t\n\r", exclude_categories=["Cs"]), min_size=1), min_size=1)
    )
    def test_any_text_comes_back_in_its_row(self, texts: list[str]) -> None:
        assert values(Column("x"), *texts) == texts

    def test_a_byte_of_no_text_parts_the_occurrences(self) -> None:
        frames = table.read(b"1\ta\xff\\r\xffb\t60\n", (FRAME, Column("x", many=True), LENGTH), doubled=False)
        assert frames["x"].to_list() == [["a", "\\r", "b"]]

    @pytest.mark.parametrize(("doubled", "text"), [(True, r"\server\share"), (False, r"\\server\\share")])
    def test_newer_tsharks_double_backslashes(self, doubled: bool, text: str) -> None:
        rows = rb"1%s\\server\\share%s60%s" % (b"\t", b"\t", b"\n")
        assert table.read(rows, (FRAME, Column("x"), LENGTH), doubled=doubled)["x"].to_list() == [text]

    def test_bytes_that_are_no_utf_8_stay_in_their_row(self) -> None:
        rows = b"1\tbefore\xfd\xfeafter\t60\n2\tplain\t61\n"
        frames = table.read(rows, (FRAME, Column("x"), LENGTH), doubled=False)
        assert frames["x"].to_list() == ["before\ufffd\ufffdafter", "plain"]
        assert frames[LENGTH.field].to_list() == [60, 61]

    def test_the_empty_table_has_the_types_of_a_full_one(self) -> None:
        columns = (FRAME, TIME, Column("t"), Column("f", Kind.FLAG), Column("m", Kind.INT, many=True), LENGTH)
        full = table.read(b"1\t1.5\ta\t1\t1\r2\t60\n", columns, doubled=False)
        empty = table.empty(columns)
        assert (empty.schema, empty.height) == (full.schema, 0)
