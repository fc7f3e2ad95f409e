import polars as pl
import pytest

from explainer.facts import Column, Fact, Facts, Kind, Tap, UndeclaredNeedError, fact, required

A, B = Column("a"), Column("b", Kind.INT)
TAP = Tap("io,phs")
TABLE = pl.DataFrame({"a": ["x", "y"], "b": [1, 2]})


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
