from concurrent.futures import Future

import polars as pl
import pytest

from explainer.facts import (
    Column,
    Fact,
    Facts,
    Given,
    Kind,
    Look,
    Tap,
    UndeclaredNeedError,
    View,
    fact,
    looks,
    required,
)
from explainer.frame_table import FrameTable

A, B = Column("a"), Column("b", Kind.INT)
TAP = Tap("io,phs")
TABLE = FrameTable.of(pl.DataFrame({"a": ["x", "y"], "b": [1, 2]}))


GIVEN = Given("trusted certificates")
VIEW = View((1, 2), "tls", ("tcp.port==9999,tls",))


def looking(view: View | None = VIEW, *needs: Column | Fact[int]) -> Look:
    """Return a look at column b, whatever the frames say."""
    return Look("second look", needs, (B,), lambda facts: view)


class Eyes:
    """Looks at nothing but notes what it was asked for."""

    def __init__(self) -> None:
        self.asked = list[tuple[Look, View]]()

    def __call__(self, look: Look, view: View) -> "Future[pl.DataFrame]":
        self.asked.append((look, view))
        seen = Future[pl.DataFrame]()
        seen.set_result(pl.DataFrame({"b": [len(self.asked)]}))
        return seen


def counting(*needs: Column | Tap | Fact[int]) -> tuple[Fact[int], list[int]]:
    """Return a fact, and a list that grows each time that it is computed."""
    calls = list[int]()

    @fact("countings", *needs)
    def counted(facts: Facts) -> int:
        calls.append(1)
        return 7

    return counted, calls


class TestFacts:
    def test_columns_come_as_asked(self) -> None:
        assert Facts(TABLE, {}).frames(B, A).columns == ["b", "a"]

    def test_a_fact_is_computed_once(self) -> None:
        counted, calls = counting(A)
        facts = Facts(TABLE, {})
        assert (facts[counted], facts[counted], facts.limited_to([counted])[counted]) == (7, 7, 7)
        assert calls == [1]

    def test_once_also_where_a_limited_view_asks_first(self) -> None:
        counted, calls = counting(A)
        facts = Facts(TABLE, {})
        assert facts.limited_to([counted])[counted] == facts[counted]
        assert calls == [1]

    def test_a_value_that_is_false_is_computed_once_too(self) -> None:
        calls = list[int]()

        @fact("nothings")
        def nothing(facts: Facts) -> list[int]:
            calls.append(1)
            return []

        facts = Facts(TABLE, {})
        assert facts[nothing] == facts[nothing] == []
        assert calls == [1]

    def test_a_fact_may_read_what_it_declares(self) -> None:
        @fact("sums", B)
        def total(facts: Facts) -> int:
            return int(facts.frames(B)["b"].sum())

        assert Facts(TABLE, {})[total] == 3

    def test_a_fact_may_not_read_more(self) -> None:
        @fact("sums", A)
        def total(facts: Facts) -> int:
            return int(facts.frames(B)["b"].sum())

        with pytest.raises(UndeclaredNeedError, match="b is read but not declared"):
            Facts(TABLE, {})[total]

    def test_nor_another_fact(self) -> None:
        counted, _ = counting(A)

        @fact("sums", A)
        def total(facts: Facts) -> int:
            return facts[counted]

        with pytest.raises(UndeclaredNeedError, match="countings is read but not declared"):
            Facts(TABLE, {})[total]

    def test_what_a_fact_needs_is_not_declared_by_declaring_the_fact(self) -> None:
        counted, _ = counting(A)
        with pytest.raises(UndeclaredNeedError):
            Facts(TABLE, {}).limited_to([counted]).frames(A)

    def test_a_computed_fact_stays_closed_to_those_who_did_not_declare_it(self) -> None:
        counted, _ = counting(A)
        facts = Facts(TABLE, {})
        assert facts[counted]
        with pytest.raises(UndeclaredNeedError):
            facts.limited_to([A])[counted]

    def test_taps(self) -> None:
        facts = Facts(TABLE, {"io,phs": "text"})
        assert facts.tap(TAP) == facts.limited_to([TAP]).tap(TAP) == "text"
        assert facts.tap(Tap("conv,tcp")) == ""
        with pytest.raises(UndeclaredNeedError, match="io,phs"):
            facts.limited_to([A]).tap(TAP)


