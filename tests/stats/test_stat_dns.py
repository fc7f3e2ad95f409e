from collections.abc import Callable
from typing import Any

import pytest

from explainer.facts import Facts
from explainer.model import Cell
from explainer.protocols.dns import lookups
from explainer.stats.dns import dns

FactsOf = Callable[..., Facts]


def cells(facts: Facts) -> list[dict[str, Cell]]:
    stat = dns(facts)
    return [dict(zip((column.name for column in stat.columns), row, strict=True)) for row in stat.rows]


def test_a_row_says_what_was_asked_and_answered(facts_of: FactsOf) -> None:
    found = cells(facts_of("dns_nxdomain", lookups))
    assert [row["rcode"] for row in found] == ["NOERROR", "NXDOMAIN", "NOERROR"]
    assert found[1]["name"] == "old-database.example"
    assert (found[1]["type"], found[1]["server"]) == ("A", "10.20.1.1:53")
    assert (found[1]["query_frame"], found[1]["response_frame"]) == (13, 14)


def test_a_lookup_without_answer_has_neither_code_nor_time(facts_of: FactsOf) -> None:
    lost = cells(facts_of("dns_no_answer", lookups))[-1]
    assert (lost["rcode"], lost["time_ms"], lost["response_frame"]) == (None, None, None)
    assert (lost["unanswered"], lost["retransmissions"]) == (True, 1)


def test_rows_are_in_the_order_of_the_file(sample: dict[str, Any], facts_of: FactsOf) -> None:
    firsts = [int(str(row["query_frame"] or row["response_frame"])) for row in cells(facts_of(sample["name"], lookups))]
    assert firsts == sorted(firsts)


def test_times_are_in_milliseconds(facts_of: FactsOf) -> None:
    stat = dns(facts_of("dns_slow_healthy", lookups))
    assert [column.unit for column in stat.columns if column.name == "time_ms"] == ["ms"]
    assert stat.rows[-1][5] == pytest.approx(300, abs=50)


def test_without_lookups_there_are_no_rows(facts_of: FactsOf) -> None:
    stat = dns(facts_of("tcp_healthy_idle", lookups))
    assert (stat.rows, stat.total_rows) == ((), 0)