class TestLook:
    def test_it_is_made_once_whoever_asks(self) -> None:
        eyes, look = Eyes(), looking()
        facts = Facts(TABLE, {}, look_again=eyes)
        seen = facts.look(look)
        assert seen is not None
        assert seen["b"].to_list() == [1]
        assert facts.limited_to([look]).look(look) is seen
        assert eyes.asked == [(look, VIEW)]

    def test_once_also_where_a_limited_view_asks_first(self) -> None:
        eyes, look = Eyes(), looking()
        facts = Facts(TABLE, {}, look_again=eyes)
        assert facts.limited_to([look]).look(look) is facts.look(look)
        assert len(eyes.asked) == 1

    def test_begun_before_it_is_asked_for_it_is_made_once(self) -> None:
        eyes, look = Eyes(), looking()
        facts = Facts(TABLE, {}, look_again=eyes)
        facts.begin(look)
        assert eyes.asked == [(look, VIEW)]
        assert facts.look(look) is not None
        assert len(eyes.asked) == 1

    def test_looks_come_after_those_that_they_wait_for(self) -> None:
        first = looking()

        @fact("what the first look shows", first)
        def seen(facts: Facts) -> int:
            return 1

        second = looking(VIEW, seen)
        assert looks([B, second, seen]) == (first, second)
        assert looks([B]) == ()

    def test_two_looks_are_two(self) -> None:
        eyes = Eyes()
        facts = Facts(TABLE, {}, look_again=eyes)
        for look in (looking(), looking()):
            facts.look(look)
        assert len(eyes.asked) == 2

    def test_where_it_is_not_needed_nobody_looks(self) -> None:
        eyes, look = Eyes(), looking(None)
        facts = Facts(TABLE, {}, look_again=eyes)
        assert facts.look(look) is facts.look(look) is None
        assert eyes.asked == []

    def test_without_a_capture_there_is_nothing_to_see(self) -> None:
        assert Facts(TABLE, {}).look(looking()) is None

    def test_it_decides_by_what_it_declares(self) -> None:
        decided = Look("second look", (B,), (A,), lambda facts: View(tuple(facts.frames(B)["b"])))
        eyes = Eyes()
        Facts(TABLE, {}, look_again=eyes).look(decided)
        assert eyes.asked[0][1] == View((1, 2))

    def test_and_by_nothing_else(self) -> None:
        curious = Look("second look", (B,), (A,), lambda facts: View(tuple(facts.frames(A)["a"])))
        with pytest.raises(UndeclaredNeedError, match="a is read but not declared"):
            Facts(TABLE, {}, look_again=Eyes()).look(curious)

    def test_it_is_declared_itself(self) -> None:
        with pytest.raises(UndeclaredNeedError, match="second look"):
            Facts(TABLE, {}, look_again=Eyes()).limited_to([A]).look(looking())

    def test_what_it_needs_is_asked_for_in_the_first_pass_and_what_it_shows_is_not(self) -> None:
        counted, _ = counting(A)
        assert required([looking(VIEW, counted)]) == ((A,), ())


class TestGiven:
    def test_it_is_what_the_user_gave(self) -> None:
        facts = Facts(TABLE, {}, given={GIVEN: b"pem"})
        assert facts.given(GIVEN) == facts.limited_to([GIVEN]).given(GIVEN) == b"pem"

    def test_nothing_where_he_gave_nothing(self) -> None:
        assert Facts(TABLE, {}).given(GIVEN) is None
        assert Facts(TABLE, {}, given={GIVEN: b"pem"}).given(Given("key log")) is None

    def test_it_is_declared(self) -> None:
        with pytest.raises(UndeclaredNeedError, match="trusted certificates"):
            Facts(TABLE, {}, given={GIVEN: b"pem"}).limited_to([A]).given(GIVEN)

    def test_a_fact_may_read_it(self) -> None:
        @fact("sizes", GIVEN)
        def size(facts: Facts) -> int:
            return len(facts.given(GIVEN) or b"")

        assert Facts(TABLE, {}, given={GIVEN: b"pem"})[size] == 3

    def test_it_costs_no_column(self) -> None:
        assert required([GIVEN]) == ((), ())


class TestRequired:
    def test_each_once_sorted_through_all_facts(self) -> None:
        inner, _ = counting(B, TAP)
        outer, _ = counting(inner, A)
        assert required([outer, B, inner]) == ((A, B), (TAP,))

    def test_nothing(self) -> None:
        assert required([]) == ((), ())

    def test_one_field_read_in_two_ways(self) -> None:
        with pytest.raises(ValueError, match="two different columns read a"):
            required([A, Column("a", many=True)])

    def test_two_facts_of_one_title_are_two(self) -> None:
        first, _ = counting(A)
        second, _ = counting(B)
        assert required([first, second])[0] == (A, B)
